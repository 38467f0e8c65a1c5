"""Publishing while people are under way, and operations, on the command line."""

from importlib.resources import files
from pathlib import Path

import pytest

from activities.postgres.pool import Pool
from schemas.responses.operations import Choice, InFlight, OperationKind, OperationReport, OperationReports, Place
from starter.commands.conversations import PublishedReport
from starter.commands.in_flight import lines
from starter.commands.terminal.output import ExitCode
from tests.cli.command import Shelftalk
from tests.product import Shop, starter_document


@pytest.fixture
async def changed(pool: Pool, tmp_path: Path) -> Path:
    """Another version than the one that two people wait by."""
    shop = await Shop.opened(pool)
    await shop.signs_up("ann", "ben")
    text = files("starter").joinpath("conversations/back-in-stock.yaml").read_text(encoding="utf-8")
    path = tmp_path / "changed.yaml"
    path.write_text(text.replace("wait: 2 days", "wait: 60 hours").replace("after: 5 days", "after: 132 hours"))
    return path


async def _published(pool: Pool) -> str:
    return await pool.fetchval("select published from conversations")


async def test_without_a_terminal_and_a_decision_nothing_is_published_and_the_counts_are_told(
    shelftalk: Shelftalk, pool: Pool, changed: Path
) -> None:
    failed = await shelftalk.run("conversation", "publish", str(changed), "--json")
    assert (failed.failure.code, failed.failure.exit) == ("under_way_undecided", ExitCode.FAILED)
    assert "2 at waiting-list, on back-in-stock@1" in failed.failure.message
    assert "move: 2 move to back-in-stock@2 where they stand" in failed.failure.message
    assert "2 places in line are given up" in failed.failure.message
    plain = await shelftalk.run("conversation", "publish", str(changed), "--yes")
    assert "--in-flight stay, move or end" in plain.err
    assert await _published(pool) == "back-in-stock@1"


def test_who_has_no_place_in_the_new_version_is_said_to_move_later_or_not_at_all() -> None:
    there = Place(version="b@1", place="waiting-list", journeys=2, moves_now=2, moves_later=0, in_line=2)
    gone = Place(version="b@1", place="pause", journeys=1, moves_now=0, moves_later=1, in_line=0)
    counts = {"journeys": 3, "moves_now": 2, "moves_later": 1, "in_line": 2}
    told = lines(InFlight(conversation="b", version="b@2", places=(there, gone), **counts))
    assert "  2 at waiting-list, on b@1" in told
    assert "  1 at pause, on b@1; no place to go on from in b@2" in told
    assert any("2 move to b@2 where they stand; 1 at the next rest that it has too, and not" in line for line in told)


async def test_a_decision_is_carried_out_with_who_and_why_on_record(
    shelftalk: Shelftalk, pool: Pool, changed: Path
) -> None:
    decision = ("--in-flight", "move", "--by", "ada", "--note", "a typo")
    report = (await shelftalk.run("conversation", "publish", str(changed), *decision, "--json")).answer(PublishedReport)
    assert (report.version, report.in_flight, report.operation) == ("back-in-stock@2", Choice.MOVE, 1)
    shown = (await shelftalk.run("operation", "show", "1", "--json")).answer(OperationReport)
    assert (shown.kind, shown.to_version, shown.requested_by, shown.why) == (
        OperationKind.MOVE,
        "back-in-stock@2",
        "ada",
        "a typo",
    )
    assert (shown.total, shown.asked, shown.done, shown.left_over) == (2, 0, 0, 2)
    listed = (await shelftalk.run("operation", "list", "--json")).answer(OperationReports)
    assert listed.operations == (shown,)
    assert "move those in back-in-stock to back-in-stock@2" in (await shelftalk.run("operation", "list")).out
    assert "0 of 2 asked, 0 moved, 2 left over." in (await shelftalk.run("operation", "show", "1")).out
    assert await pool.fetchval("select actor from audit where details ? 'in_flight'") == "ada"
    assert [row["kind"] for row in await pool.fetch("select kind from outbox where operation_id = 1")] == ["run_bulk"]


