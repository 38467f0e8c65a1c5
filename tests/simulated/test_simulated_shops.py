"""Every simulated shop against what reads it: the real API client and adapter of its platform, over real HTTP."""

import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from activities.storefronts.registry import SHOP_APIS, Storefronts
from activities.storefronts.shop_api import Access, Health, ShopApi
from activities.storefronts.shop_http import ShopHttp
from activities.storefronts.storefront import NotOurs, WebhookRequest
from activities.storefronts.woocommerce.api import TOPICS
from schemas.incoming.facts import Fact, HintFact, OrderFact, ProductFact, StockFact
from starter.http.public.notify_me import PATH
from starter.http.server import serving
from starter.simulated.deliveries import Delivered, Deliveries, Pace, Record
from starter.simulated.life import Life
from starter.simulated.shop import Rule, SendingShop, SimulatedShop
from starter.simulated.shops import SHOPS
from starter.simulated.standing import standing

APIS = {api.source: api for api in SHOP_APIS}
SENDING = [each for each in SHOPS if issubclass(each, SendingShop)]
SUBSCRIBED = [each for each in SHOPS if each.source in ("shopify", "bigcommerce", "woocommerce", "square")]
TELL_ORDERS = {"shopify", "bigcommerce", "woocommerce", "wix", "square", "open"}
ASKED_FOR_ORDERS = {source for source, api in APIS.items() if api.orders_are_asked_for}
PUBLIC_URL = "https://alerts.example"
SECRET = "whsec_c2l4dGVlbiBieXRlcyBvZiBhIHNlY3JldA=="
AT_ONCE = 10**7
"""So many times sooner: three weeks are a fifth of a second. Where tries in a day are counted, a day is longer."""


def sources(shop: type[SimulatedShop]) -> str:
    return shop.source


class Received:
    """A web server that takes webhooks, or answers them all with one status.

    Attributes:
        requests: in order; an unsigned ping is none.
    """

    def __init__(self) -> None:
        self.status = 200
        self.requests: list[WebhookRequest] = []

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[str]:
        app = FastAPI(routes=[Route("/{path:path}", self._take, methods=["POST"])], openapi_url=None)
        async with serving(app, "127.0.0.1", 0) as served:
            yield served.url

    async def _take(self, request: Request) -> Response:
        url = f"{PUBLIC_URL}{request.url.path}?{request.url.query}"
        query, body = dict(request.query_params), await request.body()
        self.requests.append(WebhookRequest(body, dict(request.headers), query, url=url, at=datetime.now(UTC)))
        return Response(status_code=self.status)


class Side:
    """A simulated shop, what is connected to it, and what it sends."""

    def __init__(self, life: Life, received: Received, api: ShopApi | None, url: str) -> None:
        self.life, self.shop, self.received, self.api, self.url = life, life.shop, received, api, url
        self.address = f"{PUBLIC_URL}/v1/webhooks/{self.shop.source}?store={self.shop.store}"
        self.greeted: list[WebhookRequest] = []

    @property
    def deliveries(self) -> Deliveries:
        return self.life.deliveries

    async def begin(self) -> tuple[str, ...]:
        """It is connected as `store connect` does. Returns what its messages are verified by."""
        self.shop.by_hand = self.address
        if self.api is None:
            self.shop.typed = SECRET
            return (SECRET,)
        shop = await self.api.introduce()
        assert shop.store_id == self.shop.store
        subscribed = await self.api.subscribe(self.address, "ASecretOfLetters")
        await self.deliveries.settle()
        adapter = Storefronts()[self.shop.source]
        self.greeted = [request for request in self.received.requests if adapter.greet(request) is not None]
        assert self.greeted == self.received.requests
        self.received.requests.clear()
        self.deliveries.shown.clear()
        made = {each.secret for each in subscribed if each.secret}
        return tuple(made) or (shop.webhook_secret or "ASecretOfLetters",)

    async def heard(self, secrets: tuple[str, ...]) -> list[Fact]:
        """What the adapter makes of what was sent until now, all of it signed."""
        await self.deliveries.settle()
        adapter, facts = Storefronts()[self.shop.source], list[Fact]()
        for request in self.received.requests:
            assert adapter.store_named(request) in (self.shop.store, None)
            read = adapter.read(adapter.verify(request, secrets), request.body)
            assert not isinstance(read, NotOurs)
            facts += read
        self.received.requests.clear()
        return facts


