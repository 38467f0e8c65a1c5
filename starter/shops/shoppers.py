"""What shoppers do themselves, by the links of their mails: see where they stand, leave, pause, unsubscribe, say yes.

A link is 128 random bits, and whoever has one is its contact: there is no login. It shows and changes what concerns its
own store; consent and pause hold in all stores, as everywhere.
"""

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg

from activities.delivery.address_change import ADDRESS_CHANGE
from activities.intake.profile import change_profile
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.waitlist.claims import give_up_place
from activities.waitlist.entrances import TOKEN_BYTES
from activities.waitlist.up_to_them import LONGEST_PAUSE_DAYS, confirm_places, pause_places
from schemas.channels import Channel
from schemas.ids import JourneyId
from schemas.reasons import Reason
from schemas.responses.shoppers import AHEAD_SHOWN_TO, Question, ShopperPage
from starter.shops.consents import record_word
from starter.shops.shopper_rows import LinkUnusable, Move, QuestionRow, Visitor, WaitRow, titled

SQL = load_queries("starter.shops", "shoppers.sql")

PAGE_OPEN = timedelta(days=120)
"""How long a link opens the page of what somebody waits for, which a mail that lies about for years must not. It
unsubscribes for ever."""
BY_LINK = "a link in a mail"
BY_PAGE = "their own page"
"""Where they said so, as the record of consents has it."""
BY_NEW_ADDRESS = "their new address"
ANSWERED_WITHIN = timedelta(days=7)
MOST_ADDRESSES = 3
"""That one contact may have asked in a day."""


