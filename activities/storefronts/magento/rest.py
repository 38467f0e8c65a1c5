"""Calls of Magento's REST API: where they go, how lists are asked for, and what its refusals mean.

Source: https://developer.adobe.com/commerce/webapi/rest/use-rest/performing-searches and
https://developer.adobe.com/commerce/webapi/get-started/authentication/gs-authentication-token. Only bearer tokens are
sent: calls signed by OAuth 1.0a are not made.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from activities.storefronts.payload import Payload, PlainText, fit
from activities.storefronts.shop_answers import fitted
from activities.storefronts.shop_http import AccessRefused, ShopAnswer, ShopAnswerOdd, ShopHttp
from activities.storefronts.storefront import PayloadMalformed

PAGE = 100
"""Products of one call; shops may be set to allow no more than 300."""

_RESOURCES = re.compile(r"[A-Za-z0-9_:, ]{1,300}")
Filter = tuple[str, str, str]
"""A field, a condition, and a value; in the values of `in` a comma separates, so no SKU is asked for by it."""

ANSWER = "The shop's answer"


class _Parameters(Payload):
    resources: PlainText = None


class _Refusal(Payload):
    parameters: _Parameters | None = None


class RestList(Payload):
    """What answers a search."""

    items: Annotated[tuple[dict[str, Any], ...], Field(max_length=1000)] | None = None
    total_count: int | None = Field(default=None, ge=0)


class Rest:
    """The REST API of one shop.

    Args:
        url: of the shop, without a slash at its end.
    """

    def __init__(self, http: ShopHttp, url: str, token: str) -> None:
        self._http, self._url, self._token = http, url, token

    async def get(self, path: str, params: dict[str, str | int] | None = None, *, view: str = "all") -> Any:
        """The answer as JSON; None: there is nothing at this address.

        Args:
            view: the code of a store view: texts and prices are its own.

        Raises:
            AccessRefused: the token is refused, or lacks what the text names.
            ShopAnswerOdd: what is answered is neither that, nor what was asked for.
        """
        answer = await self._http.call(
            "GET",
            f"{self._url}/rest/{view}/V1/{path}",
            headers={"Authorization": f"Bearer {self._token}", "Accept": "application/json"},
            params=params,
        )
        match answer.status:
            case 200:
                return answer.json()
            case 404:
                return None
            case 401 | 403:
                raise AccessRefused(_why_refused(answer))
            case status if 300 <= status < 400:
                raise ShopAnswerOdd(
                    "The shop leads elsewhere: the address that it was connected by is not the one that it answers "
                    "at. Connect it by that, with https and with or without www."
                )
            case status:
                raise ShopAnswerOdd(f"The shop answered {status} to GET V1/{path.split('/', 1)[0]}.")

    async def search(
        self,
        path: str,
        groups: Sequence[Sequence[Filter]],
        *,
        fields: str | None = None,
        view: str = "all",
        sort: Sequence[str] = ("entity_id",),
    ) -> RestList | None:
        """The first page of a list, by id. Of each group one filter fits at least. None: there is no such list.

        Args:
            sort: the fields that it is in the order of, the first before the second.
        """
        params: dict[str, str | int] = {"searchCriteria[pageSize]": PAGE, "searchCriteria[currentPage]": 1}
        for place, name in enumerate(sort):
            start = f"searchCriteria[sortOrders][{place}]"
            params |= {f"{start}[field]": name, f"{start}[direction]": "ASC"}
        for group, filters in enumerate(groups):
            for place, (name, condition, value) in enumerate(filters):
                start = f"searchCriteria[filter_groups][{group}][filters][{place}]"
                params |= {f"{start}[field]": name, f"{start}[value]": value, f"{start}[condition_type]": condition}
        if fields is not None:
            params["fields"] = fields
        found = await self.get(path, params, view=view)
        return None if found is None else fitted(found, RestList, ANSWER)


def _why_refused(answer: ShopAnswer) -> str:
    """401 is both: that the token is not known, and that it may not do this."""
    try:
        refusal = fit(answer.json(), _Refusal)
    except (PayloadMalformed, ShopAnswerOdd):
        refusal = _Refusal()
    lacking = refusal.parameters.resources if refusal.parameters else None
    if lacking and _RESOURCES.fullmatch(lacking):
        return f"The shop's integration lacks access to {lacking}: tick it under System, Integrations, API."
    return (
        "The shop does not take the access token. Since 2.4.4 it takes one only if Stores, Configuration, Services, "
        "OAuth, Consumer Settings, 'Allow OAuth Access Tokens to be used as standalone Bearer tokens' is Yes."
    )
