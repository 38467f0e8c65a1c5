"""Who goes round for years has a path that stays small: its beginning, its end, and how much is left out between."""

from datetime import datetime, timedelta
from io import StringIO
from itertools import pairwise

from rich.console import Console

from schemas.ids import ContactId, JourneyId, VersionId
from schemas.journey.outcome import AfterRefusal, Refused, Sent
from schemas.journey.signals import Leave
from schemas.journey.state import JourneyStart
from schemas.reasons import Ending, Reason
from starter.commands.playing import frames
from starter.commands.terminal.paths import path_table
from tests.conversations.told import talk, thread
from tests.interpreter.journeys import DAWN
from workflows.compiler.compile import compile_document
from workflows.interpreter.path_recorder import FIRST_KEPT, MOST_KEPT
from workflows.worlds.rehearsal import Answering, Happening, Rehearsal, rehearse

HOURS = 2000
AROUND = talk("quiz", thread("custom.quiz", {"wait": "1 hour"}, {"send": "hello"}, {"go_to": "quiz 0"}))
PROGRAM = compile_document(AROUND, VersionId("quiz@1"))
START = JourneyStart(
    journey_id=JourneyId("j-1"),
    contact_id=ContactId("c-1"),
    entered_on="custom.quiz",
    entered_at=DAWN,
    program=PROGRAM,
)
MEBIBYTE = 1024 * 1024


def _world(told_in_round: int, begin: datetime = DAWN) -> Rehearsal:
    told_at = DAWN + timedelta(hours=told_in_round)
    answers = Answering(
        lambda request, now: (
            Sent(message_id=request.key, at=now)
            if now == told_at
            else Refused(reason=Reason.ALREADY_SAID, then=AfterRefusal.GO_ON)
        )
    )
    asked = Happening(DAWN + timedelta(hours=HOURS, minutes=-1), Leave(reason=Reason.CANCELLED))
    return Rehearsal(begin, [asked], answers)


def test_the_first_stays_and_the_last_are_kept_and_the_others_counted() -> None:
    ended, path = rehearse(START, _world(1))
    assert ended is not None
    assert ended.ending is Ending.EXITED
    stays = 3 * (HOURS - 1) + 1
    assert len(path.entries) == MOST_KEPT
    assert (path.left_out.stays, path.left_out.after, path.left_out.told) == (stays - MOST_KEPT, FIRST_KEPT, False)
    gaps = [
        number
        for number, (entry, following) in enumerate(pairwise(path.entries), 1)
        if entry.left_at != following.entered_at
    ]
    assert gaps == [FIRST_KEPT]
    assert path.entries[0].entered_at == DAWN
    assert path.entries[-1].left_at == DAWN + timedelta(hours=HOURS, minutes=-1)


def test_what_is_carried_from_run_to_run_is_far_below_what_temporal_takes() -> None:
    world = _world(1)
    rehearse(START, world)
    assert len(world.rests[-1].model_dump_json(exclude_defaults=True).encode()) < MEBIBYTE
    assert len(world.rests[-1].model_dump_json().encode()) < MEBIBYTE


def test_a_journey_that_continued_as_new_has_the_same_path() -> None:
    world = _world(1)
    _, path = rehearse(START, world)
    middle = world.rests[HOURS // 2]
    assert middle.left_out.stays > 0
    assert middle.rest_until is not None
    resumed = _world(1, middle.rest_until - timedelta(minutes=30))
    assert rehearse(START.model_copy(update={"state": middle}), resumed)[1] == path


def test_a_message_that_is_left_out_was_sent_nevertheless() -> None:
    _, path = rehearse(START, _world(HOURS // 2))
    assert path.left_out.told
    assert not any(isinstance(entry.outcome, Sent) for entry in path.entries)


def test_people_see_where_stays_are_left_out() -> None:
    _, path = rehearse(START, _world(1))
    said = f"{path.left_out.stays:,}"
    paper = Console(file=StringIO(), width=200, record=True)
    paper.print(path_table(path))
    assert f"… {said} more are left out" in paper.export_text()
    assert [number for number, frame in enumerate(frames(path)) if f"after {said} that are left out" in frame] == [500]
