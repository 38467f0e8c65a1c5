"""What is done about a line: called forward by hand, paused and resumed, moved, and given a successor."""

from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from schemas.errors import DomainError
from schemas.ids import AlertId, Level, StoreId, Subject
from schemas.responses.line_moves import LineMoveReport
from schemas.responses.lines import LineReport, LineTerms
from schemas.responses.users import Role
from starter.accounts.viewer import Viewer
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.forms import Posted, PostedForm
from starter.http.console.line_addresses import address_of
from starter.http.console.rendering import page, words
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, Refusal
from starter.ops.pausing import Pausable
from starter.waitlists.calling_forward import WantedCall
from starter.waitlists.line_moves import WantedMove

router = console_router()

LINE = "/lines/{store:id}/{level}/{thing:id}"


@router.post(LINE + "/call", dependencies=[needs_role(Role.PUBLISHER)])
async def call(
    viewer: CurrentViewer, services: InjectedServices, form: PostedForm, store: str, level: Level, thing: str
) -> Response:
    """Call the next forward, if no more offers end for it than were shown."""
    subject = _subject(store, level, thing)
    wanted = WantedCall(subject, AlertId(form.text("alert")), _number(form, "people", 1))
    done = await services.calling_forward.call(wanted, viewer.actor, _number(form, "takes_back", 0))
    return _back(subject, form, "called", done.calls)


@router.post(LINE + "/pause", dependencies=[needs_role(Role.PUBLISHER)])
async def pause(
    viewer: CurrentViewer, services: InjectedServices, form: PostedForm, store: str, level: Level, thing: str
) -> Response:
    """Pause the alert: in all of its stores."""
    subject = _subject(store, level, thing)
    terms = _pausable(viewer, await services.waiting_lines.show(subject), form)
    await services.pausing.pause(Pausable("alert", terms.alert), viewer.actor)
    return _back(subject, form, "paused")


@router.get(LINE + "/resume", dependencies=[needs_role(Role.PUBLISHER)])
async def would_resume(
    request: Request,
    viewer: CurrentViewer,
    services: InjectedServices,
    store: str,
    level: Level,
    thing: str,
    alert: str = "",
) -> Response:
    """What a resume would send."""
    subject = _subject(store, level, thing)
    line = await services.waiting_lines.show(subject)
    terms = _pausable(viewer, line, Posted({"alert": [alert]}, {}))
    would = await services.pausing.would_resume(Pausable("alert", terms.alert))
    return page(request, "lines/resume.html", line=line, terms=terms, would=would, here=address_of(subject))


@router.post(LINE + "/resume", dependencies=[needs_role(Role.PUBLISHER)])
async def resume(
    viewer: CurrentViewer, services: InjectedServices, form: PostedForm, store: str, level: Level, thing: str
) -> Response:
    """Resume it, if no more is sent for it than was shown."""
    subject = _subject(store, level, thing)
    terms = _pausable(viewer, await services.waiting_lines.show(subject), form)
    done = await services.pausing.resume(Pausable("alert", terms.alert), viewer.actor, _number(form, "at_most", 0))
    return _back(subject, form, "resumed", done.told_now)


@router.get(LINE + "/move", dependencies=[needs_role(Role.PUBLISHER)])
async def would_move(
    request: Request,
    services: InjectedServices,
    store: str,
    level: Level,
    thing: str,
    to: str = "",
    alert: str = "",
) -> Response:
    """Where the line could be moved, and what would become of whom."""
    subject = _subject(store, level, thing)
    line = await services.waiting_lines.show(subject)
    would: LineMoveReport | None = None
    refused = None
    if to.strip():
        try:
            would = await services.line_moving.would_move(_move(subject, to.strip(), alert))
        except DomainError as error:
            refused = f"{error}"
    asked = {"to": to.strip(), "alert": alert}
    here, every = address_of(subject), words(request)("frame.all")
    options = [("", every), *((each.alert, each.name or each.alert) for each in line.alerts)]
    return page(
        request,
        "lines/move.html",
        line=line,
        would=would,
        refused=refused,
        asked=asked,
        here=here,
        alert_options=options,
    )


@router.post(LINE + "/move", dependencies=[needs_role(Role.PUBLISHER)])
async def move(
    viewer: CurrentViewer, services: InjectedServices, form: PostedForm, store: str, level: Level, thing: str
) -> Response:
    """Move it, if no more are told at once for it than were shown."""
    subject = _subject(store, level, thing)
    wanted = _move(subject, form.text("to"), form.text("alert"))
    await services.line_moving.move(wanted, viewer.actor, _number(form, "tells_at_most", 0))
    return _back(subject, form, "moving")


@router.post(LINE + "/successor", dependencies=[needs_role(Role.PUBLISHER)])
async def successor(
    viewer: CurrentViewer, services: InjectedServices, form: PostedForm, store: str, level: Level, thing: str
) -> Response:
    """Name what they wait for once it is gone for good; an empty field: nothing."""
    subject = _subject(store, level, thing)
    named = form.text("successor")
    if named:
        await services.successors.set(subject, _subject(store, level, named), viewer.actor)
        return _back(subject, form, "successor_set")
    await services.successors.clear(subject, viewer.actor)
    return _back(subject, form, "successor_cleared")


def _subject(store: str, level: Level, thing: str) -> Subject:
    return Subject(store_id=StoreId(store), level=level, id=thing)


def _move(subject: Subject, to: str, alert: str) -> WantedMove:
    return WantedMove(subject, _subject(subject.store_id, subject.level, to), AlertId(alert) if alert else None)


def _pausable(viewer: Viewer, line: LineReport, form: Posted) -> LineTerms:
    """The alert of the line that is meant, if they may pause it wherever it is for."""
    terms = next((each for each in line.alerts if each.alert == form.text("alert")), None)
    if terms is None:
        raise Refusal(Kind.NOT_FOUND, "There is no such alert in this line.")
    may = viewer.may(Role.PUBLISHER) if terms.stores is None else viewer.may_in_each(Role.PUBLISHER, terms.stores)
    if not may:
        raise Refusal(Kind.FORBIDDEN, "It is for stores, too, in which you may not pause anything.")
    return terms


def _number(form: Posted, name: str, least: int) -> int:
    text = form.text(name)
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        return least
    return max(least, int(text))


def _back(subject: Subject, form: Posted, done: str, count: int = 0) -> Response:
    """To the line, which says what was done."""
    said = {name: value for name, value in (("alert", form.text("alert")), ("done", done), ("count", count)) if value}
    return RedirectResponse(f"{address_of(subject)}?{urlencode(said)}", 303)
