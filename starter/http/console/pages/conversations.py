"""The list of conversations: what each is for, whether it is live, and whether somebody works on it."""

from fastapi import Request
from fastapi.responses import HTMLResponse

from schemas.responses.users import Role
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.opened import may_see
from starter.http.console.rendering import page
from starter.http.dependencies import InjectedServices

router = console_router()


@router.get("/conversations", dependencies=[needs_role(Role.VIEWER, somewhere=True)])
async def list_conversations(
    request: Request, viewer: CurrentViewer, services: InjectedServices, search: str = ""
) -> HTMLResponse:
    """Every conversation of the viewer's stores, or those whose name or list has a text in it."""
    found = [each for each in (await services.versions.all()).conversations if may_see(viewer, each)]
    wanted = search.strip().casefold()
    shown = [
        each
        for each in found
        if wanted in f"{each.conversation} {each.name} {each.list_code or ''} {each.list_name or ''}".casefold()
    ]
    return page(
        request,
        "conversations/list.html",
        block="found",
        conversations=shown,
        search=search,
        there_are=bool(found),
        may_make=viewer.may_somewhere(Role.EDITOR),
    )
