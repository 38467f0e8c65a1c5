"""Checks the scenarios of a document: what they name exists, and can happen. Who is in them: `contact_checks.py`."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from schemas.document.conversation import ConversationDocument
from schemas.document.scenarios import OF_EVERYBODY, ScenarioSection
from schemas.document.steps import SendStep, Status, every_step, step_id
from schemas.names import is_shop_event
from starter.rehearsing.contact_checks import find_contact_errors, find_crowd_errors, first_enters, unknown
from starter.rehearsing.entrance import entered_alert, entered_event
from starter.rehearsing.fixtures import ITEMS_IN
from workflows.compiler.diagnostics import Diagnostic, Path
from workflows.compiler.step_ids import with_ids


def find_scenario_errors(document: ConversationDocument) -> Iterator[Diagnostic]:
    """What is wrong with the scenarios of a document that is valid in its parts."""
    names: set[str] = set()
    yield from find_crowd_errors(document.scenarios)
    for index, scenario in enumerate(document.scenarios):
        path: Path = ("scenarios", index)
        if scenario.name in names:
            yield Diagnostic(
                (*path, "name"), f"another scenario is called '{scenario.name}' too", "Give it another name"
            )
        names.add(scenario.name)
        if entered_alert(document, scenario) is None and entered_event(document, scenario) is None:
            # That nobody can enter is reported once, for the threads.
            continue
        yield from _entrance_errors(document, scenario, path)
        yield from find_contact_errors(document, scenario, path)
        yield from _message_errors(document, scenario, path)
        yield from _branch_errors(document, scenario, path)
        yield from _time_errors(document, scenario, path)
        yield from _outcome_errors(scenario, path)


def _entrance_errors(document: ConversationDocument, scenario: ScenarioSection, path: Path) -> Iterator[Diagnostic]:
    events = list(dict.fromkeys(each.on for each in document.threads if each.on and is_shop_event(each.on)))
    if scenario.alert is not None and scenario.on is not None:
        yield Diagnostic((*path, "on"), "they enter by an alert, or on an event, not both", "Keep 'alert' or 'on'")
    elif scenario.alert is not None and scenario.alert not in document.alerts:
        yield unknown((*path, "alert"), "alert", scenario.alert, document.alerts)
    elif scenario.on is not None and scenario.on not in events:
        if scenario.on.partition(".")[0] in document.alerts:
            code = scenario.on.partition(".")[0]
            message = f"'{scenario.on}' is what an alert raises, and they enter by the alert itself"
            yield Diagnostic((*path, "on"), message, f"Write 'alert: {code}' instead")
        else:
            yield unknown((*path, "on"), "thread entered on", scenario.on, events)
    if scenario.event_properties and entered_alert(document, scenario) is not None:
        message = "only the event that a conversation without an alert is entered on has properties"
        yield Diagnostic((*path, "event_properties"), message, "Remove it, or put it under profile: attributes")


def _message_errors(document: ConversationDocument, scenario: ScenarioSection, path: Path) -> Iterator[Diagnostic]:
    steps = [step for thread in document.threads for _, step in every_step(thread.steps) if isinstance(step, SendStep)]
    manual = {step.send for step in steps if step.status is Status.MANUAL}
    about_nothing = (
        entered_alert(document, scenario) is None
        and scenario.product is None
        and entered_event(document, scenario) not in ITEMS_IN
    )
    for index, each in enumerate(scenario.happens):
        own: Path = (*path, "happens", index)
        for field, message in (("approves", each.approves), ("declines", each.declines)):
            if message is None:
                continue
            if message not in document.messages:
                yield unknown((*own, field), "message", message, document.messages)
            elif message not in manual:
                told = f"'{message}' waits for nobody's approval"
                yield Diagnostic((*own, field), told, "Give its send step 'status: manual', or remove this")
        if each.kind == "told_already" and entered_alert(document, scenario) is None:
            told = "they enter without an alert, so no other alert tells them of the same thing"
            yield Diagnostic((*own, each.kind), told, "Remove this")
        if about_nothing and each.kind in ("stock", "price", "on_sale", "discontinued"):
            told = "this scenario is about no product"
            yield Diagnostic((*own, each.kind), told, "Add 'product: {}' to the scenario, or remove this")
    for index, each in enumerate(scenario.expect):
        for field, message in (("sends", each.sends), ("refused", each.refused), ("held", each.held)):
            if message is not None and message not in document.messages:
                yield unknown((*path, "expect", index, field), "message", message, document.messages)


def _branch_errors(document: ConversationDocument, scenario: ScenarioSection, path: Path) -> Iterator[Diagnostic]:
    steps = [step for thread in with_ids(document).threads for _, step in every_step(thread.steps)]
    ways = {str(step_id(step)): tuple(way.name for way in step.ways()) for step in steps if step.ways()}
    for index, each in enumerate(scenario.expect):
        own: Path = (*path, "expect", index)
        if each.branch is None or each.takes is None:
            continue
        if each.branch not in ways:
            yield unknown((*own, "branch"), "step that divides with the id", each.branch, ways)
        elif each.takes not in ways[each.branch]:
            yield unknown((*own, "takes"), f"way on from '{each.branch}' named", each.takes, ways[each.branch])


def _time_errors(document: ConversationDocument, scenario: ScenarioSection, path: Path) -> Iterator[Diagnostic]:
    first = first_enters(scenario, ZoneInfo(document.list.time_zone))
    for index, each in enumerate(scenario.happens):
        if each.at is not None and each.at < first:
            whoever = "anybody enters" if scenario.others else "they enter"
            told = f"this is before {whoever} ({first:%Y-%m-%d %H:%M})"
            yield Diagnostic((*path, "happens", index, "at"), told, "Write a later moment, or let them enter earlier")


def _outcome_errors(scenario: ScenarioSection, path: Path) -> Iterator[Diagnostic]:
    for index, each in enumerate(scenario.expect):
        of_them = [other for other in scenario.expect if other.who == each.who and other.kind not in OF_EVERYBODY]
        if each.not_entered is not None and len(of_them) > 1:
            told = "whoever is not entered gets nothing else either"
            yield Diagnostic((*path, "expect", index, "not_entered"), told, "Expect this alone of them, or remove it")
