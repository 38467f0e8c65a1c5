"""What the handlers depend on: one object per application, found again from the request."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, FastAPI, Request

from activities.providers.registry import Providers
from activities.storefronts.registry import Storefronts
from activities.waitlist.work import WorkBounds
from starter.http.beats import Beats
from starter.http.limits import MinuteLimit, SignUpCaps, SignUpLimit
from starter.http.metrics import Metrics
from starter.http.turns import Turns
from starter.http.wrong_keys import WrongKeys
from starter.services import Services


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Everything that handlers are given.

    Attributes:
        second_factor_required: nobody opens more of the console by a password alone than what sets one up.
        identity_name: what the console calls the company's identity provider.
        public_url: where storefronts reach this server, without a slash at its end; None: where it hears itself called.
    """

    services: Services
    second_factor_required: bool
    identity_name: str
    storefronts: Storefronts
    public_url: str | None
    providers: Providers
    sign_up_limit: SignUpLimit
    link_limit: SignUpLimit
    view_limit: SignUpLimit
    sign_up_turns: Turns
    view_turns: Turns
    sign_up_caps: SignUpCaps
    work_bounds: WorkBounds
    beats: Beats
    test_limit: MinuteLimit
    test_turns: Turns
    metrics: Metrics
    wrong_keys: WrongKeys


def provide(app: FastAPI, dependencies: Dependencies) -> None:
    """Give an application's handlers what they need."""
    app.state.dependencies = dependencies


def dependencies_of(request: Request) -> Dependencies:
    """What was given to the application that serves this request."""
    found = request.app.state.dependencies
    assert isinstance(found, Dependencies)
    return found


def _services(request: Request) -> Services:
    return dependencies_of(request).services


InjectedDependencies = Annotated[Dependencies, Depends(dependencies_of)]
InjectedServices = Annotated[Services, Depends(_services)]
