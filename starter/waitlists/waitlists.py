"""Waiting lists for ops: who waits, the list as a file, and writing to those who wait, once."""

from collections import Counter
from dataclasses import dataclass

from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from schemas.errors import DomainError, ErrorKind
from schemas.ids import JourneyId
from schemas.responses.waitlists import Saying, WaitingContact, WaitingLine
from starter.support.why import UnknownProduct
from starter.waitlists.files.files import WaitlistEntry, write_waitlist

SQL = load_queries("starter.waitlists", "waitlists.sql")

READING_SECONDS = 120.0
"""A whole list may have a million people."""


class UnknownMessage(DomainError):
    """No published conversation has, or had, a message of this code."""

    code = "unknown_message"
    kind = ErrorKind.NOT_FOUND
    advice = "Put it into the conversation's document and publish that; those who sign up from then on have it."


class MoreToHear(DomainError):
    """Since the count was shown, more have come to be written to; nothing was done."""

    code = "more_than_shown"
    kind = ErrorKind.CONFLICT
    advice = "Look again, and answer anew."

    def __init__(self, shown: int, now: Saying) -> None:
        super().__init__(f"Agreed was to write to {shown}, and now it would be {now.to_hear}. Nothing was sent.")
        self.now = now


@dataclass(frozen=True, slots=True)
class Lines:
    """Which waiting lists; None means any.

    Attributes:
        product_id: those who wait for the product as a whole or for any variant of it.
    """

    store_id: str | None = None
    variant_id: str | None = None
    product_id: str | None = None
    alert: str | None = None

    @property
    def keys(self) -> tuple[str | None, str | None, str | None, str | None]:
        """As the queries take them."""
        return self.store_id, self.variant_id, self.product_id, self.alert


@dataclass(frozen=True, slots=True)
class WaitlistCsv:
    """Waiting lists as a file."""

    text: bytes
    contacts: int


class Waitlists:
    """The waiting lists of one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def show(self, lines: Lines, limit: int | None, *, addresses: bool = False) -> WaitingLine:
        """Who waits, in order.

        Raises:
            UnknownProduct: the store has no such product or variant.
        """
        await self._require_known(lines)
        rows = await self._pool.fetch(SQL["line"], *lines.keys, limit, timeout=READING_SECONDS)
        return WaitingLine(
            total=rows[0]["total"] if rows else 0,
            waiting=tuple(
                WaitingContact(
                    place=row["place"],
                    journey_id=row["journey_id"],
                    contact_id=row["contact_id"],
                    email=row["email"] if addresses else None,
                    store_id=row["store_id"],
                    subject=row["subject"],
                    product_id=row["product_id"],
                    product_title=row["product_title"],
                    alert=row["alert"],
                    entered_at=row["entered_at"],
                    window_ends_at=row["window_ends_at"],
                    claimed=row["claimed"],
                )
                for row in rows
            ),
        )

    async def export(self, lines: Lines, actor: str) -> WaitlistCsv:
        """The lists with addresses, in the product's own CSV; that it was done is put on record.

        Raises:
            UnknownProduct: as `show`.
        """
        line = await self.show(lines, None, addresses=True)
        details = {"store": lines.store_id, "variant": lines.variant_id, "alert": lines.alert, "contacts": line.total}
        await self._pool.execute(SQL["audit"], actor, "export waiting list", details)
        text = write_waitlist(
            WaitlistEntry(
                email=each.email or "",
                store=each.store_id,
                variant_id=each.subject.removeprefix("variant/") if each.subject.startswith("variant/") else "",
                product_title=each.product_title,
                alert=each.alert,
                entered_at=each.entered_at,
                place=each.place,
                product_id=each.product_id,
            )
            for each in line.waiting
        )
        return WaitlistCsv(text, line.total)

    async def would_say(self, lines: Lines, message: str) -> Saying:
        """To how many a message would be said. Changes nothing.

        Raises:
            UnknownMessage, UnknownProduct: as they say.
        """
        await self._require_known(lines)
        if not await self._pool.fetchval(SQL["known_message"], message):
            raise UnknownMessage(f"No published conversation has a message '{message}'.")
        async with self._pool.acquire() as connection:
            saying, _ = await _to_say(connection, lines, message)
        return saying

    @retry_on_deadlock
    async def say(self, lines: Lines, message: str, actor: str, at_most: int | None = None) -> Saying:
        """Say a message once to everyone who stands in line now; they keep their place. Said again, it does nothing.

        Args:
            at_most: how many were agreed to; None: however many.

        Raises:
            MoreToHear: nothing was done.
        """
        async with transaction(self._pool) as connection:
            saying, journeys = await _to_say(connection, lines, message)
            if at_most is not None and saying.to_hear > at_most:
                raise MoreToHear(at_most, saying)
            await connection.execute(SQL["broadcast"], journeys, message)
            details = {"message": message, "store": lines.store_id, "variant": lines.variant_id}
            details |= {"product": lines.product_id, "alert": lines.alert, "contacts": str(saying.to_hear)}
            await connection.execute(SQL["audit"], actor, "message waiting list", details)
        return saying.model_copy(update={"done": True})

    async def _require_known(self, lines: Lines) -> None:
        if lines.store_id is None or (lines.variant_id is None and lines.product_id is None):
            return
        if not await self._pool.fetchval(SQL["known_thing"], lines.store_id, lines.product_id, lines.variant_id):
            raise UnknownProduct(f"{lines.store_id}: {lines.product_id or lines.variant_id}")


async def _to_say(connection: Connection, lines: Lines, message: str) -> tuple[Saying, list[JourneyId]]:
    rows = await connection.fetch(SQL["to_say"], *lines.keys, message, timeout=READING_SECONDS)
    standings = Counter(row["standing"] for row in rows)
    saying = Saying(
        message=message,
        to_hear=standings["to_hear"],
        lacking=standings["lacking"],
        heard=standings["heard"],
        called_forward=standings["called_forward"],
        done=False,
    )
    return saying, [row["journey_id"] for row in rows if row["standing"] == "to_hear"]
