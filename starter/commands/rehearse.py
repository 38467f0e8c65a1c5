"""`shelftalk test-run` and `shelftalk conversation dry-run`: conversations tried out before they reach anybody."""

from pathlib import Path
from typing import Annotated

import typer

from schemas.document.conversation import ConversationDocument
from schemas.document.profiles import ProfileSection
from schemas.document.scenarios import ScenarioSection
from schemas.responses.dry_run import DryRunReport
from starter.commands.chosen_document import chosen_document
from starter.commands.conversations import read_file
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.failures import CommandFailed
from starter.commands.terminal.output import ExitCode, say
from starter.comparing.changed_words import with_changed_words
from starter.comparing.differences import say_differences
from starter.documents import load_document
from starter.rehearsing.checks import find_scenario_errors
from starter.rehearsing.entrance import usual_scenario
from starter.rehearsing.reading import SectionInvalid, profile_with, read_profile, read_scenario
from starter.rehearsing.run import RunTester
from starter.rehearsing.shown import rehearsal_for_people
from starter.rehearsing.tell import RehearsalReport
from starter.services import Services
from starter.versioning.dry_run import MOST_JOURNEYS
from workflows.compiler.diagnostics import format_path

Conversation = Annotated[str, typer.Argument(help="A conversation as YAML, or the short name of one that is there.")]
Profile = Annotated[
    list[str] | None,
    typer.Option("--profile", help="Who enters: a profile as YAML, or a field=value like orders.count=3. Repeatable."),
]
Scenario = Annotated[
    str | None,
    typer.Option(
        "--scenario", help="One of its scenarios by its name, or one as YAML. [default: what usually happens]"
    ),
]


@command
def run_test(
    terminal: Terminal, conversation: Conversation, profile: Profile = None, scenario: Scenario = None
) -> None:
    """Rehearse a conversation on a virtual clock: each step, verdict and message. Reaches nobody.

    Of a short name it is the working version, where there is one, else the published one.
    """
    version, document = chosen_document(terminal, conversation)
    try:
        chosen = _profiled(_scenario(document, scenario), profile or [])
    except SectionInvalid as error:
        raise CommandFailed("invalid_scenario", str(error), exit_=ExitCode.USAGE) from None
    _hold_to_rules(document, chosen)
    report = RehearsalReport.of(document.conversation, RunTester(document).run(chosen), version)
    terminal.tell(report, rehearsal_for_people)
    if report.differences:
        raise typer.Exit(ExitCode.FAILED)


@command
def dry_run_(
    terminal: Terminal,
    file: Annotated[Path, typer.Argument(help="The conversation as YAML, as it may be published.")],
    against: Annotated[
        int, typer.Option("--against", min=1, max=MOST_JOURNEYS, help="How many journeys, the newest first.")
    ] = 500,
) -> None:
    """Live recorded journeys once more on a version that is not published: whose messages or path would differ."""
    document = load_document(read_file(file), str(file))

    async def question(services: Services) -> DryRunReport:
        report = await services.dry_runs.run(document, against, _so_far)
        return await with_changed_words(report, services.versions, document)

    terminal.answer(question, _compared)


def _scenario(document: ConversationDocument, named: str | None) -> ScenarioSection:
    if named is None:
        return usual_scenario(document)
    found = next((each for each in document.scenarios if each.name == named), None)
    if found is not None:
        return found
    if Path(named).is_file():
        return read_scenario(read_file(Path(named)).decode("utf-8-sig", errors="replace"), named)
    names = ", ".join(f"'{each.name}'" for each in document.scenarios) or "none"
    message = f"There is no file and no scenario '{named}'. The conversation's scenarios are: {names}."
    raise CommandFailed("no_such_scenario", message, exit_=ExitCode.USAGE)


def _profiled(scenario: ScenarioSection, given: list[str]) -> ScenarioSection:
    profile: ProfileSection = scenario.profile
    for each in given:
        name, equals, value = each.partition("=")
        if equals:
            profile = profile_with(profile, {name.strip(): value})
        else:
            profile = read_profile(read_file(Path(each)).decode("utf-8-sig", errors="replace"), each)
    return scenario.model_copy(update={"profile": profile})


def _hold_to_rules(document: ConversationDocument, scenario: ScenarioSection) -> None:
    alone = document.model_copy(update={"scenarios": (scenario,)})
    told = [f"{format_path(m.path[2:])}: {m.message}. {m.advice}" for m in find_scenario_errors(alone)]
    if told:
        raise CommandFailed("invalid_scenario", "\n".join(told), exit_=ExitCode.USAGE)


def _so_far(done: int, of: int) -> None:
    say(f"{done} of {of} journeys compared")


def _compared(report: DryRunReport) -> str:
    lines = [
        f"{report.asked} journeys of '{report.conversation}': same {report.same}, different {report.different}, "
        f"could not be compared {report.not_compared}."
    ]
    if report.decided_today:
        lines.append(
            f"Decisions made by what is known today, for the journeys did not make them so: {report.decided_today}."
        )
    lines += [each.sentence for each in report.journeys]
    lines += [f"{each.journey_id} could not be compared: {each.why}." for each in report.unknown]
    if report.more:
        lines.append(f"… and {report.more} more.")
    if report.words:
        lines += ["", "What is said differs from the published version:", say_differences(report.words, full=True)]
    return "\n".join(lines)
