"""Messages that wait for approval, as they would look; to approve or decline, one or many."""

import re
from typing import Annotated

from fastapi import Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from schemas.responses.repair import Answer
from schemas.responses.users import Role
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.forms import PostedForm
from starter.http.console.operations_tabs import tabs_of
from starter.http.console.rendering import page, with_query, words
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, Refusal
from starter.ops.approvals import NothingHeld, Which
from starter.ops.repair import By

PATH = "/operations/approvals"
MOST = 25
"""On a page."""
router = console_router()

Key = Annotated[str | None, Query(max_length=300)]
_REMOTE_STYLES = re.compile(r"<link\b[^>]*>|@import\b[^;]*;", re.IGNORECASE)
"""Fonts of somebody else's server, whom nobody asks because a message is looked at here."""
_LETTER = {
    # The message is somebody's HTML: it may have styles and pictures, and nothing else.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; sandbox; "
    "frame-ancestors 'self'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@router.get("/operations", dependencies=[needs_role(Role.SUPPORT, somewhere=True)])
async def operations() -> Response:
    """Its first tab."""
    return RedirectResponse(PATH, 303)


@router.get(PATH, dependencies=[needs_role(Role.SUPPORT, somewhere=True)])
async def approvals(
    request: Request,
    services: InjectedServices,
    viewer: CurrentViewer,
    key: Key = None,
    after: Key = None,
    done: Annotated[int | None, Query(ge=0)] = None,
    answer: Answer | None = None,
) -> Response:
    """What waits, the longest first; and one of them as it would look."""
    stores = viewer.stores(Role.SUPPORT)
    # Decided meanwhile: the list begins anew.
    last = await services.approvals.held_one(after) if after else None
    held = await services.approvals.held(limit=MOST, stores=stores, after=last)
    shown = key or (held.messages[0].key if held.messages else None)
    preview, gone = None, None
    if shown is not None:
        try:
            preview = await services.approvals.preview(shown, stores)
        except NothingHeld as error:
            gone = str(error)
    t = words(request)
    return page(
        request,
        "operations/approvals.html",
        tabs=tabs_of(viewer, t),
        title=t("operations.approvals"),
        held=held,
        preview=preview,
        gone=gone,
        may_answer=viewer.may_somewhere(Role.PUBLISHER),
        done=done,
        answer=answer,
        after=after,
        next=with_query(PATH, after=held.messages[-1].key) if held.more else None,
        first=PATH if after else None,
    )


@router.get(f"{PATH}/letter", dependencies=[needs_role(Role.SUPPORT, somewhere=True)])
async def letter(
    services: InjectedServices, viewer: CurrentViewer, key: Annotated[str, Query(max_length=300)]
) -> Response:
    """The HTML of one, for the frame that shows it."""
    preview = await services.approvals.preview(key, viewer.stores(Role.SUPPORT))
    if preview.html is None:
        raise Refusal(Kind.NOT_FOUND, "This message has no HTML.")
    return HTMLResponse(_REMOTE_STYLES.sub("", preview.html), headers=_LETTER)


@router.post(PATH, dependencies=[needs_role(Role.PUBLISHER, somewhere=True)])
async def decide(services: InjectedServices, viewer: CurrentViewer, form: PostedForm) -> Response:
    """Approve or decline those that were ticked; what was decided meanwhile stays as it is."""
    chosen = Answer.APPROVED if form.text("answer") == Answer.APPROVED else Answer.DECLINED
    keys = tuple(key for key in form.all("key") if key)
    stores = viewer.stores(Role.PUBLISHER)
    which = Which(keys=keys, stores=None if stores is None else tuple(stores))
    why = form.text("why")[:1000] or chosen
    answered = await services.approvals.answer(chosen, which, By(viewer.actor, why)) if keys else None
    return RedirectResponse(with_query(PATH, done=len(answered.keys) if answered else 0, answer=chosen), 303)
