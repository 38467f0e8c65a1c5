"""Operations beyond approvals: what is stopped, how long alerts take, deliveries, bulk operations, and the upkeep."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from schemas.reasons import Reason
from schemas.responses.users import Role
from starter.accounts.viewer import Viewer
from starter.http.api.journeys import asking_temporal
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.forms import PostedForm
from starter.http.console.operations_tabs import tabs_of
from starter.http.console.rendering import page, with_query, words
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, Refusal
from starter.ops.findings import Health
from starter.ops.repair import By
from starter.reporting.reports import Period

router = console_router()

MOST = 50
"""Rows on a page."""
YOUNG = timedelta(minutes=5)
"""What is younger may still be under way, as in the schedule's own runs."""
_WORST_FIRST = (Health.BAD, Health.NOTE, Health.GOOD)
Done = Annotated[int | None, Query(ge=0)]


def _length(length: timedelta) -> str:
    """In seconds up to a minute, exactly; then in minutes and hours."""
    seconds = length.total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _seconds(seconds: float | None) -> timedelta:
    return timedelta(seconds=seconds or 0)


def _after(begun: datetime | None, ended: datetime | None) -> str:
    """How much later, to stand behind a moment; nothing where one of the two is not known."""
    return "" if begun is None or ended is None else f" (+{_length(max(timedelta(), ended - begun))})"


_TOLD: dict[str, Any] = {"length": _length, "seconds": _seconds, "after": _after}


def _tab(request: Request, viewer: Viewer, name: str, **given: Any) -> HTMLResponse:
    t = words(request)
    return page(
        request, f"operations/{name}.html", tabs=tabs_of(viewer, t), title=t(f"operations.{name}"), **_TOLD, **given
    )


@router.get("/operations/stopped", dependencies=[needs_role(Role.SUPPORT, somewhere=True)])
async def stopped(
    request: Request, services: InjectedServices, viewer: CurrentViewer, done: Done = None
) -> HTMLResponse:
    """Journeys that cannot go on, by cause, version and step."""
    stuck = await services.repairs.stuck(viewer.stores(Role.SUPPORT))
    groups = [group for group in stuck.groups if group.cause is not Reason.AWAITING_APPROVAL]
    may_resume = viewer.may_somewhere(Role.PUBLISHER)
    return _tab(
        request,
        viewer,
        "stopped",
        stuck=stuck,
        groups=groups,
        may_resume=may_resume,
        all=viewer.may(Role.SUPPORT),
        done=done,
    )


@router.post("/operations/stopped", dependencies=[needs_role(Role.PUBLISHER, somewhere=True)])
async def resume(services: InjectedServices, viewer: CurrentViewer, form: PostedForm) -> Response:
    """Let those of one group try again, with every check."""
    cause = form.text("cause")
    if cause not in set(Reason):
        raise Refusal(Kind.INVALID, "There is no such cause.")
    by = By(viewer.actor, form.text("why")[:1000] or "resumed in the console")
    stores = viewer.stores(Role.PUBLISHER)
    resumed = await services.repairs.resume(
        Reason(cause), form.text("conversation") or None, form.text("step") or None, by, stores
    )
    return RedirectResponse(with_query("/operations/stopped", done=resumed.journeys), 303)


@router.get("/operations/delays", dependencies=[needs_role(Role.SUPPORT, somewhere=True)])
async def delays(
    request: Request,
    services: InjectedServices,
    viewer: CurrentViewer,
    before: Annotated[str | None, Query(max_length=300)] = None,
) -> HTMLResponse:
    """The way of each alert that was sent, and how long each leg took."""
    stores = viewer.stores(Role.SUPPORT)
    latest = await services.delays.latest(MOST, before, stores)
    report = None if before else await services.delays.delays(Period(), stores=stores)
    more = with_query("/operations/delays", before=latest.told[-1].key) if latest.more else None
    first = "/operations/delays" if before else None
    return _tab(request, viewer, "delays", told=latest.told, report=report, next=more, first=first)


