"""The same from the command line, as processes of their own on a database of the test's own."""

import stat
from pathlib import Path

import pytest

from activities.waitlist.entrances import Entrances
from activities.waitlist.line_moves import LineMoves
from schemas.ids import Subject
from schemas.responses.line_moves import LineMoveReports
from schemas.responses.waitlists import BackPopulation, ImportReport, Saying, WaitingLine
from starter.commands.terminal.output import ExitCode
from starter.commands.waitlists import Exported
from starter.versioning.publishing import publish
from starter.waitlists.files.files import read_waitlist
from starter.waitlists.line_moves import LineMoving, WantedMove
from tests.cli.command import Shelftalk
from tests.product import starter_document
from tests.waitlist.late import BLUE, RED, SCARF, SHOP, LateShop, all_draft, days_ago

LINE = ("--store", SHOP, "--variant", RED)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two who wait, and a row that names nothing we know."""
    path = tmp_path / "export.csv"
    lines = [f"{who},{variant},{days_ago(days)}" for who, variant, days in _ROWS]
    path.write_text("\n".join(["Who asked,Variant ID,Created At", *lines]))
    return path


_ROWS = (("bo@shop.example", RED, 2), ("ada@shop.example", RED, 9), ("cy@shop.example", "999", 1))
COLUMN = ("--column", "email=Who asked")


async def test_without_a_yes_and_a_terminal_an_import_only_shows_what_it_would_do(
    shelftalk: Shelftalk, shop: LateShop, file: Path
) -> None:
    before = await shop.everything()
    looked = await shelftalk.run("waitlist", "import", str(file), "--store", SHOP, *COLUMN, "--json")
    assert looked.code == ExitCode.FAILED
    report = ImportReport.model_validate_json(looked.out)
    assert (report.done, report.counts.entered, report.mistake_count) == (False, 2, 1)
    said = await shelftalk.run("waitlist", "import", str(file), "--store", SHOP, *COLUMN, text="y\n")
    assert said.code == ExitCode.FAILED
    assert "2 would enter" in said.out
    assert "line 4: The store has no such variant that we know of." in said.out
    assert "Nothing was changed" in said.err
    assert "@" not in said.out + said.err
    assert await shop.everything() == before


async def test_with_a_yes_it_imports_and_the_second_time_there_is_nothing_to_do(
    shelftalk: Shelftalk, shop: LateShop, file: Path
) -> None:
    command = ("waitlist", "import", str(file), "--store", SHOP, *COLUMN)
    done = (await shelftalk.run(*command, "--yes", "--json")).answer(ImportReport)
    assert (done.done, done.counts.entered) == (True, 2)
    assert await shop.line() == ["ada", "bo"]
    again = await shelftalk.run(*command)
    assert again.code == ExitCode.OK, "nothing to agree to"
    assert "2 there already" in again.out
    piped = await shelftalk.run("waitlist", "import", "-", "--store", SHOP, *COLUMN, "--json", text=file.read_text())
    assert piped.answer(ImportReport).counts.there_already == 2


async def test_an_import_of_nothing_but_mistakes_fails_and_a_column_that_may_matter_is_asked_about_first(
    shelftalk: Shelftalk, shop: LateShop, tmp_path: Path
) -> None:
    path = tmp_path / "mistakes.csv"
    path.write_text(f"email,variant_id,created_at,name\nada@shop.example,999,{days_ago(1)},Ada\n")
    command = ("waitlist", "import", str(path), "--store", SHOP)
    for yes in ([], ["--yes"]):
        failed = await shelftalk.run(*command, *yes)
        assert failed.code == ExitCode.FAILED
        assert "1 rows name a variant that is not known" in failed.out
        assert "Not read: 'name'." in failed.out
    path.write_text(f"email,variant_id,created_at,pieces\nada@shop.example,{RED},{days_ago(1)},2\n")
    asked = await shelftalk.run(*command, "--yes", "--json")
    assert (asked.failure.code, asked.failure.exit) == ("unclear_columns", ExitCode.USAGE)
    assert await shop.line() == []
    answered = await shelftalk.run(*command, "--yes", "--ignore", "pieces", "--json")
    assert answered.answer(ImportReport).counts.entered == 1


@pytest.mark.parametrize(("said", "code", "entered"), [("y", ExitCode.OK, 2), ("n", ExitCode.FAILED, 0)])
async def test_at_a_terminal_it_shows_and_asks(
    shelftalk: Shelftalk, shop: LateShop, file: Path, said: str, code: ExitCode, entered: int
) -> None:
    importing = ("waitlist", "import", str(file), "--store", SHOP, *COLUMN)
    ended = await shelftalk.at_a_terminal([("]: ", said)], *importing)
    assert "2 would enter" in ended.out
    assert ended.code == code, ended.out
    assert len(await shop.line()) == entered


@pytest.mark.parametrize(
    ("arguments", "code", "exit_"),
    [
        (["--column", "email"], "usage", ExitCode.USAGE),
        (["--column", "email=Nobody"], "cannot_read", ExitCode.USAGE),
        (["--time-zone", "Nowhere/None", *COLUMN], "cannot_read", ExitCode.USAGE),
        (["--dates", "backwards", *COLUMN], "usage", ExitCode.USAGE),
        (["--alert", "unheard-of", *COLUMN], "no_such_alert", ExitCode.FAILED),
    ],
)
async def test_what_cannot_be_imported_is_told_with_a_code(
    shelftalk: Shelftalk, shop: LateShop, file: Path, arguments: list[str], code: str, exit_: ExitCode
) -> None:
    failed = await shelftalk.run("waitlist", "import", str(file), "--store", SHOP, *arguments, "--json")
    assert (failed.failure.code, failed.failure.exit) == (code, exit_)
    assert await shop.line() == []


async def test_who_waits_is_shown_in_order_and_with_addresses_only_if_asked(
    shelftalk: Shelftalk, shop: LateShop, file: Path
) -> None:
    assert "Nobody waits." in (await shelftalk.run("waitlist", "show", *LINE)).out
    await shelftalk.run("waitlist", "import", str(file), "--store", SHOP, *COLUMN, "--yes")
    shown = await shelftalk.run("waitlist", "show", *LINE, "--limit", "1", "--json")
    line = shown.answer(WaitingLine)
    assert (line.total, [each.place for each in line.waiting]) == (2, [1])
    assert line.waiting[0].entered_at == days_ago(9)
    assert "@" not in shown.out
    by_product = await shelftalk.run("waitlist", "show", "--store", SHOP, "--product", SCARF, "--addresses")
    assert by_product.out.index("ada@shop.example") < by_product.out.index("bo@shop.example")
    both = await shelftalk.run("waitlist", "show", *LINE, "--product", SCARF, "--json")
    assert both.failure.exit == ExitCode.USAGE
    unknown = await shelftalk.run("waitlist", "show", "--store", SHOP, "--variant", "999", "--json")
    assert unknown.failure.code == "unknown_product"


async def test_an_export_is_a_file_for_its_owner_that_import_reads(
    shelftalk: Shelftalk, shop: LateShop, file: Path, tmp_path: Path
) -> None:
    await shelftalk.run("waitlist", "import", str(file), "--store", SHOP, *COLUMN, "--yes")
    path = tmp_path / "ours.csv"
    exported = await shelftalk.run("waitlist", "export", str(path), "--store", SHOP, "--json")
    assert exported.answer(Exported).contacts == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [row.email for row in read_waitlist(path.read_bytes()).rows] == ["ada@shop.example", "bo@shop.example"]
    assert "ada@shop.example" in (await shelftalk.run("waitlist", "export")).out
    assert (await shelftalk.run("waitlist", "export", "--variant", RED, "--json")).failure.code == "usage"


async def test_back_population_shows_asks_and_enters(shelftalk: Shelftalk, shop: LateShop) -> None:
    await publish(shop.pool, all_draft())
    await Entrances(shop.pool).sign_up("ada@shop.example", SHOP, RED, "form", days_ago(3))
    draft = await shelftalk.run("alert", "back-populate", "back-in-stock", "--json")
    assert draft.failure.code == "alert_draft"
    await publish(shop.pool, starter_document())
    looked = await shelftalk.run("alert", "back-populate", "back-in-stock")
    assert looked.code == ExitCode.FAILED
    assert "1 would enter" in looked.out
    assert await shop.line() == []
    since = ("--since", f"{days_ago(1):%Y-%m-%d}")
    none = (await shelftalk.run("alert", "back-populate", "back-in-stock", *since, "--json")).answer(BackPopulation)
    assert (none.contacts, none.done) == (0, False)
    done = await shelftalk.run("alert", "back-populate", "back-in-stock", "--yes", "--json")
    assert done.answer(BackPopulation).counts.entered == 1
    assert await shop.line() == ["ada"]


async def test_a_list_is_written_to_only_after_a_yes(shelftalk: Shelftalk, shop: LateShop, file: Path) -> None:
    await shelftalk.run("waitlist", "import", str(file), "--store", SHOP, *COLUMN, "--yes")
    command = ("waitlist", "message", *LINE, "--message", "still-here")
    looked = await shelftalk.run(*command)
    assert looked.code == ExitCode.FAILED
    assert "2 people would get the message 'still-here'." in looked.out
    assert await shop.pool.fetchval("select count(*) from outbox where kind = 'broadcast'") == 0
    done = (await shelftalk.run(*command, "--yes", "--json")).answer(Saying)
    assert (done.done, done.to_hear) == (True, 2)
    assert await shop.pool.fetchval("select count(*) from outbox where kind = 'broadcast'") == 2
    assert "2 got it before, or are getting it." in (await shelftalk.run(*command)).out
    unknown = await shelftalk.run("waitlist", "message", *LINE, "--message", "unheard-of", "--json")
    assert unknown.failure.code == "unknown_message"


async def test_a_line_is_moved_after_a_look_and_a_yes_and_who_asked_is_shown(
    shelftalk: Shelftalk, shop: LateShop
) -> None:
    command = ("waitlist", "move", "--store", SHOP, "--variant", RED, "--to-variant", BLUE)
    nobody = await shelftalk.run(*command)
    assert (nobody.code, nobody.out.strip()) == (ExitCode.OK, f"Nobody waits for variant/{RED}.")
    assert "No line was moved" in (await shelftalk.run("waitlist", "moves")).out
    await Entrances(shop.pool).sign_up("ada@shop.example", SHOP, RED, "test")
    looked = await shelftalk.run(*command)
    assert looked.code == ExitCode.FAILED
    assert f"1 person would wait for variant/{BLUE} instead of variant/{RED}." in looked.out
    asked = await LineMoving(shop.pool).move(WantedMove(_variant(RED), _variant(BLUE)), "ops")
    while await LineMoves(shop.pool).move_next(_variant(RED)):
        pass
    (listed,) = (await shelftalk.run("waitlist", "moves", "--json")).answer(LineMoveReports).moves
    assert (listed.move, listed.moved, listed.requested_by) == (asked.move, 1, "ops")
    assert (await shelftalk.run("waitlist", "move", "--store", SHOP, "--variant", RED)).code == ExitCode.USAGE


def _variant(variant_id: str) -> Subject:
    return Subject(store_id=SHOP, id=variant_id)
