"""A conversation as a tree, and the panel beside it in which a part of it is written.

What is asked for stands in the address: the part (`at`), or what is added (`add`, `index`, `kind`).
"""

from dataclasses import replace
from typing import Annotated

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse

from schemas.responses.users import Role
from starter.authoring.changes import Act, Change
from starter.authoring.edited_text import CannotEdit
from starter.authoring.section_forms import place_of
from starter.authoring.tree import tree_of
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.drafting import change_of, changed, latest, meanwhile, save
from starter.http.console.forms import PostedForm
from starter.http.console.opened import Name, Opened, VersionName, chosen_version, open_conversation, version_name
from starter.http.console.panels import Panel, panel_of
from starter.http.console.rendering import page, with_query
from starter.http.dependencies import InjectedServices
from starter.services import Services
from starter.versioning.revisions import NothingToUndo
from starter.versioning.versions import SavedMeanwhile
from workflows.compiler.diagnostics import Path as Place
from workflows.compiler.diagnostics import format_path

router = console_router()


@router.get("/conversations/{name}", dependencies=[needs_role(Role.VIEWER, somewhere=True)])
async def show(
    request: Request,
    name: Name,
    viewer: CurrentViewer,
    services: InjectedServices,
    version: VersionName = None,
    at: Annotated[str | None, Query(max_length=500)] = None,
    add: Annotated[str | None, Query(max_length=500)] = None,
    index: Annotated[int, Query(ge=0, le=200)] = 0,
    kind: Annotated[str, Query(max_length=30)] = "",
) -> Response:
    """The tree, and the panel of the part that the address names."""
    opened = await open_conversation(services, viewer, name)
    change = None
    if add is not None and opened.may_write and version is None:
        change = Change(Act.ADD, place_of(add), index, kind)
    elif at is not None:
        change = Change(Act.SAVE, place_of(at))
    return await _page(request, services, opened, version, change)


async def _page(
    request: Request,
    services: Services,
    opened: Opened,
    version: str | None,
    change: Change | None,
    panel: Panel | None = None,
    status: int = 200,
) -> Response:
    which = chosen_version(opened, version)
    document, shown = await services.versions.document(which), await services.versions.show(which)
    if panel is None and change is not None:
        panel = panel_of(document, shown.source, change, request.state.viewer.language)
    writes = opened.may_write and version is None
    return page(
        request,
        "conversations/tree_page.html",
        status=status,
        opened=opened,
        version=version_name(which),
        document=document,
        nodes=tree_of(document),
        panel=panel,
        based_on=panel.meanwhile.content_hash if panel and panel.meanwhile else shown.content_hash,
        may_write=writes,
        around=await services.revisions.around(opened.code) if writes else None,
    )


@router.post("/conversations/{name}", dependencies=[needs_role(Role.EDITOR, somewhere=True)])
async def edit(
    request: Request, name: Name, viewer: CurrentViewer, services: InjectedServices, form: PostedForm
) -> Response:
    """Make a change and save it, or say what is in its way: mistakes, or what somebody else saved meanwhile."""
    opened = await open_conversation(services, viewer, name, Role.EDITOR)
    change, based_on = change_of(form), form.text("based_on")
    document, text = await latest(services, opened)
    asked = replace(change, act=Act.ADD if change.act is Act.ADD else Act.SAVE)
    panel = panel_of(document, text, asked, viewer.language)
    if panel is None:
        return await _page(request, services, opened, None, None, status=409)
    if change.posted:
        panel = panel.filled_in(change.posted, form.text("redraw"))
    if "redraw" in form:
        return await _page(request, services, opened, None, change, panel)
    try:
        draft = await changed(text, change)
        if draft.document is not None:
            await save(services, viewer, name, draft, based_on)
            return RedirectResponse(with_query(opened.path, at=_after(change)), 303)
        panel = panel.refused_by(draft)
    except CannotEdit as error:
        panel = replace(panel, refused=str(error))
    except SavedMeanwhile:
        panel = replace(panel, meanwhile=await meanwhile(services, opened, based_on))
    return await _page(request, services, opened, None, change, panel, 409 if panel.meanwhile else 422)


def _after(change: Change) -> str | None:
    """The part that is shown once a change was made."""
    place: Place = change.place
    match change.act:
        case Act.SAVE:
            return format_path(place)
        case Act.ADD if change.code:
            return format_path((*place, change.code))
        case Act.ADD:
            return format_path((*place, change.index))
        case Act.UP | Act.DOWN if isinstance(place[-1], int):
            return format_path((*place[:-1], place[-1] + (1 if change.act is Act.DOWN else -1)))
        case _:
            return None


@router.post("/conversations/{name}/check", dependencies=[needs_role(Role.EDITOR, somewhere=True)])
async def check(
    request: Request, name: Name, viewer: CurrentViewer, services: InjectedServices, form: PostedForm
) -> Response:
    """What would be wrong with the document if the form were saved as it is."""
    opened = await open_conversation(services, viewer, name, Role.EDITOR)
    change = change_of(form)
    _, text = await latest(services, opened)
    panel = Panel(change)
    try:
        panel = replace(panel, draft=await changed(text, change))
    except CannotEdit as error:
        panel = replace(panel, refused=str(error))
    return page(request, "conversations/checked.html", panel=panel)


@router.post("/conversations/{name}/undo", dependencies=[needs_role(Role.EDITOR, somewhere=True)])
async def undo(
    request: Request, name: Name, viewer: CurrentViewer, services: InjectedServices, form: PostedForm
) -> Response:
    """Let the working version say again what it said before the last save, or what was undone."""
    opened = await open_conversation(services, viewer, name, Role.EDITOR)
    step = services.revisions.redo if form.text("redo") else services.revisions.undo
    try:
        await step(name, form.text("based_on"), viewer.actor)
    except NothingToUndo:
        return await _page(request, services, opened, None, None, status=409)
    return RedirectResponse(opened.path, 303)
