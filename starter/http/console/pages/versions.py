"""The versions of a conversation: which there are, what differs between any two, and a past one again."""

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from schemas.errors import DomainError
from schemas.responses.users import Role
from schemas.responses.versions import Difference
from starter.comparing.differences import find_differences
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.drafting import actors_of
from starter.http.console.forms import PostedForm
from starter.http.console.opened import Name, VersionName, open_conversation
from starter.http.console.rendering import page
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, Refusal
from starter.runtime.one_thread import DOCUMENTS
from starter.versioning.lines import MoreToldThanSeen
from starter.versioning.which import PUBLISHED, WORKING, Which

router = console_router()


@router.get("/conversations/{name}/versions", dependencies=[needs_role(Role.VIEWER, somewhere=True)])
async def show(
    request: Request,
    name: Name,
    viewer: CurrentViewer,
    services: InjectedServices,
    before: VersionName = None,
    after: VersionName = None,
    failed: str | None = None,
    agreeing: tuple[int, int] | None = None,
) -> Response:
    """Every version, and the differences of two of them: by default of what is written against what is published."""
    opened = await open_conversation(services, viewer, name)
    found = await services.versions.of(name, viewer.stores(Role.VIEWER))
    names = [WORKING] if found.working else []
    names += [str(each.number) for each in found.versions]
    current = next((str(each.number) for each in found.versions if each.published), None)
    older, newer = before or current or names[-1], after or names[0]
    differences: tuple[Difference, ...] = ()
    if older != newer:
        pair = [await services.versions.document(Which.named(f"{name}@{each}")) for each in (older, newer)]
        differences = await DOCUMENTS.run(find_differences, *pair)
    return page(
        request,
        "conversations/versions.html",
        opened=opened,
        found=found,
        names=names,
        before=older,
        after=newer,
        differences=differences,
        actors=await actors_of(services),
        published=PUBLISHED,
        failed=failed,
        agreeing=agreeing,
    )


@router.post("/conversations/{name}/rollback", dependencies=[needs_role(Role.PUBLISHER, somewhere=True)])
async def roll_back(
    request: Request, name: Name, viewer: CurrentViewer, services: InjectedServices, form: PostedForm
) -> Response:
    """Publish a past version again: who enters from now on lives by it. Whom that tells at once is agreed to first."""
    opened = await open_conversation(services, viewer, name, Role.PUBLISHER)
    number = form.text("number")
    if not number.isdecimal() or len(number) > 9:
        raise Refusal(Kind.INVALID, "The form names no version.")
    most = form.text("tells_at_most")
    agreed = int(most) if most.isdecimal() and len(most) <= 9 else 0
    try:
        await services.versions.rollback(
            name, int(number), viewer.actor, form.text("note") or None, tells_at_most=agreed
        )
    except MoreToldThanSeen as more:
        return await show(request, name, viewer, services, failed=str(more), agreeing=(int(number), more.now))
    except DomainError as error:
        return await show(request, name, viewer, services, failed=str(error))
    return RedirectResponse(f"{opened.path}/versions", 303)
