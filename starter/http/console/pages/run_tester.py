"""The Run Tester: a made-up contact, what happens to them, and the way they take, on the tree and by the virtual clock.

All that is asked for stands in the address, so that a run can be sent to somebody. Nothing of it reaches anybody.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse

from schemas.document.conversation import ConversationDocument
from schemas.document.scenarios import HAPPENINGS, ScenarioSection
from schemas.journey.outcome import Deferred, Held, Refused, Stopped
from schemas.responses.users import Role
from starter.authoring.edited_text import CannotEdit
from starter.authoring.tree import tree_of
from starter.comparing.changed_words import with_changed_words
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.drafting import draft_of, latest, meanwhile, save
from starter.http.console.forms import PostedForm
from starter.http.console.made_up_runs import ROWS, made_up
from starter.http.console.opened import Name, Opened, VersionName, chosen_version, open_conversation, version_name
from starter.http.console.rendering import page, with_query, words
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, Refusal
from starter.rehearsing.checks import find_scenario_errors
from starter.rehearsing.entrance import usual_scenario
from starter.rehearsing.kept import kept_scenario, scenario_as_yaml, text_with
from starter.rehearsing.reading import SectionInvalid, read_scenario
from starter.rehearsing.run import Rehearsed, RunTester
from starter.rehearsing.tell import RehearsalReport, RehearsedLine
from starter.runtime.one_thread import DOCUMENTS
from starter.services import Services
from starter.versioning.versions import SavedMeanwhile
from starter.versioning.which import Which
from workflows.compiler.diagnostics import format_path

router = console_router()

OWN = "own"
"""The scenario that is made up on the page."""
RECORDED = 100
"""Journeys of a dry run on the page: whoever asks waits for them."""
NIGHT_ENDS, NIGHT_BEGINS = 7, 22
"""Hours by the list's clock that are called night."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A rehearsal, or why there is none."""

    scenario: ScenarioSection | None = None
    rehearsed: Rehearsed | None = None
    report: RehearsalReport | None = None
    mistakes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a rehearsal as it is shown: with its clock, and whether it is night there."""

    line: RehearsedLine
    clock: datetime
    night: bool
    new_day: bool


@router.get("/conversations/{name}/test", dependencies=[needs_role(Role.VIEWER, somewhere=True)])
async def show_run(
    request: Request,
    name: Name,
    viewer: CurrentViewer,
    services: InjectedServices,
    version: VersionName = None,
    at: Annotated[str, Query(max_length=5)] = "",
) -> Response:
    """A run, up to a moment or to its end."""
    opened = await open_conversation(services, viewer, name)
    which = chosen_version(opened, version or None)
    given = {key: each.strip()[:500] for key, each in request.query_params.items()}
    return await _page(request, services, opened, which, given, int(at) if at.isascii() and at.isdigit() else None)


@router.post("/conversations/{name}/test", dependencies=[needs_role(Role.EDITOR, somewhere=True)])
async def keep(
    request: Request, name: Name, viewer: CurrentViewer, services: InjectedServices, form: PostedForm
) -> Response:
    """Put a run into the working version as a scenario that expects what was found; or say what is in its way."""
    opened = await open_conversation(services, viewer, name, Role.EDITOR)
    given = {key: form.text(key)[:500] for key in form.names if key not in ("csrf", "based_on", "keep_as")}
    document, source = await latest(services, opened)
    ran = await DOCUMENTS.run(_run, document, given)
    if ran.rehearsed is None:
        return await _page(request, services, opened, opened.latest, given, None)
    kept_as, status = form.text("keep_as"), 422
    scenario = kept_scenario(ran.rehearsed, kept_as)
    try:
        draft = await draft_of(await DOCUMENTS.run(text_with, source, scenario))
        if draft.document is not None:
            await save(services, viewer, name, draft, form.text("based_on"))
            return RedirectResponse(with_query(f"{opened.path}/test", scenario=kept_as, kept="yes"), 303)
        problem = " ".join(draft.told.values())
    except CannotEdit as error:
        problem = f"{error} {words(request)('designer.in_the_text')}"
    except SavedMeanwhile:
        found = await meanwhile(services, opened, form.text("based_on"))
        problem, status = words(request)("run_tester.meanwhile", who=found.who), 409
    return await _page(request, services, opened, opened.latest, given, None, problem, status)


async def _page(
    request: Request,
    services: Services,
    opened: Opened,
    which: Which,
    given: dict[str, str],
    at: int | None,
    problem: str | None = None,
    status: int = 200,
) -> Response:
    document, shown_version = await services.versions.document(which), await services.versions.show(which)
    ran = await DOCUMENTS.run(_run, document, given)
    moments = _moments(ran.report) if ran.report is not None else []
    shown = moments[: min(max(1, len(moments) if at is None else at), len(moments))]
    t = words(request)
    return page(
        request,
        "run_tester/run.html",
        status=status,
        opened=opened,
        version=version_name(which),
        nodes=tree_of(document),
        ran=ran,
        moments=shown,
        of=len(moments),
        marks=_marks(shown, ran.rehearsed),
        by_step=_by_step(shown),
        given=given,
        kept={key: each for key, each in given.items() if key not in ("at", "kept")},
        scenario=given.get("scenario", ""),
        scenarios=[("", t("run_tester.usual")), *((each.name, each.name) for each in document.scenarios)],
        own=OWN,
        rows=ROWS,
        happening_options=[(each, t(f"run_tester.happening_{each}")) for each in HAPPENINGS],
        written=_as_yaml(ran),
        may_dry_run=opened.may_write,
        may_keep=opened.may_write and which == opened.latest,
        based_on=shown_version.content_hash,
        problem=problem,
    )


@router.get("/conversations/{name}/test/recorded", dependencies=[needs_role(Role.EDITOR, somewhere=True)])
async def show_recorded(
    request: Request, name: Name, viewer: CurrentViewer, services: InjectedServices, version: VersionName = None
) -> Response:
    """The newest journeys lived once more on a version: whose messages or path would differ."""
    opened = await open_conversation(services, viewer, name, Role.EDITOR)
    which = chosen_version(opened, version or None)
    document = await services.versions.document(which)
    report = await services.dry_runs.run(document, RECORDED)
    report = await with_changed_words(report, services.versions, document)
    return page(request, "run_tester/recorded.html", opened=opened, version=version_name(which), report=report)


def _run(document: ConversationDocument, given: dict[str, str]) -> Ran:
    try:
        scenario = _chosen(document, given.get("scenario", ""), given)
    except SectionInvalid as error:
        # Lines and columns are of a text that nobody sees.
        return Ran(mistakes=tuple(re.sub(r"^run:\d+:\d+: ", "", line) for line in str(error).splitlines()))
    alone = document.model_copy(update={"scenarios": (scenario,)})
    mistakes = tuple(
        f"{format_path(each.path[2:])}: {each.message}. {each.advice}" for each in find_scenario_errors(alone)
    )
    if mistakes:
        return Ran(scenario, mistakes=mistakes)
    rehearsed = RunTester(document).run(scenario)
    return Ran(scenario, rehearsed, RehearsalReport.of(document.conversation, rehearsed))


def _chosen(document: ConversationDocument, named: str, given: dict[str, str]) -> ScenarioSection:
    """The scenario of this name, the usual one, or the one that is made up.

    Raises:
        SectionInvalid: what was made up cannot be read.
        Refusal: there is no scenario of this name.
    """
    if named == OWN:
        return read_scenario(made_up(given), "run")
    if not named:
        return usual_scenario(document)
    found = next((each for each in document.scenarios if each.name == named), None)
    if found is None:
        raise Refusal(Kind.NOT_FOUND, "There is no such scenario.")
    return found


def _moments(report: RehearsalReport) -> list[Moment]:
    found: list[Moment] = []
    for line in report.lines:
        clock = line.at.astimezone(ZoneInfo(report.time_zone))
        night = not NIGHT_ENDS <= clock.hour < NIGHT_BEGINS
        new_day = not found or found[-1].clock.date() != clock.date()
        found.append(Moment(line, clock, night, new_day))
    return found


def _by_step(moments: list[Moment]) -> dict[str, list[Moment]]:
    found: dict[str, list[Moment]] = {}
    for each in moments:
        if each.line.step is not None:
            found.setdefault(each.line.step, []).append(each)
    return found


def _marks(moments: list[Moment], rehearsed: Rehearsed | None) -> dict[str, str]:
    """Of each step what it was to the contact, as far as the run is shown."""
    if rehearsed is None or not moments:
        return {}
    until = moments[-1].line.at
    marks: dict[str, str] = {}
    for entry in rehearsed.path.entries:
        if entry.entered_at > until:
            break
        over = entry.left_at is not None and entry.left_at <= until
        refused = isinstance(entry.outcome, Refused | Stopped | Held) or (
            isinstance(entry.outcome, Deferred) and not over
        )
        marks[entry.step] = "now" if not over else "refused" if refused else "walked"
    return marks


def _as_yaml(ran: Ran) -> str:
    """The run as a scenario that expects what was found."""
    if ran.rehearsed is None or ran.scenario is None:
        return ""
    return scenario_as_yaml(kept_scenario(ran.rehearsed, ran.scenario.name))