async def test_watching_ends_when_nobody_is_left_over(shelftalk: Shelftalk, pool: Pool, changed: Path) -> None:
    await shelftalk.run("conversation", "publish", str(changed), "--in-flight", "move")
    watching = await shelftalk.start("operation", "show", "1", "--watch")
    await watching.progress("0 of 2 asked, 0 moved, 2 left over.")
    await pool.execute("update operation_journeys set asked_at = now(), done_at = now()")
    await pool.execute("update operations set finished_at = now()")
    ended = await watching.end()
    assert ended.code == ExitCode.OK
    assert "2 of 2 asked, 2 moved, 0 left over." in ended.out


async def test_what_nobody_is_under_way_in_is_published_without_a_question(
    shelftalk: Shelftalk, pool: Pool, changed: Path
) -> None:
    await pool.execute("update journeys set ended_at = now(), ending = 'exited'")
    report = (await shelftalk.run("conversation", "publish", str(changed), "--json")).answer(PublishedReport)
    assert (report.in_flight, report.operation) == (None, None)


async def test_who_would_be_told_by_other_terms_is_said_and_asked_before_they_are_published(
    shelftalk: Shelftalk, pool: Pool, tmp_path: Path
) -> None:
    shop = await Shop.opened(pool, starter_document(quantity_threshold=9))
    await shop.signs_up("ann", "ben")
    await shop.has("v", 1)
    text = files("starter").joinpath("conversations/back-in-stock.yaml").read_text(encoding="utf-8")
    path = tmp_path / "sooner.yaml"
    path.write_text(text)
    publishing = ("conversation", "publish", str(path), "--in-flight", "stay")
    told = "1 contact who waits is told at once"
    failed = await shelftalk.run(*publishing, "--json")
    assert failed.failure.code == "not_confirmed"
    assert told in failed.failure.message
    declined = await shelftalk.at_a_terminal([("]: ", "n")], *publishing)
    assert (declined.code, told in declined.out) == (ExitCode.FAILED, True)
    assert await _published(pool) == "back-in-stock@1"
    assert (await shelftalk.run(*publishing, "--yes")).code == ExitCode.OK
    assert await _published(pool) == "back-in-stock@2"


@pytest.mark.parametrize(
    ("options", "said", "code", "version", "operations"),
    [
        ((), [""], ExitCode.OK, "back-in-stock@2", 0),
        ((), ["move", "y"], ExitCode.OK, "back-in-stock@2", 1),
        ((), ["end", "n"], ExitCode.FAILED, "back-in-stock@1", 0),
        (("--in-flight", "end"), ["n"], ExitCode.FAILED, "back-in-stock@1", 0),
        (("--in-flight", "end", "--yes"), [], ExitCode.OK, "back-in-stock@2", 1),
    ],
)
async def test_at_a_terminal_it_shows_the_counts_and_asks(
    shelftalk: Shelftalk,
    pool: Pool,
    changed: Path,
    options: tuple[str, ...],
    said: list[str],
    code: ExitCode,
    version: str,
    operations: int,
) -> None:
    answers = [("]: ", each) for each in said]
    ended = await shelftalk.at_a_terminal(answers, "conversation", "publish", str(changed), *options)
    assert ("2 at waiting-list" in ended.out) == ("--yes" not in options)
    assert ended.code == code, ended.out
    assert await _published(pool) == version
    assert await pool.fetchval("select count(*) from operations") == operations


async def test_an_operation_that_is_not_there_is_told_with_a_code(shelftalk: Shelftalk, changed: Path) -> None:
    assert (await shelftalk.run("operation", "show", "9", "--json")).failure.code == "no_such_operation"
    assert "No operations." in (await shelftalk.run("operation", "list")).out


async def test_an_operation_is_cancelled_after_a_yes_and_says_whom_it_leaves_alone(
    shelftalk: Shelftalk, pool: Pool, changed: Path
) -> None:
    await shelftalk.run("conversation", "publish", str(changed), "--in-flight", "move", "--json")
    asked = await shelftalk.run("operation", "cancel", "1")
    assert (asked.code, "0 of 2 asked" in asked.out) == (ExitCode.FAILED, True)
    assert await pool.fetchval("select cancelled_at from operations") is None
    done = (await shelftalk.run("operation", "cancel", "1", "--yes", "--json")).answer(OperationReport)
    assert (done.cancelled, done.left_over) == (2, 0)
    assert "2 left alone, for it was cancelled" in (await shelftalk.run("operation", "show", "1")).out
    over = await shelftalk.run("operation", "cancel", "1", "--yes", "--json")
    assert over.failure.code == "operation_over"
