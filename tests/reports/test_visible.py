"""What others wrote reaches the operator's terminal as text: it colours nothing, clears nothing, breaks no table."""

import json

import pytest
from rich.table import Table
from rich.text import Text

from activities.postgres.pool import Pool
from starter.commands.terminal.output import ExitCode, say, show_people
from tests.cli.command import Shelftalk

STEERING = ("\x1b", "\x07", "\x08", "\r", "\x7f", "\x9b", "\u202e", "\u2066")
EVIL = "".join(f"a{each}[31m" for each in STEERING) + "\nforged line"


def _harmless(shown: str) -> bool:
    return not any(each in shown for each in STEERING)


async def test_a_title_that_steers_a_terminal_is_shown_as_text_and_in_one_line(
    shelftalk: Shelftalk, pool: Pool
) -> None:
    put = ("product", "set", "p1", "--store", "s.example", "--title", EVIL, "--variant", "v1=Small")
    assert (await shelftalk.run(*put)).code == ExitCode.OK
    assert "\n" not in await pool.fetchval("select title from products")
    wanted, stock = ("report", "wanted"), ("stock", "show", "--store", "s.example", "--variant", "v1")
    for command in ((*wanted,), (*wanted, "--json"), stock, (*stock, "--json")):
        ended = await shelftalk.run(*command)
        assert _harmless(ended.out + ended.err)
        assert "\nforged line" not in ended.out
    # Also one that somebody wrote into the database.
    await pool.execute("update products set title = $1", EVIL)
    assert _harmless((await shelftalk.run(*stock)).out)


async def test_a_failure_and_its_json_steer_nothing(shelftalk: Shelftalk) -> None:
    for more in ((), ("--json",)):
        ended = await shelftalk.run("journey", "show", EVIL, *more)
        assert ended.code != ExitCode.OK
        assert _harmless(ended.out + ended.err)
    assert json.loads(ended.out)["error"]["code"]


@pytest.mark.parametrize("name", ["evil\x1b[31m", "two\nlines", "\u202ekey"])
async def test_the_name_of_a_key_has_visible_characters_only(shelftalk: Shelftalk, name: str) -> None:
    refused = await shelftalk.run("key", "create", name)
    assert refused.code == ExitCode.USAGE
    assert _harmless(refused.err)
    assert name not in (await shelftalk.run("key", "list")).out


def test_whatever_is_shown_is_made_visible(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(EVIL, title=EVIL, caption=EVIL)
    table.add_row(EVIL)
    table.add_row(Text(EVIL))
    for shown in (table, EVIL, Text(EVIL)):
        show_people(shown)
    say(EVIL)
    told = capsys.readouterr()
    assert _harmless(told.out + told.err)
    show_people("one\ntwo")
    assert capsys.readouterr().out == "one\ntwo\n"
