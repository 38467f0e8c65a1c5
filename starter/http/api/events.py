"""`POST /v1/events`: what contacts did, one event or many. Each has its own outcome; the same again has no effect."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from fastapi import Body
from pydantic import BaseModel, Field, ValidationError, WithJsonSchema, WrapValidator

from schemas.incoming.events import Event, EventId, EventMistake, EventOutcome, EventStatus
from schemas.mistakes import mistake_in_words
from schemas.model import Model
from schemas.responses.keys import Scope
from starter.http.auth import KeyReach, Reach, keyed_router, needs
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, problem_responses
from starter.services import Services

router = keyed_router("events")

MOST_EVENTS = 1000
LANES = 4
"""How many events of a batch are taken at once: a fraction of the pool, so that others are served meanwhile."""
MISTAKES_SHOWN = 10
"""Of one event: who sends a thousand wrong ones is not answered with megabytes."""
LONGEST_MISTAKE = 200

_AnyEvent = Annotated[object, WithJsonSchema({"$ref": "#/components/schemas/Event"})]
"""Looked at one by one, so that a bad event among good ones is refused alone."""


class Batch(Model):
    """Many events, taken in this order."""

    events: Annotated[tuple[_AnyEvent, ...], Field(min_length=1, max_length=MOST_EVENTS)]


class EventsTaken(Model):
    """What became of each event, in the order they were sent."""

    outcomes: tuple[EventOutcome, ...]


def _one_or_many(value: Any, _handler: Any) -> Event | Batch:
    """By what is there, so that a mistake is explained for the one that was meant."""
    return (Batch if isinstance(value, dict) and "events" in value else Event).model_validate(value)


Given = Annotated[Event | Batch, WrapValidator(_one_or_many)]


class _Named(BaseModel):
    """An event of which only the id is looked at."""

    id: EventId


@router.post(
    "/v1/events",
    summary="Tell what contacts did",
    dependencies=[needs(Scope.EVENTS)],
    responses=problem_responses(Kind.INVALID),
)
async def take_events(given: Annotated[Given, Body()], services: InjectedServices, reach: KeyReach) -> EventsTaken:
    """One event, or `{"events": […]}` with up to 1,000. Each is committed by itself before the answer says so.

    A single event that is not valid is answered 422; among many it is refused in its outcome, and the others are
    taken. After any other error send the same again: what was taken before answers `repeated`.
    """
    if isinstance(given, Event):
        reach.require(given.store)
        return EventsTaken(outcomes=(await services.events.take(given, reach.holder.actor, reach.stores),))
    read = [_read(place, event, reach) for place, event in enumerate(given.events)]
    taken = await _take_all(services, [event for event in read if isinstance(event, Event)], reach)
    return EventsTaken(outcomes=tuple(next(taken) if isinstance(each, Event) else each for each in read))


async def _take_all(services: Services, events: Sequence[Event], reach: Reach) -> Iterator[EventOutcome]:
    """A few people's at a time. Events of one id, or else of one person, are taken in the order they were sent."""
    lanes: list[list[int]] = [[] for _ in range(LANES)]
    lane_of: dict[str, int] = {}
    for place, event in enumerate(events):
        names = (f"id {event.id}", f"who {event.contact or (event.email or '').lower()}")
        lane = next((lane_of[name] for name in names if name in lane_of), place % LANES)
        lane_of |= dict.fromkeys(names, lane)
        lanes[lane].append(place)
    outcomes: dict[int, EventOutcome] = {}

    async def go_through(places: list[int]) -> None:
        for place in places:
            outcomes[place] = await services.events.take(events[place], reach.holder.actor, reach.stores)

    await asyncio.gather(*(go_through(places) for places in lanes))
    return (outcomes[place] for place in range(len(events)))


def _read(place: int, given: object, reach: Reach) -> Event | EventOutcome:
    """The event, or the outcome of one that is not valid, or of a store that the key is not for."""
    try:
        event = Event.model_validate(given)
    except ValidationError as error:
        diagnostics = tuple(
            EventMistake(path=_path(place, each["loc"]), detail=_writable(mistake_in_words(each)))
            for each in error.errors(include_url=False, include_input=False)[:MISTAKES_SHOWN]
        )
        refused = "The event is not valid; put its fields right and send it again."
        return EventOutcome(id=_id(given), status=EventStatus.REFUSED, refused=refused, diagnostics=diagnostics)
    if not reach.holder.is_for(event.store):
        return EventOutcome(id=event.id, status=EventStatus.REFUSED, refused="The key is not for this store.")
    return event


def _id(given: object) -> str | None:
    """The id of an event that is not valid, if that at least is."""
    try:
        return _Named.model_validate(given).id
    except ValidationError:
        return None


def _path(place: int, location: Sequence[int | str]) -> str:
    steps = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return _writable(f"$.events[{place}]{steps}")


def _writable(text: str) -> str:
    """A field's name may be anything, half of a surrogate pair too."""
    return text[:LONGEST_MISTAKE].encode("utf-8", "replace").decode()
