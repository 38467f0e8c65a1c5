"""Those held out are told nothing at their turn, are on record with it, and are what the told are compared with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.delivery.verdict import Go, MessageFacts, judge
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.conversation import ConversationDocument
from schemas.document.experiment import Experiment
from schemas.ids import new_contact_id
from schemas.journey.outcome import AfterRefusal, Refused, Sent
from schemas.reasons import Reason
from schemas.responses.experiments import ExperimentReport, Finding
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from tests.cli.command import Shelftalk
from tests.delivery.counter import Counter, message
from tests.delivery.test_verdict import ALL_WELL, NOON, any_facts
from tests.http.web import Web, problem
from tests.product import STORE, Shop, address, starter_document

HALF = Experiment(name="autumn", holdout=50)
LEFT = Refused(reason=Reason.HELD_OUT, then=AfterRefusal.LEAVE)
PASSED_OVER = Refused(reason=Reason.HELD_OUT, then=AfterRefusal.GO_ON)


def tried(experiment: Experiment = HALF) -> ConversationDocument:
    return starter_document().model_copy(update={"experiment": experiment})


@given(st.text(min_size=1), st.integers(1, 90), st.integers(1, 90))
def test_a_larger_holdout_holds_out_everyone_whom_a_smaller_one_did(contact: str, one: int, other: int) -> None:
    small, large = (Experiment(name="a", holdout=share) for share in sorted((one, other)))
    assert small.holds_out(contact) == small.holds_out(contact)
    assert large.holds_out(contact) or not small.holds_out(contact)


def test_as_many_are_held_out_as_the_document_says_and_others_by_another_name() -> None:
    contacts = [new_contact_id() for _ in range(4000)]
    for share in (10, 50, 90):
        held = sum(Experiment(name="a", holdout=share).holds_out(contact) for contact in contacts)
        assert abs(held / 4000 - share / 100) < 0.05
    both = sum(HALF.holds_out(each) and Experiment(name="other", holdout=50).holds_out(each) for each in contacts)
    assert abs(both / 4000 - 0.25) < 0.05


@pytest.mark.parametrize(
    ("event", "refused"),
    [
        (AlertEvent.ALERT, LEFT),
        (AlertEvent.FOLLOW_UP, LEFT),
        (AlertEvent.SUBSCRIPTION, PASSED_OVER),
        (None, PASSED_OVER),
    ],
)
def test_nothing_is_said_to_who_is_held_out_and_only_their_turn_ends_the_journey(
    event: AlertEvent | None, refused: Refused
) -> None:
    facts = replace(ALL_WELL, event=event)
    assert judge(facts, NOON) == Go()
    assert judge(replace(facts, held_out=True), NOON) == refused


@given(any_facts())
def test_who_is_held_out_is_refused_exactly_where_the_message_would_leave(facts: MessageFacts) -> None:
    facts = replace(facts, question=False)
    told, held_out = judge(replace(facts, held_out=False), NOON), judge(replace(facts, held_out=True), NOON)
    if told == Go():
        assert isinstance(held_out, Refused)
        assert held_out.reason is Reason.HELD_OUT
    else:
        assert held_out == told


@given(any_facts())
def test_who_is_held_out_is_asked_as_any_other_or_only_the_told_would_lose_those_who_never_say_yes(
    facts: MessageFacts,
) -> None:
    question = replace(facts, question=True)
    assert judge(replace(question, held_out=True), NOON) == judge(replace(question, held_out=False), NOON)


async def _counter(pool: Pool, experiment: Experiment = HALF) -> Counter:
    await publish(pool, tried(experiment))
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    return Counter(pool, shop)


async def test_who_is_held_out_is_told_nothing_and_their_place_passes_on(pool: Pool) -> None:
    counter = await _counter(pool)
    journeys = await counter.calls(*(f"c{number}" for number in range(12)), units=1)
    told = 0
    for journey in journeys:
        contact = await pool.fetchval("select contact_id from journeys where id = $1", journey)
        outcome = await counter.tells(journey)
        if HALF.holds_out(contact):
            assert outcome == LEFT
            assert await counter.place(journey) == ("left", ["refused"])
            await counter.looks()
        else:
            assert isinstance(outcome, Sent)
            told += 1
            break
    assert len(counter.sender.taken) == told


async def test_why_not_says_that_they_were_held_out(pool: Pool) -> None:
    counter = await _counter(pool, Experiment(name="autumn", holdout=90))
    names = [f"c{number}" for number in range(6)]
    journeys = await counter.calls(*names, units=6)
    for name, journey in zip(names, journeys, strict=True):
        if await counter.tells(journey) == LEFT:
            (entry,) = (await Why(pool).contact(address(name), About())).entries
            assert entry.reason is Reason.HELD_OUT
            assert "experiment" in entry.sentence
            break
    else:
        pytest.fail("nine of ten are held out")


async def test_whoever_would_not_have_been_told_anyway_is_on_record_for_that(pool: Pool) -> None:
    counter = await _counter(pool, Experiment(name="autumn", holdout=90))
    for journey in await counter.calls(*(f"c{number}" for number in range(4)), units=4):
        await counter.hears_no_from(journey)
        outcome = await counter.tells(journey)
        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.NO_CONSENT


_PEOPLE = """
with people as (
    insert into contacts (id, email)
    select $1 || n, $1 || n || '@example.com' from generate_series(1, $2::int) n returning id
), journeys_ as (
    insert into journeys (id, contact_id, conversation, version_id, alert_id, store_id, subject, product_id, entered_at,
                          window_ends_at)
    select 'j-' || id, id, 'back-in-stock', 'back-in-stock@1', 'back-in-stock', $3, 'variant/v', 'p',
           now() - interval '40 days', now()
    from people returning id
)
insert into sends (key, journey_id, step, round, message, event, state, outcome, settled_at)
select id || '/it-is-back/1', id, 'it-is-back', 1, 'it-is-back', case when $4 then null else 'alert' end,
       case when $4 then 'refused' else 'sent' end,
       case when $4 then '{"kind": "refused", "reason": "held_out", "then": "leave"}'::jsonb
            else '{"kind": "sent"}' end, $5
