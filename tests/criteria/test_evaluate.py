"""What criteria mean, in the words of the shop."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from activities.decisions.evaluate import evaluate, explain
from activities.decisions.facts import CriteriaFacts
from schemas.criteria import read_criteria
from tests.criteria.strategies import NOW

KNOWN = CriteriaFacts(
    product_id="8423",
    product_title="Lamp Łódź, small",
    product_collections=frozenset({"Summer Sale", "Lamps"}),
    product_vendor="ACME ",
    product_tags=frozenset({"Sale", "new"}),
    product_price=Decimal("19.90"),
    variant_sku="LAMP-s",
    orders_count=2,
    orders_last=NOW - timedelta(days=30),
    contact_attributes={"vip": True, "size": "38", "age": 40, "points": 12.5, "City": "Straße"},
    contact_consent_email=True,
)


def _holds(value: object, facts: CriteriaFacts = KNOWN) -> bool:
    return evaluate(read_criteria(value), facts, NOW)


@pytest.mark.parametrize(
    "value",
    [
        {"product.vendor": "acme"},
        {"product.vendor": {"in": ["Other", "Acme"]}},
        {"product.title": {"contains": "LAMP łódź"}},
        {"product.tags": {"contains": "SALE"}},
        {"product.collections": {"contains_any": ["outlet", "lamps"]}},
        {"product.collections": {"does_not_contain": "sale"}},
        {"product.id": "8423"},
        {"product.price": 19.9},
        {"product.price": {"between": [19.90, 20]}},
        {"product.price": {"less_than": "19.91"}},
        {"orders.count": {"in": [1, 2]}},
        {"orders.last": {"within": "30 days"}},
        {"orders.last": {"before": "2026-05-01"}},
        {"orders.bought_this": {"not_within": "90 days"}},
        {"contact.attributes.vip": True},
        {"contact.attributes.size": "38"},
        {"contact.attributes.age": {"at_least": 40}},
        {"contact.attributes.points": {"more_than": 12}},
        {"contact.attributes.City": {"in": ["STRASSE"]}},
        {"contact.attributes.nothing": {"does_not_equal": "x"}},
        {"contact.consent.email": True},
    ],
)
def test_it_holds(value: object) -> None:
    assert _holds(value)


@pytest.mark.parametrize(
    "value",
    [
        {"product.vendor": "Acm"},
        {"product.tags": {"contains": "sal"}},
        {"variant.sku": "lamp-s"},
        {"variant.sku": {"contains": "S"}},
        {"product.price": {"more_than": 19.90}},
        {"orders.last": {"not_within": "30 days"}},
        {"orders.last": {"within": "29 days"}},
        {"orders.bought_this": {"before": "2026-05-01"}},
        {"contact.attributes.vip": 1},
        {"contact.attributes.vip": "true"},
        {"contact.attributes.size": 38},
        {"contact.attributes.size": {"at_least": 1}},
        {"contact.attributes.age": {"contains": "4"}},
        {"contact.attributes.city": "Straße"},
        {"contact.consent.email": False},
    ],
)
def test_it_does_not_hold(value: object) -> None:
    assert not _holds(value)


@pytest.mark.parametrize(("zone", "holds"), [("UTC", False), ("Europe/Zurich", False), ("America/New_York", True)])
def test_a_date_is_meant_by_the_lists_clock(zone: str, holds: bool) -> None:
    at_two_by_utc = replace(KNOWN, orders_last=datetime(2026, 5, 1, 2, tzinfo=UTC), time_zone=zone)
    assert _holds({"orders.last": {"before": "2026-05-01"}}, at_two_by_utc) is holds
    assert not _holds({"orders.last": {"before": "2026-05-01T00:00:00Z"}}, at_two_by_utc)


def test_purchase_history_none_first_and_returning() -> None:
    none, first, returning = {"orders.count": 0}, {"orders.count": 1}, {"orders.count": {"at_least": 2}}
    for count, expected in enumerate([none, first, returning, returning]):
        facts = replace(KNOWN, orders_count=count)
        assert [each for each in (none, first, returning) if _holds(each, facts)] == [expected]


def test_who_never_ordered_counts_as_not_having_ordered_lately() -> None:
    never = replace(KNOWN, orders_last=None)
    assert _holds({"orders.last": {"not_within": "30 days"}}, never)
    assert not _holds({"orders.last": {"within": "30 days"}}, never)


def test_what_a_fast_clock_dates_into_the_future_has_just_happened() -> None:
    assert _holds({"orders.last": {"within": "1 second"}}, replace(KNOWN, orders_last=NOW + timedelta(minutes=3)))


def test_unknown_consent_is_neither_yes_nor_no() -> None:
    unknown = replace(KNOWN, contact_consent_email=None)
    assert not _holds({"contact.consent.email": True}, unknown)
    assert not _holds({"contact.consent.email": False}, unknown)


def test_why_not_names_the_conditions_that_decided_and_nothing_of_the_person() -> None:
    criteria = read_criteria(
        {
            "all": [
                {"product.vendor": "Acme"},
                {"any": [{"orders.count": 0}, {"engagement.last_open": {"within": "30 days"}}]},
                {"not": {"contact.attributes.City": "Straße"}},
            ]
        }
    )
    explanation = explain(criteria, KNOWN, NOW)
    assert explanation.sentence == (
        "The criteria do not hold: orders.count equals 0: no; engagement.last_open is within 30 days: no, it is not "
        "known; contact.attributes.City equals …: yes."
    )
    assert [each.path for each in explanation.decided] == [
        ("all", 1, "any", 0),
        ("all", 1, "any", 1),
        ("all", 2, "not"),
    ]
