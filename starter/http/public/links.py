"""`/l/…` and `/o/…`: links and pictures of messages, asked for by mail programs, browsers and whatever scans mail.

A link leads where its message said, and nowhere else: nothing of the request chooses that. One that is not known leads
nowhere, and says so to a person.
"""

import base64
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from activities.revenue.links import LINKS, PIXELS
from activities.revenue.machines import machine_behind
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, problem_responses

router = APIRouter(include_in_schema=False)

Token = Annotated[str, Path(max_length=100)]
_PICTURE = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A GIF of one clear point."""
_PRIVATE = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
"""The shop learns where a click came from by its own means; not which message."""
_GONE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>This link leads nowhere</title><body style="font: 1rem/1.5 sans-serif; margin: 15vh auto; max-width: 30rem">
<h1>This link leads nowhere any more</h1><p>It is incomplete, or too old. Please go to the shop's own page.</p>"""


@router.get(
    f"{LINKS}{{token}}",
    summary="Follow a link of a message",
    status_code=302,
    response_class=RedirectResponse,
    responses=problem_responses(Kind.INVALID)
    | {404: {"description": "The link is not known", "content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def follow(token: Token, request: Request, services: InjectedServices) -> Response:
    """To the page that the message named. Needs no key. That it was asked for is recorded, by whom is not."""
    target = await services.links.follow(token, machine_behind(request.method, request.headers))
    if target is None:
        return HTMLResponse(_GONE, 404)
    return RedirectResponse(target, 302, headers=_PRIVATE)


router.head(f"{LINKS}{{token}}")(follow)


@router.get(
    f"{PIXELS}{{token}}",
    summary="Show the picture of a message",
    response_class=Response,
    responses=problem_responses(Kind.INVALID) | {200: {"content": {"image/gif": {}}}},
)
async def show(token: Token, request: Request, services: InjectedServices) -> Response:
    """A picture of one clear point, whatever is asked for."""
    await services.links.see(token, machine_behind(request.method, request.headers))
    return Response(_PICTURE, media_type="image/gif", headers=_PRIVATE)


router.head(f"{PIXELS}{{token}}")(show)
