"""A rehearsal kept as a scenario: what was found in it is what is expected from then on."""

from collections.abc import Iterator
from typing import Any, cast

import yaml

from schemas.document.scenarios import Ends, ExpectSection, ScenarioSection
from schemas.journey.outcome import Refused, Sent
from starter.authoring.editing import insert, set_fields
from starter.authoring.marked_yaml import read_yaml
from starter.rehearsing.run import Rehearsed


def kept_scenario(rehearsed: Rehearsed, name: str) -> ScenarioSection:
    """The scenario of a rehearsal, of this name, which expects what was found: who was told, what was sent and refused,
    and how it ended."""
    return rehearsed.scenario.model_copy(update={"name": name, "expect": tuple(_found(rehearsed))})


def scenario_as_yaml(scenario: ScenarioSection) -> str:
    """As it stands in a document, an entry of its section `scenarios`."""
    written: dict[str, Any] = scenario.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude_none=True)
    written = {"name": scenario.name} | written
    return yaml.safe_dump([written], sort_keys=False, allow_unicode=True, width=100)


def text_with(source: str, scenario: ScenarioSection) -> str:
    """A document's text with a scenario in it: behind the others, or in the place of the one of the same name, of which
    only what is expected is written anew.

    Raises:
        CannotEdit: as it says.
    """
    (value,) = cast("list[dict[str, Any]]", yaml.safe_load(scenario_as_yaml(scenario)))
    says = read_yaml(source).value
    kept = says.get("scenarios") if isinstance(says, dict) else None
    scenarios = kept if isinstance(kept, list) else []
    for index, each in enumerate(scenarios):
        if isinstance(each, dict) and each.get("name") == scenario.name:
            return set_fields(source, ("scenarios", index), {"expect": value["expect"]})
    return insert(source, ("scenarios",), len(scenarios), value)


def _found(rehearsed: Rehearsed) -> Iterator[ExpectSection]:
    if rehearsed.others:
        yield ExpectSection(told=rehearsed.told)
    if rehearsed.not_entered is not None:
        yield ExpectSection(not_entered=rehearsed.not_entered)
        return
    for entry in rehearsed.path.entries:
        match entry.outcome:
            case Sent() if entry.left_at is not None and entry.message is not None:
                yield ExpectSection(sends=entry.message, after=_after(rehearsed, entry.left_at))
            case Refused(reason=reason) if entry.message is not None:
                yield ExpectSection(refused=entry.message, reason=reason)
            case _:
                pass
    ending = rehearsed.path.ending
    yield ExpectSection(ends=Ends.NEVER if ending is None else Ends(ending), reason=rehearsed.path.reason)


def _after(rehearsed: Rehearsed, at: Any) -> Any:
    """How long after entering; None at the very moment, of which nothing is said."""
    length = at - rehearsed.scenario_at
    return length if length.total_seconds() > 0 else None
