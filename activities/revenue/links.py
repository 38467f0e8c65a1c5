"""Links of our own: a message's links to the shop's pages lead through us, so that a click is known.

Each stands for one page and one message: its token is random, and where it leads is what the message itself would have
said, kept in PostgreSQL. Nothing in its address chooses that, so it cannot be made to lead anywhere else. It leads
there for as long as it is kept, whatever became of the conversation.
"""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from activities.revenue.machines import Machine
from activities.revenue.rewriting import host_of, links_to, with_links, with_pixel
from activities.senders.sender import Mail
from schemas.ids import JourneyId

SQL = load_queries("activities.revenue", "links.sql")

LINKS, PIXELS = "/l/", "/o/"
"""Where links and pictures are asked for: short, for providers' own limits and people's eyes."""
MOST_LINKS = 200
"""Of one message; what comes after them leads to the shop directly."""
MOST_USES = 100
"""Of one link that are recorded: nobody fills the table by asking for one again and again."""


@dataclass(frozen=True, slots=True)
class Tracking:
    """What is to be known of a message: clicks on its links to the shop's pages, and whether it was opened."""

    clicks: bool = False
    opens: bool = False


@dataclass(frozen=True, slots=True)
class KeptLink:
    """A link of a message; without a target it is the picture."""

    token: str
    target: str | None


@dataclass(frozen=True, slots=True)
class Followed:
    """A link that was asked for and is known; `target` as in `KeptLink`."""

    target: str | None


class Links:
    """Makes links and follows them.

    Args:
        public_url: where shoppers reach this installation; None: nowhere, so messages are left as they are.
    """

    def __init__(self, pool: Pool, public_url: str | None = None) -> None:
        self._pool = pool
        self._base = public_url.rstrip("/") if public_url else None

    async def track(
        self, mail: Mail, key: str, journey_id: JourneyId, tracking: Tracking, pages: Sequence[str]
    ) -> Mail:
        """The mail with links of ours in place of those to the shop's pages. Safe to repeat: a message keeps its links.

        Args:
            key: of the ledger.
            pages: addresses of the shop; whatever is on their hosts is its own.
        """
        if self._base is None or not (tracking.clicks or tracking.opens):
            return mail
        ours = host_of(self._base)
        hosts = {host for page in pages if (host := host_of(page)) is not None and host != ours}
        targets = links_to(hosts, mail.text, mail.html)[:MOST_LINKS] if tracking.clicks else ()
        wanted = [*targets, *([None] if tracking.opens and mail.html is not None else [])]
        if not wanted:
            return mail
        kept = await SQL.keep.rows(
            self._pool,
            KeptLink,
            send_key=key,
            journey_id=journey_id,
            tokens=[_new_token() for _ in wanted],
            targets=wanted,
        )
        instead = {link.target: f"{self._base}{LINKS}{link.token}" for link in kept if link.target is not None}
        text, html = with_links(mail.text, mail.html, instead)
        pixel = next((link.token for link in kept if link.target is None), None)
        if pixel is not None and html is not None:
            html = with_pixel(html, f"{self._base}{PIXELS}{pixel}")
        return replace(mail, text=text, html=html)

    async def follow(self, token: str, machine: Machine | None) -> str | None:
        """Where a link leads, which is recorded as asked for; None: it is none of ours."""
        followed = await self._use(token, machine)
        return followed.target if followed is not None else None

    async def see(self, token: str, machine: Machine | None) -> None:
        """Record that a message's picture was asked for, if it is one of ours."""
        await self._use(token, machine)

    async def _use(self, token: str, machine: Machine | None) -> Followed | None:
        return await SQL.use.row(self._pool, Followed, token=token, machine=machine, most=MOST_USES)


def _new_token() -> str:
    """80 random bits as letters and digits that no program takes for the end of an address."""
    return base64.b32encode(secrets.token_bytes(10)).decode().lower()
