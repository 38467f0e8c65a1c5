"""Shopify's GraphQL Admin API as a way to ask: paced by its own word, and each of its refusals as what it means.

Source: https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits. A query costs points, which come back at so
many a second; each answer says how many are left. So a call waits until its points are there, instead of being refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Generic

from pydantic import BeforeValidator

from activities.storefronts.payload import Payload, PayloadT, PlainText, fit
from activities.storefronts.shop_clock import moment_of
from activities.storefronts.shop_http import AccessRefused, ShopAnswer, ShopAnswerOdd, ShopAway, ShopHttp
from activities.storefronts.storefront import PayloadMalformed

MOST_TIMES_THROTTLED = 6
LONGEST_REST_SECONDS = 25.0
"""A query costs 1,000 points at most, and the slowest shop gets 50 of them back in a second."""
LONGEST_WORDS = 200
"""Characters of Shopify's own words that an error repeats."""
_SCOPE = re.compile(r"(?:read|write)_[a-z_]{2,50}")
_CODE = re.compile(r"[A-Za-z_]{1,60}")


class TooCostly(Exception):
    """A single query may cost 1,000 points, and this one would cost more: ask for less at once."""


class _Extensions(Payload):
    code: PlainText = None


class _Error(Payload):
    message: PlainText = None
    extensions: _Extensions = _Extensions()


class _Throttle(Payload):
    currentlyAvailable: float  # noqa: N815 - Shopify's name
    restoreRate: float  # noqa: N815 - Shopify's name


class _Cost(Payload):
    requestedQueryCost: float = 0.0  # noqa: N815 - Shopify's name
    throttleStatus: _Throttle | None = None  # noqa: N815 - Shopify's name


class _AboutIt(Payload):
    cost: _Cost | None = None


def _listed(value: object) -> object:
    """Refusals below GraphQL are one text instead of a list."""
    return [{"message": value}] if isinstance(value, str) else value


class _Envelope(Payload):
    data: dict[str, object] | None = None
    errors: Annotated[tuple[_Error, ...], BeforeValidator(_listed)] = ()
    extensions: _AboutIt | None = None


class UserError(Payload):
    """What a mutation was not done for."""

    code: PlainText = None
    message: PlainText = None


@dataclass(frozen=True, slots=True)
class Told(Generic[PayloadT]):
    """An answer.

    Attributes:
        at: it was so at this moment at least, by the shop's own clock where it is known: that of its answer before. So
            a webhook about what changed meanwhile is the newer, however our clocks differ.
        version: of the API that answered; an ended one is answered by the oldest that is left.
    """

    data: PayloadT
    at: datetime
    version: str | None


class Admin:
    """The API of one shop.

    Args:
        origin: where it is, without a slash at its end.
        version: such as `2026-10`.
    """

    def __init__(self, http: ShopHttp, origin: str, version: str, token: str) -> None:
        self._http = http
        self._url = f"{origin}/admin/api/{version}/graphql.json"
        self._token = token
        self._shops_clock: datetime | None = None

    async def ask(
        self, document: str, shape: type[PayloadT], variables: Mapping[str, object] | None = None
    ) -> Told[PayloadT]:
        """Ask, or change something; what is changed must bear being changed twice.

        Raises:
            TooCostly: as it says.
            AccessRefused, ShopAway, ShopAnswerOdd: as they say (`shop_http.py`).
        """
        if not self._token:
            raise AccessRefused("There is no token yet for the shop's API.")
        for _ in range(MOST_TIMES_THROTTLED):
            at = self._shops_clock or datetime.now(UTC)
            answer = await self._http.call(
                "POST",
                self._url,
                headers={"X-Shopify-Access-Token": self._token},
                json={"query": document, "variables": dict(variables or {})},
            )
            self._shops_clock = moment_of(answer.headers) or self._shops_clock
            _refuse_status(answer)
            envelope = read_answer(answer.json(), _Envelope)
            throttled = any(error.extensions.code == "THROTTLED" for error in envelope.errors)
            self._pace(envelope.extensions, throttled=throttled)
            if throttled:
                continue
            _refuse_errors(envelope.errors)
            return Told(read_answer(envelope.data, shape), at, answer.headers.get("x-shopify-api-version"))
        raise ShopAway("it says again and again that too much is asked of it")

    def _pace(self, about: _AboutIt | None, *, throttled: bool) -> None:
        """Rest until as many points are there as the last query was priced at."""
        cost = about.cost if about else None
        status = cost.throttleStatus if cost else None
        if cost is None or status is None or status.restoreRate <= 0:
            if throttled:
                self._http.rest(1.0)
            return
        missing = cost.requestedQueryCost - status.currentlyAvailable
        if missing > 0:
            self._http.rest(min(LONGEST_REST_SECONDS, missing / status.restoreRate))


def read_answer(value: object, shape: type[PayloadT]) -> PayloadT:
    """A part of an answer in its shape.

    Raises:
        ShopAnswerOdd: it has another.
    """
    try:
        return fit(value, shape)
    except PayloadMalformed as error:
        raise ShopAnswerOdd(
            f"The shop's API answered in a form that is not known: {error.path}: {error.message}."
        ) from None


def refuse_user_errors(doing: str, errors: tuple[UserError, ...]) -> None:
    """A mutation that was not done.

    Raises:
        ShopAnswerOdd: as it says.
    """
    if errors:
        raise ShopAnswerOdd(f"Shopify did not {doing}: {in_its_words(errors)}")


def in_its_words(errors: tuple[UserError, ...]) -> str:
    """What Shopify says of a mutation that was not done, as one line."""
    words = "; ".join(error.message or error.code or "no reason" for error in errors)
    return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())[:LONGEST_WORDS]


def _refuse_status(answer: ShopAnswer) -> None:
    match answer.status:
        case 200:
            return
        case 401:
            raise AccessRefused(
                "Shopify does not take the shop's token (401): it ended or was revoked, or the app was uninstalled."
            )
        case 402:
            raise ShopAway("the shop is frozen until its owner pays Shopify")
        case 403:
            raise AccessRefused(
                "Shopify does not let this app ask (403). A public app needs tokens that end, with a refresh token."
            )
        case 404:
            raise AccessRefused("There is no shop of this name at Shopify (404).")
        case 423:
            raise ShopAway("the shop is locked")
        case status:
            raise ShopAnswerOdd(f"Shopify answered {status}, which its API does not.")


def _refuse_errors(errors: tuple[_Error, ...]) -> None:
    if not errors:
        return
    codes = {error.extensions.code for error in errors}
    if "MAX_COST_EXCEEDED" in codes:
        raise TooCostly
    denied = [error for error in errors if error.extensions.code == "ACCESS_DENIED"]
    if denied:
        scopes = sorted({scope for error in denied for scope in _SCOPE.findall(error.message or "")})
        lacks = f"lacks the access scope {' and '.join(scopes)}" if scopes else "may not read what it asked for"
        raise AccessRefused(f"The app {lacks}. Add it to the app's scopes, and have the shop accept them.")
    if codes & {"INTERNAL_SERVER_ERROR", "TIMEOUT", "SHOP_INACTIVE"}:
        raise ShopAway("it says that it cannot answer now")
    named = sorted(code for code in codes if code and _CODE.fullmatch(code))
    raise ShopAnswerOdd(f"Shopify refused a query: {', '.join(named) or 'without a code'}.")
