"""Publish: what changed and whom it reaches, what each choice would do, and how far it has come. Pause, and retire."""

from typing import Annotated

from fastapi import Path, Request, Response
from fastapi.responses import RedirectResponse

from schemas.errors import DomainError
from schemas.responses.operations import Choice, OperationReport, RetireChoice
from schemas.responses.users import Role
from schemas.responses.versions import Difference
from starter.comparing.differences import find_differences
from starter.comparing.read_words import Reworded, find_reworded
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.drafting import actors_of
from starter.http.console.forms import PostedForm
from starter.http.console.opened import Name, Opened, open_conversation
from starter.http.console.rendering import page, with_query
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, Refusal
from starter.ops.pausing import Pausable
from starter.ops.previews import About, NoPreview
from starter.services import Services
from starter.versioning.bulk import Decision
from starter.versioning.reviewing import Review, Seen
from starter.versioning.which import Which

router = console_router()

Number = Annotated[int, Path(ge=1, lt=2**63)]


@router.get("/conversations/{name}/publish", dependencies=[needs_role(Role.VIEWER, somewhere=True)])
async def show_publish(
    request: Request, name: Name, viewer: CurrentViewer, services: InjectedServices, done: str = ""
) -> Response:
    """What publishing would do now, whether it is paused, and what was done to many journeys."""
    opened = await open_conversation(services, viewer, name)
    return await _page(request, services, opened, done=done)


@router.post("/conversations/{name}/publish", dependencies=[needs_role(Role.PUBLISHER, somewhere=True)])
async def publish(
    request: Request, name: Name, viewer: CurrentViewer, services: InjectedServices, form: PostedForm
) -> Response:
    """Publish what was looked at, and decide about those under way."""
    opened = await open_conversation(services, viewer, name, Role.PUBLISHER)
    told, choice = form.text("tells_at_most"), form.text("in_flight") or Choice.STAY
    if choice not in frozenset(Choice):
        raise Refusal(Kind.INVALID, "Say what becomes of those under way.")
    seen = Seen(
        working=form.text("working"),
        published=form.text("published") or None,
        tells_at_most=int(told) if told.isascii() and told.isdigit() and len(told) < 10 else 0,
        despite_scenarios=bool(form.text("despite_scenarios")),
    )
    decision = Decision(Choice(choice), viewer.actor, form.text("note")[:1000] or None)
    try:
        published = await services.reviewing.publish(name, seen, decision)
    except DomainError as error:
        return await _page(request, services, opened, problem=error, decision=decision)
    if published.operation is not None:
        return RedirectResponse(f"{opened.path}/operations/{published.operation}", 303)
    return RedirectResponse(with_query(f"{opened.path}/publish", done="published"), 303)


@router.get("/conversations/{name}/operations/{operation}", dependencies=[needs_role(Role.VIEWER, somewhere=True)])
async def show_operation(
    request: Request, name: Name, operation: Number, viewer: CurrentViewer, services: InjectedServices
) -> Response:
    """How far an operation on many journeys has come."""
    opened = await open_conversation(services, viewer, name)
    report = await _operation(services, opened, operation)
    settled = report.total - report.left_over
    # A part that nothing follows is asked for no more: htmx stops at 286 by itself.
    return page(request, "publish/operation.html", block="progress", opened=opened, report=report, settled=settled)


@router.post(
    "/conversations/{name}/operations/{operation}/cancel", dependencies=[needs_role(Role.PUBLISHER, somewhere=True)]
)
async def cancel(name: Name, operation: Number, viewer: CurrentViewer, services: InjectedServices) -> Response:
    """Ask no more of its journeys."""
    opened = await open_conversation(services, viewer, name, Role.PUBLISHER)
    await _operation(services, opened, operation)
    await services.bulk_operations.cancel(operation, viewer.actor)
    return RedirectResponse(f"{opened.path}/operations/{operation}", 303)


@router.post("/conversations/{name}/pause", dependencies=[needs_role(Role.PUBLISHER, somewhere=True)])
async def pause(name: Name, viewer: CurrentViewer, services: InjectedServices) -> Response:
    """Give no more places and send nothing, until it is resumed."""
    opened = await open_conversation(services, viewer, name, Role.PUBLISHER)
    await services.pausing.pause(Pausable("conversation", name), viewer.actor)
    return RedirectResponse(with_query(f"{opened.path}/publish", done="paused"), 303)


