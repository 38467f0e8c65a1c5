"""A Shopify shop's API: who it is, its catalogue, what is waited for, and its webhook subscriptions.

GraphQL only: Shopify's REST API is legacy since 2024-10, and closed to new public apps since 2025-04. The subjects are
in the modules beside this one.
"""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Self

from activities.storefronts.buyers import is_currency
from activities.storefronts.payload import Payload, PlainText
from activities.storefronts.shop_api import (
    Access,
    Introduction,
    Limits,
    Page,
    Question,
    Renewed,
    ShopApi,
    Subscription,
    Watched,
)
from activities.storefronts.shop_http import AccessRefused, ShopHttp
from activities.storefronts.shopify import subscriptions
from activities.storefronts.shopify.admin import Admin, Told
from activities.storefronts.shopify.bulk import catalogue
from activities.storefronts.shopify.reading_back import locations, read_back
from activities.storefronts.shopify.stock_queries import Location
from activities.storefronts.shopify.tokens import renewed
from schemas.incoming.facts import Fact

VERSION = "2026-10"
"""2026-01, -04 and -07 are asked the same."""
NEEDED_SCOPES = ("read_products", "read_inventory", "read_locations")
ORDERS_SCOPE = "read_orders"
MOST_NAMED = 10
"""Locations that a note names."""

INTRODUCTION = """
query introduction {
  shop { name myshopifyDomain currencyCode primaryDomain { url } }
  currentAppInstallation { accessScopes { handle } }
}
"""


class _Domain(Payload):
    url: str


class _Shop(Payload):
    name: str
    myshopifyDomain: str  # noqa: N815 - Shopify's name
    currencyCode: PlainText = None  # noqa: N815 - Shopify's name
    primaryDomain: _Domain  # noqa: N815 - Shopify's name


class _Scope(Payload):
    handle: str


class _Installation(Payload):
    accessScopes: tuple[_Scope, ...] = ()  # noqa: N815 - Shopify's name


class _Introduced(Payload):
    shop: _Shop
    currentAppInstallation: _Installation | None = None  # noqa: N815 - Shopify's name


