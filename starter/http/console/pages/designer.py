"""A conversation as a tree, and the panel beside it in which a part of it is written.

What is asked for stands in the address: the part (`at`), or what is added (`add`, `index`, `kind`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from schemas.document.alert_types.vocabulary import AlertType
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import STEP_KINDS
from schemas.responses.users import Role
from starter.authoring.changes import Act, Change, added_model
from starter.authoring.edited_text import CannotEdit
from starter.authoring.marked_yaml import read_yaml
from starter.authoring.section_forms import FormField, form_of, place_of, section_at
from starter.authoring.tree import tree_of
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.drafting import Draft, Meanwhile, change_of, changed, meanwhile, save, suggestions
from starter.http.console.forms import PostedForm
from starter.http.console.opened import Opened, chosen_version, open_conversation, version_name
from starter.http.console.rendering import page, with_query
from starter.http.dependencies import InjectedServices
from starter.services import Services
from starter.versioning.revisions import NothingToUndo
from starter.versioning.versions import SavedMeanwhile
from starter.versioning.which import Which
from workflows.compiler.diagnostics import Path as Place
from workflows.compiler.diagnostics import format_path

router = console_router()

Name = Annotated[str, Path(max_length=63)]
VersionName = Annotated[str | None, Query(max_length=20)]
_WAYS = ("decide", "split")


@dataclass(frozen=True, slots=True)
class Panel:
    """The part that is written, or what is added.

    Attributes:
        change: what its form would do.
        title: what it is called: the title of its model.
        kinds: what may be added here, to be chosen from first; empty: it is chosen, or nothing is.
        draft: what the form says now, with its mistakes; None: it was not sent.
        refused: why the change cannot be made here.
        moves: it stands in a list, in which it may change places.
    """

    change: Change
    title: str = ""
    hint: str = ""
    fields: tuple[FormField, ...] = ()
    kinds: tuple[str, ...] = ()
    draft: Draft | None = None
    refused: str = ""
    meanwhile: Meanwhile | None = None
    moves: bool = False

    @property
    def path(self) -> str:
        """Of the part in the document."""
        return format_path(self.change.place)

    @property
    def is_message(self) -> bool:
        """Whether it is a message, which can be looked at as it is written."""
        place = self.change.place
        return place[:1] == ("messages",) and (len(place) == 2 or self.change.act is Act.ADD)

    @property
    def adds_ways(self) -> str:
        """The place of the branches that another one may be added to; empty: it has none."""
        last = next((each for each in _WAYS if self.title in ("Decide", "Split") and each == self.title.lower()), None)
        return format_path((*self.change.place, last)) if last and self.change.act is Act.SAVE else ""


def _panel(document: ConversationDocument, text: str, change: Change) -> Panel | None:
    """The panel for a change that nobody has made yet; None: there is nothing to be written there."""
    suggested = suggestions(document)
    if change.act is Act.ADD:
        model = added_model(change.place, change.kind)
        if model is None:
            return Panel(change, kinds=tuple(AlertType) if change.place == ("alerts",) else STEP_KINDS)
        fields = form_of(model, {}, suggested)
        return Panel(change, str(model.model_config.get("title")), model.__doc__ or "", fields)
    found = section_at(read_yaml(text).value, change.place)
    if found is None:
        return None
    model, says = found
    moves = isinstance(change.place[-1:][0], int) if change.place else False
    title = str(model.model_config.get("title"))
    return Panel(change, title, model.__doc__ or "", form_of(model, says, suggested), moves=moves)


def _refilled(panel: Panel, posted: Mapping[str, str]) -> Panel:
    """With what was sent in its fields."""
    return replace(panel, fields=tuple(replace(each, value=posted.get(each.name, "")) for each in panel.fields))


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
        panel = _panel(document, shown.source, change)
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
    document, text = await _latest(services, opened)
    panel = _panel(document, text, replace(change, act=Act.ADD if change.act is Act.ADD else Act.SAVE))
    if panel is None:
        return await _page(request, services, opened, None, None, status=409)
    panel = _refilled(panel, change.posted) if change.posted else panel
    try:
        draft = await changed(text, change)
        if draft.document is not None:
            await save(services, viewer, name, draft, based_on)
            return RedirectResponse(with_query(opened.path, at=_after(change)), 303)
        panel = replace(panel, draft=draft)
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
    _, text = await _latest(services, opened)
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


async def _latest(services: Services, opened: Opened) -> tuple[ConversationDocument, str]:
    which: Which = opened.latest
    return await services.versions.document(which), (await services.versions.show(which)).source