@router.post("/conversations/{name}/resume", dependencies=[needs_role(Role.PUBLISHER, somewhere=True)])
async def resume(
    request: Request, name: Name, viewer: CurrentViewer, services: InjectedServices, form: PostedForm
) -> Response:
    """Go on, if it sends no more messages than were shown."""
    opened = await open_conversation(services, viewer, name, Role.PUBLISHER)
    most = form.text("at_most")
    try:
        agreed = int(most) if most.isascii() and most.isdigit() and len(most) < 10 else 0
        await services.pausing.resume(Pausable("conversation", name), viewer.actor, agreed)
    except DomainError as error:
        return await _page(request, services, opened, problem=error)
    return RedirectResponse(with_query(f"{opened.path}/publish", done="resumed"), 303)


@router.post("/conversations/{name}/retire", dependencies=[needs_role(Role.PUBLISHER, somewhere=True)])
async def retire(
    request: Request, name: Name, viewer: CurrentViewer, services: InjectedServices, form: PostedForm
) -> Response:
    """Let nobody enter any more."""
    opened = await open_conversation(services, viewer, name, Role.PUBLISHER)
    choice = form.text("in_flight")
    if choice not in frozenset(RetireChoice) or form.text("sure") != "yes":
        raise Refusal(Kind.INVALID, "Say what becomes of those under way, and that you mean it.")
    try:
        done = await services.retiring.retire(
            name, RetireChoice(choice), viewer.actor, form.text("note")[:1000] or None
        )
    except DomainError as error:
        return await _page(request, services, opened, problem=error)
    if done.operation is not None:
        return RedirectResponse(f"{opened.path}/operations/{done.operation}", 303)
    return RedirectResponse(with_query(f"{opened.path}/publish", done="retired"), 303)


async def _page(
    request: Request,
    services: Services,
    opened: Opened,
    *,
    done: str = "",
    problem: DomainError | None = None,
    decision: Decision | None = None,
) -> Response:
    opened = await open_conversation(services, request.state.viewer, opened.code)
    review = await services.reviewing.look(opened.code) if opened.summary.working is not None else None
    what = Pausable("conversation", opened.code)
    latest = (await services.bulk_operations.latest()).operations if opened.sees_all else ()
    may_retire = opened.summary.published is not None or opened.summary.open_journeys > 0
    differences, reworded = await _compared(services, opened, review)
    return page(
        request,
        "publish/publish.html",
        status=409 if problem is not None else 200,
        opened=opened,
        review=review,
        actors=await actors_of(services),
        differences=differences,
        reworded=reworded,
        resume=await services.pausing.would_resume(what)
        if opened.may_publish and opened.summary.paused_at is not None
        else None,
        retiring=await services.retiring.would_retire(opened.code) if opened.may_publish and may_retire else None,
        operations=[each for each in latest if each.conversation == opened.code],
        done=done if done in ("published", "paused", "resumed", "retired") else "",
        problem=problem,
        choice=decision.choice if decision is not None else Choice.STAY,
        note=decision.note if decision is not None else "",
    )


async def _compared(
    services: Services, opened: Opened, review: Review | None
) -> tuple[tuple[Difference, ...], tuple[Reworded, ...]]:
    """How the working version differs from the published one: in sentences, and as its messages are read."""
    if review is None or opened.summary.published is None:
        return (), ()
    published = await services.versions.document(Which(opened.code))
    differences = find_differences(published, review.document)
    try:
        before = await services.previews.preview(published, About(), None, None)
        after = await services.previews.preview(review.document, About(), None, None)
    except NoPreview:
        return differences, ()
    return differences, find_reworded(before.messages, after.messages)


async def _operation(services: Services, opened: Opened, operation: int) -> OperationReport:
    report = await services.bulk_operations.show(operation)
    if report.conversation != opened.code or not opened.sees_all:
        raise Refusal(Kind.NOT_FOUND, "There is no such operation.")
    return report
