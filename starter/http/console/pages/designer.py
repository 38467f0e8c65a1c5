"""A conversation as a tree: the version that was written last, or another one."""

from typing import Annotated

from fastapi import Path, Query, Request
from fastapi.responses import HTMLResponse

from schemas.responses.users import Role
from starter.authoring.tree import tree_of
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.opened import chosen_version, open_conversation, version_name
from starter.http.console.rendering import page
from starter.http.dependencies import InjectedServices

router = console_router()

Name = Annotated[str, Path(max_length=63)]
VersionName = Annotated[str | None, Query(max_length=20)]


@router.get("/conversations/{name}", dependencies=[needs_role(Role.VIEWER, somewhere=True)])
async def show(
    request: Request, name: Name, viewer: CurrentViewer, services: InjectedServices, version: VersionName = None
) -> HTMLResponse:
    """The tree, its alerts and messages."""
    opened = await open_conversation(services, viewer, name)
    which = chosen_version(opened, version)
    document = await services.versions.document(which)
    return page(
        request,
        "conversations/tree_page.html",
        opened=opened,
        version=version_name(which),
        document=document,
        nodes=tree_of(document),
    )
