"""Contacts as support finds them, by how an address or a number begins or by their id, and sees them."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from activities.postgres.audit import write_found, write_look
from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.ids import ContactId, StoreId
from schemas.responses.contacts import ContactOrder, ContactPage, ContactView, FoundContact
from schemas.responses.journeys import JourneyStatus
from schemas.responses.why import WhyEntry
from starter.shops.people import UnknownContact, report_on
from starter.support.sent_messages import every_message
from starter.support.whereabouts import whereabouts
from starter.support.why import About, considered

SQL = load_queries("starter.shops", "contacts.sql")

LEAST_ASKED = 3
"""Characters that somebody is looked for by: nobody leafs through everyone."""
LARGEST_PAGE = 100
MOST_SHOWN = 100
"""Of each kind of thing on one person's page, the newest."""
_LAST = "\U0010ffff"
"""After every character of an address."""
_ID = re.compile(r"c-[0-9a-z-]{1,98}")
_NUMBER = re.compile(r"\+?[0-9 ()/.\-]+")


class Contacts:
    """Contacts over one database; only those with something in the stores that are asked about."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def search(
        self,
        asked: str,
        by: str,
        stores: Sequence[StoreId] | None = None,
        after: str | None = None,
        limit: int = 20,
    ) -> ContactPage:
        """Whose e-mail address or number begins so, in order; or who has this id. On record: who was found.

        Args:
            asked: fewer than `LEAST_ASKED` characters find nobody.
            by: who asks, for the audit.
            stores: of these; None: of all.
            after: the `next` of the page before.
        """
        begins, limit = _plain(asked), max(1, min(limit, LARGEST_PAGE))
        if len(begins) < LEAST_ASKED:
            return ContactPage(contacts=(), next=None)
        found = await self._found(begins, stores, after, limit + 1)
        contacts, last = found[:limit], found[limit - 1] if len(found) > limit else None
        if contacts:
            await write_found(self._pool, by, [each.id for each in contacts])
        by_number = last is not None and (last.phone or "").startswith(_number(begins) or " ")
        beyond = None if last is None else last.phone if by_number else last.email
        return ContactPage(contacts=tuple(contacts), next=beyond)

    async def view(
        self, contact_id: ContactId, by: str, stores: Sequence[StoreId] | None = None, until: datetime | None = None
    ) -> ContactView:
        """All that support sees of somebody. It is on record that they were looked at, once for each hour.

        Args:
            until: of what happened, nothing that is later: the `earlier` of a view before.

        Raises:
            UnknownContact: nobody has this id, or there is nothing of them in these stores.
        """
        async with self._pool.acquire() as connection:
            contact = await SQL.by_id.row(connection, FoundContact, contact_id=contact_id, stores=stores)
            if contact is None:
                raise UnknownContact
            await write_look(connection, by, contact_id)
            entries = tuple(await considered(connection, contact_id, About(stores=stores, until=until), MOST_SHOWN))
            under_way = await whereabouts(connection, contact_id, stores, MOST_SHOWN, until)
            messages = await every_message(connection, contact_id, MOST_SHOWN, stores, until)
            of_them = {"contact_id": contact_id, "stores": stores, "most": MOST_SHOWN, "until": until}
            orders = await SQL.orders.rows(connection, ContactOrder, **of_them)
            return ContactView(
                contact=contact,
                report=await report_on(connection, contact_id),
                answer=_first_of(entries),
                entries=entries,
                under_way=under_way,
                messages=messages,
                orders=tuple(orders),
                earlier=_earlier(
                    [each.considered_at for each in entries],
                    [each.entered_at for each in under_way],
                    [each.at for each in messages],
                    [each.ordered_at for each in orders],
                ),
            )

    async def one(self, asked: str, by: str, stores: Sequence[StoreId] | None = None) -> FoundContact:
        """The one person of this id, whole address or whole number. It is on record that they were looked at.

        Raises:
            UnknownContact: there is none, or nothing of them in these stores.
        """
        known = _plain(asked)
        for each in await self._found(known, stores, None, 2) if len(known) >= LEAST_ASKED else ():
            if known in (each.id, each.email) or (each.phone is not None and each.phone == _number(known)):
                await write_look(self._pool, by, each.id)
                return each
        raise UnknownContact

    async def _found(
        self, begins: str, stores: Sequence[StoreId] | None, after: str | None, most: int
    ) -> list[FoundContact]:
        if _ID.fullmatch(begins):
            found = await SQL.by_id.rows(self._pool, FoundContact, contact_id=ContactId(begins), stores=stores)
            if found:
                return found
        number = _number(begins)
        if number is not None and (after is None or after.startswith("+")):
            bounds = {"begins": number, "ends": number + _LAST, "after": after or ""}
            found = await SQL.by_phone.rows(self._pool, FoundContact, **bounds, stores=stores, most=most)
            if found or after is not None:
                return found
        bounds = {"begins": begins, "ends": begins + _LAST, "after": after or ""}
        return await SQL.by_email.rows(self._pool, FoundContact, **bounds, stores=stores, most=most)


def _earlier(*moments: Sequence[datetime]) -> datetime | None:
    """From when on to look further back: what a list was too long for begins there, and nothing is passed over.

    What happened at just that moment is shown twice.
    """
    return max((min(each) for each in moments if len(each) == MOST_SHOWN), default=None)


def _first_of(entries: Sequence[WhyEntry]) -> WhyEntry | None:
    """What whoever writes to support most probably asks about: the newest that is under way, or else the newest."""
    under_way = (each for each in entries if each.status is not JourneyStatus.ENDED)
    return next(under_way, entries[0] if entries else None)


def _plain(asked: str) -> str:
    """As addresses are kept. What is not to be seen is in none, and no text that PostgreSQL takes."""
    return "".join(each for each in unicodedata.normalize("NFKC", asked).strip().lower() if each.isprintable())


def _number(begins: str) -> str | None:
    """How a number begins, in E.164; None: it is none."""
    if not _NUMBER.fullmatch(begins):
        return None
    digits = re.sub(r"\D", "", begins)
    if begins.startswith("00"):
        digits = digits[2:]
    return f"+{digits}" if digits else None
