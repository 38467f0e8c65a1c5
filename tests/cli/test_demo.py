"""`shelftalk demo` as a process: the whole story, and nothing left behind."""

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from schemas.attribution import Touch
from schemas.reasons import Ending, Reason
from starter.commands.terminal.output import ExitCode
from starter.devstack.demo import Told
from tests.accounts.staff import PASSWORD
from tests.cli.command import Shelftalk
from tests.console.browsing import browsing

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


async def test_at_a_terminal_it_goes_on_serving_and_its_link_leads_to_the_same_story_in_the_console(
    shelftalk: Shelftalk, left_running: Callable[[], list[str]]
) -> None:
    async def opened(shown: str) -> str:
        """The link is used, and the pages that it names are looked at; then Ctrl-C."""
        last = shown.split("\n8. ")[1]
        assert max(map(len, last.splitlines())) <= TERMINAL, "it does not fit"
        web, link = re.findall(r"(http://\S+?)(/link/\S+)", last)[0]
        async with browsing(web) as browser:
            assert "You are the first here" in (await browser.get(link)).text
            given = {"name": "Kim", "email": "kim@shop.example", "language": "en", "time_zone": "UTC"}
            led = await browser.post(link, {**given, "password": PASSWORD})
            assert led.status_code == 303, led.text
            assert "€49.00" in (await browser.get("/")).text
            for name, words in (
                (r"/journeys/\S+", ("Blue kettle", "it ran to its end")),
                ("/contacts", ("Find",)),
                ("/lines", ("Blue kettle",)),
                ("/conversations/back-in-stock", ("it-is-back", "back-by-text")),
            ):
                path = re.findall(rf"{re.escape(web)}({name})", last)[0]
                page = (await browser.get(path)).text
                assert [each for each in words if each not in page] == [], path
            found = await browser.post("/contacts", {"asked": "first@"})
            assert "first@example.com" in found.text
        return "\x03"

    ended = await shelftalk.at_a_terminal([("Ctrl-C stops it", opened)], "demo")
    assert ended.code == ExitCode.OK, ended.out
    assert "What to do next:" in ended.out.split("\n8. ")[1]
    assert left_running() == []


async def test_a_demo_that_lacks_a_program_says_what_and_how_to_get_it(shelftalk: Shelftalk, tmp_path: Path) -> None:
    lacking = shelftalk.with_settings(SHELFTALK_TEMPORAL_CLI=str(tmp_path / "nowhere"))
    ended = await lacking.run("demo", "--data-dir", str(tmp_path / "demo"))
    assert ended.code == ExitCode.UNAVAILABLE
    assert "SHELFTALK_TEMPORAL_CLI" in ended.err
