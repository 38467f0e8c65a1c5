"""One line: who is next and why, what the units that are there give, and what it was told of."""

from typing import Annotated, Any

from fastapi import Query, Request, Response

from schemas.errors import DomainError
from schemas.ids import Level, StoreId, Subject
from schemas.responses.calling_forward import CallReport
from schemas.responses.forecast import Forecast
from schemas.responses.line_moves import LineMoveReport
from schemas.responses.lines import LineReport, LineTerms
from schemas.responses.users import Role
from starter.accounts.viewer import Viewer
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.episode_picture import draw_episodes
from starter.http.console.line_addresses import address_of, import_address, line_address
from starter.http.console.line_words import said_terms, standing
from starter.http.console.rendering import page, with_query, words
from starter.http.dependencies import InjectedServices
from starter.services import Services
from starter.waitlists.calling_forward import CannotCall, WantedCall

router = console_router()

PAGE = 50
MOST_FORECAST = 1_000_000
DONE = ("called", "paused", "resumed", "moving", "successor_set", "successor_cleared", "imported")
"""What somebody may just have done, as an address says it."""


@router.get("/lines/{store:id}/{level}/{thing:id}", dependencies=[needs_role(Role.VIEWER)])
async def line(
    request: Request,
    viewer: CurrentViewer,
    services: InjectedServices,
    store: str,
    level: Level,
    thing: str,
    alert: Annotated[str, Query(max_length=200)] = "",
    after: Annotated[str, Query(max_length=2000)] = "",
    units: Annotated[int | None, Query(ge=1, le=MOST_FORECAST)] = None,
    people: Annotated[int, Query(ge=1, le=1000)] = 1,
    done: Annotated[str, Query(max_length=30)] = "",
    count: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """A line by one of its alerts, with what can be done about it by whoever looks."""
    subject = Subject(store_id=StoreId(store), level=level, id=thing)
    report = await services.waiting_lines.show(subject)
    terms = next((each for each in report.alerts if each.alert == alert), next(iter(report.alerts), None))
    call, call_refused = await _call(services, subject, terms, people)
    forecast, forecast_refused = await _forecast(services, subject, units)
    episodes = await services.waiting_lines.episodes(subject)
    return page(
        request,
        "lines/line.html",
        line=report,
        terms=terms,
        here=address_of(subject),
        import_address=import_address(store),
        line_address=line_address,
        publishes=viewer.may(Role.PUBLISHER, store),
        pauses={each.alert: _may_pause(viewer, each) for each in report.alerts},
        units=units,
        forecast=forecast,
        forecast_refused=forecast_refused,
        asked_people=people,
        call=call,
        call_refused=call_refused,
        episodes=episodes,
        picture=draw_episodes(episodes),
        successor=await services.successors.of(subject),
        moves=await _moves(services, report),
        done=done if done in DONE else None,
        count=count,
        **await _people(request, viewer, services, report, terms, after),
    )


async def _people(
    request: Request, viewer: Viewer, services: Services, line: LineReport, terms: LineTerms | None, after: str
) -> dict[str, Any]:
    """Who is in line by one alert, and how it stands; whoever may only look is shown nobody's address."""
    supports = viewer.may(Role.SUPPORT, line.store_id)
    if terms is None:
        return {"supports": supports}
    subject = Subject.from_key(line.store_id, line.subject)
    shown = await services.waiting_lines.people(subject, terms, after or None, PAGE, viewer.actor if supports else None)
    t, here = words(request), address_of(subject)
    return {
        "supports": supports,
        "people": shown,
        "sentence": standing(t, line, terms),
        "terms_said": said_terms(t, terms),
        "after": after,
        "first": with_query(here, alert=terms.alert),
        "next": with_query(here, alert=terms.alert, after=shown.next) if shown.next else None,
    }


async def _call(
    services: Services, subject: Subject, terms: LineTerms | None, people: int
) -> tuple[CallReport | None, str | None]:
    """What calling forward by hand would do, or why it cannot be done."""
    if terms is None:
        return None, None
    try:
        return await services.calling_forward.would_call(WantedCall(subject, terms.alert, people)), None
    except CannotCall as error:
        return None, str(error)


async def _forecast(services: Services, subject: Subject, units: int | None) -> tuple[Forecast | None, str | None]:
    """What so many units would do, of a variant, or why that cannot be said."""
    if units is None or subject.level is not Level.VARIANT:
        return None, None
    try:
        return await services.forecasts.of_units(subject, units), None
    except DomainError as error:
        return None, str(error)


async def _moves(services: Services, report: LineReport) -> list[LineMoveReport]:
    """The latest moves out of the line, or into it."""
    latest = await services.line_moving.latest([report.store_id])
    return [each for each in latest.moves if report.subject in (each.from_subject, each.to_subject)][:5]


def _may_pause(viewer: Viewer, terms: LineTerms) -> bool:
    """Whether they may pause the alert, which pauses it in all of its stores."""
    if terms.stores is None:
        return viewer.may(Role.PUBLISHER)
    return viewer.may_in_each(Role.PUBLISHER, terms.stores)
