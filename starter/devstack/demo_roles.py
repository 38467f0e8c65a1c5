"""Who acts in the story of `shelftalk demo`: the shop, a shopper and somebody of support, each over HTTP as in life."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Self

import httpx

from schemas.ids import JourneyId, StoreId
from schemas.journey.path import JourneyPath
from schemas.model import Model
from schemas.responses.journeys import JourneyPage, JourneyReport
from schemas.responses.revenue import RevenueReport
from starter.devstack.failures import DevstackError
from starter.shops.connections import Connections
from starter.simulated.deliveries import Pace
from starter.simulated.life import Life
from starter.simulated.shops import DemoShop
from starter.simulated.standing import standing

PUBLIC_URL = "https://alerts.example"
"""Where shoppers would reach the web server. No name leads to it here: what they ask for is asked of this machine."""
BY = "shelftalk demo"
"""Who connects the shop, for the audit."""
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_FORM = re.compile(r'<notify-me store="(?P<store>[^"]+)" variant="(?P<variant>[^"]+)" sold-out')
_LINK = re.compile(re.escape(PUBLIC_URL) + r"(/l/\w+)")


class Clicked(Model):
    """A link that was opened: `path` was asked for, and led to `led_to`, a page of the shop."""

    path: str
    led_to: str


@dataclass(frozen=True, slots=True)
class Shopper:
    """Somebody with an e-mail address, and maybe a phone, who reads what they get in a browser."""

    http: httpx.AsyncClient
    email: str
    phone: str | None = None

    async def signs_up(self, page: str) -> None:
        """They fill in the form on a product's page; who has a phone ticks the box for text messages."""
        found = _FORM.search(_expect(await self.http.get(page), "The product's page").text)
        if found is None:
            raise DevstackError("The demo stopped: the product's page has no form. Please report this.")
        texts = {"phone": self.phone, "sms_consent": True} if self.phone is not None else {}
        form = {"store": found["store"], "variant": found["variant"], "email": self.email, **texts}
        _expect(await self.http.post("/v1/signups", json=form), "The sign-up")

    async def opens_link(self, mail: str) -> Clicked:
        """They open the link in this mail; their browser is told where it leads."""
        found = _LINK.search(mail)
        if found is None:
            raise DevstackError("The demo stopped: the mail has no link of ours. Please report this.")
        answer = await self.http.get(found[1], headers={"User-Agent": _BROWSER}, follow_redirects=False)
        if not answer.has_redirect_location:
            raise DevstackError(f"The demo stopped: the mail's link was answered with {answer.status_code}.")
        return Clicked(path=found[1], led_to=answer.headers["location"])


@dataclass(frozen=True, slots=True)
class Shop:
    """A simulated shop with one product in one variant, which nobody has."""

    life: Life
    url: str
    connections: Connections

    @classmethod
    @asynccontextmanager
    async def open(cls, connections: Connections, web: str) -> AsyncGenerator[Self]:
        """It is open for so long, and its webhooks come to this web server."""
        async with standing(DemoShop(1), web, Pace(), Random(), lambda _: None) as (life, url):
            yield cls(life, url, connections)

    @property
    def platform(self) -> str:
        return self.life.shop.source

    @property
    def store(self) -> str:
        return self.life.shop.store

    @property
    def variant(self) -> str:
        return self.life.shop.variant(0)

    @property
    def price(self) -> Decimal:
        return self.life.shop.prices[0]

    @property
    def page(self) -> str:
        """Of its product, with the sign-up form."""
        return f"{self.url}/product/{self.life.shop.handle(0)}/"

    async def is_connected(self) -> tuple[int, int]:
        """As by `shelftalk store connect` and `store sync`. Returns how many topics it sends, and its products."""
        shop = self.life.shop
        connected = await self.connections.connect(shop.source, shop.answers(), BY)
        read = await self.connections.sync(StoreId(connected.store), lambda _read, _total: None, BY)
        return len(connected.subscriptions), read.products

    async def restocks(self, units: int) -> None:
        """It tells of its units."""
        self.life.restock(0, units)
        await self._delivered()

    async def sells_to(self, email: str) -> None:
        """It tells of an order of its product."""
        self.life.sell(0, 1, email)
        await self._delivered()

    async def _delivered(self) -> None:
        await self.life.deliveries.settle()
        for each in self.life.deliveries.shown:
            if each.answer != "200":
                raise DevstackError(f"The demo stopped: the webhook {each.topic} of its shop: {each.answer}.")


@dataclass(frozen=True, slots=True)
class Support:
    """Somebody who answers questions, through the API."""

    http: httpx.AsyncClient
    store: str
    key: str

    async def journey_of(self, email: str, variant: str) -> JourneyReport:
        search = {"email": email, "store": self.store, "variant": variant}
        answer = await self.http.post("/v1/journeys/search", json=search, headers=self._headers())
        page = JourneyPage.model_validate_json(_expect(answer, "The search").content)
        if not page.journeys:
            raise DevstackError(f"The demo stopped: the sign-up of {email} made no journey. Please report this.")
        # Asked for by itself it also says how many are ahead.
        found = await self._asked(f"/v1/journeys/{page.journeys[0].journey_id}", "The look at the journey")
        return JourneyReport.model_validate_json(found)

    async def path(self, journey_id: JourneyId) -> JourneyPath:
        return JourneyPath.model_validate_json(await self._asked(f"/v1/journeys/{journey_id}/path", "The replay"))

    async def earned(self) -> RevenueReport:
        return RevenueReport.model_validate_json(await self._asked("/v1/reports/revenue", "The report"))

    async def _asked(self, path: str, what: str) -> bytes:
        return _expect(await self.http.get(path, headers=self._headers()), what).content

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


def _expect(answer: httpx.Response, what: str) -> httpx.Response:
    if not answer.is_success:
        raise DevstackError(f"The demo stopped: {what} was answered with {answer.status_code}: {answer.text[:500]}")
    return answer
