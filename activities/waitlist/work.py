"""Proof of work, asked of sign-ups that come in numbers: a program that signs up thousands pays for each with a second
of its processor, and a person waits for a moment. Asked for only then, by counts of all web processes together.

A challenge is signed by the database's own key, for one variant, and good once, for some minutes. It is solved by a
number so that the SHA-256 of both, `challenge.number`, begins with so many bits of zero.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.errors import DomainError, ErrorKind
from schemas.ids import StoreId
from schemas.settings import Settings

SQL = load_queries("activities.waitlist", "work.sql")

FEWEST_BITS = 14
"""A browser needs half a second for it on average."""
MOST_BITS = 20
"""Sixty times as long: what a network gets that comes for nearly all that it may have."""
LASTS = timedelta(minutes=10)
"""For a person who leaves the page open, and long enough for the slowest telephone."""
MOST_NUMBER = 20
"""Digits of a solution."""
_CHALLENGE = re.compile(r"(?P<ends>[0-9]{1,11})\.(?P<bits>[0-9]{1,2})\.[0-9a-f]{32}\.(?P<sign>[0-9a-f]{64})")


class WorkNeeded(DomainError):
    """Many sign-ups for this came lately: whoever sends one solves the challenge first, and sends it again with that.

    Attributes:
        challenge: what to solve.
        bits: how many bits of zero.
    """

    code = "work_needed"
    kind = ErrorKind.CONFLICT

    def __init__(self, challenge: str, bits: int) -> None:
        super().__init__(
            "There are many sign-ups for this now. Send it again with a proof of work: docs/sign-up-form.md says how."
        )
        self.challenge, self.bits = challenge, bits


@dataclass(frozen=True, slots=True)
class WorkBounds:
    """From how many sign-ups for one variant on work is asked for.

    Attributes:
        of_network: that came from one public network today.
        of_line: that came from everywhere in the present quarter of an hour and the one before.
        most_of_network: so many are taken from one network in a day at all.
    """

    of_network: int
    of_line: int
    most_of_network: int

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """As the settings have them."""
        return cls(settings.signups_before_work, settings.line_before_work, settings.signups_per_network)


@dataclass(frozen=True, slots=True)
class _Counts:
    of_network: int
    of_line: int


class ProofOfWork:
    """Asks sign-ups for work where many came lately."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def require(
        self,
        bounds: WorkBounds,
        network: str | None,
        store_id: StoreId,
        variant_id: str,
        proof: tuple[str, str] | None,
    ) -> None:
        """Let a sign-up pass that needs no work, or has done it; and one that its network may not make any more, for it
        will be refused, whatever it proves.

        Args:
            network: where it comes from; None: a program or proxy of the shop's own, of which no work is asked.
            proof: a challenge and its solution.

        Raises:
            WorkNeeded: as it says, with a fresh challenge.
        """
        if network is None:
            return
        counts = await SQL.lately.one(self._pool, _Counts, network=network, store_id=store_id, variant_id=variant_id)
        if counts.of_network >= bounds.most_of_network:
            return
        bits = bits_for(counts.of_network, bounds.of_network, counts.of_line, bounds.of_line)
        if not bits or (proof is not None and await _is_done(self._pool, store_id, variant_id, bits, *proof)):
            return
        raise WorkNeeded(await _challenge(self._pool, store_id, variant_id, bits), bits)


def bits_for(of_network: int, network_bound: int, of_line: int, line_bound: int) -> int:
    """How much work is asked for: none below both bounds; then one bit more each time the network's sign-ups double."""
    if of_network < network_bound and of_line < line_bound:
        return 0
    doubled = (of_network // max(1, network_bound)).bit_length() - 1
    return min(MOST_BITS, FEWEST_BITS + max(0, doubled))


def is_solved(challenge: str, number: str, bits: int) -> bool:
    """Whether this number solves the challenge."""
    digest = hashlib.sha256(f"{challenge}.{number}".encode()).digest()
    return int.from_bytes(digest, "big") >> (256 - bits) == 0


async def _challenge(pool: Pool, store_id: StoreId, variant_id: str, bits: int) -> str:
    ends = int((datetime.now(UTC) + LASTS).timestamp())
    text = f"{ends}.{bits}.{secrets.token_hex(16)}"
    signature: str = await SQL.sign.value(pool, text=_meant(text, store_id, variant_id))
    return f"{text}.{signature}"


async def _is_done(pool: Pool, store_id: StoreId, variant_id: str, bits: int, challenge: str, number: str) -> bool:
    """Whether the challenge is one of ours for this, solved, in time, and was not used before. It is used by asking.

    One bit less than is asked for now will do: others may have signed up while it was solved. No less, lest challenges
    be fetched in store while they are easy.
    """
    found = _CHALLENGE.fullmatch(challenge)
    if found is None or not number.isascii() or not number.isdecimal() or len(number) > MOST_NUMBER:
        return False
    ends = datetime.fromtimestamp(int(found["ends"]), UTC)
    solved = int(found["bits"])
    if solved < bits - 1 or ends < datetime.now(UTC) or not is_solved(challenge, number, solved):
        return False
    text = challenge.rpartition(".")[0]
    meant = _meant(text, store_id, variant_id)
    return await SQL.use.value(pool, text=meant, signature=found["sign"], ends_at=ends) is not None


def _meant(text: str, store_id: StoreId, variant_id: str) -> str:
    """What is signed: nothing else that is digested begins so."""
    return f"work\n{store_id}\n{variant_id}\n{text}"
