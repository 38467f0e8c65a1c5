"""A shop's whole catalogue by one bulk operation: asked for once, made by Shopify as a file, read from the disk.

Source: https://shopify.dev/docs/api/usage/bulk-operations/queries. A query costs next to nothing, however many products
there are; five operations of an app may run in a shop at once (since API 2026-01). What became of one that failed
(`partialDataUrl`) is a part of the catalogue, and a part is not read: what it lacks would look as if it were gone.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, suppress
from datetime import datetime, timedelta

from activities.storefronts.payload import Count, Moment, Payload, PlainText
from activities.storefronts.shop_api import Page
from activities.storefronts.shop_http import AccessRefused, ShopAnswerOdd, ShopAway, ShopHttp
from activities.storefronts.shopify.admin import Admin, UserError, refuse_user_errors
from activities.storefronts.shopify.objects import (
    ITEM_FIELDS,
    LEVEL_FIELDS,
    PRODUCT_FIELDS,
    VARIANT_FIELDS,
    product_fact,
    stock_fact,
    variant_ids,
)
from activities.storefronts.shopify.spool import Spool, Whole
from activities.storefronts.storefront import PayloadMalformed
from schemas.errors import DomainError
from schemas.incoming.facts import Fact

FIRST_POLL_SECONDS = 0.2
LONGEST_POLL_SECONDS = 15.0
"""A small shop's file is there in a second, a large one's in an hour."""
LONGEST = timedelta(hours=12)
"""Shopify gives one ten days. Who waits that long is told nothing of what sells meanwhile."""
TRIES_TO_DOWNLOAD = 3
LONGEST_LINE = 1024 * 1024
LARGEST_FILE = 16 * 1024**3
LINES_AT_ONCE = 500
FACTS_A_PAGE = 500

CATALOGUE = f"""
{{
  products {{ edges {{ node {{
    {PRODUCT_FIELDS}
    variants {{ edges {{ node {{
      {VARIANT_FIELDS}
      inventoryItem {{ {ITEM_FIELDS} inventoryLevels {{ edges {{ node {{ {LEVEL_FIELDS} }} }} }} }}
    }} }} }}
  }} }} }}
}}
"""
"""Three connections in a depth of two, which is the most that a bulk query may have."""
RUN = """
mutation run($query: String!) {
  bulkOperationRunQuery(query: $query, groupObjects: false) {
    bulkOperation { id createdAt }
    userErrors { code field message }
  }
}
"""
STATUS = """
query operation($id: ID!) {
  bulkOperation(id: $id) { status errorCode objectCount rootObjectCount fileSize url }
}
"""
CANCEL = """
mutation cancel($id: ID!) { bulkOperationCancel(id: $id) { userErrors { field message } } }
"""


class _Started(Payload):
    id: str
    createdAt: Moment = None  # noqa: N815 - Shopify's name


class _Run(Payload):
    bulkOperation: _Started | None = None  # noqa: N815 - Shopify's name
    userErrors: tuple[UserError, ...] = ()  # noqa: N815 - Shopify's name


class _RunAnswer(Payload):
    bulkOperationRunQuery: _Run  # noqa: N815 - Shopify's name


class _Operation(Payload):
    status: str
    errorCode: PlainText = None  # noqa: N815 - Shopify's name
    objectCount: Count = None  # noqa: N815 - Shopify's name
    rootObjectCount: Count = None  # noqa: N815 - Shopify's name
    fileSize: int | None = None  # noqa: N815 - Shopify's name
    url: str | None = None


class _StatusAnswer(Payload):
    bulkOperation: _Operation | None = None  # noqa: N815 - Shopify's name


class _Nothing(Payload):
    """What a cancelled operation answers is of no interest."""


async def catalogue(http: ShopHttp, admin: Admin) -> AsyncGenerator[Page]:
    """See `ShopApi.catalogue`. While the file is made and fetched the pages are empty: they say that it goes on."""
    started, asked_at = await _start(admin)
    runs, pause, waited = True, FIRST_POLL_SECONDS, 0.0
    try:
        while True:
            await asyncio.sleep(pause)
            waited, pause = waited + pause, min(LONGEST_POLL_SECONDS, pause * 1.5)
            operation = await _looked_at(admin, started.id)
            runs = operation.status in ("CREATED", "RUNNING")
            if not runs:
                break
            if waited > LONGEST.total_seconds():
                raise ShopAway("its catalogue takes longer than half a day to be made")
            yield Page((), 0)
    finally:
        if runs:
            # It would run on, one of the five that may.
            with suppress(DomainError):
                await admin.ask(CANCEL, _Nothing, {"id": started.id})
    if operation.status != "COMPLETED":
        raise _not_done(operation)
    with Spool() as spool:
        # Closed with this one, also where it is left in the midst: nothing is open then, and nothing reads the spool.
        async with aclosing(_fetched(http, operation, spool)) as pages:
            async for page in pages:
                yield page
        async with aclosing(_pages(spool, started.createdAt or asked_at)) as pages:
            async for page in pages:
                yield page


async def _start(admin: Admin) -> tuple[_Started, datetime]:
    told = await admin.ask(RUN, _RunAnswer, {"query": CATALOGUE})
    run = told.data.bulkOperationRunQuery
    if any(error.code in ("OPERATION_IN_PROGRESS", "LIMIT_REACHED") for error in run.userErrors):
        raise ShopAway("as many bulk operations of this app are running as may", timedelta(minutes=10))
    refuse_user_errors("start a bulk operation", run.userErrors)
    if run.bulkOperation is None:
        raise ShopAnswerOdd("Shopify started no bulk operation, and says no reason.")
    return run.bulkOperation, told.at


async def _looked_at(admin: Admin, operation_id: str) -> _Operation:
    operation = (await admin.ask(STATUS, _StatusAnswer, {"id": operation_id})).data.bulkOperation
    if operation is None:
        raise ShopAway("its bulk operation is not there any more")
    return operation


def _not_done(operation: _Operation) -> DomainError:
    if operation.errorCode == "ACCESS_DENIED":
        return AccessRefused(
            "The app lacks an access scope: it needs read_products, read_inventory and read_locations."
        )
    ends = {"FAILED": "failed", "CANCELED": "was cancelled", "CANCELING": "was cancelled", "EXPIRED": "expired"}
    if operation.status not in ends:
        return ShopAnswerOdd("Shopify's bulk operation is in a state that is not known.")
    took_too_long = ": it took too long" if operation.errorCode == "TIMEOUT" else ""
    return ShopAway(f"its bulk operation {ends[operation.status]}{took_too_long}")


async def _fetched(http: ShopHttp, operation: _Operation, spool: Spool) -> AsyncGenerator[Page]:
    """Empty pages, until all of the file is in the spool."""
    if operation.url is None:
        if operation.objectCount:
            raise ShopAnswerOdd("Shopify's bulk operation has objects, but no file.")
        return
    if (operation.fileSize or 0) > LARGEST_FILE:
        raise ShopAnswerOdd(f"The shop's catalogue has more than {LARGEST_FILE // 1024**3} GiB.")
    for tried in range(1, TRIES_TO_DOWNLOAD + 1):
        try:
            async with aclosing(_taken(http, operation.url, operation.fileSize, spool)) as batches:
                async for _ in batches:
                    yield Page((), 0, operation.rootObjectCount)
            break
        except ShopAway:
            if tried == TRIES_TO_DOWNLOAD:
                raise
            spool.clear()
    if spool.products != operation.rootObjectCount or spool.orphans:
        raise ShopAnswerOdd("The file of the shop's catalogue is not whole.")


async def _taken(http: ShopHttp, url: str, size: int | None, spool: Spool) -> AsyncGenerator[None]:
    length, lines, begun = 0, list[bytes](), b""
    async with http.download(url) as file:
        if file.status != 200:
            raise ShopAway(f"the file of its catalogue is answered {file.status}")
        async for chunk in file.chunks:
            length += len(chunk)
            *complete, begun = (begun + chunk).split(b"\n")
            lines += [line for line in complete if line.strip()]
            if len(begun) > LONGEST_LINE or length > LARGEST_FILE:
                raise ShopAnswerOdd("The file of the shop's catalogue has a line or a length beyond measure.")
            if len(lines) >= LINES_AT_ONCE:
                await asyncio.to_thread(spool.take, lines)
                lines = []
                yield
    await asyncio.to_thread(spool.take, [*lines, *([begun] if begun.strip() else [])])
    if size is not None and length != size:
        raise ShopAway("the file of its catalogue broke off")


async def _pages(spool: Spool, asked_at: datetime) -> AsyncGenerator[Page]:
    total, read, facts = spool.products, 0, list[Fact]()
    whole = spool.whole()
    while batch := await asyncio.to_thread(_next, whole):
        for each in batch:
            facts += _facts(each, asked_at)
        read += len(batch)
        if len(facts) >= FACTS_A_PAGE:
            yield Page(tuple(facts), read, total)
            facts = []
    yield Page(tuple(facts), read, total)


def _next(whole: Iterator[Whole]) -> list[Whole]:
    """Some products, until they have enough variants for a page."""
    batch: list[Whole] = []
    facts = 0
    while facts < FACTS_A_PAGE and (each := next(whole, None)) is not None:
        batch.append(each)
        facts += 1 + len(each.levels)
    return batch


def _facts(whole: Whole, asked_at: datetime) -> list[Fact]:
    tracked = {item.id for variant in whole.variants if (item := variant.inventoryItem) and item.tracked is not False}
    try:
        return [
            product_fact(whole.product, whole.variants, asked_at, variant_ids(whole.variants)),
            *(stock_fact(level, asked_at, tracked=level.item.id in tracked) for level in whole.levels),
        ]
    except PayloadMalformed as error:
        raise ShopAnswerOdd(f"A product of the shop's catalogue is odd: {error.message}.") from None
