"""Calls of Wix's REST API: which access they carry, what its refusals mean, and how its lists are turned over.

Sources: https://dev.wix.com/docs/api-reference/app-management/oauth-2/create-access-token,
…/business-solutions/stores/catalog-versioning/get-catalog-version. Filters and pages are objects in catalogue V3, and
JSON written as text in V1.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from activities.storefronts.payload import NumericId, Payload
from activities.storefronts.shop_answers import all_fitted, as_documented, fitted
from activities.storefronts.shop_api import Access
from activities.storefronts.shop_http import AccessRefused, ShopAnswer, ShopAnswerOdd, ShopHttp
from activities.storefronts.wix.fields import known
from activities.storefronts.wix.shapes import WixPayload

API = "https://www.wixapis.com"
TOKEN = "oauth2/token"
_Shape = TypeVar("_Shape", bound=Payload)


class _Cursors(WixPayload):
    next: str | None = None


class _Paging(WixPayload):
    cursors: _Cursors | None = None


class _Numbered(WixPayload):
    numeric_id: NumericId = None


class _Turned(WixPayload):
    paging_metadata: _Paging | None = None


class WixCalls:
    """Calls for one site."""

    def __init__(self, http: ShopHttp, access: Access) -> None:
        self._http = http
        self._api = access.settings.get("api", API)
        if key := access.secrets.get("api_key"):
            self._headers = {"Authorization": key, "wix-site-id": access.settings.get("site_id", "")}
        else:
            self._headers = {"Authorization": access.secrets.get("access_token", "")}

    async def get(self, path: str, shape: type[_Shape]) -> _Shape:
        """What stands at this path.

        Raises:
            AccessRefused, ShopAway, ShopAnswerOdd: as they say.
        """
        return await self._call("GET", path, None, shape)

    async def post(self, path: str, body: object, shape: type[_Shape]) -> _Shape:
        """The answer to a question. Those that are put here change nothing, so asking twice does no harm.

        Raises:
            AccessRefused, ShopAway, ShopAnswerOdd: as they say.
        """
        return await self._call("POST", path, body, shape)

    async def token(self, asked: Mapping[str, str], shape: type[_Shape]) -> _Shape:
        """An access token for an app's instance.

        Raises:
            AccessRefused, ShopAway, ShopAnswerOdd: as they say.
        """
        answer = await self._http.call("POST", f"{self._api}/{TOKEN}", json=dict(asked))
        return fitted(_accepted(answer, TOKEN), shape, answer_to(TOKEN))

    async def by_cursor(
        self, path: str, named: str, limit: int, filters: object | None = None, **more: object
    ) -> AsyncIterator[Sequence[Any]]:
        """The pages of a list of catalogue V3. With a cursor, a filter is not said again.

        Args:
            named: the field of the answer that has them.
        """
        paging: dict[str, object] = {"cursorPaging": {"limit": limit}}
        query = paging if filters is None else paging | {"filter": filters}
        before: str | None = None
        while True:
            answer = await self._raw("POST", path, {"query": query, **more})
            yield _rows(answer, named, path)
            paging_data = fitted(answer, _Turned, answer_to(path)).paging_metadata
            cursor = paging_data.cursors.next if paging_data and paging_data.cursors else None
            if not cursor:
                return
            if cursor == before:
                raise ShopAnswerOdd(f"Wix's answer to {path} leads to itself.")
            before = cursor
            query = {"cursorPaging": {"limit": limit, "cursor": cursor}}

    async def by_offset(
        self, path: str, named: str, limit: int, filters: object | None = None, **more: object
    ) -> AsyncIterator[Sequence[Any]]:
        """The pages of a list of catalogue V1, until one is not full."""
        offset = 0
        while True:
            query: dict[str, object] = {"paging": {"limit": limit, "offset": offset}}
            if filters is not None:
                query["filter"] = json.dumps(filters)
            rows = _rows(await self._raw("POST", path, {"query": query, **more}), named, path)
            if rows:
                yield rows
            if len(rows) < limit:
                return
            offset += limit

    async def by_number(self, path: str, named: str, limit: int, **more: object) -> AsyncIterator[Sequence[Any]]:
        """All pages of a list of catalogue V1. By offset it ends at about 10,000 rows, so each page begins after the
        last number of the one before, as https://dev.wix.com/docs/api-reference/business-solutions/stores/pagination
        says.
        """
        last = 0
        while True:
            query: dict[str, object] = {
                "paging": {"limit": limit, "offset": 0},
                "sort": json.dumps([{"numericId": "asc"}]),
                "filter": json.dumps({"numericId": {"$gt": last}}),
            }
            rows = _rows(await self._raw("POST", path, {"query": query, **more}), named, path)
            if rows:
                yield rows
            if len(rows) < limit:
                return
            number = fitted(rows[-1], _Numbered, answer_to(path)).numeric_id
            if number is None or int(number) <= last:
                raise ShopAnswerOdd(f"Wix's answer to {path} is not in the order of its numbers.")
            last = int(number)

    async def _call(self, method: str, path: str, body: object, shape: type[_Shape]) -> _Shape:
        return fitted(await self._raw(method, path, body), shape, answer_to(path))

    async def _raw(self, method: str, path: str, body: object) -> object:
        answer = await self._http.call(method, f"{self._api}/{path}", headers=self._headers, json=body)
        return _accepted(answer, path)


def _accepted(answer: ShopAnswer, path: str) -> object:
    match answer.status:
        case 200:
            return answer.json()
        case 401:
            raise AccessRefused(f"Wix does not take the app's secret, its token or the API key (401 at {path}).")
        case 403:
            raise AccessRefused(f"Wix says that the app or the API key lacks the permission for {path} (403).")
        case 400 | 404 if path == TOKEN:
            raise AccessRefused("Wix knows no such app, secret or instance; was the app removed from the site?")
        case 428:
            raise ShopAnswerOdd(f"Wix says that the site has the other catalogue ({path}).")
        case _:
            raise ShopAnswerOdd(f"Wix answered {answer.status} to {path}.")


def answer_to(path: str) -> str:
    """Which answer it is, for people."""
    return f"Wix's answer to {path}"


def rows_as(rows: Sequence[Any], shape: type[_Shape], path: str) -> list[_Shape]:
    """The rows of a page.

    Raises:
        ShopAnswerOdd: one is not of this shape.
    """
    return all_fitted(rows, shape, answer_to(path))


def known_id(found: str | None, path: str) -> str:
    """An id of a row.

    Raises:
        ShopAnswerOdd: it is none.
    """
    return as_documented(lambda: known(found, "$[*].id"), answer_to(path))


def _rows(answer: object, named: str, path: str) -> Sequence[Any]:
    rows: Any = cast("dict[str, Any]", answer).get(named) if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise ShopAnswerOdd(f"Wix's answer to {path} has no '{named}'.")
    return cast("list[object]", rows)
