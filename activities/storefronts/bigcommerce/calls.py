"""Calls of one BigCommerce store's API: its token, its pages, its own word on how much may be asked, its refusals.

Source: https://github.com/bigcommerce/docs at 24f580ca, docs/start/about/index.mdx and api-rate-limits.mdx. The quota
is shared by all apps of a store, and every answer says what is left of it.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from activities.storefronts.payload import Payload
from activities.storefronts.shop_answers import all_fitted, fitted
from activities.storefronts.shop_http import AccessRefused, ShopAnswer, ShopAnswerOdd, ShopHttp

PAGE = 50
"""Rows of a page, and ids of a question, so that the answer to one question is one page."""
SPARED = 5
"""Calls that are left to the other apps of the store, until the quota is whole again."""
LONGEST_RESET_SECONDS = 60.0
"""The window has 30; whatever else a header says is not believed."""
MOST_PAGES = 100_000
ANSWER = "BigCommerce's answer"

PayloadT = TypeVar("PayloadT", bound=Payload)
Id = TypeVar("Id")


class _Pagination(Payload):
    total: int = 0
    total_pages: int = 1


class Calls:
    """Calls of the API of one store."""

    def __init__(self, http: ShopHttp, api: str, store_hash: str, token: str) -> None:
        self._http = http
        self._base = f"{api}/stores/{store_hash}"
        self._headers = {"X-Auth-Token": token, "Accept": "application/json"}

    async def make(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | int] | None = None,
        json: object = None,
        *,
        needs: str,
    ) -> Any:
        """What is answered, as JSON; None: there is no such thing, or nothing of it.

        Args:
            needs: the permission of the API account that it takes, for people.

        Raises:
            ShopAway, AccessRefused, ShopAnswerOdd: as they say.
        """
        answer = await self._http.call(method, f"{self._base}/{path}", headers=self._headers, params=params, json=json)
        self._spare(answer)
        match answer.status:
            case 200 | 201 | 207:
                return answer.json()
            case 204 | 404:
                return None
            case 401 | 403:
                raise AccessRefused(
                    f"BigCommerce answers {answer.status} to {method} {path}: the access token is not this "
                    f"store's or was taken back, or its API account lacks {needs}."
                )
            case 400 | 409 | 422 as status:
                raise ShopAnswerOdd(
                    f"BigCommerce refuses {method} {path} with {status}. Of webhooks it takes ten of a scope, and only "
                    "to addresses with https on port 443."
                )
            case status:
                raise ShopAnswerOdd(f"BigCommerce answers {status} to {method} {path}, which nobody expects there.")

    async def pages(
        self, path: str, params: Mapping[str, str | int], shape: type[PayloadT], *, needs: str
    ) -> AsyncIterator[tuple[Sequence[PayloadT], int]]:
        """The pages of a list, each with how many rows there are in all.

        Raises:
            ShopAway, AccessRefused, ShopAnswerOdd: as they say.
        """
        for page in range(1, MOST_PAGES + 1):
            answer = await self.make("GET", path, {**params, "limit": PAGE, "page": page}, needs=needs)
            if answer is None:
                return
            pagination = fitted(parts(parts(answer, "meta"), "pagination"), _Pagination, ANSWER)
            yield all_fitted(parts(answer).get("data"), shape, ANSWER), pagination.total
            if page >= pagination.total_pages:
                return

    async def rows(
        self, path: str, params: Mapping[str, str | int], shape: type[PayloadT], *, needs: str
    ) -> list[PayloadT]:
        """All rows of a list."""
        found: list[PayloadT] = []
        async for page, _ in self.pages(path, params, shape, needs=needs):
            found += page
        return found

    def _spare(self, answer: ShopAnswer) -> None:
        left = _number(answer.headers.get("x-rate-limit-requests-left"))
        reset = _number(answer.headers.get("x-rate-limit-time-reset-ms"))
        if left is not None and reset is not None and left < SPARED:
            self._http.rest(min(reset / 1000, LONGEST_RESET_SECONDS))


def parts(values: Any, name: str | None = None) -> dict[str, Any]:
    """The members of an object in an answer, or of the object of this name in it; none, where it is no object."""
    found = cast("dict[str, Any]", values).get(name) if name and isinstance(values, dict) else values
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else None
