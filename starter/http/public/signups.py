"""`POST /v1/signups`: a shopper asks to be told. Open to every shop's pages; says the same whoever asks."""

import secrets
from collections.abc import Callable, Collection, Coroutine
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from activities.waitlist.entrances import Shown
from activities.waitlist.place_shown import Noted
from schemas.addresses import EmailAddress
from schemas.ids import StoreId
from schemas.incoming.events import Storable
from schemas.incoming.facts import ExternalId
from schemas.model import Model
from schemas.names import PRINTABLE, Code
from schemas.wanted import Wanted
from starter.http.dependencies import InjectedDependencies, dependencies_of
from starter.http.json_bodies import JsonRoute
from starter.http.limits import SignUpLimit, public_network
from starter.http.problems import Kind, Refusal, problem_responses
from starter.http.turns import Turns

PATH = "/v1/signups"
SOURCE = "sign-up form"
"""Where consent was given, as the record of consents has it."""
PREFLIGHT_SECONDS = 24 * 3600
"""How long a browser may remember that it can post here; browsers cap it lower."""


def _without_query(url: str) -> str:
    """A page's address without what may be somebody's own: query, fragment, login.

    Raises:
        ValueError: it is no address of a page.
    """
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in ("https", "http"):
        raise ValueError("write the whole address of the page, with https:// before it")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


Page = Annotated[Storable, Field(max_length=2000), AfterValidator(_without_query)]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]


class ConsentShown(Model):
    """What the shopper was shown when they agreed: kept as the proof of their consent.

    Attributes:
        text: the words beside the button or the box.
        page: the address of the page; what comes after `?` or `#` is not kept.
        purpose: what they agreed to be written to for, as a short name.
    """

    text: Annotated[Storable, Field(min_length=1, max_length=5000, examples=["Yes, tell me when it is back."])]
    page: Annotated[Page | None, Field(examples=["https://shop.example/products/mug"])] = None
    purpose: Annotated[Code, Field(examples=["alerts"])] = "alerts"


class Proof(Model):
    """Work that was done for a sign-up, because the answer to it was `work-needed`.

    Attributes:
        challenge: as that answer had it.
        number: so that the SHA-256 of `challenge.number` begins with as many bits of zero as it said.
    """

    challenge: Annotated[str, Field(max_length=200)]
    number: Annotated[str, Field(max_length=20, pattern=r"^[0-9]+$", examples=["16384"])]


