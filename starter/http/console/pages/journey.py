"""History Replay: the path of one journey, stay by stay; and what can be done for it where it rests."""

import re
from typing import Annotated

from fastapi import Path, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from schemas.errors import DomainError, ErrorKind
from schemas.ids import JourneyId, StoreId
from schemas.responses.previews import PreviewedMessage
from schemas.responses.repair import Repair
from schemas.responses.users import Role
from starter.accounts.viewer import Viewer
from starter.http.api.journeys import asking_temporal
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.forms import PostedForm
from starter.http.console.rendering import page, with_query
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, Refusal
from starter.ops.previews import About
from starter.ops.repair import By
from starter.versioning.which import Which

router = console_router()

Journey = Annotated[JourneyId, Path(max_length=64)]
Stay = Annotated[int | None, Query(ge=1, le=100_000)]
SUPPORT = needs_role(Role.SUPPORT, somewhere=True)
DONE = {"cancelled", "retry", "skip", "finish"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src {pictures}; sandbox; frame-ancestors 'self'"
"""Of a message: nothing of it runs, and nothing is fetched for it but pictures, if somebody asks for them."""
_FETCHED = re.compile(r"<link\b[^>]*>|@import\s[^;]*;", re.IGNORECASE)


def _stores(viewer: Viewer) -> list[StoreId] | None:
    return viewer.stores(Role.SUPPORT)


@router.get("/journeys/{journey}", dependencies=[SUPPORT])
async def replay(
    journey: Journey,
    request: Request,
    viewer: CurrentViewer,
    services: InjectedServices,
    at: Stay = None,
    step: str = "",
    round: int = 0,
    pictures: bool = False,
    done: str = "",
) -> Response:
    """Its path; `at`: the state after so many stays, or the stay of a message by its step and round."""
    async with asking_temporal():
        told = await services.replays.of(journey, viewer.actor, _stores(viewer))
    count = len(told.stays)
    wanted = at or told.stay_of(step, round) or count
    return page(
        request,
        "people/journey.html",
        replay=told,
        at=max(1, min(wanted, count)) if count else 0,
        pictures=pictures,
        done=done if done in DONE else None,
        repairs=list(Repair),
    )


@router.get("/journeys/{journey}/messages/{message}", dependencies=[SUPPORT])
async def message(
    journey: Journey,
    message: str,
    viewer: CurrentViewer,
    services: InjectedServices,
    version: str = "",
    pictures: bool = False,
) -> Response:
    """A message as it looks, alone, under a policy that lets nothing run."""
    report = await services.journeys.show(journey, _stores(viewer))
    await services.audit_log.looked_at(report.contact_id, viewer.actor)
    which = Which.named(version or report.version)
    if which.code != report.conversation:
        raise Refusal(Kind.NOT_FOUND, "This journey has no such message.")
    document = await services.versions.document(which)
    product = None if report.product_id is None or report.variant_id is not None else report.product_id
    about = About(report.contact_id, report.store_id, product, report.variant_id)
    try:
        html = _html((await services.previews.preview(document, about, message, None)).messages[0])
    except DomainError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            raise
        # Why it cannot be shown is said in its place: the page stands inside another.
        html = _text(error.public)
    policy = _POLICY.format(pictures="https: http: data:" if pictures else "data:")
    return HTMLResponse(html, headers={"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"})


def _html(shown: PreviewedMessage) -> str:
    """Without what a mail asks to be fetched from elsewhere to be styled by: the policy would refuse it."""
    if shown.html is not None:
        return _FETCHED.sub("", shown.html)
    return _text(shown.text)


def _text(shown: str) -> str:
    text = shown.replace("&", "&amp;").replace("<", "&lt;")
    return f'<!doctype html><meta charset="utf-8"><pre style="white-space:pre-wrap;font:1rem system-ui">{text}</pre>'


@router.post("/journeys/{journey}/cancel", dependencies=[SUPPORT])
async def cancel(journey: Journey, viewer: CurrentViewer, services: InjectedServices) -> Response:
    """End it; its place passes to the next in line."""
    await services.journeys.cancel(journey, viewer.actor, _stores(viewer))
    return _back(journey, "cancelled")


@router.get("/journeys/{journey}/repair", dependencies=[SUPPORT])
async def plan_repair(
    journey: Journey, request: Request, viewer: CurrentViewer, services: InjectedServices, do: Repair
) -> Response:
    """What a repair would do, before it is done."""
    report = await services.journeys.show(journey, _stores(viewer))
    plan, refused = None, None
    try:
        async with asking_temporal():
            plan = await services.repairs.repair(journey, do, None)
    except DomainError as error:
        if error.kind is not ErrorKind.CONFLICT:
            raise
        refused = error.public
    return page(request, "people/repair.html", report=report, do=do, plan=plan, refused=refused)


@router.post("/journeys/{journey}/repair", dependencies=[SUPPORT])
async def repair(journey: Journey, viewer: CurrentViewer, services: InjectedServices, form: PostedForm) -> Response:
    """Do it, and keep why in the audit."""
    await services.journeys.show(journey, _stores(viewer))
    try:
        do = Repair(form.text("do"))
    except ValueError:
        raise Refusal(Kind.INVALID, "There is no such repair.") from None
    why = form.text("why")[:200] or "by support"
    async with asking_temporal():
        await services.repairs.repair(journey, do, By(viewer.actor, why))
    return _back(journey, do)


def _back(journey: JourneyId, done: str) -> Response:
    return RedirectResponse(with_query(f"/journeys/{journey}", done=done), 303)
