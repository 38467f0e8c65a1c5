"""A simulated Shopify shop, and the API that is connected to it, over real HTTP."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from activities.storefronts.shop_api import Access
from activities.storefronts.shop_http import ShopHttp
from activities.storefronts.shopify.api import ShopifyApi
from schemas.incoming.facts import Fact
from starter.simulated.shopify.admin import ShopifyShop
from starter.simulated.shopify.answers import Bucket
from starter.simulated.shopify.server import ShopifyServer

TOKEN = "shpat_a_token_that_stays"
ADDRESS = "https://shelftalk.example/v1/webhooks/shopify"


@dataclass
class Connected:
    """A shop, its server, and its API."""

    shop: ShopifyShop
    server: ShopifyServer
    http: ShopHttp
    api: ShopifyApi

    def again(self, secrets: dict[str, str], ends_at: datetime | None = None, **settings: str) -> ShopifyApi:
        """The API with another access."""
        return ShopifyApi.over(self.http, access(self.shop, secrets, ends_at, settings))

    def asked(self, name: str) -> int:
        """How often."""
        return [each for each, _ in self.shop.heard].count(name)

    async def catalogue(self) -> list[Fact]:
        return [fact async for page in self.api.catalogue() for fact in page.facts]


def access(shop: ShopifyShop, secrets: dict[str, str], ends_at: datetime | None, settings: dict[str, str]) -> Access:
    known = {"shop": shop.domain, "client_id": shop.client_id, "api_address": shop.url}
    return Access(known | settings, secrets, ends_at)


@asynccontextmanager
async def connected(shop: ShopifyShop, bucket: Bucket | None = None, **settings: str) -> AsyncGenerator[Connected]:
    shop.tokens.add(TOKEN)
    http = ShopHttp(private_hosts=True, first_pause=0.01)
    async with ShopifyServer(shop, bucket).serving() as server:
        secrets = {"access_token": TOKEN, "client_secret": shop.client_secret}
        api = ShopifyApi.over(http, access(shop, secrets, None, settings))
        try:
            yield Connected(shop, server, http, api)
        finally:
            await http.aclose()
