"""`POST /v1/views`: what shoppers' browsers tell by themselves. Open to every page; says the same whoever asks."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from schemas.incoming.views import MOST_SEEN, Seen
from schemas.model import Model
from starter.http.dependencies import InjectedDependencies, dependencies_of
from starter.http.limits import SignUpLimit
from starter.http.problems import Kind, problem_responses
from starter.http.public.signups import CountedRoute
from starter.http.turns import Turns

PATH = "/v1/views"
VIEWS_PER_MINUTE = 120
"""From one network address: an office that shops, or a browser with a month's views in a few requests."""


class Told(Model):
    """What a browser tells.

    Attributes:
        device: its token, which the answer to a sign-up gave it.
        seen: what its shopper did.
    """

    device: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22}$")]
    seen: Annotated[tuple[Seen, ...], Field(min_length=1, max_length=MOST_SEEN)]


class ToldAccepted(Model):
    """The answer to everything that is well written: of browsers that are believed, and of others."""

    status: Literal["accepted"] = "accepted"


class ViewsRoute(CountedRoute):
    """Counts by a limit of its own, and waits in a line of its own."""

    refusal = "Your network told of too much just now. Please try again in a minute."

    def limit(self, request: Request) -> SignUpLimit:
        """Not that of sign-ups."""
        return dependencies_of(request).view_limit

    def turns(self, request: Request) -> Turns:
        """Not those of sign-ups."""
        return dependencies_of(request).view_turns


router = APIRouter(tags=["events"], route_class=ViewsRoute)


@router.post(
    PATH,
    status_code=202,
    summary="Tell what a shopper looked at",
    responses=problem_responses(
        Kind.REQUEST_MALFORMED, Kind.BODY_TOO_LARGE, Kind.INVALID, Kind.TOO_MANY_REQUESTS, Kind.BUSY
    ),
)
async def tell(told: Told, dependencies: InjectedDependencies) -> ToldAccepted:
    """Needs no API key, and gives no right but this: it reads nothing, and agrees to nothing."""
    await dependencies.services.views.take(told.device, told.seen)
    return ToldAccepted()
