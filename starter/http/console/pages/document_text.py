"""A conversation as its YAML, with what is wrong with it by line, and saved back to the letter."""

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from schemas.responses.users import Role
from starter.documents import CheckReport
from starter.documents import check as check_text
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.drafting import FILE, Meanwhile, draft_of, meanwhile, save
from starter.http.console.forms import PostedForm
from starter.http.console.opened import Name, Opened, VersionName, chosen_version, open_conversation, version_name
from starter.http.console.rendering import page
from starter.http.dependencies import InjectedServices
from starter.runtime.one_thread import DOCUMENTS
from starter.versioning.versions import SavedMeanwhile

router = console_router()


@router.get("/conversations/{name}/yaml", dependencies=[needs_role(Role.VIEWER, somewhere=True)])
async def show(
    request: Request,
    name: Name,
    viewer: CurrentViewer,
    services: InjectedServices,
    version: VersionName = None,
) -> Response:
    """The text of the version that was written last, or of another one."""
    opened = await open_conversation(services, viewer, name)
    which = chosen_version(opened, version)
    shown = await services.versions.show(which)
    report = await DOCUMENTS.run(check_text, shown.source, FILE)
    writes = opened.may_write and version is None
    return _page(request, opened, version_name(which), shown.source, shown.content_hash, report, writes)


def _page(
    request: Request,
    opened: Opened,
    version: str,
    text: str,
    based_on: str,
    report: CheckReport,
    writes: bool = True,
    saved_meanwhile: Meanwhile | None = None,
    status: int = 200,
) -> Response:
    return page(
        request,
        "conversations/yaml.html",
        status=status,
        opened=opened,
        version=version,
        text=text,
        based_on=based_on,
        report=report,
        may_write=writes,
        meanwhile=saved_meanwhile,
    )


@router.post("/conversations/{name}/yaml", dependencies=[needs_role(Role.EDITOR, somewhere=True)])
async def write(
    request: Request, name: Name, viewer: CurrentViewer, services: InjectedServices, form: PostedForm
) -> Response:
    """Save the text as it is, or say what is in its way."""
    opened = await open_conversation(services, viewer, name, Role.EDITOR)
    text, based_on = await _posted(services, opened, form), form.text("based_on")
    draft = await draft_of(text)
    report = await DOCUMENTS.run(check_text, text, FILE)
    if draft.document is None:
        return _page(request, opened, "working", text, based_on, report, status=422)
    try:
        await save(services, viewer, name, draft, based_on)
    except SavedMeanwhile:
        found = await meanwhile(services, opened, based_on)
        return _page(request, opened, "working", text, found.content_hash, report, True, found, 409)
    return RedirectResponse(f"{opened.path}/yaml", 303)


@router.post("/conversations/{name}/yaml/check", dependencies=[needs_role(Role.EDITOR, somewhere=True)])
async def check(
    request: Request, name: Name, viewer: CurrentViewer, services: InjectedServices, form: PostedForm
) -> Response:
    """What would be wrong with the text."""
    opened = await open_conversation(services, viewer, name, Role.EDITOR)
    report = await DOCUMENTS.run(check_text, await _posted(services, opened, form), FILE)
    return page(request, "conversations/report.html", report=report)


async def _posted(services: InjectedServices, opened: Opened, form: PostedForm) -> str:
    """The text of the form. Browsers send every line break as two characters, whatever the text had."""
    was = (await services.versions.show(opened.latest)).source
    text = form.exact("text").replace("\r\n", "\n")
    text = text if text.endswith("\n") or not was.endswith("\n") else f"{text}\n"
    return text.replace("\n", "\r\n") if "\r\n" in was else text