from journeys_"""
_ORDERS = """
with money as (
    insert into order_totals (store_id, order_id, contact_id, ordered_at, currency, total, observed_at)
    select $3, 'o-' || $1 || n, $1 || n, $4, 'EUR', $5, $4 from generate_series(1, $2::int) n
)
insert into orders (store_id, order_id, contact_id, product_id, ordered_at, observed_at)
select $3, 'o-' || $1 || n, $1 || n, 'p', $4, $4 from generate_series(1, $2::int) n"""


async def _arm(pool: Pool, name: str, contacts: int, ordered: int, *, held_out: bool, after: float = 1) -> None:
    """So many whose turn came 30 days ago, of whom so many ordered for 40 EUR so many days after."""
    turn = datetime.now(UTC) - timedelta(days=30)
    await pool.execute(_PEOPLE, name, contacts, STORE, held_out, turn)
    await pool.execute(_ORDERS, name, ordered, STORE, turn + timedelta(days=after), Decimal(40))


async def _report(web: Web) -> ExperimentReport:
    answer = await web.keyed.get("/v1/reports/experiments/autumn")
    assert answer.status_code == 200, answer.text
    return ExperimentReport.model_validate_json(answer.content)


async def test_the_report_compares_those_who_were_told_with_those_who_were_held_out(pool: Pool, web: Web) -> None:
    await _counter(pool)
    await _arm(pool, "told", 400, 60, held_out=False)
    await _arm(pool, "held", 400, 20, held_out=True)
    report = await _report(web)
    assert (report.told.contacts, report.told.ordered, report.held_out.ordered) == (400, 60, 20)
    assert (report.holdout, report.days, report.in_both) == (50, 14, 0)
    assert report.orders is not None
    assert (report.orders.finding, round(report.orders.difference, 4)) == (Finding.MORE, 0.1)
    assert report.orders.relative == pytest.approx(2)
    (revenue,) = report.revenue
    assert (revenue.currency, revenue.told, revenue.held_out) == ("EUR", Decimal("6.00"), Decimal("2.00"))
    assert revenue.finding is Finding.MORE
    assert revenue.low < revenue.difference < revenue.high


async def test_orders_before_the_turn_and_after_the_days_do_not_count(pool: Pool, web: Web) -> None:
    await _counter(pool)
    await _arm(pool, "told", 10, 5, held_out=False, after=-1)
    await _arm(pool, "held", 10, 5, held_out=True, after=14.1)
    report = await _report(web)
    assert (report.told.ordered, report.held_out.ordered, report.revenue) == (0, 0, ())


async def test_a_report_says_when_there_is_not_enough_to_tell(pool: Pool, web: Web, shelftalk: Shelftalk) -> None:
    problem(await web.keyed.get("/v1/reports/experiments/autumn"), 404, "not-found")
    await _counter(pool)
    nobody = await shelftalk.run("report", "experiment", "autumn")
    assert "nothing to compare" in nobody.out
    await _arm(pool, "told", 50, 40, held_out=False)
    await _arm(pool, "held", 50, 1, held_out=True)
    report = await _report(web)
    assert report.orders is not None
    assert report.orders.finding is Finding.NOT_ENOUGH
    assert {each.finding for each in report.revenue} == {Finding.NOT_ENOUGH}
    shown = await shelftalk.run("report", "experiment", "autumn")
    assert "not enough to tell" in shown.out
    assert (await shelftalk.run("report", "experiment", "none", "--json")).failure.code == "no_such_experiment"
    assert (await web.keyed.get("/v1/reports/experiments/autumn?format=csv")).text.count("\n") == 3


async def test_who_was_told_and_held_out_is_in_neither_side(pool: Pool, web: Web) -> None:
    counter = await _counter(pool)
    await _arm(pool, "told", 3, 1, held_out=False)
    key = message(await pool.fetchval("select id from journeys limit 1")).key
    await pool.execute(
        "insert into sends (key, journey_id, step, round, message, state, outcome, settled_at) "
        "select replace($1, '/1', '/2'), journey_id, step, 2, message, 'refused', "
        '\'{"kind": "refused", "reason": "held_out", "then": "leave"}\', now() from sends where key = $1',
        key,
    )
    report = await _report(web)
    assert (report.told.contacts, report.held_out.contacts, report.in_both) == (2, 0, 1)
    assert report.orders is None
    assert counter
