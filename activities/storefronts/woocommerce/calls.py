"""Calls of one WooCommerce shop's API: its keys, its pages, its refusals.

Source: https://github.com/woocommerce/woocommerce-rest-api-docs at 13d61967, wp-api-v3/_introduction.md and
_authentication.md. Keys go as basic authentication, which WooCommerce takes over HTTPS only. What a server that a
merchant runs bears is for it to say: by 429, or by being slow.
"""

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, TypeVar

from activities.storefronts.payload import Payload
from activities.storefronts.shop_answers import all_fitted
from activities.storefronts.shop_http import AccessRefused, ShopAnswer, ShopAnswerOdd, ShopHttp

PAGE = 100
"""Rows of a page: no more are given. As many ids are asked for at once."""
MOST_PAGES = 100_000
ANSWER = "WooCommerce's answer (a plugin may change it)"

PayloadT = TypeVar("PayloadT", bound=Payload)
Id = TypeVar("Id")


class Calls:
    """Calls of the API of one shop."""

    def __init__(self, http: ShopHttp, shop: str, key: str, secret: str) -> None:
        self._http, self._shop = http, shop
        login = base64.b64encode(f"{key}:{secret}".encode()).decode()
        self._headers = {"Authorization": f"Basic {login}", "Accept": "application/json"}

    async def make(
        self, method: str, path: str, params: Mapping[str, str | int] | None = None, json: object = None
    ) -> Any:
        """What is answered, as JSON; None: there is no such thing.

        Args:
            path: behind the address of WordPress's API, as in wc/v3/products.

        Raises:
            ShopAway, AccessRefused, ShopAnswerOdd: as they say.
        """
        answer = await self._answer(method, path, params, json)
        return None if answer is None else answer.json()

    async def pages(
        self, path: str, params: Mapping[str, str | int], shape: type[PayloadT]
    ) -> AsyncIterator[tuple[Sequence[PayloadT], int | None]]:
        """The pages of a list, each with how many rows there are in all.

        Raises:
            ShopAway, AccessRefused, ShopAnswerOdd: as they say.
        """
        for page in range(1, MOST_PAGES + 1):
            answer = await self._answer("GET", path, {**params, "per_page": PAGE, "page": page})
            if answer is None:
                return
            yield all_fitted(answer.json(), shape, ANSWER), _number(answer, "x-wp-total")
            if page >= (_number(answer, "x-wp-totalpages") or 1):
                return

    async def rows(self, path: str, params: Mapping[str, str | int], shape: type[PayloadT]) -> list[PayloadT]:
        """All rows of a list."""
        found: list[PayloadT] = []
        async for page, _ in self.pages(path, params, shape):
            found += page
        return found

    async def _answer(
        self, method: str, path: str, params: Mapping[str, str | int] | None = None, json: object = None
    ) -> ShopAnswer | None:
        answer = await self._http.call(
            method, f"{self._shop}/wp-json/{path}", headers=self._headers, params=params, json=json
        )
        match answer.status:
            case 200 | 201:
                return answer
            case 404:
                return None
            case 401 | 403:
                raise AccessRefused(
                    f"WooCommerce answers {answer.status} to {method} {path}: its key was taken back, may not do this "
                    "(it has to be one for reading and writing, of an administrator or a shop manager), or something "
                    "before WordPress takes the header Authorization away."
                )
            case status:
                raise ShopAnswerOdd(
                    f"WooCommerce answers {status} to {method} {path}, which nobody expects there; a redirect means "
                    "that the shop has another address."
                )


def _number(answer: ShopAnswer, name: str) -> int | None:
    text = answer.headers.get(name) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
