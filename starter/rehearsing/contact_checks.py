"""Checks who is in a scenario: everybody has a name of their own, and whoever is named is there."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from zoneinfo import ZoneInfo

from schemas.document.conversation import ConversationDocument
from schemas.document.profiles import PersonSection
from schemas.document.scenarios import ScenarioSection
from starter.rehearsing.entrance import entered_alert, enters_at
from workflows.compiler.diagnostics import Diagnostic, Path, listed

MOST_OTHERS_IN_ALL = 100
"""In all scenarios of a document together: each of them is rehearsed whenever it is checked."""


def find_crowd_errors(scenarios: Sequence[ScenarioSection]) -> Iterator[Diagnostic]:
    """Whether there are more people in the scenarios than are rehearsed in one go."""
    so_far = 0
    for index, scenario in enumerate(scenarios):
        so_far += len(scenario.others)
        if so_far > MOST_OTHERS_IN_ALL:
            told = f"the scenarios have more than {MOST_OTHERS_IN_ALL} others in all"
            yield Diagnostic(("scenarios", index, "others"), told, "Leave some out, here or in another scenario")
            return


def find_contact_errors(document: ConversationDocument, scenario: ScenarioSection, path: Path) -> Iterator[Diagnostic]:
    """What is wrong with the contacts of a scenario, and with the names that it calls them by."""
    yield from _zone_errors(scenario.profile, (*path, "profile"))
    if scenario.others and entered_alert(document, scenario) is None:
        told = "they enter without an alert, so there is no line that others could stand in"
        yield Diagnostic((*path, "others"), told, "Remove the others, or let them enter by an alert")
    names = [scenario.profile.id]
    for index, other in enumerate(scenario.others):
        own: Path = (*path, "others", index)
        if other.name in names:
            told = f"'{other.name}' is the name of another contact of this scenario"
            yield Diagnostic((*own, "name"), told, "Give each a name of their own")
        names.append(other.name)
        if other.alert is not None and other.alert not in document.alerts:
            yield unknown((*own, "alert"), "alert", other.alert, document.alerts)
        yield from _zone_errors(other.profile, (*own, "profile"))
    yield from _name_errors(scenario, names, path)


def first_enters(scenario: ScenarioSection, zone: ZoneInfo) -> datetime:
    """When the first of them enters, by the list's clock."""
    at = scenario.enters.replace(tzinfo=zone).astimezone(UTC)
    first = min([at, *(enters_at(other, at, zone) for other in scenario.others)])
    return first.astimezone(zone).replace(tzinfo=None)


def unknown(path: Path, what: str, name: str, there: Iterable[str]) -> Diagnostic:
    """Nothing is called so."""
    known = list(there)
    near = get_close_matches(name, known, n=1)
    if near:
        advice = f"Did you mean '{near[0]}'?"
    else:
        advice = f"There are: {listed(known)}" if known else "There is none: remove this"
    return Diagnostic(path, f"there is no {what} '{name}'", advice)


def _name_errors(scenario: ScenarioSection, names: Sequence[str], path: Path) -> Iterator[Diagnostic]:
    named: list[tuple[Path, str | None]] = [
        *(((*path, "happens", index, "who"), each.who) for index, each in enumerate(scenario.happens)),
        *(((*path, "expect", index, "who"), each.who) for index, each in enumerate(scenario.expect)),
        *(((*path, "expect", index, "not_told"), each.not_told) for index, each in enumerate(scenario.expect)),
        *(
            ((*path, "expect", index, "told", place), name)
            for index, each in enumerate(scenario.expect)
            for place, name in enumerate(each.told or ())
        ),
    ]
    for where, name in named:
        if name is not None and name not in names:
            yield unknown(where, "contact of this scenario named", name, names)


def _zone_errors(profile: PersonSection, path: Path) -> Iterator[Diagnostic]:
    if profile.time_zone is not None and not _is_zone(profile.time_zone):
        message = f"'{profile.time_zone}' is not a time zone"
        yield Diagnostic((*path, "time_zone"), message, "Write a name like 'Europe/Berlin' or 'UTC'")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
