"""The registry of the fields that criteria can test, with type and meaning, and of the operators.

A new field is one line here, one attribute of the facts (activities/decisions/facts) and one row in docs/criteria.md.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Operator(StrEnum):
    """How a fact is compared."""

    EQUALS = "equals"
    DOES_NOT_EQUAL = "does_not_equal"
    CONTAINS = "contains"
    DOES_NOT_CONTAIN = "does_not_contain"
    CONTAINS_ANY = "contains_any"
    IN = "in"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    LESS_THAN = "less_than"
    MORE_THAN = "more_than"
    BETWEEN = "between"
    WITHIN = "within"
    NOT_WITHIN = "not_within"
    BEFORE = "before"
    AFTER = "after"


class Takes(StrEnum):
    """What an operator is given. Its text is how documentation names it."""

    VALUE = "one value"
    LIST = "a list of values"
    PAIR = "two numbers"
    LENGTH = "a length of time"
    MOMENT = "a date or moment"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What an operator is.

    Attributes:
        words: how it reads in a sentence.
        meaning: when it holds, for documentation.
        negates: the operator that holds exactly when this one does not. Such an operator holds for an unknown fact;
            every other one does not.
    """

    takes: Takes
    words: str
    meaning: str
    negates: Operator | None = None

    @property
    def holds_for_unknown(self) -> bool:
        return self.negates is not None


COMPARISONS = {
    Operator.EQUALS: Comparison(Takes.VALUE, "equals", "it is this"),
    Operator.DOES_NOT_EQUAL: Comparison(
        Takes.VALUE, "does not equal", "it is not this; the opposite of `equals`", Operator.EQUALS
    ),
    Operator.CONTAINS: Comparison(Takes.VALUE, "contains", "this is one of them, or a part of the text"),
    Operator.DOES_NOT_CONTAIN: Comparison(
        Takes.VALUE, "does not contain", "this is none of them; the opposite of `contains`", Operator.CONTAINS
    ),
    Operator.CONTAINS_ANY: Comparison(Takes.LIST, "contains any of", "at least one of these is one of them"),
    Operator.IN: Comparison(Takes.LIST, "is one of", "it is one of these"),
    Operator.AT_LEAST: Comparison(Takes.VALUE, "is at least", "it is this or more"),
    Operator.AT_MOST: Comparison(Takes.VALUE, "is at most", "it is this or less"),
    Operator.LESS_THAN: Comparison(Takes.VALUE, "is less than", "it is less than this"),
    Operator.MORE_THAN: Comparison(Takes.VALUE, "is more than", "it is more than this"),
    Operator.BETWEEN: Comparison(Takes.PAIR, "is between", "it lies between the two, or is one of them"),
    Operator.WITHIN: Comparison(Takes.LENGTH, "is within", "it happened this long ago or later"),
    Operator.NOT_WITHIN: Comparison(
        Takes.LENGTH, "is not within", "it happened longer ago, or never; the opposite of `within`", Operator.WITHIN
    ),
    Operator.BEFORE: Comparison(Takes.MOMENT, "is before", "it happened earlier than this"),
    Operator.AFTER: Comparison(Takes.MOMENT, "is after", "it happened later than this"),
}


class FieldType(StrEnum):
    """What a fact is. Its text is how error messages and documentation name it."""

    TEXT = "text"
    ID = "exact text"
    TEXTS = "texts"
    COUNT = "whole number"
    MONEY = "amount of money"
    BOOLEAN = "yes or no"
    MOMENT = "moment"
    ATTRIBUTE = "text, number, or yes or no"

    @property
    def operators(self) -> tuple[Operator, ...]:
        """The operators that make sense for it."""
        return _OPERATORS[self]

    @property
    def has_shorthand(self) -> bool:
        """Whether `field: value` can only mean `equals`."""
        return Operator.EQUALS in self.operators


_ON_TEXT = (Operator.EQUALS, Operator.DOES_NOT_EQUAL, Operator.CONTAINS, Operator.IN)
_ON_NUMBERS = (
    Operator.EQUALS,
    Operator.DOES_NOT_EQUAL,
    Operator.AT_LEAST,
    Operator.AT_MOST,
    Operator.LESS_THAN,
    Operator.MORE_THAN,
    Operator.BETWEEN,
    Operator.IN,
)
_OPERATORS = {
    FieldType.TEXT: _ON_TEXT,
    FieldType.ID: _ON_TEXT,
    FieldType.TEXTS: (Operator.CONTAINS, Operator.DOES_NOT_CONTAIN, Operator.CONTAINS_ANY),
    FieldType.COUNT: _ON_NUMBERS,
    FieldType.MONEY: _ON_NUMBERS,
    FieldType.BOOLEAN: (Operator.EQUALS,),
    FieldType.MOMENT: (Operator.WITHIN, Operator.NOT_WITHIN, Operator.BEFORE, Operator.AFTER),
    FieldType.ATTRIBUTE: tuple(dict.fromkeys((*_ON_TEXT, *_ON_NUMBERS))),
}

