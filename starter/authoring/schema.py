"""The JSON Schema of a conversation, for editors: completion, hover texts, and the slips that show while one writes.

It is made from the models that documents are read by; what it explains are their docstrings. What only shows when the
parts are put together, `shelftalk conversation check` tells. Draft 7, which editors know best.
"""

import json
from datetime import timedelta
from typing import Any, cast

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from schemas.document.conversation import ConversationDocument
from schemas.document.steps import BaseStep
from schemas.names import SHOP_EVENTS
from schemas.time.durations import format_duration

_CLOCK: JsonSchemaValue = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "examples": ["21:00"]}
_SHOP_EVENTS = f"{'|'.join(SHOP_EVENTS)}|"


def conversation_schema() -> str:
    """The schema as JSON text, the same for the same release."""
    schema = ConversationDocument.model_json_schema(
        ref_template="#/definitions/{model}", schema_generator=_ForEditors, mode="validation"
    )
    sections: dict[str, JsonSchemaValue] = schema.pop("$defs")
    steps = sections["ThreadSection"]["properties"]["steps"]["items"]
    step = {"title": "Step", "description": BaseStep.__doc__, "oneOf": steps["oneOf"]}
    names = {"CriteriaAsWritten": "Criteria"}
    defined = {names.get(name, name): _tidied(section, steps) for name, section in sections.items()}
    whole = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **_tidied(schema, steps),
        "definitions": dict(sorted({**defined, "Step": step}.items())),
    }
    text = json.dumps(whole, indent=2, ensure_ascii=False)
    return text.replace("#/definitions/CriteriaAsWritten", "#/definitions/Criteria") + "\n"


class _ForEditors(GenerateJsonSchema):
    """Pydantic's, without what only programs need: null for what is left out, defaults in other words."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        match schema.get("default"):
            case timedelta() as length:
                return {**inner, "default": format_duration(length)}
            case bool() | int() | str() as plain:
                return {**inner, "default": plain}
            case _:
                return inner

    def time_schema(self, schema: core_schema.TimeSchema) -> JsonSchemaValue:
        # Not the format "time": by that an offset must follow.
        return dict(_CLOCK)

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        union = super().tagged_union_schema(schema)
        union.pop("discriminator", None)
        return union

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _tidied(value: Any, step: JsonSchemaValue) -> Any:
    """Steps by their name, events as a choice, and no name of a field that is not one."""
    match value:
        case list():
            return [_tidied(item, step) for item in cast("list[Any]", value)]
        case dict() if value == step:
            return {"$ref": "#/definitions/Step"}
        case {"type": "string", "pattern": str(pattern)} if _SHOP_EVENTS in pattern:
            others = pattern.replace(_SHOP_EVENTS, "")
            ways: list[JsonSchemaValue] = [{"enum": [*SHOP_EVENTS]}, {"type": "string", "pattern": others}]
            rest = {name: part for name, part in value.items() if name not in ("type", "pattern")}
            return {**rest, "anyOf": ways}
        case dict():
            tidied: JsonSchemaValue = {
                name: _tidied(part, step) for name, part in cast("JsonSchemaValue", value).items()
            }
            if isinstance(text := tidied.get("description"), str):
                # A docstring's lines are one paragraph.
                tidied["description"] = text.replace("\n", " ")
            if "patternProperties" in tidied:
                tidied["additionalProperties"] = False
            return tidied
        case _:
            return value
