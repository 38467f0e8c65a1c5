"""What came back together is told in one text message, over a provider's HTTP: once, whatever is killed (P1)."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from temporalio.client import Client

from activities.delivery.deliver import DeliverActivity
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.senders.registry import Senders
from activities.waitlist.entrances import Entrances
from activities.waitlist.entry import Entered
from schemas.channels import Channel
from schemas.document.conversation import ConversationDocument
from schemas.ids import JourneyId, message_reference
from schemas.incoming.message_events import MessageEventKind as Kind
from schemas.journey.outcome import Outcome, Sent, Unknown
from starter.devstack.mailbox import Mailbox
from starter.reporting.messages import MessageReports
from starter.reporting.reports import Period
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from tests.delivery.counter import Counter
from tests.delivery.together import SIZES, request, telling_together, window_ends
from tests.faults.crashes import CrashPoint, MortalLedger, Process
from tests.feedback.test_applying import of, tell
from tests.product import STORE, Shop, running_product, subject
from tests.simulated.sender import SimulatedSender
from tests.simulated.sms import Answer, At, Does, Plan, SimulatedGateway, SimulatedSms, SimulatedTwilio
from tests.sms.told import NUMBER, over


def texting_together(words: str | None = None, within: str = "15 minutes") -> ConversationDocument:
    document = telling_together(within)
    changed = {"channel": Channel.SMS, "subject": None} | ({} if words is None else {"text": words})
    return document.model_copy(update={"messages": {"alert": document.messages["alert"].model_copy(update=changed)}})


@dataclass
class Texting:
    """Those who asked for text messages about eight sizes, and the deliver activity over a provider's HTTP."""

    counter: Counter
    provider: SimulatedSms

    def __post_init__(self) -> None:
        self._units = count(1)
        self.senders = Senders(SimulatedSender(), self.provider.sender())
        self.delivery = DeliverActivity(self.counter.ledger, self.senders, "shop.example")

    async def wait(self, number: str = NUMBER, sizes: Sequence[str] = SIZES) -> list[JourneyId]:
        """They ask for each of these sizes, all come back, and each journey is called."""
        entered = [
            await Entrances(self.counter.pool).sign_up(
                None, STORE, size, "test", phone=number, texts=True, list_code="sizes"
            )
            for size in sizes
        ]
        there = next(self._units)
        for size in sizes:
            await self.counter.shop.has(size, there)
            await self.counter.waitlist.give_places(subject(size))
        return [each.journey_id for each in entered if isinstance(each, Entered)]

    async def called(self, number: str = NUMBER, sizes: Sequence[str] = SIZES) -> list[JourneyId]:
        """Likewise, each was looked at once, and the time that they wait for each other is over."""
        journeys = await self.wait(number, sizes)
        assert {each.kind for each in await self.all(journeys)} == {"deferred"}
        await window_ends(self.counter)
        return journeys

    async def all(self, journeys: Sequence[JourneyId]) -> list[Outcome]:
        return [(await self.delivery.deliver(request(each))).outcome for each in journeys]

    async def leases_run_out(self) -> None:
        sql = "update sends set lease_until = now() - interval '1 second' where state = 'sending'"
        await self.counter.pool.execute(sql)

    async def places(self, journeys: Sequence[JourneyId]) -> set[tuple[str, ...]]:
        return {(state, *claims) for state, claims in [await self.counter.place(each) for each in journeys]}

    def said(self) -> list[list[str]]:
        """What each text message says, line by line."""
        return [each.text.strip().split("\n") for each in self.provider.taken]


@asynccontextmanager
async def texting_by(
    pool: Pool, document: ConversationDocument, simulated: SimulatedSms | None = None
) -> AsyncGenerator[Texting]:
    counter = Counter(pool, Shop(pool, Intake(pool)))
    await publish(pool, document)
    await counter.shop.sells(*SIZES)
    async with simulated or SimulatedTwilio() as provider:
        yield Texting(counter, provider)


@pytest.fixture
async def texting(pool: Pool) -> AsyncGenerator[Texting]:
    async with texting_by(pool, texting_together()) as texting:
        yield texting


async def test_eight_sizes_back_at_once_are_one_text_and_eight_places(texting: Texting) -> None:
    journeys = await texting.called()
    outcomes = await texting.all(journeys)
    assert texting.said() == [[f"Blue kettle: {size}" for size in SIZES]]
    (sms,) = texting.provider.taken
    assert (sms.to, sms.reference) == (NUMBER, message_reference(request(journeys[0]).key))
    assert {type(each) for each in outcomes} == {Sent}
    assert await texting.places(journeys) == {("told", "used")}


async def test_what_is_too_much_for_one_text_is_told_in_the_next(pool: Pool) -> None:
    """A text message has 1,600 characters at most: half of them are told in it, and who is left gathers the rest."""
    words = "{% for item in together %}{{ item.variant }} " + "x" * 300 + "\n{% endfor %}"
    async with texting_by(pool, texting_together(words)) as texting:
        journeys = await texting.called()
        assert {type(each) for each in await texting.all(journeys)} == {Sent}
        assert [len(each) for each in texting.said()] == [4, 4]
        assert sorted(line.split()[0] for text in texting.said() for line in text) == sorted(SIZES)
        assert await texting.places(journeys) == {("told", "used")}


