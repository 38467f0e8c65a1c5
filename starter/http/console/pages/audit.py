"""The audit, for admins of all stores: who did what and whom they looked at, the newest first."""

import json
from typing import Annotated, cast

from fastapi import Query, Request, Response

from schemas.responses.users import AuditEntry, Role
from starter.accounts.viewer import actor_of
from starter.http.console.access import console_router, needs_role
from starter.http.console.rendering import page, with_query
from starter.http.dependencies import InjectedServices

PATH = "/users/audit"
pages = console_router()

Word = Annotated[str, Query(max_length=300)]
Before = Annotated[int | None, Query(ge=1, le=2**63 - 1)]


@pages.get(PATH, dependencies=[needs_role(Role.ADMIN)])
async def audit(
    request: Request, services: InjectedServices, actor: Word = "", action: Word = "", before: Before = None
) -> Response:
    """A page of it, of one who did something, or of one thing that was done."""
    found = await services.audit_log.page(actor or None, action or None, before)
    actors = [(actor_of(each.id), each.name) for each in await services.users.all()]
    if actor and actor not in dict(actors):
        actors.append((actor, actor))
    asked = {"actor": actor, "action": action}
    return page(
        request,
        "accounts/audit.html",
        block="entries",
        entries=found.entries,
        details=_details,
        actors=actors,
        actions=await services.audit_log.actions(),
        actor=actor,
        action=action,
        next=with_query(PATH, **asked, before=found.next) if found.next else None,
        first=with_query(PATH, **asked) if before else None,
    )


def _details(entry: AuditEntry) -> list[tuple[str, str]]:
    """What it was about, as pairs of a name and a text."""
    shown = {name: each for name, each in entry.details.items() if each not in (None, "", [], {})}
    return [(name.replace("_", " "), _text(each)) for name, each in shown.items()]


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(_text, cast("list[object]", value)))
    return json.dumps(value, ensure_ascii=False)