@asynccontextmanager
async def side_of(kind: type[SimulatedShop], pace: Pace | None = None) -> AsyncGenerator[Side]:
    received, http = Received(), ShopHttp(private_hosts=True)
    async with (
        received.serving() as to,
        standing(kind(2, 2), to, pace or Pace(), random.Random(1), lambda _: None) as (life, url),
    ):
        life.stock()
        api, answers = APIS.get(kind.source), life.shop.answers()
        opened = None
        if api is not None:
            hidden = {each.name for each in api.questions if each.secret}
            told = {each.name: answers.get(each.name, each.default or "") for each in api.questions}
            settings = {name: value for name, value in told.items() if name not in hidden}
            secrets = {name: value for name, value in told.items() if name in hidden and value}
            renewed = await api.over(http, Access(settings, secrets)).renewed(datetime.now(UTC))
            opened = api.over(http, Access(settings, {**secrets, **(renewed.secrets if renewed else {})}))
        try:
            yield Side(life, received, opened, url)
        finally:
            await http.aclose()


def test_every_platform_that_is_connected_has_a_simulated_shop() -> None:
    assert {each.source for each in SHOPS} == {*APIS, *Storefronts()}


@pytest.mark.parametrize("kind", [each for each in SHOPS if each.source in APIS], ids=sources)
async def test_its_api_shows_what_it_has(kind: type[SimulatedShop]) -> None:
    async with side_of(kind) as side:
        assert side.api is not None
        facts = [fact async for page in side.api.catalogue() for fact in page.facts]
        variants = [each for fact in facts if isinstance(fact, ProductFact) for each in fact.variants]
        units = {str(each.inventory_item_id): each.available for each in facts if isinstance(each, StockFact)}
        known = {each.variant_id: units.get(each.inventory_item_id or "", each.quantity) for each in variants}
        places = range(len(side.shop.units))
        assert known == {side.shop.variant(place): side.shop.units[place] for place in places}
        assert {each.price for each in variants} == {Decimal("49.00")}


@pytest.mark.parametrize("kind", SENDING, ids=sources)
async def test_what_it_sends_is_verified_and_read_by_its_adapter(kind: type[SendingShop]) -> None:
    async with side_of(kind) as side:
        secrets = await side.begin()
        side.life.restock(0, 3)
        stock = [each for each in await side.heard(secrets) if isinstance(each, StockFact | HintFact | ProductFact)]
        assert {each.available for each in stock if isinstance(each, StockFact)} <= {3}
        assert stock
        side.life.reprice(0, Decimal("39.00"))
        prices = {
            each.price for fact in await side.heard(secrets) if isinstance(fact, ProductFact) for each in fact.variants
        }
        assert not prices or Decimal("39.00") in prices or None in prices
        side.life.sell(0, 2, "ada@example.com")
        orders = [each for each in await side.heard(secrets) if isinstance(each, OrderFact | HintFact)]
        if side.api is not None and any(isinstance(each, HintFact) and each.order_id for each in orders):
            orders = await side.api.read_hints([each for each in orders if isinstance(each, HintFact)])
        bought = [each for each in orders if isinstance(each, OrderFact)]
        assert [each.email for each in bought] == ["ada@example.com"] * (kind.source in TELL_ORDERS)
        assert {each.money.total for each in bought if each.money} <= {Decimal("78.00")}


@pytest.mark.parametrize("kind", [each for each in SHOPS if each.source in ASKED_FOR_ORDERS], ids=sources)
async def test_what_somebody_bought_is_among_the_orders_that_it_is_asked_for(kind: type[SimulatedShop]) -> None:
    async with side_of(kind) as side:
        assert side.api is not None
        since = datetime.now(UTC) - timedelta(minutes=1)
        side.life.restock(0, 3)
        side.life.sell(0, 2, "ada@example.com")
        facts = [fact async for page in side.api.orders_changed(since) for fact in page.facts]
        (order,) = [each for each in facts if isinstance(each, OrderFact)]
        assert [(each.variant_id, each.quantity) for each in order.items] == [(side.shop.variant(0), 2)]
        assert order.money is not None
        assert (order.email, order.money.total) == ("ada@example.com", Decimal("98.00"))


@pytest.mark.parametrize("kind", SENDING, ids=sources)
async def test_only_a_platform_that_pings_greets_its_subscriptions(kind: type[SendingShop]) -> None:
    async with side_of(kind) as side:
        await side.begin()
        assert len(side.greeted) == (len(TOPICS) if kind.source == "woocommerce" else 0)