@router.get("/operations/deliveries", dependencies=[needs_role(Role.SUPPORT, somewhere=True)])
async def deliveries(
    request: Request,
    services: InjectedServices,
    viewer: CurrentViewer,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    delivery: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> HTMLResponse:
    """Deliveries that could not be read, and one of them as it came."""
    stores = viewer.stores(Role.SUPPORT)
    found = (await services.deliveries.malformed(MOST + 1, before, stores)).deliveries
    shown = await services.deliveries.malformed_one(delivery, stores) if delivery else None
    more = with_query("/operations/deliveries", before=found[MOST - 1].id) if len(found) > MOST else None
    first = "/operations/deliveries" if before else None
    return _tab(request, viewer, "deliveries", deliveries=found[:MOST], shown=shown, next=more, first=first)


@router.get("/operations/bulk", dependencies=[needs_role(Role.SUPPORT)])
async def bulk(request: Request, services: InjectedServices, viewer: CurrentViewer) -> HTMLResponse:
    """What is done to many journeys at once, and how far it has come."""
    latest = await services.bulk_operations.latest()
    may_cancel = viewer.may(Role.PUBLISHER)
    return _tab(request, viewer, "bulk", operations=latest.operations, may_cancel=may_cancel)


@router.post("/operations/bulk", dependencies=[needs_role(Role.PUBLISHER)])
async def cancel_bulk(services: InjectedServices, viewer: CurrentViewer, form: PostedForm) -> Response:
    """Leave alone whoever was not asked yet."""
    number = form.text("operation")
    if not number.isdecimal() or len(number) > 18:
        raise Refusal(Kind.INVALID, "There is no operation of this number.")
    await services.bulk_operations.cancel(int(number), viewer.actor)
    return RedirectResponse("/operations/bulk", 303)


@router.get("/operations/senders", dependencies=[needs_role(Role.ADMIN)])
async def senders(request: Request, services: InjectedServices, viewer: CurrentViewer) -> HTMLResponse:
    """Senders at fault, and how many journeys rest for that."""
    found = (await services.repairs.stopped_senders()).senders
    counted = await services.repairs.resume(Reason.SENDER_AT_FAULT, None, None, None)
    return _tab(request, viewer, "senders", senders=found, journeys=counted.journeys)


@router.post("/operations/senders", dependencies=[needs_role(Role.ADMIN)])
async def clear_senders(services: InjectedServices, viewer: CurrentViewer, form: PostedForm) -> Response:
    """They were mended: ask them again, and let the journeys go on."""
    by = By(viewer.actor, form.text("why")[:1000] or "mended")
    await services.repairs.resume(Reason.SENDER_AT_FAULT, None, None, by)
    return RedirectResponse("/operations/senders", 303)


@router.get("/operations/findings", dependencies=[needs_role(Role.ADMIN)])
async def findings(request: Request, services: InjectedServices, viewer: CurrentViewer) -> HTMLResponse:
    """The last check-up; where it is old, another is made meanwhile."""
    last = services.checkup.last()
    found = sorted(last.checkup.findings, key=lambda each: _WORST_FIRST.index(each.health)) if last else []
    return _tab(request, viewer, "findings", last=last, findings=found)


@router.post("/operations/findings", dependencies=[needs_role(Role.ADMIN)])
async def look(services: InjectedServices) -> Response:
    """Look now."""
    await services.checkup.look()
    return RedirectResponse("/operations/findings", 303)


@router.get("/operations/backlog", dependencies=[needs_role(Role.ADMIN)])
async def backlog(
    request: Request, services: InjectedServices, viewer: CurrentViewer, done: Done = None
) -> HTMLResponse:
    """Calls to Temporal that wait, and those that were given up."""
    return _tab(request, viewer, "backlog", figures=await services.backlog.figures(), done=done)


@router.post("/operations/backlog", dependencies=[needs_role(Role.ADMIN)])
async def retry_parked(services: InjectedServices, viewer: CurrentViewer) -> Response:
    """Try again what was given up."""
    calls = await services.backlog.retry_parked(viewer.actor)
    return RedirectResponse(with_query("/operations/backlog", done=calls), 303)


@router.get("/operations/upkeep", dependencies=[needs_role(Role.ADMIN)])
async def upkeep(
    request: Request, services: InjectedServices, viewer: CurrentViewer, done: Done = None
) -> HTMLResponse:
    """Reconciliation and the archive: how they stand."""
    status = await services.upkeep.archive_status()
    last = await services.upkeep.last_reconciliation()
    return _tab(request, viewer, "upkeep", archive=status, last=last, done=done)


@router.post("/operations/upkeep", dependencies=[needs_role(Role.ADMIN)])
async def run_upkeep(services: InjectedServices, viewer: CurrentViewer, form: PostedForm) -> Response:
    """Run one of them now, and say how much it did."""
    async with asking_temporal():
        if form.text("run") == "archive":
            done = (await services.upkeep.archive(YOUNG, viewer.actor)).kept
        else:
            done = (await services.upkeep.reconcile(YOUNG, viewer.actor)).repairs
    return RedirectResponse(with_query("/operations/upkeep", done=done), 303)


@router.get("/operations/settings", dependencies=[needs_role(Role.ADMIN)])
async def settings(request: Request, services: InjectedServices, viewer: CurrentViewer) -> HTMLResponse:
    """The settings as this process has them; nothing secret."""
    return _tab(request, viewer, "settings", settings=services.settings_shown.all())
