"""The machine holds its rules for every kind of step, and for all that people may do to a journey under way."""

from datetime import datetime
from itertools import pairwise

from hypothesis import HealthCheck, event, given, settings

from schemas.document.conversation import ConversationDocument
from schemas.document.steps import Decide, Split
from schemas.ids import VersionId
from schemas.journey.activities import Deliver
from schemas.journey.outcome import AfterRefusal, Deferred, Held, Refused, Sent, Stopped, Unknown
from schemas.journey.path import JourneyPath, Why
from schemas.journey.program import thread_criteria_id
from schemas.journey.signals import Move
from schemas.reasons import Ending
from tests.interpreter.journeys import DAWN, CuttableRehearsal, Life
from tests.interpreter.talks import conversations, talks
from workflows.compiler.compile import compile_criteria, compile_document
from workflows.interpreter.journey import UNTIL_REMINDER, WAITING_LIST, Ended
from workflows.worlds.rehearsal import rehearse

thoroughly = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
UNDER_WAY = (Deferred, Held, Stopped)


def _lived(life: Life) -> tuple[Ended | None, JourneyPath, CuttableRehearsal]:
    world = life.world()
    return *rehearse(life.start, world), world


@thoroughly
@given(talks())
def test_a_path_has_no_gap_and_only_one_who_is_held_up_stays(life: Life) -> None:
    ended, path, _ = _lived(life)
    event(str(ended.ending if ended else "held up"))
    assert not path.entries or path.entries[0].entered_at == DAWN
    assert all(entry.left_at == following.entered_at for entry, following in pairwise(path.entries))
    *_, last = path.entries or (None,)
    if ended is None:
        assert last is not None
        assert last.left_at is None
        assert isinstance(last.outcome, Held | Stopped)
    else:
        assert all(entry.left_at is not None and entry.why is not None for entry in path.entries)
        assert (path.ending, path.reason) == (ended.ending, ended.reason)


@thoroughly
@given(talks())
def test_a_journey_may_continue_as_new_at_any_rest(life: Life) -> None:
    ended, path, world = _lived(life)
    for cut in world.cuts:
        start = life.start.model_copy(update={"state": cut.state, "program": cut.program})
        resumed = CuttableRehearsal(cut.at, cut.ahead, life.answers, life.hearing, cut.program)
        assert rehearse(start, resumed) == (ended, path)


@thoroughly
@given(talks())
def test_no_message_is_asked_for_again_once_it_was_answered(life: Life) -> None:
    _, _, world = _lived(life)
    settled = [request.key for at, request in world.delivered if not isinstance(life.answers(request, at), UNDER_WAY)]
    repeated = {key for key in settled if settled.count(key) > 1}
    # What is said once to those in line is asked for as often as it is asked, and answered from the ledger.
    assert all("/broadcast/" in key for key in repeated)


@thoroughly
@given(talks())
def test_once_the_last_message_told_the_contact_nothing_more_is_done_and_the_journey_is_completed(life: Life) -> None:
    ended, _, world = _lived(life)
    told = [
        number for number, (at, request) in enumerate(world.delivered) if request.last and _tells(life, at, request)
    ]
    for number in told:
        assert number == len(world.delivered) - 1
        assert ended == Ended(Ending.COMPLETED)
        assert all(cut.delivered <= number for cut in world.cuts)


def _tells(life: Life, at: datetime, request: Deliver) -> bool:
    return isinstance(life.answers(request, at), Sent | Unknown)


@thoroughly
@given(talks())
def test_a_branch_is_one_of_its_steps_and_the_next_stay_is_where_it_leads(life: Life) -> None:
    _, path, _ = _lived(life)
    versions = {life.start.program.version: life.start.program}
    versions |= {
        happening.signal.program.version: happening.signal.program
        for happening in life.happenings
        if isinstance(happening.signal, Move)
    }
    version = life.start.program.version
    for entry, following in pairwise(path.entries):
        version = entry.moved_to or version
        step = versions[version].steps.get(entry.step)  # pyright: ignore[reportArgumentType, reportCallIssue] - places that are no steps are in none
        if isinstance(step, Split):
            arm = step.choose_arm(life.start.contact_id, "v")
            assert entry.branch == arm.name
            assert arm.next is None or following.step == arm.next


@thoroughly
@given(talks())
def test_a_journey_is_moved_only_where_it_rests_and_lives_by_the_new_version_from_there(life: Life) -> None:
    _, path, world = _lived(life)
    moved = [entry for entry in path.entries if entry.moved_to is not None]
    assert len(moved) <= 1
    assert path.version == (VersionId("v@2") if moved else VersionId("v@1"))
    after = [request for at, request in world.delivered if moved and moved[0].left_at and at > moved[0].left_at]
    assert all(request.version == "v@2" for request in after)


@thoroughly
@given(talks())
def test_what_is_passed_over_is_said_so(life: Life) -> None:
    _, path, _ = _lived(life)
    for entry in path.entries:
        if entry.why is Why.HAPPENED:
            assert entry.event is not None
            assert entry.kind == "wait_for"


@thoroughly
@given(conversations())
def test_every_question_a_program_asks_is_there_with_as_many_criteria_as_it_has_ways(
    document: ConversationDocument,
) -> None:
    program, compiled = compile_document(document, VersionId("v@1")), compile_criteria(document)
    for step in program.steps.values():
        if isinstance(step, Decide):
            assert len(compiled.criteria[step.id]) == len(step.branches)
    for entry in program.threads:
        if entry.asks:
            asked = compiled.criteria[thread_criteria_id(entry.event)]
            assert len(asked) == len(program.threads_on(entry.event))


@thoroughly
@given(talks())
def test_nothing_more_of_a_thread_is_said_once_somebody_has_left_out_the_rest_of_it(life: Life) -> None:
    _, path, _ = _lived(life)
    for entry, following in pairwise(path.entries):
        ended = isinstance(entry.outcome, Refused) and entry.outcome.then is AfterRefusal.END_THREAD
        if ended and not entry.step.startswith("broadcast/"):
            thread = entry.step.partition("-")[0]
            assert following.step in (WAITING_LIST, UNTIL_REMINDER) or not following.step.startswith(f"{thread}-")