class Shoppers:
    """What is asked and done by the links of mails."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(self, token: str) -> ShopperPage:
        """What somebody waits for in the shop whose mail the link is of, and where they stand.

        Raises:
            LinkUnusable: as it says.
        """
        visitor = await SQL.visitor.row(self._pool, Visitor, token=token, open=PAGE_OPEN, channel=Channel.EMAIL)
        visitor = _welcome(visitor)
        waits = await SQL.waits.rows(
            self._pool,
            WaitRow,
            contact_id=visitor.contact_id,
            store_id=visitor.store_id,
            counted_to=AHEAD_SHOWN_TO,
        )
        return ShopperPage(
            shop=visitor.shop,
            shop_url=visitor.shop_url,
            email=visitor.email or "",
            language=visitor.language,
            agreed=visitor.agreed,
            paused_until=visitor.paused_until,
            waits=tuple(wait.seen_from(visitor.shop_url) for wait in waits),
        )

    async def leave(self, token: str, journey: JourneyId | None) -> None:
        """Wait for this no longer (None: for nothing in this shop): the place passes on, and nothing is said of it.

        Raises:
            LinkUnusable: as it says.
        """
        visitor = _welcome(
            await SQL.visitor.row(self._pool, Visitor, token=token, open=PAGE_OPEN, channel=Channel.EMAIL)
        )
        open_: list[JourneyId] = await SQL.open_journeys.values(
            self._pool, contact_id=visitor.contact_id, store_id=visitor.store_id, journey_id=journey
        )
        for each in open_:
            await self._leave(each)

    @retry_on_deadlock
    async def _leave(self, journey: JourneyId) -> None:
        """In a transaction for each, for giving up a place holds its product."""
        async with transaction(self._pool) as connection:
            await give_up_place(connection, journey, "refused", Reason.LEFT_BY_THEMSELVES)
            await SQL.ask_to_leave.run(connection, journey_id=journey, reason=Reason.LEFT_BY_THEMSELVES)

    @retry_on_deadlock
    async def pause(self, token: str, days: int | None) -> None:
        """Get no messages for so many days, and keep every place; None: end the pause.

        Raises:
            LinkUnusable: as it says.
        """
        async with self._visited(token) as (connection, visitor):
            await pause_places(connection, visitor.contact_id, None if days is None else min(days, LONGEST_PAUSE_DAYS))

    @retry_on_deadlock
    async def speak(self, token: str, language: str) -> None:
        """Be addressed in this language from now on.

        Raises:
            LinkUnusable, AttributesTooLarge: as they say.
        """
        async with self._visited(token) as (connection, visitor):
            await change_profile(connection, visitor.contact_id, {"language": language}, {}, datetime.now(UTC))

    @retry_on_deadlock
    async def subscribe(self, token: str) -> None:
        """Agree to be written to again.

        Raises:
            LinkUnusable: as it says.
        """
        async with self._visited(token) as (connection, visitor):
            await record_word(connection, visitor.contact_id, BY_PAGE, granted=True)

    async def language(self, token: str) -> str | None:
        """The language of whoever has a link, however old; None: it is not known.

        Raises:
            LinkUnusable: `unknown` or `erased`.
        """
        visitor = await SQL.visitor.row(self._pool, Visitor, token=token, open=PAGE_OPEN, channel=Channel.EMAIL)
        if visitor is None or visitor.email is None:
            raise LinkUnusable("unknown" if visitor is None else "erased")
        return visitor.language

    @retry_on_deadlock
    async def unsubscribe(self, token: str) -> str | None:
        """Take the consent to mails back, by a link however old: no message leaves from now on, of whatever list or
        store. Again, it changes nothing; nor does it for who was erased. Returns the language they read, if known.

        Raises:
            LinkUnusable: `unknown`.
        """
        async with transaction(self._pool) as connection:
            visitor = await self._found(connection, token)
            if visitor.email is not None:
                await record_word(connection, visitor.contact_id, BY_LINK, granted=False)
        return visitor.language

    async def question(self, token: str) -> Question:
        """The sign-up that somebody is asked about.

        Raises:
            LinkUnusable: `unknown` or `erased`.
        """
        return _asked(await SQL.question.row(self._pool, QuestionRow, token=token))

    @retry_on_deadlock
    async def confirm(self, token: str) -> Question:
        """Say that it was them who signed up: their place counts from now on, where it has stood since then. So do the
        others in the same shop that wait for the same yes. Again, it changes nothing.

        Raises:
            LinkUnusable: `unknown` or `erased`.
        """
        async with transaction(self._pool) as connection:
            row = await SQL.question.row(connection, QuestionRow, token=token)
            asked = _asked(row)
            assert row is not None, "it was asked about just now"
            if asked.answered or asked.over:
                return asked
            await SQL.hold_contact.run(connection, contact_id=row.contact_id)
            await confirm_places(connection, row.contact_id, row.store_id)
        return await self.question(token)

    @retry_on_deadlock
    async def ask_address(self, token: str, email: str) -> None:
        """Be written to at another address, which is asked first, by a mail of this shop; while something is waited for
        there. It is not asked if nothing may be sent there, nor too often.

        Raises:
            LinkUnusable: as it says.
        """
        async with self._visited(token) as (connection, visitor):
            await SQL.ask_address.run(
                connection,
                contact_id=visitor.contact_id,
                store_id=visitor.store_id,
                email=email,
                token=secrets.token_urlsafe(TOKEN_BYTES),
                within=ANSWERED_WITHIN,
                most=MOST_ADDRESSES,
                message=ADDRESS_CHANGE,
                channel=Channel.EMAIL,
            )

    async def move(self, token: str, *, agreed: bool) -> Move:
        """What is asked by the mail to a new address; with `agreed` they say yes, and are written to there from now on.
        Again, it changes nothing.

        Raises:
            LinkUnusable: `unknown` or `erased`.
        """
        if agreed:
            try:
                return await self._move(token)
            except asyncpg.UniqueViolationError:
                pass  # somebody signed up by it in this very moment
        return _moving(await SQL.move.row(self._pool, Move, token=token))

    @retry_on_deadlock
    async def _move(self, token: str) -> Move:
        async with transaction(self._pool) as connection:
            await SQL.hold_mover.run(connection, token=token)
            found = _moving(await SQL.move.row(connection, Move, token=token))
            if not found.open:
                return found
            await SQL.set_address.run(connection, token=token)
            await SQL.note_address.run(connection, token=token, source=BY_NEW_ADDRESS, channel=Channel.EMAIL)
        return replace(found, open=False, moved=True)

    @asynccontextmanager
    async def _visited(self, token: str) -> AsyncGenerator[tuple[Connection, Visitor]]:
        """A transaction that holds whoever has the link."""
        async with transaction(self._pool) as connection:
            yield connection, _welcome(await self._found(connection, token))

    async def _found(self, connection: Connection, token: str) -> Visitor:
        await SQL.hold_visitor.run(connection, token=token)
        visitor = await SQL.visitor.row(connection, Visitor, token=token, open=PAGE_OPEN, channel=Channel.EMAIL)
        if visitor is None:
            raise LinkUnusable("unknown")
        return visitor


def _welcome(visitor: Visitor | None) -> Visitor:
    if visitor is None:
        raise LinkUnusable("unknown")
    if visitor.email is None:
        raise LinkUnusable("erased")
    if visitor.closed:
        raise LinkUnusable("closed")
    return visitor


def _moving(row: Move | None) -> Move:
    if row is None:
        raise LinkUnusable("unknown")
    if row.erased:
        raise LinkUnusable("erased")
    return row


def _asked(row: QuestionRow | None) -> Question:
    if row is None:
        raise LinkUnusable("unknown")
    if row.erased:
        raise LinkUnusable("erased")
    return Question(
        shop=row.shop,
        title=titled(row.product_title, row.variant_title),
        language=row.language,
        answered=row.answered,
        over=row.over,
    )
