"""Calls of Square's API: which access they carry, what its refusals mean, and how its lists are turned over.

Sources: https://developer.squareup.com/docs/build-basics/common-api-patterns/pagination,
https://developer.squareup.com/docs/build-basics/general-considerations/handling-errors.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeVar, cast

from activities.storefronts.payload import Payload, fit
from activities.storefronts.shop_api import Access
from activities.storefronts.shop_http import AccessRefused, ShopAnswer, ShopAnswerOdd, ShopHttp
from activities.storefronts.storefront import PayloadMalformed

API = "https://connect.squareup.com"
API_VERSION = "2025-01-23"
_Shape = TypeVar("_Shape", bound=Payload)
_Read = TypeVar("_Read")


class SquareCalls:
    """Calls for one merchant."""

    def __init__(self, http: ShopHttp, access: Access) -> None:
        self._http = http
        self._api = access.settings.get("api", API)
        token = access.secrets["access_token"]
        self._headers = {"Authorization": f"Bearer {token}", "Square-Version": API_VERSION}

    async def get(self, path: str, shape: type[_Shape]) -> _Shape:
        """What stands at this path.

        Raises:
            AccessRefused, ShopAway, ShopAnswerOdd: as they say.
        """
        return _fitted(await self._raw("GET", path), shape, path)

    async def send(self, method: str, path: str, body: object, shape: type[_Shape]) -> _Shape:
        """The answer to a change, which may be made twice.

        Raises:
            AccessRefused, ShopAway, ShopAnswerOdd: as they say.
        """
        return _fitted(await self._raw(method, path, body=body), shape, path)

    async def listed(
        self, path: str, named: str, shape: type[_Shape], **params: str
    ) -> AsyncIterator[Sequence[_Shape]]:
        """The pages of a list.

        Args:
            named: the field of the answer that has them; it is left out where there are none.
        """
        while True:
            answer = await self._raw("GET", path, params=params)
            yield _rows(answer, named, shape, path)
            if not (cursor := _cursor(answer, path)):
                return
            params = params | {"cursor": cursor}

    async def by_ids(
        self, path: str, named: str, by: str, ids: Sequence[str], most: int, shape: type[_Shape], **more: object
    ) -> AsyncIterator[Sequence[_Shape]]:
        """What these ids stand for, so many in a call.

        Args:
            by: the field of the question that names them.
        """
        for start in range(0, len(ids), most):
            body: dict[str, object] = {by: list(ids[start : start + most]), **more}
            while True:
                answer = await self._raw("POST", path, body=body)
                yield _rows(answer, named, shape, path)
                if not (cursor := _cursor(answer, path)):
                    break
                body = body | {"cursor": cursor}

    async def _raw(
        self, method: str, path: str, *, body: object = None, params: dict[str, str] | None = None
    ) -> dict[str, Any]:
        answer = await self._http.call(method, f"{self._api}/{path}", headers=self._headers, params=params, json=body)
        return _accepted(answer, path)


class _Error(Payload):
    code: str = "without a code"


class _Errors(Payload):
    errors: tuple[_Error, ...] = ()


def _accepted(answer: ShopAnswer, path: str) -> dict[str, Any]:
    if answer.status == 200:
        told = answer.json()
        if not isinstance(told, dict):
            raise ShopAnswerOdd(f"Square's answer to {path} is no object.")
        return cast("dict[str, Any]", told)
    codes = ", ".join(sorted({each.code[:60] for each in _fitted(answer.json(), _Errors, path).errors}))
    if answer.status in (401, 403):
        raise AccessRefused(f"Square does not let the token do {path} ({answer.status}: {codes}).")
    raise ShopAnswerOdd(f"Square answered {answer.status} to {path} ({codes}).")


def as_documented(read: Callable[[], _Read], path: str) -> _Read:
    """What is read from an answer.

    Raises:
        ShopAnswerOdd: it does not read.
    """
    try:
        return read()
    except PayloadMalformed as error:
        raise ShopAnswerOdd(f"Square's answer to {path} is not as documented: {error.path}: {error.message}.") from None


def _fitted(answer: object, shape: type[_Shape], path: str) -> _Shape:
    return as_documented(lambda: fit(answer, shape), path)


def _rows(answer: dict[str, Any], named: str, shape: type[_Shape], path: str) -> list[_Shape]:
    rows: Any = answer.get(named) or []
    if not isinstance(rows, list):
        raise ShopAnswerOdd(f"Square's answer to {path} has no list '{named}'.")
    return [_fitted(row, shape, path) for row in cast("list[object]", rows)]


def _cursor(answer: dict[str, Any], path: str) -> str | None:
    cursor = answer.get("cursor")
    if cursor is not None and not isinstance(cursor, str):
        raise ShopAnswerOdd(f"Square's answer to {path} has a cursor that is no text.")
    return cursor or None