async def test_a_gateway_that_says_busy_though_it_took_it_knows_it_again_whichever_journey_sends_next(
    pool: Pool,
) -> None:
    """What is told has the name of the one that waits for longest, and the next asks under the same `webhook-id`."""
    async with texting_by(pool, texting_together(), SimulatedGateway()) as texting:
        journeys = await texting.called()
        texting.provider.plan = Plan(At.TAKEN, Does.BUSY, 1)
        assert await texting.counter.outcome_or_later(texting.delivery, request(journeys[3])) == "NotTaken"
        assert len(texting.provider.taken) == 1
        outcomes = [(await texting.delivery.deliver(request(each))).outcome for each in reversed(journeys)]
        assert {type(each) for each in outcomes} == {Sent}
        assert texting.said() == [[f"Blue kettle: {size}" for size in SIZES]]
        assert texting.provider.heard == 2
        (named,) = {each.message_id for each in outcomes if isinstance(each, Sent)}
        assert named.startswith(request(journeys[0]).key.replace("/", "."))


async def test_all_eight_that_deliver_at_once_send_one_text(texting: Texting) -> None:
    journeys = await texting.called()
    ended = await asyncio.gather(
        *(texting.counter.outcome_or_later(texting.delivery, request(each)) for each in journeys)
    )
    assert {*ended} <= {"sent", "InProgress"}
    assert {type(each) for each in await texting.all(journeys)} == {Sent}
    assert [len(each) for each in texting.said()] == [8]


async def test_a_provider_that_is_busy_gives_all_their_right_back(texting: Texting) -> None:
    journeys = await texting.called(sizes=SIZES[:3])
    texting.provider.answer_next(Answer.LATER)
    assert await texting.counter.outcome_or_later(texting.delivery, request(journeys[1])) == "NotTaken"
    rows = await texting.counter.pool.fetch("select distinct state, told_with, holder from sends")
    assert [tuple(row) for row in rows] == [("ready", None, None)]
    assert {type(each) for each in await texting.all(journeys)} == {Sent}
    assert [len(each) for each in texting.said()] == [3]


async def test_a_worker_killed_while_the_provider_had_it_leaves_all_unknown_until_the_provider_tells(
    texting: Texting,
) -> None:
    """Twilio takes it and does not answer; whichever journey wakes first finds it out for all."""
    journeys = await texting.called()
    texting.provider.plan = Plan(At.TAKEN, Does.STALL, 1)
    sending = asyncio.create_task(texting.delivery.deliver(request(journeys[0])))
    await texting.provider.reached.wait()
    await texting.leases_run_out()
    assert await texting.all(journeys[4:5]) == [Unknown()]
    assert await texting.all(journeys) == [Unknown()] * 8
    assert await texting.places(journeys) == {("told", "used")}

    await tell(texting.counter.pool, of(journeys[0], Kind.DELIVERED, step="alert", channel=Channel.SMS))
    assert {type(each) for each in await texting.all(journeys)} == {Sent}
    sending.cancel()
    texting.provider.go_on.set()
    await asyncio.gather(sending, return_exceptions=True)
    assert [len(each) for each in texting.said()] == [8]


@pytest.mark.parametrize("after", [False, True])
async def test_killed_at_whichever_statement_both_are_in_one_text_at_most_once(
    texting: Texting, database_url: str, after: bool
) -> None:
    process = await Process.on(database_url, texting.counter.pool)
    dying = DeliverActivity(MortalLedger(process), texting.senders, "shop.example")
    ended: list[set[str]] = []
    for statement in range(1, 27):
        journeys = await texting.called(f"+49151234567{statement:02d}", SIZES[:2])
        process.will_crash(CrashPoint(statement, after))
        for journey in journeys:
            await process.survives(lambda journey=journey: texting.counter.outcome_or_later(dying, request(journey)))
        process.will_not_crash()
        await texting.leases_run_out()
        ended.append({each.kind for each in await texting.all(journeys)})
        assert await texting.places(journeys) == {("told", "used")}
    assert process.crashes >= 15
    assert all(each in ({"sent"}, {"unknown"}) for each in ended)
    assert {"sent"} in ended
    assert [len(each) for each in texting.said()] == [2] * len(texting.provider.taken)
    recipients = [each.to for each in texting.provider.taken]
    assert len(recipients) == len({*recipients}) >= ended.count({"sent"})
    await process.pool.close()


async def test_each_place_is_told_by_temporal_too_in_one_text(pool: Pool, client: Client, mailbox: Mailbox) -> None:
    async with SimulatedTwilio() as twilio:
        document = texting_together(within="3 seconds")
        async with running_product(pool, client, mailbox, "texts-together", document, **over(twilio)) as product:
            texting = Texting(Counter(pool, product.shop), twilio)
            await product.shop.sells(*SIZES)
            journeys = await texting.wait(sizes=SIZES[:4])
            for journey in journeys:
                await product.until(journey, lambda report: report.told_at is not None)
            report = await Why(pool).contact(NUMBER, About())
            told = [size for each in report.messages for size in (each.about, *each.together)]
            assert {*told} == {f"variant/{size}" for size in SIZES[:4]}
            assert len(told) == 4, "each in one of them"
            assert len(report.messages) == len(twilio.taken)
            period = Period(until=datetime.now(UTC).date() + timedelta(days=1))
            (activity,) = (await MessageReports(pool).activity(period)).messages
            assert (activity.sent, activity.told) == (len(twilio.taken), 4)
