"""Any criteria, as they may be written, and any facts."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from activities.decisions.facts import CriteriaFacts
from schemas.criteria import COMPARISONS, FIELDS, Field, FieldType, Node, Operator, Takes, read_criteria
from schemas.criteria.values import Plain

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)

# Few and near one another, so that facts and criteria often meet.
WORDS = st.sampled_from(["Acme", "ACME", " acme ", "Straße", "STRASSE", "café", "cafe\u0301", "sale", "8423", "true"])
TEXTS = WORDS | st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=20).filter(
    str.strip
)
COUNTS = st.integers(0, 3) | st.integers(0, 10**14)
AMOUNTS = st.integers(0, 3) | st.decimals(0, 10**6, places=2).map(float) | st.just("20.00")
NUMBERS = COUNTS | st.integers(-(10**14), -1) | st.floats(-1000, 1000).map(lambda number: round(number, 3))
LENGTHS = st.sampled_from(["1 second", "12 hours", "30 days", "4 weeks", "10 weeks"])
WRITTEN_MOMENTS = st.sampled_from(["2026-05-01", "2026-05-01T12:00Z", "2026-05-01 14:00:00+02:00", "1900-01-01"])
NAMES = st.sampled_from(["vip", "shoe-size", "City"])


def _scalars(of: FieldType, operator: Operator) -> st.SearchStrategy[Plain]:
    match of:
        case FieldType.TEXT | FieldType.ID | FieldType.TEXTS:
            return TEXTS
        case FieldType.COUNT:
            return COUNTS
        case FieldType.MONEY:
            return AMOUNTS
        case FieldType.ATTRIBUTE if operator not in FieldType.TEXT.operators:
            return NUMBERS
        case FieldType.ATTRIBUTE:
            return TEXTS if operator is Operator.CONTAINS else TEXTS | NUMBERS | st.booleans()
        case FieldType.BOOLEAN | FieldType.MOMENT:
            return st.booleans()


def _values(of: FieldType, operator: Operator) -> st.SearchStrategy[Plain]:
    one = _scalars(of, operator)
    match COMPARISONS[operator].takes:
        case Takes.VALUE:
            return one
        case Takes.LIST:
            return st.lists(one, min_size=1, max_size=3)
        case Takes.PAIR:
            return st.lists(one, min_size=2, max_size=2).map(
                lambda pair: sorted(pair, key=lambda each: float(str(each)))
            )
        case Takes.LENGTH:
            return LENGTHS
        case Takes.MOMENT:
            return WRITTEN_MOMENTS


@st.composite
def written_conditions(draw: st.DrawFn) -> Plain:
    """A condition as it may be written, in full."""
    field: Field = draw(st.sampled_from(FIELDS))
    name = field.name if field.family is None else field.family + draw(NAMES)
    operator = draw(st.sampled_from(field.type.operators))
    return {name: {operator.value: draw(_values(field.type, operator))}}


def _below(name: str, part: Plain) -> Plain:
    return {name: part}


def _groups(parts: st.SearchStrategy[Plain]) -> st.SearchStrategy[Plain]:
    several: st.SearchStrategy[Plain] = st.lists(parts, min_size=1, max_size=3).map(list[Plain])
    return st.builds(_below, st.sampled_from(["all", "any"]), several) | st.builds(_below, st.just("not"), parts)


def _nested(groups: int) -> st.SearchStrategy[Plain]:
    return written_conditions() if groups == 0 else _nested(groups - 1) | _groups(_nested(groups - 1))


written: st.SearchStrategy[Plain] = _nested(3)
"""Criteria as they may be written."""
criteria: st.SearchStrategy[Node] = written.map(read_criteria)
"""Criteria that were read, at most three groups deep."""
conditions_read: st.SearchStrategy[Node] = written_conditions().map(read_criteria)

_texts = st.none() | TEXTS | st.text()
_sets = st.none() | st.frozensets(TEXTS, max_size=3)
_moments = (
    st.none()
    | st.timedeltas(timedelta(days=-100), timedelta(days=5)).map(lambda length: NOW + length)
    | st.datetimes(timezones=st.timezones())
    | st.sampled_from([NOW, datetime(2026, 5, 1, tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
)
_attributes = TEXTS | st.text() | st.booleans() | st.integers() | st.floats() | st.decimals()

facts: st.SearchStrategy[CriteriaFacts] = st.builds(
    CriteriaFacts,
    product_id=_texts,
    product_title=_texts,
    product_collections=_sets,
    product_vendor=_texts,
    product_tags=_sets,
    product_price=st.none() | st.decimals(0, 100, places=2) | st.decimals(),
    product_available=st.none() | st.integers(0, 3) | st.integers(),
    variant_id=_texts,
    variant_sku=_texts,
    orders_count=st.none() | st.integers(0, 3) | st.integers(),
    orders_last=_moments,
    orders_bought_this=_moments,
    engagement_last_open=_moments,
    engagement_last_click=_moments,
    engagement_last_message=_moments,
    contact_attributes=st.dictionaries(NAMES, _attributes),
    contact_consent_email=st.none() | st.booleans(),
    contact_consent_sms=st.none() | st.booleans(),
    contact_lists=_sets,
    contact_tags=_sets,
    contact_entered_at=_moments,
    alert_last_entered=_moments,
    conversation_last_entered=_moments,
    journey_sent=_sets,
    journey_happened=_sets,
    event_properties=st.dictionaries(NAMES, st.none() | _attributes),
)
"""Anything that may be known, strange values among it."""
