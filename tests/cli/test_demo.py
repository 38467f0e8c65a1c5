"""`shelftalk demo` as a process: the whole story, and nothing left behind."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from schemas.attribution import Touch
from schemas.reasons import Ending, Reason
from starter.commands.terminal.output import ExitCode
from starter.devstack.demo import Told
from tests.cli.command import Shelftalk

TERMINAL = 100
"""Columns; the path's table and the addresses of the shop's pages are the widest."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(800)]


async def test_the_demo_reads_like_a_story_and_told_again_on_the_same_folder_says_the_same_in_json(
    shelftalk: Shelftalk, tmp_path: Path, left_running: Callable[[], list[str]]
) -> None:
    ended = await (await shelftalk.start("demo", "--data-dir", str(tmp_path / "demo"))).end()
    assert ended.code == ExitCode.OK, ended.err
    for words in (
        "Subject: Blue kettle is back",
        "| List-Unsubscribe: <https://alerts.example/u/",
        "| List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "an SMS gateway is asked for a text message to +46701740605 (GSM-7, 1 segment)",
        "| GET /l/",
        "A shop opens: a simulated woocommerce shop, at http://127.0.0.1:",
        "6 kinds of webhooks are subscribed, and 1 product is read.",
        "/product/blue-kettle/\n",
        "| 302 http://127.0.0.1:",
        "EUR: messages earned 49.00 of 49.00, by 1 of 1 orders",
        "stands in line, 1 ahead",
        "called forward",
        "It completed.",
        "not_next_in_line",
        "wait: 2 days",
    ):
        assert words in ended.out
    assert max(map(len, ended.out.split("\n1. ")[1].splitlines())) <= TERMINAL, "it does not fit"
    last = ended.out.split("What to do next:")[1]
    for words in ("shelftalk up", "conversation publish", "docs/sms.md", "docs/operations.md"):
        assert words in last
    assert left_running() == []

    ended = await (await shelftalk.start("demo", "--data-dir", str(tmp_path / "demo"), "--json")).end()
    told = ended.answer(Told)
    assert told.mails == ("Blue kettle is back", "Still here: Blue kettle")
    assert told.path.ending is Ending.COMPLETED
    assert [entry.kind for entry in told.path.entries] == ["waiting", "send", "send", "wait", "send", "exit"]
    assert told.unsubscribe["List-Unsubscribe"].startswith("<https://")
    assert told.unsubscribe["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (told.text.encoding, told.text.segments) == ("GSM-7", 1)
    assert told.clicked.led_to in told.text.text
    # In this folder the story was told twice.
    first, *others = told.earned.messages
    assert (first.message, first.orders, first.net, first.currency) == ("it-is-back", 2, Decimal(98), "EUR")
    assert first.by_touch == {Touch.CLICKED: 2}
    assert {each.message: (each.sent, each.orders) for each in others} == {"still-here": (2, 0), "back-by-text": (2, 0)}
    assert told.not_told.reason is Reason.NOT_NEXT_IN_LINE
    assert left_running() == []


async def test_a_demo_that_lacks_a_program_says_what_and_how_to_get_it(shelftalk: Shelftalk, tmp_path: Path) -> None:
    lacking = shelftalk.with_settings(SHELFTALK_TEMPORAL_CLI=str(tmp_path / "nowhere"))
    ended = await lacking.run("demo", "--data-dir", str(tmp_path / "demo"))
    assert ended.code == ExitCode.UNAVAILABLE
    assert "SHELFTALK_TEMPORAL_CLI" in ended.err
