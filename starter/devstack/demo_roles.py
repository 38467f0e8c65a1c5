"""Who acts in the story of `shelftalk demo`: the shop, a shopper and somebody of support, each over HTTP as in life."""

import re
from dataclasses import dataclass

import httpx

from activities.storefronts.registry import DemoShop
from activities.storefronts.storefront import WebhookRequest
from schemas.ids import JourneyId
from schemas.journey.path import JourneyPath
from schemas.model import Model
from schemas.responses.journeys import JourneyPage, JourneyReport
from schemas.responses.revenue import RevenueReport
from starter.devstack.failures import DevstackError

PUBLIC_URL = "https://alerts.example"
"""Where shoppers would reach the web server. No name leads to it here: what they ask for is asked of this machine."""
PRICE = {"total_price": "49.00", "currency": "EUR"}
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
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

    async def signs_up(self, store: str, variant: str) -> None:
        """They fill in the form on the shop's page; who has a phone ticks the box for text messages."""
        texts = {"phone": self.phone, "sms_consent": True} if self.phone is not None else {}
        form = {"store": store, "variant": variant, "email": self.email, **texts}
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
    """A shop with one product in one variant."""

    http: httpx.AsyncClient
    sends: DemoShop
    number: int

    @property
    def variant(self) -> str:
        return str(self.number + 1)

    async def has_product(self) -> None:
        """It tells of its product, sold out."""
        variant = {"title": "1.7 l", "sku": "KETTLE-BLUE", "price": PRICE["total_price"]}
        await self._webhook(self.sends.product(self.number, "Blue kettle", "blue-kettle", variant, units=0), "product")

    async def restocks(self, units: int) -> None:
        """It tells of its units."""
        await self._webhook(self.sends.level(self.number + 2, units), "stock level")

    async def sells_to(self, email: str) -> None:
        """It tells of an order of its product."""
        await self._webhook(self.sends.order(self.number, email, PRICE), "order")

    async def _webhook(self, told: WebhookRequest, what: str) -> None:
        answer = await self.http.post(self.sends.path, content=told.body, headers=dict(told.headers))
        _expect(answer, f"The webhook of its {what}")


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
