"""The addresses by which a shopper comes to their own page and unsubscribes: short, and readable to nobody.

A token is 128 random bits that lead to a contact and a store in the database only; starter/http/public/shoppers.py
answers at these addresses.
"""

import secrets
from dataclasses import dataclass

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from activities.rendering.facts import LinksPart
from schemas.ids import ContactId, StoreId

SQL = load_queries("activities.delivery", "shopper_links.sql")

PAGE, UNSUBSCRIBE, CONFIRM = "/s/", "/u/", "/c/"
"""What comes before the token. Short: of a long address mail programs fold the header, and that broke signatures."""
TOKEN_BYTES = 16


@dataclass(frozen=True, slots=True)
class LinkedMessage:
    """What a message's links are made of.

    Attributes:
        token: of the contact's link to this store, if one was made this month: mails of one month carry the same.
        confirmation: where the question that the message asks is answered, without the host; None: it asks none.
    """

    contact_id: ContactId
    store_id: StoreId
    token: str | None
    confirmation: str | None


class ShopperLinks:
    """Makes the links of messages.

    Args:
        public_url: where shoppers reach the web server; None: nowhere, and there are no links.
    """

    def __init__(self, pool: Pool, public_url: str | None) -> None:
        self._pool = pool
        self._url = public_url

    async def of(self, message: LinkedMessage, *, question: bool) -> LinksPart:
        """The links of a message; of a question only that by which it is answered."""
        if self._url is None:
            return LinksPart()
        if question:
            path = message.confirmation
            return LinksPart(confirm=None if path is None else f"{self._url}{path}")
        token = message.token or await self._made(message)
        return LinksPart(page=f"{self._url}{PAGE}{token}", unsubscribe=f"{self._url}{UNSUBSCRIBE}{token}")

    async def _made(self, message: LinkedMessage) -> str:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        return await SQL.add_link.value(
            self._pool, token=token, contact_id=message.contact_id, store_id=message.store_id
        )
