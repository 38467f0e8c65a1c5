"""Calls of Square's API: which access they carry, what its refusals mean, and how its lists are turned over.

Sources: https://developer.squareup.com/docs/build-basics/common-api-patterns/pagination,
https://developer.squareup.com/docs/build-basics/general-considerations/handling-errors.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, TypeVar, cast

from activities.storefronts.payload import Payload
from activities.storefronts.shop_answers import all_fitted, fitted, in_parts
from activities.storefronts.shop_api import Access
from activities.storefronts.shop_http import AccessRefused, ShopAnswer, ShopAnswerOdd, ShopHttp

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
        return fitted(await self._raw("GET", path), shape, answer_to(path))

    async def send(self, method: str, path: str, body: object, shape: type[_Shape]) -> _Shape:
        """The answer to a change, which may be made twice.

        Raises:
            AccessRefused, ShopAway, ShopAnswerOdd: as they say.
        """
        return fitted(await self._raw(method, path, body=body), shape, answer_to(path))

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
            if not (cursor := _cursor(answer, path, params.get("cursor"))):
                return
            params = params | {"cursor": cursor}

    async def by_ids(
        self, path: str, named: str, by: str, ids: Sequence[str], most: int, shape: type[_Shape], **more: object
    ) -> AsyncIterator[Sequence[_Shape]]:
        """What these ids stand for, so many in a call.

        Args:
            by: the field of the question that names them.
        """
        for some in in_parts(ids, most):
            body: dict[str, object] = {by: some, **more}
            while True:
                answer = await self._raw("POST", path, body=body)
                yield _rows(answer, named, shape, path)
                if not (cursor := _cursor(answer, path, body.get("cursor"))):
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
    codes = ", ".join(sorted({each.code[:60] for each in fitted(answer.json(), _Errors, answer_to(path)).errors}))
    if answer.status in (401, 403):
        raise AccessRefused(f"Square does not let the token do {path} ({answer.status}: {codes}).")
    raise ShopAnswerOdd(f"Square answered {answer.status} to {path} ({codes}).")


def answer_to(path: str) -> str:
    """Which answer it is, for people."""
    return f"Square's answer to {path}"


def _rows(answer: dict[str, Any], named: str, shape: type[_Shape], path: str) -> list[_Shape]:
    rows: Any = answer.get(named) or []
    return all_fitted(rows, shape, answer_to(path))


def _cursor(answer: dict[str, Any], path: str, before: object) -> str | None:
    """What the next page is asked for by; `before`: what this one was."""
    cursor = answer.get("cursor")
    if cursor is not None and not isinstance(cursor, str):
        raise ShopAnswerOdd(f"Square's answer to {path} has a cursor that is no text.")
    if cursor and cursor == before:
        raise ShopAnswerOdd(f"Square's answer to {path} leads to itself.")
    return cursor or None