class SignUp(Model):
    """Who wants to be told of what.

    Attributes:
        store: the shop's id, as its storefront has it.
        variant: the storefront's own id of the variant.
        quantity: how many units they want: they are told once so many are there. Left out: one; of who waits already,
            as many as before.
        list: the list it is for, by its code; needed only where several of the store's lists could be meant.
        email: where to write; posting it is the consent to be written to about this variant.
        phone: their number, beside or instead of it, with + and the country's code, or as people write it in the list's
            `country`.
        sms_consent: that they agree to text messages to it; a box of its own that they ticked.
        consent: what was shown to the shopper for it.
        language: what they read, by its BCP 47 tag, like de or pt-BR.
        homepage: nothing. A form has a field of this name that people do not see, and programs fill in; then the
            sign-up is answered like any other, and nobody enters.
        proof: where the answer before was `work-needed`.
    """

    store: Annotated[StoreId, Field(min_length=1, max_length=255, pattern=PRINTABLE, examples=["shop.example"])]
    variant: Annotated[ExternalId, Field(examples=["642667041472713922"])]
    quantity: Wanted | None = None
    list: Annotated[Code | None, Field(examples=["default"])] = None
    phone: Annotated[str | None, Field(min_length=1, max_length=40, examples=["+12025550123"])] = None
    email: Annotated[EmailAddress | None, Field(examples=["shopper@example.com"], validate_default=True)] = None
    sms_consent: Annotated[bool, Field(strict=True, validate_default=True)] = False
    consent: ConsentShown | None = None
    language: Annotated[Language | None, Field(examples=["de"])] = None
    homepage: Annotated[str, Field(max_length=2000)] = ""
    proof: Proof | None = None

    @field_validator("email")
    @classmethod
    def _can_be_reached(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("phone", "") is None:
            raise ValueError("a sign-up has an 'email', a 'phone' or both")
        return value

    @field_validator("sms_consent")
    @classmethod
    def _of_a_number(cls, value: bool, info: ValidationInfo) -> bool:
        email, phone = info.data.get("email", ""), info.data.get("phone", "")
        if value and phone is None:
            raise ValueError("this is about a 'phone', and there is none")
        if not value and phone and email is None:
            raise ValueError("a 'phone' alone needs this to be true: without it nothing could be sent there")
        return value


MAILED = "We have noted it: unless something speaks against it, you will get an e-mail when it is back."
TEXTED = "We have noted it: unless something speaks against it, you will get a text message when it is back."
DEVICE_BYTES = 16


class SignUpAccepted(Model):
    """The answer to every good sign-up, of new contacts and of those who stand in line already.

    Attributes:
        confirm: the list asks by e-mail first whoever has not said yes to it yet, this address's owner or not.
        device: a token, at random, by which this browser may tell what its shopper looks at (`POST /v1/views`).
        place_at_most: so many have asked for it by now, so who has just asked stands no further back. Null where that
            is not known.
        successor: where it is gone for good, the title of what succeeds it and is waited for instead.
    """

    status: Literal["accepted"] = "accepted"
    detail: str = MAILED
    confirm: bool = False
    device: Annotated[str, Field(examples=["Zk3vQm0e9Jx1rT5bW2aUyg"])]
    place_at_most: Annotated[int | None, Field(examples=[41])] = None
    successor: Annotated[str | None, Field(examples=["Green kettle"])] = None


class CountedRoute(JsonRoute):
    """A route whose every request counts, before its body is read: also one that is no JSON.

    It waits for its turn once its body is there, so that a slow one takes nobody's. What is accepted is answered on a
    beat, once all that it took has been given back; what is refused, whoever asks, at once.
    """

    refusal = "There were too many sign-ups from your network just now. Please try again in a minute."

    def limit(self, request: Request) -> SignUpLimit:
        """What counts these requests by where they come from."""
        return dependencies_of(request).sign_up_limit

    def turns(self, request: Request) -> Turns:
        """What they wait for each other in."""
        return dependencies_of(request).sign_up_turns

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def count_first(request: Request) -> Response:
            seconds = await self.limit(request).seconds_to_wait(request.client.host if request.client else None)
            if seconds:
                raise Refusal(Kind.TOO_MANY_REQUESTS, self.refusal, headers={"Retry-After": str(seconds)})
            await request.body()
            beats = dependencies_of(request).beats
            async with self.turns(request).turn():
                began = beats.clock()
                accepted = await handle(request)
            await beats.keep(began)
            return accepted

        return count_first


router = APIRouter(tags=["sign-ups"], route_class=CountedRoute)


@router.post(
    PATH,
    status_code=202,
    summary="Sign a shopper up",
    responses=problem_responses(
        Kind.REQUEST_MALFORMED,
        Kind.NOT_FOUND,
        Kind.BODY_TOO_LARGE,
        Kind.INVALID,
        Kind.TOO_MANY_REQUESTS,
        Kind.WORK_NEEDED,
        Kind.NOT_OPEN,
        Kind.BUSY,
    ),
)
async def sign_up(asked: SignUp, request: Request, dependencies: InjectedDependencies) -> SignUpAccepted:
    """Needs no API key. Limited per network address; neither words nor time tell whether the address was known."""
    sign_ups, caps = dependencies.services.sign_ups, dependencies.sign_up_caps
    network = public_network(request.client.host if request.client else None)
    device = secrets.token_urlsafe(DEVICE_BYTES)
    if asked.homepage:
        dependencies.metrics.trapped_sign_up()
        noted = await dependencies.services.places_shown.of_next(asked.store, asked.variant, asked.list)
        return _accepted(asked, device, noted)
    proof = asked.proof and (asked.proof.challenge, asked.proof.number)
    await dependencies.services.proof_of_work.require(
        dependencies.work_bounds, network, asked.store, asked.variant, proof
    )
    result = await sign_ups.sign_up(
        asked.email,
        asked.store,
        asked.variant,
        _shown(asked, network, device),
        list_code=asked.list,
        most_of_mailbox=caps.per_mailbox,
        most_of_network=caps.per_network,
        phone=asked.phone,
        texts=asked.sms_consent,
        quantity=asked.quantity,
    )
    confirm = result.asks_first and asked.email is not None
    return _accepted(asked, device, Noted(result.place_at_most, result.successor), confirm=confirm)


def _accepted(asked: SignUp, device: str, noted: Noted, *, confirm: bool = False) -> SignUpAccepted:
    detail = TEXTED if asked.email is None else MAILED
    if noted.successor is not None:
        detail = (
            f"It is gone for good; its successor is {noted.successor}. {detail.replace('it is back', 'that is there')}"
        )
    return SignUpAccepted(
        detail=detail,
        confirm=confirm,
        device=device,
        place_at_most=noted.place_at_most,
        successor=noted.successor,
    )


def _shown(asked: SignUp, network: str | None, device: str) -> Shown:
    consent = asked.consent
    if consent is None:
        return Shown(SOURCE, network=network, language=asked.language, device=device)
    return Shown(SOURCE, consent.purpose, consent.text, consent.page, network, asked.language, device)


class OpenToShops:
    """ASGI middleware: pages of any origin may post sign-ups from a browser, and reach nothing else.

    Without credentials, so a page gains nothing over a program that posts the same.

    Args:
        paths: where sign-ups are posted. Some name in a header which revision of an API they speak.
    """

    def __init__(self, app: ASGIApp, paths: Collection[str]) -> None:
        self._closed, self._paths = app, frozenset(paths)
        self._open = CORSMiddleware(
            app,
            allow_origins=["*"],
            allow_methods=["POST"],
            allow_headers=["Content-Type", "Revision"],
            expose_headers=["Retry-After", "X-Request-Id"],
            max_age=PREFLIGHT_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._open if scope["type"] == "http" and scope["path"] in self._paths else self._closed
        await app(scope, receive, send)
