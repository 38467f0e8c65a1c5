"""What the handlers are given: one object per application, found again from the request."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, FastAPI, Request

from activities.storefronts.registry import Storefronts
from starter.http.limits import SignUpLimit
from starter.http.metrics import Metrics
from starter.operations import Operations


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything around a handler."""

    operations: Operations
    storefronts: Storefronts
    sign_up_limit: SignUpLimit
    metrics: Metrics


def surround(app: FastAPI, surroundings: Surroundings) -> None:
    """Give an application's handlers what they need."""
    app.state.surroundings = surroundings


def surroundings_of(request: Request) -> Surroundings:
    """What was given to the application that serves this request."""
    found = request.app.state.surroundings
    assert isinstance(found, Surroundings)
    return found


def _operations(request: Request) -> Operations:
    return surroundings_of(request).operations


Around = Annotated[Surroundings, Depends(surroundings_of)]
Ops = Annotated[Operations, Depends(_operations)]
