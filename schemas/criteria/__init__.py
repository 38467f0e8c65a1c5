"""The one language for criteria, the same in trigger filters, profile filters and the steps of a conversation.

Criteria are a `Node`: conditions on typed fields, joined by all, any and not. `Criteria` is the same as a field of a
Pydantic model. They are evaluated in activities/decisions; docs/criteria.md tells marketers about them.
"""

from schemas.criteria.fields import COMPARISONS, FIELDS, Comparison, Field, FieldType, Operator, Takes, field_named
from schemas.criteria.nodes import All, AnyOf, Condition, Node, Not, Scalar, Value, conditions, fields_used
from schemas.criteria.reading import DEEPEST, MISTAKE, MOST_CONDITIONS, read_criteria, write_criteria
from schemas.criteria.words import say, say_openly
from schemas.criteria.written import Criteria

__all__ = [
    "COMPARISONS",
    "DEEPEST",
    "FIELDS",
    "MISTAKE",
    "MOST_CONDITIONS",
    "All",
    "AnyOf",
    "Comparison",
    "Condition",
    "Criteria",
    "Field",
    "FieldType",
    "Node",
    "Not",
    "Operator",
    "Scalar",
    "Takes",
    "Value",
    "conditions",
    "field_named",
    "fields_used",
    "read_criteria",
    "say",
    "say_openly",
    "write_criteria",
]
