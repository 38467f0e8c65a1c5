"""How many messages a second all workers together hand to a provider, and whose turn it is: fair between lists.

Each list has a lane of its own, and so have the answers to sign-ups; lanes that want to send share the rate in equal
parts. So a message of a list that sends little, or a confirmation, never waits for the many of another list. Turns are
kept in PostgreSQL (`take_turn` in the schema).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from activities.senders.sender import NoTurn
from schemas.channels import Channel

SQL = load_queries("activities.delivery", "pace.sql")

EVERYWHERE = ""
"""Beside the receiving domains: the rate of all messages together."""
CONFIRMATIONS = ""
"""The lane of the answers to sign-ups; the others have the names of lists."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Messages a second; None: as many as there are.

    Attributes:
        domain: of those, to one receiving domain.
    """

    all: float | None = None
    domain: float | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """Whether a message has its turn, and how long until then; if not, how long until it should ask again."""

    given: bool
    wait: timedelta


class Pace:
    """Turns at the providers of the channels that have a rate; the others are asked at once."""

    def __init__(self, pool: Pool, rates: Mapping[Channel, Rate] | None = None) -> None:
        self._pool = pool
        self._rates = rates or {}

    async def turn(self, channel: Channel, lane: str, domain: str, *, comes_back: bool) -> None:
        """Wait for a turn, where it comes within a second.

        Args:
            lane: the list's name, or `CONFIRMATIONS`.
            domain: that the message goes to; empty: the channel has none.
            comes_back: whoever asks can be told when to ask again, and does then.

        Raises:
            NoTurn: it does not come as soon; `retry_after` says when to ask again.
        """
        rate = self._rates.get(channel, Rate())
        bounds = {EVERYWHERE: rate.all, domain: rate.domain if domain else rate.all}
        known = {of: bound for of, bound in bounds.items() if bound is not None}
        if not known:
            return
        turn = await SQL.take_turn.one(
            self._pool,
            Turn,
            channel=channel,
            lane=lane,
            domains=list(known),
            per_second=list(known.values()),
            ticket=comes_back,
        )
        if not turn.given:
            raise NoTurn("its turn at the provider has not come", turn.wait if comes_back else None)
        await asyncio.sleep(turn.wait.total_seconds())
