"""STOP and HELP are replied to once, within five minutes, and by nobody else than whoever is to."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from activities.delivery.replying import Due, Replies, Replying
from activities.intake.erasure import forget_address
from activities.postgres.pool import Pool, transaction
from activities.senders.limits import Limits
from activities.senders.registry import Senders
from activities.senders.sender import Message
from activities.senders.sms.segments import Alphabet, count_segments
from schemas.incoming.message_events import MessageEventKind as Kind
from schemas.settings import Settings
from starter.runtime.process import beside
from tests.at_once import at_once
from tests.feedback.told import PHONE, tell, text
from tests.product import STORE
from tests.simulated.sender import SimulatedHandover, SimulatedSender
from tests.simulated.sms import Answer, At, Does, Plan, SimulatedVonage

STOPPED = "Kettles: you will get no more text messages from us. Reply START to get them again."


@pytest.fixture
async def vonage() -> AsyncGenerator[SimulatedVonage]:
    async with SimulatedVonage() as vonage:
        yield vonage


@pytest.fixture(autouse=True)
async def shop(pool: Pool) -> None:
    await pool.execute("insert into stores (id, source, name) values ($1, 'api', 'Kettles')", STORE)


def replying(pool: Pool, vonage: SimulatedVonage, limits: Limits | None = None, **settings: Any) -> Replying:
    set_ = Settings.model_validate({"sms_provider": "vonage"} | settings)
    senders = Senders(SimulatedSender(), vonage.sender(limits))
    return Replying(pool, senders, "shop.example", Replies.from_settings(set_))


async def states(pool: Pool) -> list[tuple[str, str, bool]]:
    """Kind, state, and whether the number is still there, in order."""
    rows = await pool.fetch("select kind, state, address is not null as known from replies order by event_id")
    return [(row["kind"], row["state"], row["known"]) for row in rows]


async def test_a_stop_is_confirmed_once_however_often_it_is_said(pool: Pool, vonage: SimulatedVonage) -> None:
    ours = replying(pool, vonage)

    await tell(pool, text(Kind.SAID_STOP))
    assert await ours.reply_due() == 1
    await tell(pool, text(Kind.SAID_STOP), text(Kind.SAID_STOP))
    assert await ours.reply_due() == 0

    assert [(each.to, each.text) for each in vonage.taken] == [(PHONE, STOPPED)]
    assert await states(pool) == [("stop", "sent", False)], "the number goes with it"
    assert await pool.fetchval("select reason from suppressions") is None, "of nobody whom we know a digest is kept"
    assert await pool.fetchval("select suppressed_for from kept_refusals") == "stop"


async def test_two_stops_at_once_and_two_workers_at_once_make_one_reply(pool: Pool, vonage: SimulatedVonage) -> None:
    await at_once(*(tell(pool, text(Kind.SAID_STOP)) for _ in range(4)))

    await asyncio.gather(*(replying(pool, vonage).reply_due() for _ in range(3)))

    assert len(vonage.taken) == 1


async def test_a_stop_after_a_start_is_a_new_one(pool: Pool, vonage: SimulatedVonage) -> None:
    ours = replying(pool, vonage)
    for kind in (Kind.SAID_STOP, Kind.SAID_START, Kind.SAID_STOP):
        await tell(pool, text(kind))
        await ours.reply_due()

    assert [each.text for each in vonage.taken] == [STOPPED, STOPPED]


async def test_who_says_start_before_the_reply_left_is_not_told_that_they_stopped(
    pool: Pool, vonage: SimulatedVonage
) -> None:
    ours = replying(pool, vonage)
    await tell(pool, text(Kind.SAID_STOP))
    await tell(pool, text(Kind.SAID_START))
    assert await ours.reply_due() == 0
    await tell(pool, text(Kind.SAID_STOP))
    assert await ours.reply_due() == 1

    assert [each.text for each in vonage.taken] == [STOPPED]
    assert await states(pool) == [("stop", "left", False), ("stop", "sent", False)]


async def test_an_error_of_ours_is_in_the_log_and_ends_no_worker(pool: Pool, vonage: SimulatedVonage) -> None:
    broken = Replying(pool, Senders(SimulatedSender(), vonage.sender()), "shop.example", Replies({"stop": {"en": ""}}))
    await tell(pool, text(Kind.SAID_STOP), text(Kind.SAID_HELP))
    with capture_logs() as logs:
        await broken.reply_due()
    assert [line["error"] for line in logs if line["event"] == "reply failed"] == ["KeyError"]


async def test_a_reply_whose_number_was_erased_while_the_provider_got_ready_is_not_sent(
    pool: Pool, vonage: SimulatedVonage
) -> None:
    class Erasing(SimulatedSender):
        """Of text messages; the number is erased while it gets ready."""

        @asynccontextmanager
        async def ready(self, message: Message, within: float = inf) -> AsyncGenerator[SimulatedHandover]:
            async with transaction(pool) as connection:
                await forget_address(connection, PHONE, None)
            async with super().ready(message, within) as handover:
                yield handover

    sender = Erasing()
    await pool.execute("insert into contacts (id, phone) values ('c', $1)", PHONE)
    await tell(pool, text(Kind.SAID_STOP))
    ours = Replying(pool, sender, "shop.example", Replies.from_settings(Settings(sms_provider="vonage")))
    await ours.reply_due()
    assert sender.texted == ()
    assert await states(pool) == [("stop", "unknown", False)]


async def test_a_stop_that_is_seen_late_is_kept_to_and_not_confirmed(pool: Pool, vonage: SimulatedVonage) -> None:
    await tell(pool, text(Kind.SAID_STOP, at=datetime.now(UTC) - timedelta(minutes=5)))

    assert await replying(pool, vonage).reply_due() == 0
    assert await states(pool) == []
    assert await pool.fetchval("select suppressed_for from kept_refusals") == "stop"


async def test_what_could_not_be_sent_in_time_is_left(pool: Pool, vonage: SimulatedVonage) -> None:
    ours = replying(pool, vonage)
    vonage.answer_next(Answer.LATER)
    await tell(pool, text(Kind.SAID_STOP))
    assert await ours.reply_due() == 1
    assert await states(pool) == [("stop", "ready", True)]

    await pool.execute("update replies set next_at = now(), give_up_at = now()")

    assert await ours.reply_due() == 0
    assert await states(pool) == [("stop", "left", False)]
    assert vonage.taken == []


async def test_one_that_was_not_taken_is_tried_again(pool: Pool, vonage: SimulatedVonage) -> None:
    ours = replying(pool, vonage)
    vonage.answer_next(Answer.LATER)
    await tell(pool, text(Kind.SAID_STOP))
    await ours.reply_due()
    await pool.execute("update replies set next_at = now()")

    await ours.reply_due()

    assert [each.text for each in vonage.taken] == [STOPPED]


@pytest.mark.parametrize(("at", "took"), [(At.END, 0), (At.TAKEN, 1)])
async def test_one_that_nobody_knows_of_is_not_sent_again(
    pool: Pool, vonage: SimulatedVonage, at: At, took: int
) -> None:
    ours = replying(pool, vonage)
    vonage.plan = Plan(at, Does.DROP, 1)
    await tell(pool, text(Kind.SAID_STOP))

    assert [await ours.reply_due(), await ours.reply_due()] == [1, 0]

    assert len(vonage.taken) == took
    assert await states(pool) == [("stop", "unknown", False)]


async def test_a_worker_that_was_killed_while_it_sent_leaves_an_unknown(pool: Pool, vonage: SimulatedVonage) -> None:
    await tell(pool, text(Kind.SAID_STOP))
    await pool.execute("update replies set state = 'sending', holder = gen_random_uuid(), lease_until = now()")

    assert await replying(pool, vonage).reply_due() == 0
    assert await states(pool) == [("stop", "unknown", False)]


async def test_a_process_that_stops_while_it_connects_gives_the_right_back(pool: Pool, vonage: SimulatedVonage) -> None:
    class Stopping(SimulatedSender):
        async def take(self, message: Message) -> None:
            raise asyncio.CancelledError

    await tell(pool, text(Kind.SAID_STOP))
    replies = Replies.from_settings(Settings(sms_provider="vonage"))
    with pytest.raises(asyncio.CancelledError):
        await Replying(pool, Stopping(), "shop.example", replies).reply_due()

    assert await replying(pool, vonage).reply_due() == 1
    assert len(vonage.taken) == 1


async def test_a_worker_replies_for_as_long_as_it_runs(pool: Pool) -> None:
    taken = asyncio.Event()

    class Telling(SimulatedSender):
        async def take(self, message: Message) -> None:
            await super().take(message)
            taken.set()

    sender = Telling()
    async with beside(
        Replying(pool, sender, "shop.example", Replies.from_settings(Settings(sms_provider="http"))).run()
    ):
        await tell(pool, text(Kind.SAID_STOP))
        await taken.wait()

    assert [each.text for each in sender.texted] == [STOPPED]


@pytest.mark.parametrize("provider", ["twilio", "telnyx"])
async def test_where_the_provider_replies_nothing_leaves(pool: Pool, vonage: SimulatedVonage, provider: str) -> None:
    await tell(pool, text(Kind.SAID_STOP), text(Kind.SAID_HELP))

    assert await replying(pool, vonage, sms_provider=provider).reply_due() == 0

    assert vonage.taken == []
    assert await states(pool) == [("stop", "left", False), ("help", "left", False)]


@pytest.mark.parametrize(
    ("settings", "replies"),
    [
        ({}, False),
        ({"sms_provider": "http"}, True),
        ({"sms_provider": "telnyx", "sms_replies": True}, True),
        ({"sms_provider": "vonage", "sms_replies": False}, False),
    ],
)
def test_the_settings_say_who_replies(settings: dict[str, Any], replies: bool) -> None:
    assert Settings.model_validate(settings).sms_replies is replies


async def test_help_is_answered_and_two_machines_do_not_write_to_each_other_for_ever(
    pool: Pool, vonage: SimulatedVonage
) -> None:
    ours = replying(pool, vonage)
    for _ in range(3):
        await tell(pool, text(Kind.SAID_HELP))
        await ours.reply_due()
    assert len(vonage.taken) == 1
    assert "Reply STOP to end" in vonage.taken[0].text

    await pool.execute("update replies set made_at = now() - interval '6 minutes'")
    await tell(pool, text(Kind.SAID_HELP))
    await ours.reply_due()

    assert len(vonage.taken) == 2


@pytest.mark.parametrize(
    ("language", "said"),
    [(None, "Stop, Kettles."), ("de-AT", "Aus, Kettles."), ("de", "Aus, Kettles."), ("fr", "Kettles : vous ne")],
)
async def test_a_reply_is_in_the_persons_language_and_the_shops_words(
    pool: Pool, vonage: SimulatedVonage, language: str | None, said: str
) -> None:
    await pool.execute(
        "insert into contacts (id, phone, attributes) values ('c', $1, $2)",
        PHONE,
        {} if language is None else {"language": language},
    )
    await tell(pool, text(Kind.SAID_STOP))

    await replying(pool, vonage, sms_stop_texts={"en": "Stop, {shop}.", "de": "Aus, {shop}."}).reply_due()

    assert vonage.taken[0].text.startswith(said)


def test_our_own_words_fit_into_one_segment_and_name_the_shop() -> None:
    ours = Replies.from_settings(Settings(sms_provider="vonage"))
    assert ours is not None
    for word in ("stop", "help"):
        for language in ours.texts[word]:
            said = ours.text(Due(1, word, PHONE, language, "A shop of 32 letters in its name", "https://shop.example"))
            assert said.startswith("A shop of 32")
            assert (count_segments(said).segments, count_segments(said).alphabet) == (1, Alphabet.GSM7)


async def test_erasure_takes_the_number_out_of_what_was_not_replied_to_yet(pool: Pool, vonage: SimulatedVonage) -> None:
    await pool.execute("insert into contacts (id, phone) values ('c', $1)", PHONE)
    await tell(pool, text(Kind.SAID_STOP))

    async with transaction(pool) as connection:
        assert await forget_address(connection, PHONE, None) == "c"

    assert await states(pool) == [("stop", "left", False)]
    assert await replying(pool, vonage).reply_due() == 0


@pytest.mark.parametrize(
    ("texts", "says"),
    [({"xx-y": "a"}, "no language"), ({"en": " "}, "characters"), ({"en": "{name}"}, r"\{name\}")],
)
def test_a_text_of_no_use_is_refused_when_it_is_read(texts: dict[str, str], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Settings(sms_stop_texts=texts)
