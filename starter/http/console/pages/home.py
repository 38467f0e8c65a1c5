"""Home: what needs somebody now and where it is dealt with, what left today, what it earned, and the last days."""

from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse

from schemas.responses.attention import ConcernKind
from schemas.responses.users import Role
from starter.accounts.viewer import Viewer
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.bars import bars
from starter.http.console.rendering import page
from starter.http.dependencies import InjectedServices
from starter.ops.findings import Health
from starter.services import Services

router = console_router()

CHART = (560, 96)
"""Width and height that the bars are drawn in; they are shown as wide as there is room."""
PLACES = {
    ConcernKind.SENDER_AT_FAULT: ("/operations/senders", Role.ADMIN),
    ConcernKind.STOPPED: ("/operations/stopped", Role.SUPPORT),
    ConcernKind.PARKED: ("/operations/backlog", Role.ADMIN),
    ConcernKind.SILENT: ("/stores", Role.VIEWER),
    ConcernKind.FAILING: ("/stores", Role.VIEWER),
    ConcernKind.HELD: ("/operations/approvals", Role.SUPPORT),
    ConcernKind.TEXTS: (None, Role.SUPPORT),
    ConcernKind.UNREADABLE: ("/operations/deliveries", Role.SUPPORT),
    ConcernKind.LONG_LINES: ("/lines", Role.VIEWER),
    ConcernKind.PAUSED_ALERT: ("/lines", Role.VIEWER),
    ConcernKind.PAUSED_CONVERSATION: ("/conversations", Role.VIEWER),
}
"""Where each is dealt with, and who gets there."""
PRESSING = (ConcernKind.SENDER_AT_FAULT, ConcernKind.STOPPED, ConcernKind.PARKED, ConcernKind.FAILING)
"""Nothing goes on by itself until it is mended."""


@router.get("/", dependencies=[needs_role(Role.VIEWER, somewhere=True)])
async def home(request: Request, services: InjectedServices, viewer: CurrentViewer) -> HTMLResponse:
    """What needs somebody now, and how it goes."""
    glance = await services.attention.glance(ZoneInfo(viewer.time_zone), viewer.stores(Role.VIEWER))
    return page(
        request,
        "home.html",
        block="now",
        glance=glance,
        places={kind: path for kind, (path, role) in PLACES.items() if viewer.may_somewhere(role)},
        pressing=PRESSING,
        broken=_broken(services, viewer),
        chart=bars([each.told for each in glance.days], *CHART),
        size=CHART,
    )


def _broken(services: Services, viewer: Viewer) -> int:
    """How many findings of the last check-up have to be mended, for whoever can."""
    if not viewer.may(Role.ADMIN):
        return 0
    last = services.checkup.last()
    return 0 if last is None else sum(each.health is Health.BAD for each in last.checkup.findings)
