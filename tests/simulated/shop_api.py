"""A shop with an API over real HTTP: products a page at a time, subjects by id, subscriptions, and tokens that end."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from activities.storefronts.shop_api import (
    Access,
    Health,
    Introduction,
    Limits,
    Page,
    Question,
    Renewed,
    ShopApi,
    Subscription,
    Watched,
)
from activities.storefronts.shop_http import AccessRefused, ShopAnswer, ShopHttp
from schemas.incoming.facts import Fact, HintFact, ProductFact, ProductGoneFact, VariantFact
from starter.http.server import serving

TOPICS = ("product", "stock")
PAGE = 2
NAME = "simulated-shop"
PASSWORD = "open sesame"


@dataclass
class SimulatedShop:
    """The far side.

    Attributes:
        units: of each product, whose only variant has its name and `-v`.
        subscribed: topic to address.
        tokens: that were given out; the newest alone is good.
        refuses: answers this status instead.
        asked: every path that was called.
        spoilt: products about which no sensible answer comes.
        packed: answers this as if it were gzip.
    """

    units: dict[str, int] = field(default_factory=dict[str, int])
    subscribed: dict[str, str] = field(default_factory=dict[str, str])
    off: set[str] = field(default_factory=set[str])
    tokens: list[str] = field(default_factory=list[str])
    refuses: int | None = None
    asked: list[str] = field(default_factory=list[str])
    spoilt: set[str] = field(default_factory=set[str])
    packed: bytes | None = None
    url: str = ""

    @asynccontextmanager
    async def served(self) -> AsyncGenerator[Self]:
        """At an address of this machine."""
        app = FastAPI()
        app.add_api_route("/token", self._token, methods=["POST"])
        app.add_api_route("/{path:path}", self._answer, methods=["GET", "POST", "DELETE"])
        async with serving(app, "127.0.0.1", 0) as served:
            self.url = served.url
            yield self

    async def _token(self, request: Request) -> Response:
        self.asked.append("token")
        if (await request.json())["password"] != PASSWORD:
            return Response(status_code=403)
        self.tokens.append(f"token-{len(self.tokens) + 1}")
        return JSONResponse({"token": self.tokens[-1]})

    async def _answer(self, path: str, request: Request) -> Response:
        self.asked.append(path)
        if self.refuses is not None:
            return Response(status_code=self.refuses)
        if self.packed is not None:
            return Response(self.packed, headers={"content-encoding": "gzip"})
        if request.headers.get("authorization") != f"Bearer {self.tokens[-1] if self.tokens else None}":
            return Response(status_code=401)
        match request.method, path:
            case "GET", "products":
                names = sorted(self.units)
                start = int(request.query_params["from"])
                shown = [{"id": each, "units": self.units[each]} for each in names[start : start + PAGE]]
                return JSONResponse({"products": shown, "total": len(names)})
            case "POST", "stock":
                ids: list[str] = await request.json()
                if self.spoilt & set(ids):
                    return Response(b"<html>")
                return JSONResponse({each: self.units.get(each) for each in ids})
            case "GET", "hooks":
                found = {topic: {"address": to, "off": topic in self.off} for topic, to in self.subscribed.items()}
                return JSONResponse(found)
            case "POST", "hooks":
                told = await request.json()
                self.subscribed[told["topic"]] = told["address"]
                self.off.discard(told["topic"])
                return JSONResponse({})
            case "DELETE", "hooks":
                self.subscribed.clear()
                return JSONResponse({})
            case _:
                return JSONResponse({"name": NAME, "currency": "EUR"})


class SimulatedShopApi(ShopApi):
    """The near side. It fulfils `ShopApi`."""

    source: ClassVar[str] = "simulated"
    limits: ClassVar[Limits] = Limits(
        answer_seconds=5,
        retries=(timedelta(minutes=1), timedelta(hours=1)),
        switched_off="after 5 failures in a row",
        calls=(1000, timedelta(seconds=1)),
        heard_within=timedelta(minutes=5),
    )
    questions: ClassVar[tuple[Question, ...]] = (
        Question("url", "The shop's address.", pattern=r"https?://.+"),
        Question("password", "Found in the shop's settings.", secret=True),
        Question("lasts", "Seconds that a token lasts.", default="3600", pattern=r"[0-9]{1,6}"),
        Question("branch", "Which shop of one address.", default="1", asked=False, tells_apart=True),
    )

    def __init__(self, http: ShopHttp, access: Access) -> None:
        self._http, self._access = http, access

    @classmethod
    def over(cls, http: ShopHttp, access: Access) -> Self:
        return cls(http, access)

    async def renewed(self, now: datetime) -> Renewed | None:
        ends_at = self._access.ends_at
        if "token" in self._access.secrets and (ends_at is None or ends_at - now > timedelta(minutes=5)):
            return None
        asked = {"password": self._access.secrets["password"]}
        answer = await self._http.call("POST", f"{self._access.settings['url']}/token", json=asked)
        if answer.status == 403:
            raise AccessRefused("The shop does not take the password.")
        return Renewed({"token": answer.json()["token"]}, now + timedelta(seconds=int(self._access.settings["lasts"])))

    async def introduce(self) -> Introduction:
        told = (await self._call("GET", "")).json()
        return Introduction(told["name"], "The simulated shop", "https://simulated.example", told["currency"])

    async def catalogue(self) -> AsyncIterator[Page]:
        read = 0
        while True:
            told = (await self._call("GET", f"products?from={read}")).json()
            products: list[dict[str, Any]] = told["products"]
            if not products:
                return
            read += len(products)
            yield Page(tuple(_product(each["id"], each["units"]) for each in products), read, told["total"])

    async def read_back(self, watched: Sequence[Watched]) -> Sequence[Fact]:
        ids = sorted({each.product_id for each in watched})
        told = (await self._call("POST", "stock", ids)).json()
        return [
            ProductGoneFact(product_id=each, observed_at=datetime.now(UTC))
            if told[each] is None
            else _product(each, told[each])
            for each in ids
        ]

    async def read_hints(self, hints: Sequence[HintFact]) -> Sequence[Fact]:
        return await self.read_back([Watched(each.product_id) for each in hints if each.product_id is not None])

    async def subscriptions(self, address: str) -> Sequence[Subscription]:
        told = (await self._call("GET", "hooks")).json()
        return [_subscription(topic, told.get(topic), address) for topic in TOPICS]

    async def subscribe(self, address: str, secret: str) -> Sequence[Subscription]:
        for each in await self.subscriptions(address):
            if each.health is not Health.ALIVE:
                await self._call("POST", "hooks", {"topic": each.topic, "address": address, "secret": secret})
        return await self.subscriptions(address)

    async def unsubscribe(self, address: str) -> None:
        await self._call("DELETE", "hooks")

    async def _call(self, method: str, path: str, json: object = None) -> ShopAnswer:
        headers = {"Authorization": f"Bearer {self._access.secrets['token']}"}
        answer = await self._http.call(method, f"{self._access.settings['url']}/{path}", headers=headers, json=json)
        if answer.status == 401:
            raise AccessRefused("The shop does not take the token.")
        return answer


def _subscription(topic: str, found: dict[str, Any] | None, address: str) -> Subscription:
    if found is None or found["address"] != address:
        return Subscription(topic, Health.MISSING)
    return Subscription(topic, Health.OFF, "5 failures in a row") if found["off"] else Subscription(topic, Health.ALIVE)


def _product(name: str, units: int) -> ProductFact:
    variant = VariantFact(variant_id=f"{name}-v", inventory_item_id=f"{name}-i", title="", quantity=units)
    return ProductFact(
        product_id=name,
        title=f"Product {name}",
        on_sale=True,
        variants=(variant,),
        all_variant_ids=frozenset({variant.variant_id}),
        observed_at=datetime.now(UTC),
    )
