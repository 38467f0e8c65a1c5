"""The pages of a simulated shop: what it has and what was delivered, a product with the sign-up form, and what can be
done by hand. They are at its API's address, for whoever sits at this machine.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from urllib.parse import parse_qsl

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from starter.simulated.life import Life

SCRIPT = "/notify-me-1.js"
"""The sign-up form."""
MOST = 100_000
"""Units that come at once, by hand."""
BUYER = "by-hand@example.com"


class Pages:
    """Of one shop, whose life is given."""

    def __init__(self, life: Life) -> None:
        self._life, self._shop = life, life.shop
        loader = jinja2.FunctionLoader(lambda name: files("starter.simulated").joinpath(name).read_text("utf-8"))
        self._templates = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)

    def routes(self) -> Sequence[BaseRoute]:
        """Where they are."""
        return [
            Route("/", self._front),
            Route("/product/{handle}", self._product),
            Route("/product/{handle}/", self._product),
            Route("/restock", self._acted(self._restock), methods=["POST"]),
            Route("/sell", self._acted(self._sell), methods=["POST"]),
            Route("/price", self._acted(self._price), methods=["POST"]),
            Route("/on", self._acted(self._on), methods=["POST"]),
            Route("/secret", self._acted(self._secret), methods=["POST"]),
        ]

    async def _front(self, _: Request) -> Response:
        shown = {"shop": self._shop, "life": self._life, "places": range(len(self._shop.units))}
        return self._page("front.html", **shown, deliveries=self._life.deliveries.shown)

    async def _product(self, request: Request) -> Response:
        handle = request.path_params["handle"]
        places = [place for place in range(len(self._shop.units)) if self._shop.handle(place) == handle]
        if not places:
            return Response("There is no such product.", 404)
        script = self._life.deliveries.to + SCRIPT
        return self._page("product.html", shop=self._shop, life=self._life, places=places, script=script)

    def _page(self, name: str, **shown: object) -> Response:
        return HTMLResponse(self._templates.get_template(name).render(shown), headers={"Cache-Control": "no-store"})

    def _acted(self, act: Callable[[dict[str, str]], None]) -> Callable[[Request], object]:
        async def taken(request: Request) -> Response:
            form = dict(parse_qsl((await request.body()).decode()))
            try:
                act(form)
            except (KeyError, ValueError, InvalidOperation) as error:
                return Response(f"{type(error).__name__}: {error}\n", 400)
            return RedirectResponse("/", 303)

        return taken

    def _place(self, form: dict[str, str]) -> int:
        for place in range(len(self._shop.units)):
            if self._shop.variant(place) == form["variant"]:
                return place
        raise ValueError("there is no variant of this id")

    def _restock(self, form: dict[str, str]) -> None:
        self._life.restock(self._place(form), _number(form.get("units", "1")))

    def _sell(self, form: dict[str, str]) -> None:
        self._life.sell(self._place(form), _number(form.get("units", "1")), form.get("email", BUYER))

    def _price(self, form: dict[str, str]) -> None:
        price = Decimal(form["price"]).quantize(Decimal("0.01"))
        if not 0 <= price < MOST:
            raise ValueError("a price is not negative, and below 100,000")
        self._life.reprice(self._place(form), price)

    def _on(self, form: dict[str, str]) -> None:
        del form
        self._shop.is_off = False

    def _secret(self, form: dict[str, str]) -> None:
        self._shop.typed = form["secret"].strip()
        self._life.open()


def _number(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MOST:
        raise ValueError(f"so many units are between 1 and {MOST:,}")
    return number
