"""Makes criteria a field of a document: read and written in the marketers' form, with a JSON Schema for editors."""

from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic import Field as Entry
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from schemas.criteria.fields import COMPARISONS, FIELDS, NAME_PATTERN, Field, FieldType, Operator, Takes
from schemas.criteria.nodes import All, AnyOf, Condition, Not
from schemas.criteria.reading import MOST_CONDITIONS, read_criteria, write_criteria
from schemas.criteria.values import LONGEST_LIST, LONGEST_TEXT, MOMENT_PATTERN

_LENGTH: JsonSchemaValue = {
    "type": "string",
    "pattern": r"^\d{1,6}\s+(second|minute|hour|day|week)s?$",
    "examples": ["30 days"],
}
_MOMENT: JsonSchemaValue = {"type": "string", "pattern": f"^{MOMENT_PATTERN}$", "examples": ["2026-05-01"]}
_TEXT: JsonSchemaValue = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}
_NUMBER: JsonSchemaValue = {"type": "number"}


class _Entry:
    """The hooks by which Pydantic validates and describes criteria."""

    @staticmethod
    def __get_pydantic_core_schema__(source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            read_criteria, serialization=core_schema.plain_serializer_function_ser_schema(write_criteria)
        )

    @staticmethod
    def __get_pydantic_json_schema__(schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(CriteriaAsWritten.__pydantic_core_schema__)


Criteria: TypeAlias = Annotated[All | AnyOf | Not | Condition, _Entry]
"""Criteria in a model. Its errors are of the type `MISTAKE`, each at the path in the document."""


def _describe_fields(schema: JsonSchemaValue) -> None:
    properties: dict[str, Any] = schema["properties"]
    for group in properties.values():
        # Else editors would offer the default, which is not valid.
        group.pop("default", None)
    properties["not"] = {"$ref": properties["all"]["items"]["$ref"], "description": properties["not"]["description"]}
    patterns: JsonSchemaValue = {}
    for field in FIELDS:
        if field.family is None:
            properties[field.name] = _field_schema(field)
        else:
            family = field.family.replace(".", r"\.")
            patterns[f"^{family}{NAME_PATTERN}$"] = _field_schema(field)
    schema["patternProperties"] = patterns
    schema["minProperties"] = schema["maxProperties"] = 1


class CriteriaAsWritten(BaseModel):
    """Conditions on the contact, the product and orders: one, or several joined by all, any or not."""

    # Only its JSON Schema is used: reading.py has better error messages than a model of this shape could have.
    model_config = ConfigDict(title="Criteria", extra="forbid", json_schema_extra=_describe_fields)

    all: list["CriteriaAsWritten"] = Entry(
        default=[], min_length=1, max_length=MOST_CONDITIONS, description="Holds when each of these does."
    )
    any: list["CriteriaAsWritten"] = Entry(
        default=[], min_length=1, max_length=MOST_CONDITIONS, description="Holds when at least one of these does."
    )
    not_: "CriteriaAsWritten | None" = Entry(default=None, alias="not", description="Holds when this does not.")


def _field_schema(field: Field) -> JsonSchemaValue:
    compared: JsonSchemaValue = {
        "type": "object",
        "properties": {operator.value: _operator_schema(field.type, operator) for operator in field.type.operators},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    description = field.meaning[:1].upper() + field.meaning[1:] + "."
    if not field.type.has_shorthand:
        return {**compared, "description": description}
    return {"anyOf": [compared, _scalar_schema(field.type, Operator.EQUALS)], "description": description}


def _operator_schema(of: FieldType, operator: Operator) -> JsonSchemaValue:
    comparison = COMPARISONS[operator]
    match comparison.takes:
        case Takes.VALUE:
            schema = _scalar_schema(of, operator)
        case Takes.LIST:
            items = _scalar_schema(of, operator)
            schema = {"type": "array", "items": items, "minItems": 1, "maxItems": LONGEST_LIST}
        case Takes.PAIR:
            schema = {"type": "array", "items": _scalar_schema(of, operator), "minItems": 2, "maxItems": 2}
        case Takes.LENGTH:
            schema = _LENGTH
        case Takes.MOMENT:
            schema = _MOMENT
    return {**schema, "description": f"Holds when {comparison.meaning}."}


def _scalar_schema(of: FieldType, operator: Operator) -> JsonSchemaValue:
    match of:
        case FieldType.TEXT | FieldType.ID | FieldType.TEXTS:
            return _TEXT
        case FieldType.COUNT:
            return {"type": "integer", "minimum": 0}
        case FieldType.MONEY:
            return {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\d+(\.\d+)?$"}]}
        case FieldType.BOOLEAN:
            return {"type": "boolean"}
        case FieldType.ATTRIBUTE if operator in (Operator.EQUALS, Operator.DOES_NOT_EQUAL, Operator.IN):
            return {"anyOf": [_TEXT, _NUMBER, {"type": "boolean"}]}
        case FieldType.ATTRIBUTE:
            return _TEXT if operator is Operator.CONTAINS else _NUMBER
        case FieldType.MOMENT:
            return _MOMENT