ANY_NAME = "<name>"
"""The end of a field that stands for a family: `contact.attributes.<name>`."""
NAME_PATTERN = "[A-Za-z0-9_-]{1,64}"
"""What may be in the place of a family's `<name>`."""
_NAME = re.compile(NAME_PATTERN)


@dataclass(frozen=True, slots=True)
class Field:
    """Something criteria can test.

    Attributes:
        meaning: what it is and, where that is not plain, when it is unknown.
        personal: a person may be recognised by what it is compared with; explanations leave that out.
    """

    name: str
    type: FieldType
    meaning: str
    personal: bool = False

    @property
    def family(self) -> str | None:
        """What the names of a family begin with, its dot included; None for a single field."""
        return self.name.removesuffix(ANY_NAME) if self.name.endswith(ANY_NAME) else None


FIELDS = (
    Field("product.id", FieldType.ID, "the storefront's own id of the product"),
    Field("product.title", FieldType.TEXT, "the product's title"),
    Field("product.collections", FieldType.TEXTS, "the titles of the collections the product is in"),
    Field("product.vendor", FieldType.TEXT, "the product's vendor"),
    Field("product.tags", FieldType.TEXTS, "the product's tags"),
    Field("product.price", FieldType.MONEY, "the variant's price now, in the store's currency"),
    Field("product.available", FieldType.COUNT, "how many units are for sale now; unknown where none are counted"),
    Field("variant.id", FieldType.ID, "the storefront's own id of the variant"),
    Field("variant.sku", FieldType.ID, "the variant's SKU"),
    Field("store.id", FieldType.ID, "the id of the store it is in, as its storefront has it"),
    Field("orders.count", FieldType.COUNT, "how many orders the contact has placed in the store"),
    Field("orders.last", FieldType.MOMENT, "when the contact last placed an order"),
    Field("orders.bought_this", FieldType.MOMENT, "when the contact last bought the product this is about"),
    Field("engagement.last_open", FieldType.MOMENT, "when the contact last opened a message"),
    Field("engagement.last_click", FieldType.MOMENT, "when the contact last clicked in a message"),
    Field("engagement.last_message", FieldType.MOMENT, "when a message was last sent to the contact"),
    Field(
        "contact.attributes.<name>",
        FieldType.ATTRIBUTE,
        "an attribute of the contact; one of another kind than what it is compared with counts as unknown",
        personal=True,
    ),
    Field("contact.consent.email", FieldType.BOOLEAN, "whether the contact has agreed to be written to by e-mail"),
    Field("contact.consent.sms", FieldType.BOOLEAN, "whether the contact has agreed to be written to by text message"),
    Field("contact.lists", FieldType.TEXTS, "the codes of the lists the contact has joined"),
    Field("contact.tags", FieldType.TEXTS, "the contact's tags"),
    Field("contact.entered_at", FieldType.MOMENT, "when the contact entered the alert's queue for this subject"),
    Field(
        "alert.last_entered", FieldType.MOMENT, "when the contact entered this alert's queue the last time before this"
    ),
    Field(
        "conversation.last_entered",
        FieldType.MOMENT,
        "when the contact entered this conversation the last time before this",
    ),
    Field("journey.sent", FieldType.TEXTS, "the messages that this journey has sent, by their short names"),
    Field(
        "journey.happened",
        FieldType.TEXTS,
        "what the contact did since they entered, by the names of events; what they entered on is not among it, nor is "
        "joining a list that they were on",
    ),
    Field(
        "event.properties.<name>",
        FieldType.ATTRIBUTE,
        "a property of the event that the conversation was entered on",
        personal=True,
    ),
)

_SINGLE = {field.name: field for field in FIELDS if field.family is None}
_FAMILIES = tuple((field.family, field) for field in FIELDS if field.family is not None)


def field_named(name: str) -> Field | None:
    """The field that a name belongs to: itself or its family; None when there is none.

    A name that begins like a family is taken for its member even if the rest is no `NAME_PATTERN`.
    """
    return _SINGLE.get(name) or next((field for family, field in _FAMILIES if name.startswith(family)), None)


def is_member_name(field: Field, name: str) -> bool:
    """Whether the rest of a name that begins with the field's family is a valid name."""
    return field.family is not None and _NAME.fullmatch(name.removeprefix(field.family)) is not None
