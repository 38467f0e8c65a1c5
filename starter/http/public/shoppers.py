"""What the links of a mail open: the shopper's own page, unsubscribing, and the question of a double opt-in.

Every GET only shows: programs that look through mail open links. What a page does is a POST from a button on it, or,
for unsubscribing, a mail provider's own (RFC 8058). Whoever has the link may: there is no login and no cookie, so no
other site can act in a shopper's name. The answers are pages for people, errors too.
"""

import re
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from pydantic_core import PydanticCustomError

from activities.delivery.address_change import PATH as ADDRESS
from activities.delivery.shopper_links import CONFIRM, PAGE, UNSUBSCRIBE
from schemas.addresses import email_address
from schemas.ids import JourneyId
from schemas.responses.shoppers import AHEAD_SHOWN_TO, ShopperPage
from starter.http.dependencies import InjectedServices, dependencies_of
from starter.http.public.forms import fields_of
from starter.http.public.pages import HEADERS, LANGUAGES, Words, show, tell, words_for
from starter.services import Services
from starter.shops.shopper_rows import LinkUnusable, Move

LINKS_PER_MINUTE = 600
"""From one network address: mail providers unsubscribe many people from few of theirs."""
ONE_CLICK = ("List-Unsubscribe", "One-Click")
"""What a mail provider posts. Without it, a POST is somebody's mistake, or a scanner's."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
DONE = ("leave", "leave_all", "pause", "resume", "language", "subscribe", "unsubscribe", "address")
"""What a page can have done, by its name in forms, in words and in the address that it leads back to."""


class LinkRoute(APIRoute):
    """A route behind a link: limited by network, and what goes wrong with the link is said on a page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            client = request.client.host if request.client else None
            wait = await dependencies_of(request).link_limit.seconds_to_wait(client)
            if wait:
                busy = tell(_words(request), "busy", HTTPStatus.TOO_MANY_REQUESTS)
                busy.headers["Retry-After"] = str(wait)
                return busy
            if _TOKEN.fullmatch(request.path_params["token"]) is None:
                return _unusable(request, LinkUnusable("unknown"))
            try:
                return await handle(request)
            except LinkUnusable as error:
                return _unusable(request, error)

        return answer


router = APIRouter(route_class=LinkRoute, include_in_schema=False)


def _words(request: Request, language: str | None = None) -> Words:
    return words_for(language, request.headers.get("accept-language"))


def _unusable(request: Request, error: LinkUnusable) -> Response:
    words = _words(request)
    match error.why:
        case "unknown":
            return tell(words, "unknown", HTTPStatus.NOT_FOUND)
        case "closed":
            return tell(words, "closed", HTTPStatus.GONE, "unsubscribe")
        case "erased":
            return tell(words, "erased", HTTPStatus.GONE)


@router.get(UNSUBSCRIBE + "{token}")
async def ask_to_unsubscribe(token: str, request: Request, services: InjectedServices) -> Response:
    """A page with a button; it changes nothing."""
    language = await services.shoppers.language(token)
    return tell(_words(request, language), "asking", button="unsubscribe")


@router.post(UNSUBSCRIBE + "{token}")
async def unsubscribe(token: str, request: Request, services: InjectedServices) -> Response:
    """Takes the consent back, however often. A mail provider is answered with nothing, a person with a page."""
    name, value = ONE_CLICK
    fields = await fields_of(request)
    if fields.get(name) == value:
        await services.shoppers.unsubscribe(token)
        return Response(status_code=int(HTTPStatus.OK), headers=HEADERS)
    if fields.get("do") != "yes":
        language = await services.shoppers.language(token)
        return tell(_words(request, language), "asking", HTTPStatus.BAD_REQUEST, "unsubscribe")
    return tell(_words(request, await services.shoppers.unsubscribe(token)), "gone")


@router.get(CONFIRM + "{token}")
async def ask_whether_it_was_them(token: str, request: Request, services: InjectedServices) -> Response:
    """A page with a button; it changes nothing."""
    question = await services.shoppers.question(token)
    words = _words(request, question.language)
    if question.over:
        return tell(words, "late", HTTPStatus.GONE, title=question.title, shop=question.shop)
    if question.answered:
        return tell(words, "thanks", title=question.title, shop=question.shop)
    return tell(words, "was_it_you", button="was_it_you", title=question.title, shop=question.shop)


