"""The lines: for each variant and product who waits, what is wanted most, and how much to order."""

from typing import Annotated

from fastapi import Query, Request, Response

from schemas.ids import StoreId
from schemas.responses.lines import LinePage
from schemas.responses.users import Role
from starter.accounts.viewer import Viewer
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.choices import known_alerts, known_stores
from starter.http.console.line_addresses import line_address
from starter.http.console.rendering import page, with_query, words
from starter.http.dependencies import InjectedServices
from starter.reporting.spreadsheets import MEDIA_TYPE, lines_csv
from starter.services import Services
from starter.waitlists.lines import LARGEST_PAGE, LineSort, LinesShown, WantedLines

router = console_router()

PAGE = 50
MOST_EXPORTED = 20_000
"""Lines of one file."""
Text = Annotated[str, Query(max_length=200)]


@router.get("/lines", dependencies=[needs_role(Role.VIEWER, somewhere=True)])
async def lines(
    request: Request,
    viewer: CurrentViewer,
    services: InjectedServices,
    store: Text = "",
    alert: Text = "",
    text: Text = "",
    show: LinesShown = LinesShown.ALL,
    sort: LineSort = LineSort.WAITING,
    after: Annotated[str, Query(max_length=2000)] = "",
) -> Response:
    """Who waits for what: a page of the lines that were asked for."""
    wanted = _wanted(viewer, store, alert, text, show, sort)
    found = await services.waiting_lines.page(wanted, after or None, PAGE)
    asked = {"store": store, "alert": alert, "text": text.strip(), "show": show, "sort": sort}
    t = words(request)
    return page(
        request,
        "lines/list.html",
        block="found",
        found=found,
        asked=asked,
        chosen=any((store, alert, text.strip(), show is not LinesShown.ALL)),
        store_options=await known_stores(viewer, services, t("frame.all_stores")),
        alert_options=await known_alerts(viewer, services, t("frame.all"), alert),
        show_options=[(each.value, t(f"lines.show_{each}")) for each in LinesShown],
        sort_options=[(each.value, t(f"lines.sort_{each}")) for each in LineSort],
        after=after,
        first=with_query("/lines", **asked),
        next=with_query("/lines", **asked, after=found.next) if found.next else None,
        export=with_query("/lines/export.csv", **asked),
        line_address=line_address,
    )


@router.get("/lines/export.csv", dependencies=[needs_role(Role.VIEWER, somewhere=True)])
async def export(
    viewer: CurrentViewer,
    services: InjectedServices,
    store: Text = "",
    alert: Text = "",
    text: Text = "",
    show: LinesShown = LinesShown.ALL,
    sort: LineSort = LineSort.WAITING,
) -> Response:
    """The same lines as a file."""
    wanted = _wanted(viewer, store, alert, text, show, sort)
    content = lines_csv([line for each in await _all(services, wanted) for line in each.lines])
    headers = {"Content-Disposition": 'attachment; filename="waiting-lists.csv"', "Cache-Control": "no-store"}
    return Response(content, media_type=MEDIA_TYPE, headers=headers)


async def _all(services: Services, wanted: WantedLines) -> list[LinePage]:
    pages = [await services.waiting_lines.page(wanted, None, LARGEST_PAGE)]
    while (after := pages[-1].next) is not None and len(pages) * LARGEST_PAGE < MOST_EXPORTED:
        pages.append(await services.waiting_lines.page(wanted, after, LARGEST_PAGE))
    return pages


def _wanted(viewer: Viewer, store: str, alert: str, text: str, show: LinesShown, sort: LineSort) -> WantedLines:
    stores = viewer.stores(Role.VIEWER)
    if store:
        stores = [StoreId(store)] if viewer.knows(store) else []
    return WantedLines(stores, alert or None, text.strip() or None, show, sort)
