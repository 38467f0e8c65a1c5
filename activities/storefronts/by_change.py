"""Lists of what has changed, page by page, by when it changed and then by its id.

A page that is full may end in the middle of a second. The next one begins with that second again; where all of a page
is of one second, the rest of that second is asked for by ids.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from activities.storefronts.shop_http import ShopAnswerOdd

T = TypeVar("T")
Change = tuple[datetime, int]
"""When something changed, in whole seconds, and its id."""
SECOND = timedelta(seconds=1)


async def by_change(
    ask: Callable[[datetime, int | None], Awaitable[Sequence[T]]],
    change: Callable[[T], Change],
    begin: datetime,
    size: int,
) -> AsyncIterator[Sequence[T]]:
    """What changed then or later, pages of it, the oldest change first; some of it twice.

    Args:
        ask: for the first page of what changed at this time or later; with an id, of what changed in this very second
            and has a greater id.
        size: of a full page.

    Raises:
        ShopAnswerOdd: the list does not go on.
    """
    while True:
        page = await ask(begin, None)
        if page:
            yield page
        if len(page) < size:
            return
        last, after = change(page[-1])
        if last < begin:
            raise ShopAnswerOdd("The shop's list does not go on by when its rows changed.")
        if last > begin:
            begin = last
            continue
        while len(page) == size:
            page = await ask(begin, after)
            if page:
                if change(page[-1])[1] <= after:
                    raise ShopAnswerOdd("The shop's list does not go on by the ids of its rows.")
                after = change(page[-1])[1]
                yield page
        begin += SECOND
