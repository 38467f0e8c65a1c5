"""Signing in and out, and the pages of links that are good once: the first admin, an invitation, another password."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from schemas.errors import DomainError
from schemas.responses.users import Language, Role
from starter.accounts.attempts import TooManySignIns
from starter.accounts.links import PATH, FirstAdmin, LinkOver, Purpose
from starter.accounts.passwords import LONGEST, SHORTEST, PasswordRefused
from starter.accounts.pending_sign_ins import SecondFactorNeeded, SignInOver
from starter.accounts.signing_in import SignInRefused
from starter.accounts.user_rows import UserExists, UserRefused, time_zones
from starter.http.console.access import SIGN_OUT, CurrentViewer, console_router, needs_role, open_router
from starter.http.console.forms import Posted, PostedForm
from starter.http.console.pages.said import errors_of, said_of
from starter.http.console.pages.signing_in_page import signing_in_page
from starter.http.console.rendering import page, with_query, words
from starter.http.console.signed_in import (
    SIGN_IN,
    forget_signed_in,
    keep_signed_in,
    own_path,
    to_second_step,
    viewer_by_cookie,
    where_of,
)
from starter.http.console.words import LANGUAGES
from starter.http.dependencies import InjectedServices

open_pages = open_router()
pages = console_router()

_FIELDS = ("name", "email", "password", "time_zone")


@open_pages.get(SIGN_IN)
async def sign_in_page(
    request: Request, services: InjectedServices, next: str = "/", over: str = "", out: str = ""
) -> Response:
    """The form; whoever is signed in is led on."""
    if await viewer_by_cookie(request) is not None:
        return RedirectResponse(own_path(next), 303)
    return await signing_in_page(request, services, next, error=SignInOver() if over else None, signed_out=bool(out))


@open_pages.post(SIGN_IN)
async def sign_in(request: Request, services: InjectedServices, form: PostedForm) -> Response:
    """Takes address and password for a session, and leads on to what was asked for."""
    try:
        token = await services.signing_in.sign_in(form.text("email"), form.exact("password"), where_of(request))
    except SecondFactorNeeded as needed:
        return to_second_step(request, needed.token, form.text("next"))
    except (SignInRefused, TooManySignIns) as error:
        late = isinstance(error, TooManySignIns)
        status = HTTPStatus.TOO_MANY_REQUESTS if late else HTTPStatus.UNAUTHORIZED
        then, email = form.text("next"), form.text("email")
        return await signing_in_page(request, services, then, email=email, error=error, status=status)
    led = RedirectResponse(own_path(form.text("next")), 303)
    keep_signed_in(request, led, token)
    return led


@pages.post(SIGN_OUT, dependencies=[needs_role(Role.VIEWER, somewhere=True)])
async def sign_out(request: Request, services: InjectedServices, viewer: CurrentViewer) -> Response:
    """Ends this session."""
    await services.sessions.end(viewer.user_id, viewer.session_id)
    led = RedirectResponse(with_query(SIGN_IN, out="1" if services.identities.there else None), 303)
    forget_signed_in(request, led)
    return led


@open_pages.get(PATH + "{token}")
async def link_page(request: Request, token: str, services: InjectedServices) -> Response:
    """What a link is for; it changes nothing, for programs that look through messages open links."""
    return await _link_page(request, token, services, {})


@open_pages.post(PATH + "{token}")
async def use_link(request: Request, token: str, services: InjectedServices, form: PostedForm) -> Response:
    """Chooses the password, and signs in."""
    try:
        opened = await services.sign_in_links.open(token)
        first = _first(form) if opened.purpose is Purpose.FIRST_ADMIN else None
        session = await services.sign_in_links.use(token, form.exact("password"), where_of(request), first)
    except SecondFactorNeeded as needed:
        return to_second_step(request, needed.token, "/")
    except (LinkOver, PasswordRefused, UserRefused, UserExists) as error:
        return await _link_page(request, token, services, errors_of(words(request), error), form)
    led = RedirectResponse("/", 303)
    keep_signed_in(request, led, session)
    return led


def _first(form: Posted) -> FirstAdmin:
    language = Language(form.text("language")) if form.text("language") in tuple(Language) else Language.ENGLISH
    return FirstAdmin(form.text("email"), form.text("name"), language, form.text("time_zone") or "UTC")


async def _link_page(
    request: Request, token: str, services: InjectedServices, errors: Mapping[str, str], form: Posted | None = None
) -> Response:
    try:
        opened = await services.sign_in_links.open(token)
    except DomainError as error:
        t = words(request)
        title, text = t("accounts.link_over_title"), said_of(t, error)
        return page(request, "problem.html", status=HTTPStatus.NOT_FOUND, title=title, text=text, request_id=None)
    return page(
        request,
        "accounts/link.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        opened=opened,
        errors={"": None, **dict.fromkeys(_FIELDS), **errors},
        form=form,
        shortest=SHORTEST,
        longest=LONGEST,
        languages=LANGUAGES,
        zones=[(zone, zone) for zone in time_zones()],
    )
