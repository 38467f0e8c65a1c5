"""Visual Analytics: the figures of a conversation on its tree, in any period, and those behind each number."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Annotated

from fastapi import Query, Request, Response

from schemas.document.conversation import ConversationDocument
from schemas.ids import StoreId
from schemas.reasons import Reason
from schemas.responses.analytics import ENTRANCE, ConversationAnalytics, Measured, PlaceFigures
from schemas.responses.users import Role
from starter.authoring.tree import LINE, TreeNode, every_node, tree_of
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.opened import Opened, open_conversation
from starter.http.console.periods import AskedPeriod, PeriodAsked
from starter.http.console.rendering import page, words
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, Refusal
from starter.reporting.analytics import Chosen, NothingPublished, Number
from starter.reporting.spreadsheets import MEDIA_TYPE, analytics_csv, people_csv
from starter.services import Services
from starter.versioning.which import Which

router = console_router()

HEATS = 5
"""How many shades of the heat map there are."""
Code = Annotated[str, Query(max_length=63)]
Text = Annotated[str, Query(max_length=255)]


@dataclass(frozen=True, slots=True)
class Shown:
    """What is asked of the page, but for the period.

    Attributes:
        measured: the number that stands first at each place.
        version: of which journeys, and whose tree; empty: of all, on the published one.
        against: what it is compared with: `before`, a version, or nothing.
        heat: places are coloured by how large their number is.
    """

    measured: Measured = Measured.ENTRIES
    version: str = ""
    against: str = ""
    heat: bool = False

    @property
    def query(self) -> dict[str, object]:
        """What of an address says the same."""
        return {
            "show": None if self.measured is Measured.ENTRIES else self.measured,
            "version": self.version,
            "against": self.against,
            "heat": "yes" if self.heat else None,
        }


@router.get("/conversations/{name}/analytics", dependencies=[needs_role(Role.VIEWER, somewhere=True)])
async def show_analytics(
    request: Request,
    name: str,
    viewer: CurrentViewer,
    services: InjectedServices,
    asked: PeriodAsked,
    show: Measured = Measured.ENTRIES,
    version: Code = "",
    against: Code = "",
    heat: Code = "",
    format_: Annotated[str, Query(alias="format", max_length=4)] = "",
) -> Response:
    """The tree with a number at each place."""
    opened = await open_conversation(services, viewer, name)
    stores = viewer.stores(Role.VIEWER)
    shown = Shown(show, version, against, bool(heat))
    versions = [each.version for each in (await services.versions.of(name)).versions]
    try:
        report = await services.analytics.figures(Chosen(name, asked.period, _of(name, version), stores))
    except NothingPublished:
        return page(request, "analytics/nothing.html", opened=opened)
    if format_ == "csv":
        return _file(analytics_csv(report), f"{name}-analytics")
    document = await services.versions.document(_drawn(opened, version, versions))
    nodes = tree_of(document)
    on_tree = {place for node in every_node(nodes) if (place := place_of(node)) is not None}
    found = document.experiment.name if document.experiment else None
    known = found is not None and found in await services.experiments.names(name, stores)
    return page(
        request,
        "analytics/tree.html",
        block="figures",
        opened=opened,
        asked=asked,
        shown=shown,
        report=report,
        other=await _other(services, name, asked, shown, stores),
        nodes=nodes,
        place_of=place_of,
        names=_names(document),
        elsewhere=[each for each in report.places if each.place not in on_tree and each.place != ENTRANCE],
        marks=heat_marks(report, show) if heat else {},
        version_options=[(each, each) for each in versions],
        experiment=await services.experiments.report(found, stores) if found is not None and known else None,
        may_see_people=viewer.may_somewhere(Role.SUPPORT),
    )


@router.get("/conversations/{name}/analytics/people", dependencies=[needs_role(Role.SUPPORT, somewhere=True)])
async def show_people(
    request: Request,
    name: str,
    viewer: CurrentViewer,
    services: InjectedServices,
    asked: PeriodAsked,
    place: Text = "",
    show: Measured = Measured.PEOPLE,
    reason: Text = "",
    currency: Text = "",
    version: Code = "",
    cursor: Text = "",
    format_: Annotated[str, Query(alias="format", max_length=4)] = "",
) -> Response:
    """Those behind one number, as many as it says."""
    opened = await open_conversation(services, viewer, name)
    if reason and reason not in frozenset(Reason):
        raise Refusal(Kind.NOT_FOUND, "There is no such reason.")
    chosen = Chosen(name, asked.period, _of(name, version), viewer.stores(Role.SUPPORT))
    number = Number(place, show, Reason(reason) if reason else None, currency or None)
    if format_ == "csv":
        people = [each async for each in services.analytics.all_people(chosen, number, viewer.actor)]
        return _file(people_csv(people), f"{name}-people")
    found = await services.analytics.people(chosen, number, viewer.actor, cursor or None)
    kept = {"place": place, "show": show, "reason": reason, "currency": currency, "version": version} | asked.query
    return page(
        request,
        "analytics/people.html",
        opened=opened,
        asked=asked,
        number=number,
        found=found,
        kept=kept,
        cursor=cursor,
        where=words(request)("analytics.entrance") if place == ENTRANCE else place,
    )


def place_of(node: TreeNode) -> str | None:
    """The place whose figures stand at a node; None: nobody is counted there."""
    if node.kind == LINE:
        return f"{LINE}/{node.alert}"
    return None if node.kind in ("go_to", "exit") else node.id


def heat_marks(report: ConversationAnalytics, measured: Measured) -> dict[str, str]:
    """The shade of each place by its node's id: the largest number has the darkest."""
    sizes = {each.place: size_of(each, measured) for each in report.places if each.place != ENTRANCE}
    most = max(sizes.values(), default=0)
    return {place.partition("/")[0]: f"heat-{ceil(size / most * HEATS)}" for place, size in sizes.items() if size > 0}


def size_of(figures: PlaceFigures, measured: Measured) -> float:
    """How large a number is, for comparing it with others."""
    match measured:
        case Measured.ENTRIES:
            return figures.entries
        case Measured.PEOPLE:
            return figures.people
        case Measured.NOW:
            return figures.now
        case Measured.REVENUE:
            return float(sum(figures.revenue.values()))
        case Measured.WHY_NOT:
            return sum(figures.why_not.values())


async def _other(
    services: Services, name: str, asked: AskedPeriod, shown: Shown, stores: list[StoreId] | None
) -> ConversationAnalytics | None:
    """What it is compared with."""
    match shown.against:
        case "":
            return None
        case "before":
            chosen = Chosen(name, asked.before, _of(name, shown.version), stores)
        case version:
            chosen = Chosen(name, asked.period, _of(name, version), stores)
    return await services.analytics.figures(chosen)


def _of(name: str, version: str) -> str | None:
    return f"{name}@{version.removeprefix(f'{name}@')}" if version else None


def _drawn(opened: Opened, version: str, versions: list[str]) -> Which:
    """The version whose tree is shown: the one asked for, else the published one, else the last that was."""
    return Which.named(_of(opened.code, version) or opened.summary.published or versions[0])


def _names(document: ConversationDocument) -> Mapping[str, str]:
    """What alerts are called, by the place of their line."""
    return {f"{LINE}/{code}": alert.name or code for code, alert in document.alerts.items()}


def _file(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
    return Response(content, media_type=MEDIA_TYPE, headers=headers)
