"""What came back together is told in one message, and each place counts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.delivery.deliver import DeliverActivity
from activities.delivery.ledger import Ledger
from activities.delivery.order import FOLLOWING
from activities.delivery.send_context import FACTS_OF_EACH, SendContext, UnknownJourney
from activities.delivery.send_rows import SendRow
from activities.delivery.together import Gathered, as_many_as_fit
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.rendering.samples import FULL
from activities.rendering.templates import CannotRender
from schemas.ids import JourneyId
from schemas.journey.outcome import AfterRefusal, Deferred, Refused, Sent
from schemas.reasons import Reason
from starter.reporting.messages import MessageReports
from starter.reporting.reports import Period, Reports
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from tests.delivery.counter import Counter
from tests.delivery.together import (
    SIZES,
    come_back,
    deliver_all,
    places_of,
    request,
    said_by_mails,
    telling_together,
    window_ends,
)
from tests.delivery.together import counter as counter
from tests.faults.crashes import Process
from tests.product import Product, Shop, address, addressees, subject
from tests.story.documents import back, programme

FILTERED = """{% for item in together %}{{ item.variant }} {{ item.units }}
{% endfor %}{% if not together %}{{ variant.title }} {{ variant.units }}{% endif %}"""


async def test_eight_sizes_back_at_once_are_one_mail_and_eight_places(counter: Counter) -> None:
    journeys = await come_back(counter)
    waits = await counter.pool.fetch("select distinct together_until from sends")
    assert len(waits) == 1  # for as long as the first of them
    await window_ends(counter)
    outcomes = await deliver_all(counter, journeys)
    assert said_by_mails(counter) == [[f"Blue kettle: {size}" for size in SIZES]]
    assert len({each.model_dump_json() for each in outcomes}) == 1
    assert isinstance(outcomes[0], Sent)
    assert outcomes[0].message_id == counter.sender.taken[0].message_id
    assert await places_of(counter, journeys) == {("told", "used")}
    assert await counter.pool.fetchval("select count(*) from journeys where told_at is not null") == 8
    taken = await counter.pool.fetch("select taken, available from supplies where taken > 0")
    assert [(row["taken"], row["available"]) for row in taken] == [(1, 1)] * 8


async def test_what_is_outside_the_caps_stays_so_under_the_name_of_another(counter: Counter) -> None:
    first, second = await come_back(counter, SIZES[:2])
    await window_ends(counter)
    await counter.pool.execute("alter table versions disable trigger versions_are_immutable")
    await counter.pool.execute("update versions set messages = jsonb_set(messages, '{alert,transactional}', 'true')")
    other = Counter(counter.pool, counter.shop)  # it has read no template yet
    assert isinstance(await other.deliver(request(second)), Sent)
    assert isinstance(await other.deliver(request(first)), Sent)
    rows = await counter.pool.fetch("select key, told_with, uncapped from sends order by told_with nulls first")
    assert [(row["told_with"], row["uncapped"]) for row in rows] == [(None, True), (rows[0]["key"], True)]


async def test_one_alone_reads_as_it_does_without_a_window(counter: Counter) -> None:
    journeys = await come_back(counter, SIZES[:1])
    await window_ends(counter)
    assert isinstance((await deliver_all(counter, journeys))[0], Sent)
    assert said_by_mails(counter) == [["size-0 alone"]]


async def test_another_person_is_told_by_themselves(counter: Counter) -> None:
    journeys = [*await come_back(counter, SIZES[:2]), *await come_back(counter, SIZES[2:4], "bob")]
    await window_ends(counter)
    assert all(isinstance(each, Sent) for each in await deliver_all(counter, journeys))
    assert [len(each) for each in said_by_mails(counter)] == [2, 2]
    assert len({each.recipient for each in counter.sender.taken}) == 2


async def test_what_sold_out_meanwhile_is_not_in_it_and_keeps_its_place_in_line(counter: Counter) -> None:
    journeys = await come_back(counter)
    await counter.shop.has(SIZES[3], 0)
    await window_ends(counter)
    outcomes = await deliver_all(counter, journeys)
    assert said_by_mails(counter) == [[f"Blue kettle: {size}" for size in SIZES if size != SIZES[3]]]
    refused = outcomes.pop(3)
    assert refused == Refused(reason=Reason.SOLD_OUT_AGAIN, then=AfterRefusal.BACK_IN_LINE)
    assert all(isinstance(each, Sent) for each in outcomes)
    assert await counter.place(journeys[3]) == ("waiting", ["returned"])


async def _filtered_and_counting(pool: Pool) -> Counter:
    """The alert has a filter on product and contact, and its mail says how much is left."""
    filters = {
        "trigger_filter": {"product.price": {"at_most": 50}},
        "profile_filter": {"contact.attributes.vip": {"equals": True}},
    }
    document = programme("sizes", back(**filters), together_within="15 minutes")
    message = document.messages["alert"].model_copy(update={"text": FILTERED})
    await publish(pool, document.model_copy(update={"messages": {"alert": message}}))
    counter = Counter(pool, Shop(pool, Intake(pool)))
    await counter.shop.sells(*SIZES, price="40")
    return counter


async def _is_vip(pool: Pool, name: str) -> None:
    attributes = {"vip": True}
    await pool.execute(
        "insert into contacts (id, email, attributes) values ($1, $2, $3)", name, address(name), attributes
    )


async def test_what_is_seen_of_all_at_once_is_what_is_seen_of_each(pool: Pool) -> None:
    counter = await _filtered_and_counting(pool)
    await _is_vip(pool, "ada")
    journeys = await come_back(counter, SIZES[:4])
    await counter.shop.has(SIZES[1], 0)
    await counter.shop.asks("60", SIZES[2])
    own, *others = [request(each) for each in journeys]
    together = await counter.ledger.look_up_together(own, others)
    alone = [await counter.ledger.look_up(each) for each in (own, *others)]

    def told(seen: SendContext) -> object:
        return replace(seen.facts, together_until=None), seen.context, seen.recipient, seen.list_code, seen.gathers

    assert [told(each) for each in together] == [told(each) for each in alone]
    assert [each.facts.filtered for each in together] == [False, False, True, False]
    assert [each.facts.in_stock for each in together] == [True, False, True, True]
    assert [each.context.variant.units for each in together] == [1, 0, 1, 1]
    with pytest.raises(UnknownJourney):
        await counter.ledger.look_up_together(own, [request(JourneyId("j-none"))])


async def test_between_verdict_and_right_lies_no_more_for_eight_than_for_two(pool: Pool, database_url: str) -> None:
    counter = await _filtered_and_counting(pool)
    process = await Process.on(database_url, pool, size=1)
    delivery = DeliverActivity(Ledger(process.pool), counter.sender, "shop.example")
    statements: list[int] = []
    for number, size in enumerate((2, 2, 8), 1):
        name = f"n{number}"
        await _is_vip(pool, name)
        journeys = [
            (await counter.shop.signs_up(f"n{number}", for_=each, list_code="sizes"))[0] for each in SIZES[:size]
        ]
        for each in SIZES[:size]:
            await counter.shop.has(each, number)
            await counter.waitlist.give_places(subject(each))
        await deliver_all(counter, journeys)
        await window_ends(counter)
        process.statements = 0
        assert isinstance((await delivery.deliver(request(journeys[0]))).outcome, Sent)
        statements.append(process.statements)
    assert [len(each) for each in said_by_mails(counter)] == [2, 2, 8]
    assert statements[1] == statements[2], "the first reads templates and types, which are kept"
    await process.pool.close()


async def test_a_cap_is_asked_once_for_a_mail_that_is_sent_by_one_and_named_after_another(counter: Counter) -> None:
    await counter.pool.execute("update stores set cap_messages = 1, cap_length = '1 day'")
    journeys = await come_back(counter, SIZES[:3])
    await window_ends(counter)
    assert isinstance((await deliver_all(counter, journeys[2:]))[0], Sent)
    later = await come_back(counter, SIZES[3:4])
    await window_ends(counter)
    assert [each.kind for each in await deliver_all(counter, [*journeys, *later])] == [
        "sent",
        "sent",
        "sent",
        "deferred",
    ]


async def test_a_mail_of_eight_is_one_for_the_cap_and_all_eight_have_one_turn(counter: Counter) -> None:
    """A cap of one a day over the store: what was told today puts the eight off together, to tomorrow."""
    await counter.pool.execute("update stores set cap_messages = 1, cap_length = '1 day'")
    today = await come_back(counter, SIZES[:1])
    await window_ends(counter)
    assert isinstance((await deliver_all(counter, today))[0], Sent)
    journeys = await come_back(counter, SIZES[1:6])
    await window_ends(counter)
    turns = await deliver_all(counter, journeys)
    assert {each.reason for each in turns if isinstance(each, Deferred)} == {Reason.TOO_FREQUENT}
    assert len(await counter.pool.fetch("select distinct put_off_until from sends where state = 'ready'")) == 1
    # Those that come back later join the ones that wait.
    later = await come_back(counter, SIZES[6:], put_off_for=Reason.TOO_FREQUENT)
    assert len(await counter.pool.fetch("select distinct put_off_until from sends where state = 'ready'")) == 1
    await counter.pool.execute(
        "update sends set settled_at = settled_at - interval '1 day', put_off_until = put_off_until - interval '1 day'"
    )
    assert all(isinstance(each, Sent) for each in await deliver_all(counter, [*journeys, *later]))
    assert [len(each) for each in said_by_mails(counter)] == [1, 7]
    # Of the seven one counts: a cap of two would have room for another.
    await counter.pool.execute("update stores set cap_messages = 2")
    assert await counter.pool.fetchval("select turn_of('another', $1, 'email')", journeys[0]) is None


async def test_reports_count_the_mail_once_and_each_place_as_told(counter: Counter) -> None:
    journeys = await come_back(counter)
    await window_ends(counter)
    await deliver_all(counter, journeys)
    period = Period(until=datetime.now(UTC).date() + timedelta(days=1))
    (activity,) = (await MessageReports(counter.pool).activity(period)).messages
    assert (activity.sent, activity.told) == (1, 8)
    figures = await Reports(counter.pool).list_figures("sizes", period)
    assert [each.told for each in figures.alerts] == [8]
    contact = await counter.pool.fetchval("select contact_id from journeys limit 1")
    touched = await counter.pool.fetch("select send_key from touches($1)", contact)
    assert [row["send_key"] for row in touched] == [request(journeys[0]).key]
    (mail,) = (await Why(counter.pool).contact(address("ada"), About())).messages
    assert mail.about == "variant/size-0"
    assert {*mail.together} == {f"variant/{size}" for size in SIZES[1:]}
    (of_one,) = (await Why(counter.pool).contact(address("ada"), About(variant_id="size-4"))).messages
    assert (of_one.about, "variant/size-0" in of_one.together) == ("variant/size-4", True)


async def test_what_comes_back_in_quiet_hours_joins_what_waits_for_the_morning(counter: Counter) -> None:
    now = datetime.now(UTC)
    await counter.pool.execute(
        "update lists set quiet_from = $1, quiet_until = $2 where code = 'sizes'",
        (now - timedelta(hours=1)).time(),
        (now + timedelta(hours=1)).time(),
    )
    journeys = await come_back(counter, SIZES[:2])
    await window_ends(counter)
    assert {each.reason for each in await deliver_all(counter, journeys) if isinstance(each, Deferred)} == {
        Reason.QUIET_HOURS
    }
    journeys += await come_back(counter, SIZES[2:4], put_off_for=Reason.QUIET_HOURS)
    await counter.pool.execute("update lists set quiet_from = null, quiet_until = null")
    assert all(isinstance(each, Sent) for each in await deliver_all(counter, journeys))
    assert [len(each) for each in said_by_mails(counter)] == [4]


async def test_the_others_look_again_half_a_minute_after_the_first(counter: Counter) -> None:
    journeys = [(await counter.shop.signs_up("ada", for_=size, list_code="sizes"))[0] for size in SIZES[:3]]
    for size in SIZES[:3]:
        await counter.shop.has(size, 1)
        await counter.waitlist.give_places(subject(size))
    first, *others = [each.until for each in await deliver_all(counter, journeys) if isinstance(each, Deferred)]
    assert [each - first for each in others] == [FOLLOWING] * 2


@given(st.integers(0, 49), st.integers(0, 60))
def test_a_message_that_cannot_be_written_with_all_is_written_with_fewer(there: int, most: int) -> None:
    """A text message of fifty things is too long, and nobody is stopped by that."""
    others = tuple(Gathered(request(JourneyId(str(number))), FULL) for number in range(there))

    def write(told: Sequence[Gathered]) -> int:
        if len(told) > most:
            raise CannotRender("too long")
        return len(told)

    written, told = as_many_as_fit(write, others)
    assert written == len(told) <= most
    assert told == others[: len(told)]
    assert len(told) * 2 + 1 >= min(there, most)


async def test_a_message_that_names_no_others_is_told_at_once(pool: Pool) -> None:
    counter = Counter(pool, Shop(pool, Intake(pool)))
    await publish(pool, programme("sizes", back(), together_within="15 minutes"))
    await counter.shop.sells(*SIZES)
    (journey,) = await counter.shop.signs_up("ada", for_=SIZES[0], list_code="sizes")
    await counter.shop.has(SIZES[0], 1)
    await counter.waitlist.give_places(subject(SIZES[0]))
    assert isinstance(await counter.deliver(request(journey)), Sent)


async def test_each_place_is_told_by_temporal_too_and_why_says_what_was_told_together(product: Product) -> None:
    await publish(product.pool, telling_together("3 seconds"))
    await product.shop.sells(*SIZES)
    waits = [(await product.shop.signs_up("ada", for_=size, list_code="sizes"))[0] for size in SIZES[:4]]
    for size in SIZES[:4]:
        await product.shop.has(size, 1)
    await product.mail_to("ada")
    await product.until(waits[0], lambda report: report.told_at is not None)
    report = await Why(product.pool).contact(address("ada"), About())
    told = {size for mail in report.messages for size in (mail.about, *mail.together)}
    assert told == {f"variant/{size}" for size in SIZES[:4]}
    assert len(report.messages) == len(addressees(product.mailbox))
    for journey in waits:
        await product.until(journey, lambda report: report.told_at is not None)


async def test_what_is_asked_of_each_is_not_planned_anew_each_time(pool: Pool) -> None:
    """To plan it takes ten times as long as to run it, so it has one plan, however many are asked about."""
    asked = dict.fromkeys(FACTS_OF_EACH.differing, "x") | {"round": 1, "question": False}
    async with pool.acquire() as connection:
        for number in range(12):
            await FACTS_OF_EACH.rows(connection, SendRow, [asked] * (1 + number % 4))
        kept = "select generic_plans from pg_prepared_statements where statement = $1"
        assert await connection.fetchval(kept, FACTS_OF_EACH.query.sql) > 0
