"""All that goes wrong at a provider, over the real ledger and real HTTP, counted at the other end (promise P1)."""

import asyncio
from collections import Counter as Count
from collections.abc import AsyncIterator
from itertools import cycle

import pytest

from activities.delivery.deliver import DeliverActivity
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.senders.email.mail_api import mail_sender
from activities.senders.limits import Limits
from activities.senders.registry import Senders
from activities.senders.sms.providers import NoProvider
from starter.versioning.publishing import publish
from tests.delivery.counter import Counter, message
from tests.product import Shop, address, starter_document
from tests.simulated.mail_api import Reply, SimulatedMailApi
from tests.simulated.mail_api_server import MailApiServer, Moment
from tests.simulated.mail_apis import SIMULATED

PEOPLE = 24
CUTS = ("cut before", "cut after", "nonsense", "502")
"""After these nobody knows, at a provider that takes no key."""
GOES_WRONG = ("nothing", "429", *CUTS[:2], "nothing", "refused", *CUTS[2:])


class Unreliable(MailApiServer):
    """Does to every request the next of `GOES_WRONG`; counts what it did."""

    def __init__(self, provider: SimulatedMailApi) -> None:
        super().__init__(provider)
        self.did = Count[str]()
        self._next = cycle(GOES_WRONG)
        self._now = ""

    async def strikes(self, moment: Moment, writer: asyncio.StreamWriter) -> Reply | bytes | None:
        if moment is Moment.WHOLE:
            self._now = next(self._next)
            self.did[self._now] += 1
        match moment, self._now:
            case Moment.WHOLE, "429":
                return self.provider.later()
            case Moment.WHOLE, "refused":
                return self.provider.refused("someone@example.com")
            case (Moment.WHOLE, "cut before") | (Moment.DONE, "cut after"):
                writer.transport.abort()
            case Moment.DONE, "nonsense":
                return b"what?\r\n\r\n"
            case Moment.DONE, "502":
                return Reply(502, b"<html>Bad gateway</html>")
            case _:
                pass
        return None


@pytest.fixture
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Unreliable]:
    async with Unreliable(request.param()) as server:
        yield server


@pytest.mark.parametrize("server", SIMULATED, ids=lambda kind: kind.name, indirect=True)
async def test_nobody_is_told_twice_and_only_what_cannot_be_known_is_unknown(pool: Pool, server: Unreliable) -> None:
    await publish(pool, starter_document())
    counter = Counter(pool, Shop(pool, Intake(pool)))
    await counter.shop.sells("v")
    names = [f"c{number}" for number in range(PEOPLE)]
    journeys = await counter.calls(*names, units=PEOPLE)
    sender = mail_sender(
        server.provider.api(server.url), "Shop <alerts@example.com>", limits=Limits(pause=0.001), connections=1
    )
    delivery = DeliverActivity(counter.ledger, Senders(sender, NoProvider()), "shop.example")

    ends: dict[str, str] = {}
    for name, journey in zip(names, journeys, strict=True):
        while (end := await counter.outcome_or_later(delivery, message(journey))) == "NotTaken":
            pass
        ends[name] = end
    await sender.aclose()

    taken = Count(mail.recipient for mail in server.provider.taken)
    assert max(taken.values()) == 1, "somebody was told twice"
    of = {kind: {name for name, end in ends.items() if end == kind} for kind in ("sent", "refused", "unknown")}
    assert set(ends) == of["sent"] | of["refused"] | of["unknown"]
    assert {address(name) for name in of["sent"]} <= set(taken)
    assert not {address(name) for name in of["refused"]} & set(taken)
    cut = sum(server.did[how] for how in CUTS)
    assert len(of["unknown"]) == (0 if server.provider.api("").dedupes else cut)
    assert cut
    assert await pool.fetchval("select count(*) from sends where state = 'sending'") == 0
