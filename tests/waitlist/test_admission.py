"""Who may enter: nobody against a fact that forbids it, and everyone else (promise P7)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.waitlist.admission import EntryFacts, purchase_counts_since, why_closed, why_not_admitted
from schemas.document.alert_types.alert import Sight
from schemas.document.alert_types.offer import NOTHING, Measure, Offer
from schemas.document.alert_types.price_drop import PriceDrop
from schemas.document.alert_types.registry import AnyAlert, read_alert, store_alert
from schemas.document.alert_types.vocabulary import Action
from schemas.reasons import Reason
from tests.documents.any_document import alerts

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SOON = timedelta(days=30)

offers = st.builds(Offer, st.integers(0, 20), st.booleans(), st.none() | st.decimals(0, 1000, places=2))
sights = st.builds(
    Sight, offers, in_stock=st.booleans(), never_away=st.booleans(), was_in_stock=st.booleans(), late=st.booleans(),
    same_currency=st.booleans(), for_sale=st.booleans(),
)  # fmt: skip
facts = st.builds(
    EntryFacts,
    sight=sights,
    window_ends_at=st.timedeltas(-SOON, SOON).map(lambda length: NOW + length),
    gone=st.booleans(),
    bought=st.booleans(),
    told=st.booleans(),
    filtered=st.booleans(),
)


def _sign_up(**terms: object) -> AnyAlert:
    return read_alert({"type": "back-in-stock", "action": "sign-up"} | terms)


AWAY = EntryFacts(
    Sight(NOTHING, in_stock=False, never_away=False),
    NOW + SOON,
    gone=False,
    bought=False,
    told=False,
    filtered=False,
)


@given(alerts(), facts)
def test_whoever_enters_has_nothing_against_them(alert: AnyAlert, entry: EntryFacts) -> None:
    if why_not_admitted(alert, entry, NOW) is None:
        assert entry.window_ends_at > NOW
        assert not any((entry.gone, entry.bought, entry.told, entry.filtered))
        assert alert.nothing_to_wait_for(entry.sight) is None


@given(alerts(), facts)
def test_each_reason_is_one_that_is_true(alert: AnyAlert, entry: EntryFacts) -> None:
    true = {
        None: True,
        Reason.WINDOW_ENDED: entry.window_ends_at <= NOW,
        Reason.DISCONTINUED: entry.gone,
        Reason.PURCHASED: entry.bought,
        Reason.TOLD_ALREADY: entry.told,
        Reason.FILTERED: entry.filtered,
        Reason.INACTIVE: not entry.sight.for_sale,
        Reason.PRICE_UNKNOWN: entry.sight.offer.price is None,
        Reason.FREE: entry.sight.offer.price == 0,
        Reason.TOO_CHEAP: isinstance(alert, PriceDrop)
        and (alert.drops_by.amount or 0) > (entry.sight.offer.price or 0),
        Reason.CURRENCY_CHANGED: not entry.sight.same_currency,
        Reason.IN_STOCK: entry.sight.in_stock or entry.sight.was_in_stock or entry.sight.never_away,
    }
    assert true[why_not_admitted(alert, entry, NOW)]


@given(alerts(), facts)
def test_what_will_never_change_is_the_reason_before_what_may(alert: AnyAlert, entry: EntryFacts) -> None:
    gone = replace(entry, gone=True, window_ends_at=NOW + SOON)
    assert why_not_admitted(alert, gone, NOW) is Reason.DISCONTINUED
    assert why_not_admitted(alert, replace(gone, window_ends_at=NOW), NOW) is Reason.WINDOW_ENDED


@given(sights)
def test_who_signs_up_at_once_waits_whatever_there_is(sight: Sight) -> None:
    assert why_not_admitted(_sign_up(), replace(AWAY, sight=replace(sight, late=False)), NOW) is None


@given(alerts(), sights)
def test_who_only_looked_does_not_wait_for_units_that_are_there(alert: AnyAlert, sight: Sight) -> None:
    entry = replace(AWAY, sight=replace(sight, in_stock=True, late=False))
    browsed = alert.measure is Measure.NOTHING and alert.action is not Action.SIGN_UP
    assert (why_not_admitted(alert, entry, NOW) is Reason.IN_STOCK) == browsed


@pytest.mark.parametrize("tells", [True, False])
def test_who_enters_late_is_there_for_units_only_if_the_alert_tells_them(tells: bool) -> None:
    sight = Sight(Offer(1, False, None), in_stock=True, never_away=False, late=True)
    reason = why_not_admitted(_sign_up(tells_late_entrants=tells), replace(AWAY, sight=sight), NOW)
    assert reason is (None if tells else Reason.IN_STOCK)


@given(alerts(), offers)
def test_nobody_is_told_at_the_moment_they_enter_of_what_was_so_before(alert: AnyAlert, offer: Offer) -> None:
    """A price at entry is above its trigger, or zero; a quantity counts from above."""
    trigger, measure = alert.trigger(offer), offer.measured(alert.measure)
    if trigger is not None and measure:
        assert measure > trigger or not alert.armed(offer)


@given(alerts(), offers)
def test_an_alert_is_read_back_as_it_was_kept_but_for_its_filters(alert: AnyAlert, offer: Offer) -> None:
    kept = read_alert(store_alert(alert))
    assert kept == alert.model_copy(update={"trigger_filter": None, "profile_filter": None})
    assert kept.trigger(offer) == alert.trigger(offer)


@given(alerts(), st.timedeltas(timedelta(0), 100 * SOON))
def test_a_purchase_after_entering_always_counts_and_one_before_only_in_the_days_that_the_alert_names(
    alert: AnyAlert, ago: timedelta
) -> None:
    entered, within = NOW - ago, alert.queue.not_if_bought_within
    since = purchase_counts_since(alert, entered, NOW)
    assert since <= entered
    assert since == entered or (within is not None and since == NOW - within)


def test_another_store_a_draft_and_a_variant_that_is_not_known_let_nobody_in() -> None:
    assert why_closed(for_store=False, watched=False, live=False) is Reason.OTHER_STORE
    assert why_closed(for_store=True, watched=False, live=False) is Reason.NO_VARIANT
    assert why_closed(for_store=True, watched=True, live=False) is Reason.MESSAGE_DRAFT
    assert why_closed(for_store=True, watched=True, live=True) is None
