"""Half of a fan-out says no while it runs, over real HTTP, and is counted at the other end (P3).

Real are Temporal, PostgreSQL, the worker with its sender, and the web server that takes STOPs and one-click
unsubscriptions. A no is accepted when it is answered 2xx; a hand-over begins when the ledger gives the right to send.
Both are told by PostgreSQL's clock.
"""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from random import Random

from temporalio.client import Client

from activities.postgres.pool import Pool
from activities.waitlist.entrances import Entrances
from activities.waitlist.entry import Entered
from schemas.channels import Channel
from starter.devstack.mailbox import Mailbox
from tests.consent.asked import link_of
from tests.consent.test_unsubscribing import ONE_CLICK
from tests.faults.fates import MailSide, Side, TextSide, number_in, recipient
from tests.feedback.test_webhooks import WITH_PROVIDERS, post
from tests.http.conftest import web_over
from tests.http.web import Web
from tests.product import STORE, next_change, running_product
from tests.providers import calls
from tests.simulated.mail_api import Heard, Reply
from tests.simulated.mail_api_server import MailApiServer, Moment
from tests.simulated.mail_apis import SimulatedPostmark
from tests.sms.told import TEXT_ALONE, document

PATIENCE_SECONDS = 1800.0


class TakingItsTime(MailApiServer[Side]):
    """A provider that takes two messages for each that says no, so that both go on until the end, however fast."""

    def __init__(self, provider: Side) -> None:
        super().__init__(provider)
        self._came = count()
        self._said = 0
        self._changed = asyncio.Condition()

    async def say(self, times: int = 1) -> None:
        """So many have said no."""
        async with self._changed:
            self._said += times
            self._changed.notify_all()

    async def strikes(
        self, moment: Moment, writer: asyncio.StreamWriter, heard: Heard | None = None
    ) -> Reply | bytes | None:
        if moment is Moment.WHOLE:
            number = next(self._came)
            async with self._changed:
                await self._changed.wait_for(lambda: self._said >= number // 2)
        return None

    def counted(self) -> Counter[int]:
        """How often each contact's message was taken, by number."""
        return Counter(number_in(each.encode()) for each in self.provider.recipients())


@dataclass(frozen=True)
class Stopped:
    """What came of a fan-out.

    Attributes:
        taken: how often each contact's message was.
        accepted: when the no was of who said it.
        began: when the hand-over of each contact's message did.
    """

    people: int
    taken: Counter[int]
    accepted: dict[int, datetime]
    began: dict[int, datetime]

    def holds(self) -> None:
        late = {
            number for number in self.taken if number in self.accepted and self.began[number] > self.accepted[number]
        }
        assert not late, "somebody who had said no was told"
        assert set(self.taken) >= set(range(self.people)) - set(self.accepted), "somebody who said nothing was not told"
        assert set(self.taken.values()) == {1}

    def __str__(self) -> str:
        said = len(self.accepted)
        before = len(set(self.accepted) & set(self.taken))
        return (
            f"{self.people} called, {said} said no meanwhile: {before} of them were being told before that, and "
            f"{said - before} got nothing; {self.taken.total()} taken"
        )


async def fan_out_with_stops(pool: Pool, client: Client, mailbox: Mailbox, channel: Channel, people: int) -> Stopped:
    """So many are called at once, and a random half says no, one after the other as messages leave."""
    by_mail = channel is Channel.EMAIL
    side: Side = MailSide(SimulatedPostmark()) if by_mail else TextSide.twilio()
    half = Random(people).sample(range(people), people // 2)
    accepted: dict[int, datetime] = {}
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(TakingItsTime(side))
        settings = server.provider.settings(server.url)
        about = None if by_mail else document(TEXT_ALONE)
        product = await stack.enter_async_context(running_product(pool, client, mailbox, "stops", about, **settings))
        web = await stack.enter_async_context(web_over(pool, client, WITH_PROVIDERS))
        await product.shop.sells("v")
        for number in range(people):
            mail, phone = (recipient(channel, number), None) if by_mail else (None, recipient(channel, number))
            entered = await Entrances(pool).sign_up(mail, STORE, "v", "test", phone=phone, texts=not by_mail)
            assert isinstance(entered, Entered)
        await product.shop.has("v", people)
        async with asyncio.timeout(PATIENCE_SECONDS):
            for said, number in enumerate(half):
                while side.recipients() == [] or len(side.recipients()) < said:
                    await next_change(pool)
                await (_unsubscribes if by_mail else _texts_stop)(web, pool, number)
                accepted[number] = await pool.fetchval("select clock_timestamp()")
                await server.say()
            await server.say(people)
            while await pool.fetchval(_UNDER_WAY):
                await next_change(pool)
        await product.at_rest()
    rows = await pool.fetch(
        "select coalesce(c.phone, c.email) as address, s.opened_at from sends s join journeys j on j.id = s.journey_id "
        "join contacts c on c.id = j.contact_id"
    )
    began = {number_in(row["address"].encode()): row["opened_at"] for row in rows}
    return Stopped(people, server.counted(), accepted, began)


_UNDER_WAY = "select exists (select from journeys where told_at is null and ended_at is null)"


async def _texts_stop(web: Web, pool: Pool, number: int) -> None:
    del pool
    form = {"MessageSid": f"SM-{number}", "Body": "STOP", "From": recipient(Channel.SMS, number)}
    answer = await post(web, "twilio", calls.twilio(form | {"SmsStatus": "received"}))
    assert answer.status_code == 200, answer.text


async def _unsubscribes(web: Web, pool: Pool, number: int) -> None:
    token = await link_of(pool, recipient(Channel.EMAIL, number), token=f"{number:022d}")
    answer = await web.open.post(f"/u/{token}", data=ONE_CLICK)
    assert answer.status_code == 200, answer.text