class ShopifyApi(ShopApi):
    """See `ShopApi`."""

    source: ClassVar[str] = "shopify"
    limits: ClassVar[Limits] = Limits(
        answer_seconds=5.0,
        # Eight within four hours; Shopify does not say when, but that the pauses grow.
        retries=tuple(timedelta(minutes=each) for each in (1, 3, 8, 20, 45, 90, 150, 240)),
        switched_off="a subscription made through the API is deleted after 8 failures in a row",
        # Points a second, told with each answer: `admin.py` paces by them.
        calls=None,
        heard_within=timedelta(minutes=15),
    )
    questions: ClassVar[tuple[Question, ...]] = (
        Question(
            "shop",
            "The shop's own domain at Shopify, example.myshopify.com: in its admin under Settings, Domains",
            pattern=r"(?i)[a-z0-9][a-z0-9-]{0,99}\.myshopify\.com",
        ),
        Question(
            "client_id",
            "The app's client ID: in the Dev Dashboard, under the app's settings",
            default="",
            pattern=r"[A-Za-z0-9]{0,100}",
        ),
        Question(
            "client_secret",
            "The app's client secret, beside its ID. Webhooks are signed with it too",
            secret=True,
        ),
        Question(
            "access_token",
            "A token for the Admin API, of an app whose client credentials this shop does not take; else nothing",
            secret=True,
            default="",
            pattern=r"[\x21-\x7e]{0,500}",
        ),
        Question(
            "refresh_token",
            "The refresh token that came with that token, if it ends; else nothing",
            secret=True,
            default="",
            pattern=r"[\x21-\x7e]{0,500}",
            beside="access_token",
        ),
        Question(
            "api_version",
            "The version of Shopify's API",
            default=VERSION,
            pattern=r"20[2-9][0-9]-(01|04|07|10)",
            asked=False,
        ),
        Question(
            "api_address",
            "Where the API is, of a shop that is simulated",
            default="",
            pattern=r"(https?://[A-Za-z0-9.:-]{1,250})?",
            asked=False,
        ),
    )

    def __init__(self, http: ShopHttp, access: Access) -> None:
        settings = access.settings
        self._http, self._access = http, access
        self._origin = settings.get("api_address") or f"https://{settings['shop'].lower()}"
        self._version = settings.get("api_version") or VERSION
        self._client_id = settings.get("client_id", "")
        self._admin = Admin(http, self._origin, self._version, access.secrets.get("access_token", ""))

    @classmethod
    def over(cls, http: ShopHttp, access: Access) -> Self:
        """See `ShopApi.over`."""
        if not access.settings.get("shop"):
            raise ValueError("shop is missing: the shop's domain at Shopify, such as example.myshopify.com")
        if not access.settings.get("client_id") and not access.secrets.get("access_token"):
            raise ValueError("client_id is missing: either it is needed, with client_secret, or access_token is")
        if access.secrets.get("refresh_token") and not access.settings.get("client_id"):
            raise ValueError("client_id is missing: a token is renewed with it, client_secret and refresh_token")
        return cls(http, access)

    async def renewed(self, now: datetime) -> Renewed | None:
        """See `ShopApi.renewed`."""
        access = self._access
        return await renewed(self._http, self._origin, access.secrets, self._client_id, access.ends_at, now)

    async def introduce(self) -> Introduction:
        """See `ShopApi.introduce`. Whether all scopes are there is seen here, not by the first query that lacks one."""
        told = await self._admin.ask(INTRODUCTION, _Introduced)
        shop, installation = told.data.shop, told.data.currentAppInstallation
        granted = {scope.handle for scope in installation.accessScopes} if installation else set(NEEDED_SCOPES)
        # Who may write a thing may read it, and is granted the one scope only.
        granted |= {scope.replace("write_", "read_", 1) for scope in granted}
        if missing := [scope for scope in NEEDED_SCOPES if scope not in granted]:
            raise AccessRefused(
                f"The app lacks the access scope {' and '.join(missing)}. Add it to the app's scopes, and have the "
                "shop accept them."
            )
        return Introduction(
            store_id=shop.myshopifyDomain.lower(),
            name=shop.name,
            front_page=shop.primaryDomain.url.rstrip("/"),
            currency=shop.currencyCode if is_currency(shop.currencyCode) else None,
            webhook_secret=self._access.secrets.get("client_secret") or None,
            notes=tuple(self._notes(told, granted, await locations(self._admin))),
        )

    def catalogue(self) -> AsyncGenerator[Page]:
        """See `ShopApi.catalogue`. Pages without facts say that it goes on, while Shopify makes the file."""
        return catalogue(self._http, self._admin)

    async def read_back(self, watched: Sequence[Watched]) -> Sequence[Fact]:
        """See `ShopApi.read_back`."""
        return await read_back(self._admin, watched) if watched else ()

    async def subscriptions(self, address: str) -> Sequence[Subscription]:
        """See `ShopApi.subscriptions`."""
        return await subscriptions.subscriptions(self._admin, address)

    async def subscribe(self, address: str, secret: str) -> Sequence[Subscription]:
        """See `ShopApi.subscribe`. Shopify signs with the app's client secret, and lets nobody choose."""
        del secret
        return await subscriptions.subscribe(self._admin, address)

    async def unsubscribe(self, address: str) -> None:
        """See `ShopApi.unsubscribe`."""
        await subscriptions.unsubscribe(self._admin, address)

    def _notes(self, told: Told[_Introduced], granted: set[str], places: Sequence[Location]) -> list[str]:
        notes: list[str] = []
        in_store = [place for place in places if place.isActive and not place.fulfillsOnlineOrders]
        if in_store:
            named = ", ".join(f"{place.name} ({place.id})" for place in in_store[:MOST_NAMED])
            notes.append(
                f"What is at {named} cannot be bought online, and counts all the same: name the others as `locations` "
                "of your lists."
            )
        if ORDERS_SCOPE not in granted:
            notes.append(f"Orders and checkouts are not told: the app lacks the access scope {ORDERS_SCOPE}.")
        notes.append(
            "The three topics about privacy no API subscribes: in the app's configuration put the same address under "
            "compliance_topics (customers/data_request, customers/redact, shop/redact)."
        )
        if told.version and told.version != self._version:
            notes.append(f"Shopify answers by version {told.version}: {self._version} has ended, or is not there yet.")
        return notes
