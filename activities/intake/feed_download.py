"""A feed fetched: into a file, and only where it is another one than the last time."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import BinaryIO

from activities.intake.kept_feeds import Feed
from activities.storefronts.feeds.rows import FeedError
from activities.storefronts.feeds.unpacking import LARGEST_FEED
from activities.storefronts.shop_http import Download, ShopAway, ShopHttp
from schemas.errors import DomainError, ErrorKind

LONGEST_SECONDS = 3600.0
"""For a whole feed: the others wait for it, and a server that sends a byte now and then would hold them for ever."""


class FeedNotThere(DomainError):
    """The feed's address does not lead to one."""

    code = "feed_not_there"
    kind = ErrorKind.CONFLICT
    advice = "Open the address in a browser; `shelftalk feed add` again sets another one."


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What is known of a feed that was put into a file.

    Attributes:
        content: a digest of all its bytes.
        as_before: these, and what they mean, are as when it was applied last.
    """

    etag: str | None
    last_modified: str | None
    content: bytes
    as_before: bool


async def download_feed(http: ShopHttp, feed: Feed, at: datetime, file: BinaryIO) -> Downloaded | None:
    """Put a feed into a file. None: its server says that it is as it was when it was applied last.

    Raises:
        ShopAway, FeedNotThere, FeedError: as they say.
    """
    headers: dict[str, str] = {}
    # What is as it was means something else once a sale has begun or ended.
    same_prices = feed.price_changes_at is None or at < feed.price_changes_at
    comparable = feed.read_at is not None and same_prices and feed.accepted_at is None
    if comparable:
        headers |= {"if-none-match": feed.etag} if feed.etag else {}
        headers |= {"if-modified-since": feed.last_modified} if feed.last_modified else {}
    try:
        async with asyncio.timeout(LONGEST_SECONDS), http.download(feed.url, headers) as answer:
            if answer.status == 304 and headers:
                return None
            content = await _take(answer, file)
            as_before = comparable and content == feed.content
            return Downloaded(answer.headers.get("etag"), answer.headers.get("last-modified"), content, as_before)
    except TimeoutError:
        raise ShopAway(f"its feed had not come within {LONGEST_SECONDS:g} seconds") from None


async def _take(answer: Download, file: BinaryIO) -> bytes:
    if answer.status in (401, 403):
        raise FeedNotThere(f"The feed's server answers {answer.status}: it wants a name or a key that it is not given.")
    if not 200 <= answer.status < 300:
        raise FeedNotThere(f"The feed's server answers {answer.status}: its address does not lead to a feed.")
    size, digest = 0, sha256()
    async for chunk in answer.chunks:
        size += len(chunk)
        if size > LARGEST_FEED:
            raise FeedError(f"The feed is larger than {LARGEST_FEED >> 30} GiB: split it.")
        digest.update(chunk)
        file.write(chunk)
    return digest.digest()