@pytest.mark.parametrize("kind", SENDING, ids=sources)
async def test_messages_come_twice_late_or_not_at_all_as_it_is_told_to(kind: type[SendingShop]) -> None:
    async with side_of(kind, Pace(delay=0.01, twice=1, shuffled=True)) as side:
        secrets = await side.begin()
        side.life.restock(0, 1)
        await side.heard(secrets)
        assert len(side.deliveries.shown) == 2
    async with side_of(kind, Pace(lost=1)) as side:
        secrets = await side.begin()
        side.life.restock(0, 1)
        assert await side.heard(secrets) == []
        assert side.deliveries.shown[0].answer == "lost on its way"


@pytest.mark.parametrize("kind", SENDING, ids=sources)
async def test_it_tries_again_and_switches_off_as_its_platform_does(kind: type[SendingShop]) -> None:
    if (api := APIS.get(kind.source)) is not None:
        assert kind.rule.retries == api.limits.retries
        assert kind.rule.seconds == (api.limits.answer_seconds or kind.rule.seconds)
    faster = AT_ONCE if kind.rule.share is None else AT_ONCE / 100
    async with side_of(kind, Pace(faster=faster)) as side:
        await side.begin()
        side.received.status = 503
        for _ in range(12):
            side.life.restock(0, 1)
            await side.deliveries.settle()
        topic = side.deliveries.shown[0].topic
        off = any("switched its subscription off" in each.answer for each in side.deliveries.shown)
        assert off == (kind.rule != Rule(kind.rule.seconds, kind.rule.retries))
        assert isinstance(side.shop, SendingShop)
        assert (side.shop.hooks(topic) == []) == off
        if side.api is not None and kind in SUBSCRIBED:
            states = {each.health for each in await side.api.subscriptions(side.address)}
            assert states - {Health.ALIVE}
            mended = await side.api.subscribe(side.address, "ASecretOfLetters")
            assert {each.health for each in mended} == {Health.ALIVE}


def test_a_subscription_is_off_by_the_rule_and_not_before() -> None:
    record, rule = Record(), Rule(1, failures=2)
    record.note(False, 0)
    assert record.why_off(rule, 0, last=True) is None
    record.note(True, 1)
    record.note(False, 2)
    assert record.why_off(rule, 2, last=True) is None
    record.note(False, 3)
    assert record.why_off(rule, 3, last=False) == "2 in a row were not taken"
    assert record.why_off(Rule(1, share=(4, 0.75)), 3, last=False) == "3 of 4 in a day were not taken"
    assert record.why_off(Rule(1, share=(5, 0.75)), 3, last=False) is None
    assert record.why_off(Rule(1), 3, last=True) is None


async def test_its_pages_show_what_it_has_and_do_what_they_say() -> None:
    kind = next(each for each in SHOPS if each.source == "open")
    async with side_of(kind) as side, httpx.AsyncClient(base_url=side.url, trust_env=False) as http:
        assert "Nobody is connected" in (await http.get("/")).text
        assert (await http.post("/secret", data={"secret": SECRET})).status_code == 303
        side.shop.by_hand = side.address
        assert (await http.post("/restock", data={"variant": "1000", "units": "4"})).status_code == 303
        assert side.shop.units[0] == 4
        await http.post("/price", data={"variant": "1000", "price": "12.5"})
        await http.post("/sell", data={"variant": "1000"})
        assert (side.shop.units[0], side.shop.prices[0]) == (3, Decimal("12.50"))
        await side.deliveries.settle()
        assert "Blue kettle, size 1: 4 came, there are 4" in (await http.get("/")).text
        product = (await http.get("/product/blue-kettle/")).text
        assert f'<notify-me store="{side.shop.store}" variant="1000" replaces' in product
        assert f'crossorigin src="{side.deliveries.to}{PATH}"' in product
        for wrong in ({}, {"variant": "nowhere"}, {"variant": "1000", "units": "-1"}):
            assert (await http.post("/restock", data=wrong)).status_code == 400
        assert (await http.get("/product/nothing")).status_code == 404


def test_the_same_seed_lives_the_same_life() -> None:
    lives: list[list[str]] = []
    for _ in range(2):
        said: list[str] = []
        shop, dice = SHOPS[0](3), random.Random(7)
        life = Life(shop, Deliveries(httpx.AsyncClient(), "", Pace(), dice, _nothing), dice, said.append)
        life.stock()
        for _ in range(40):
            life.happen()
        lives.append(said)
    assert lives[0] == lives[1]
    assert len(lives[0]) == 40


def _nothing(_: Delivered) -> None:
    """Nobody is told."""