@router.post(CONFIRM + "{token}")
async def confirm(token: str, request: Request, services: InjectedServices) -> Response:
    """Says that it was them who signed up, however often."""
    if (await fields_of(request)).get("do") != "yes":
        return await ask_whether_it_was_them(token, request, services)
    question = await services.shoppers.confirm(token)
    words = _words(request, question.language)
    if question.over:
        return tell(words, "late", HTTPStatus.GONE, title=question.title, shop=question.shop)
    return tell(words, "thanks", title=question.title, shop=question.shop)


@router.get(ADDRESS + "{token}")
async def ask_about_address(token: str, request: Request, services: InjectedServices) -> Response:
    """A page with a button; it changes nothing."""
    return _address(request, await services.shoppers.move(token, agreed=False))


@router.post(ADDRESS + "{token}")
async def agree_to_address(token: str, request: Request, services: InjectedServices) -> Response:
    """Says that the new address is theirs, however often."""
    agreed = (await fields_of(request)).get("do") == "yes"
    return _address(request, await services.shoppers.move(token, agreed=agreed))


def _address(request: Request, move: Move) -> Response:
    words = _words(request, move.language)
    if move.moved:
        return tell(words, "moved")
    if not move.open:
        return tell(words, "taken", HTTPStatus.CONFLICT)
    return tell(words, "new_address", button="new_address", shop=move.shop)


@router.get(PAGE + "{token}")
async def show_page(token: str, request: Request, services: InjectedServices) -> Response:
    """What they wait for and where they stand; after something was done, what."""
    page = await services.shoppers.page(token)
    words = _words(request, page.language)
    done = request.query_params.get("done")
    return _page(page, words, done=words(f"did_{done}") if done in DONE else None)


@router.post(PAGE + "{token}")
async def act(token: str, request: Request, services: InjectedServices) -> Response:
    """Does what a button of the page says, and leads back to it."""
    fields = await fields_of(request)
    what = fields.get("do", "")
    if what == "yes":  # the button of a page that is closed
        return tell(_words(request, await services.shoppers.unsubscribe(token)), "gone")
    if what == "address":
        return await _ask_address(token, request, services, fields.get("email", ""))
    if not await _do(services, token, what, fields):
        page = await services.shoppers.page(token)
        return tell(_words(request, page.language), "wrong", HTTPStatus.BAD_REQUEST)
    return _back(token, what)


async def _do(services: Services, token: str, what: str, fields: dict[str, str]) -> bool:
    """Whether it is something that the page offers, and was done."""
    shoppers = services.shoppers
    match what, fields:
        case "leave", {"journey": journey} if journey:
            await shoppers.leave(token, JourneyId(journey))
        case "leave_all", _:
            await shoppers.leave(token, None)
        case "pause", {"days": days} if days.isascii() and days.isdigit() and int(days[:9]) > 0:
            await shoppers.pause(token, int(days[:9]))
        case "resume", _:
            await shoppers.pause(token, None)
        case "language", {"language": language} if language in LANGUAGES:
            await shoppers.speak(token, language)
        case "subscribe", _:
            await shoppers.subscribe(token)
        case "unsubscribe", _:
            await shoppers.unsubscribe(token)
        case _:
            return False
    return True


async def _ask_address(token: str, request: Request, services: Services, email: str) -> Response:
    try:
        address = email_address(email).lower()
    except PydanticCustomError:
        page = await services.shoppers.page(token)
        words = _words(request, page.language)
        return _page(page, words, HTTPStatus.UNPROCESSABLE_ENTITY, problem=words("wrong_address"))
    await services.shoppers.ask_address(token, address)
    return _back(token, "address")


def _page(
    page: ShopperPage, words: Words, status: int = HTTPStatus.OK, *, done: str | None = None, problem: str | None = None
) -> Response:
    return show("shopper.html", words, status, page=page, done=done, problem=problem, ahead_shown_to=AHEAD_SHOWN_TO)


def _back(token: str, done: str) -> Response:
    """To the page by GET, so that loading it again does nothing again; beside it, whatever path is before ours."""
    return RedirectResponse(f"{token}?{urlencode({'done': done})}", int(HTTPStatus.SEE_OTHER), HEADERS)
