"""Importing a waiting list: a file is looked at first, and what it would do is shown before anybody enters."""

from base64 import b64decode, b64encode

from fastapi import Request, Response

from schemas.errors import DomainError
from schemas.ids import StoreId
from schemas.responses.users import Role
from schemas.responses.waitlists import ImportReport
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.forms import Posted, PostedForm
from starter.http.console.line_addresses import import_address
from starter.http.console.rendering import page, words
from starter.http.dependencies import InjectedServices
from starter.services import Services
from starter.waitlists.files.files import read_waitlist
from starter.waitlists.files.moments import DateOrder
from starter.waitlists.files.table import CannotReadWaitlist

router = console_router()

LARGEST = 1024 * 1024
"""Bytes of a file: it is posted twice. A larger one is imported by command."""
MISTAKES_SHOWN = 20


@router.get("/lines/{store:id}/import", dependencies=[needs_role(Role.PUBLISHER)])
async def form(request: Request, services: InjectedServices, store: str) -> Response:
    """Which file, and how it is to be read."""
    return await _page(request, services, store, Posted({}, {}))


@router.post("/lines/{store:id}/import", dependencies=[needs_role(Role.PUBLISHER)])
async def look_or_import(
    request: Request, viewer: CurrentViewer, services: InjectedServices, store: str, form: PostedForm
) -> Response:
    """Look at a file that was chosen; import the one that was looked at."""
    keep = "import" in form
    content = _kept(form) if keep else form.files.get("file", b"")
    t = words(request)
    if not content:
        return await _page(request, services, store, form, refused=t("lines.no_file"))
    if len(content) > LARGEST:
        return await _page(request, services, store, form, refused=t("lines.too_large", size=LARGEST // 1024))
    try:
        report = await _run(services, store, form, content, viewer.actor, keep=keep)
    except (CannotReadWaitlist, DomainError) as error:
        return await _page(request, services, store, form, refused=str(error))
    return await _page(request, services, store, form, report=report, content=None if keep else content)


async def _run(services: Services, store: str, form: Posted, content: bytes, by: str, *, keep: bool) -> ImportReport:
    dates = form.text("dates")
    file = read_waitlist(
        content,
        default_time_zone=form.text("time_zone") or "UTC",
        dates=DateOrder(dates) if dates in list(DateOrder) else None,
        country=form.text("country").upper() or None,
    )
    imported = services.waitlist_imports.of(file, StoreId(store), form.text("alert") or None)
    return await imported.run(lambda _: None, lambda _: None, keep=keep, actor=by)


def _kept(form: Posted) -> bytes:
    """The file that was looked at, as its page sends it back."""
    try:
        return b64decode(form.text("content"), validate=True)
    except ValueError:
        return b""


async def _page(
    request: Request,
    services: Services,
    store: str,
    asked: Posted,
    *,
    refused: str | None = None,
    report: ImportReport | None = None,
    content: bytes | None = None,
) -> Response:
    t = words(request)
    dates = ((each.value, t(f"lines.dates_{each.name.lower()}")) for each in DateOrder)
    alerts = [each for each in (await services.pausing.alerts()).alerts if each.stores is None or store in each.stores]
    return page(
        request,
        "lines/import.html",
        store=store,
        address=import_address(store),
        asked=asked,
        alert_options=[("", t("lines.by_file")), *((each.alert, each.name or each.alert) for each in alerts)],
        date_options=[("", t("lines.dates_by_column")), *dates],
        refused=refused,
        report=report,
        content=b64encode(content).decode() if content is not None else None,
        most_mistakes=MISTAKES_SHOWN,
    )
