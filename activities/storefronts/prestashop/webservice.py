"""Calls of PrestaShop's webservice: lists by filter in JSON, and what its refusals mean.

Source: https://devdocs.prestashop-project.org/9/webservice/cheat-sheet/. The key is the user name of basic
authentication, without a password. An empty list is answered as `[]`, without the name of the resource
(PrestaShop/PrestaShop#10172).
"""

import base64
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, cast

from activities.storefronts.payload import PayloadT
from activities.storefronts.shop_answers import all_fitted, in_parts
from activities.storefronts.shop_http import AccessRefused, ShopAnswerOdd, ShopHttp

IDS = 50
"""Subjects asked for by one call."""
T = TypeVar("T")


class Webservice:
    """The webservice of one shop.

    Args:
        url: of the shop, without a slash at its end.
        shop_id: of several shops of one installation, which; None: there is one.
    """

    def __init__(self, http: ShopHttp, url: str, key: str, shop_id: str | None) -> None:
        self._http, self._url, self._shop_id = http, url, shop_id
        self._authorization = "Basic " + base64.b64encode(f"{key}:".encode()).decode()

    async def list(
        self, resource: str, shape: type[PayloadT], more: Mapping[str, str | int] | None = None, display: str = "full"
    ) -> tuple[PayloadT, ...]:
        """What a list holds.

        Args:
            more: filters, an order, and what else narrows it.

        Raises:
            AccessRefused: the key is refused, or may not read this resource.
            ShopAnswerOdd: what is answered is neither that nor a list.
        """
        params: dict[str, str | int] = {"output_format": "JSON", "display": display, **(more or {})}
        if self._shop_id is not None:
            params["id_shop"] = self._shop_id
        answer = await self._http.call(
            "GET",
            f"{self._url}/api/{resource}",
            headers={"Authorization": self._authorization, "Accept": "application/json"},
            params=params,
        )
        match answer.status:
            case 200:
                return _listed(answer.json(), resource, shape)
            case 401 | 403 | 405:
                raise AccessRefused(
                    f"The shop does not take the webservice key, or the key may not read {resource}: tick GET for it "
                    "under Advanced Parameters, Webservice."
                )
            case status if 300 <= status < 400:
                raise ShopAnswerOdd(
                    "The shop leads elsewhere: the address that it was connected by is not the one that it answers "
                    "at. Connect it by that, with https and with or without www."
                )
            case status:
                raise ShopAnswerOdd(f"The shop answered {status} to GET {resource}.")

    async def by_ids(
        self,
        resource: str,
        ids: Iterable[str],
        shape: type[PayloadT],
        more: Mapping[str, str | int] | None = None,
        display: str = "full",
    ) -> tuple[PayloadT, ...]:
        """Those of these ids that there are."""
        found: list[PayloadT] = []
        for some in in_parts(dict.fromkeys(ids), IDS):
            found += await self.list(resource, shape, {**(more or {}), "filter[id]": any_of(some)}, display)
        return tuple(found)


def any_of(values: Iterable[str]) -> str:
    """A filter: one of these."""
    return f"[{'|'.join(values)}]"


def _listed(answer: Any, resource: str, shape: type[PayloadT]) -> tuple[PayloadT, ...]:
    items = cast("dict[str, Any]", answer).get(resource) if isinstance(answer, dict) else answer
    if not isinstance(items, list) or (items and items is answer):
        raise ShopAnswerOdd(f"The shop answered with what is no list of {resource}.")
    return tuple(all_fitted(cast("list[object]", items), shape, f"The shop's list of {resource}"))
