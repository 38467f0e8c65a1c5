"""Documents that are large, or wrong throughout, or very many: each costs little, and holds up nobody."""

import asyncio
from pathlib import Path

import pytest

from starter.authoring.marked_yaml import LARGEST, MOST_NODES
from starter.documents import MOST_SHOWN
from starter.runtime.one_thread import MOST_AT_ONCE
from tests.cli.command import Shelftalk
from tests.http.web import Web, problem, product_message

WRONG_FIELDS = 5_000
WRONG = "".join(f"k{number}: 1\n" for number in range(WRONG_FIELDS))
"""Each line is a mistake of its own."""


async def test_of_a_document_that_is_wrong_throughout_the_first_mistakes_are_shown_and_the_rest_counted(
    web: Web,
) -> None:
    answer = await web.keyed.post("/v1/conversations/check", content=WRONG)
    assert answer.status_code == 200
    assert len(answer.content) < LARGEST // 4
    said = answer.json()
    assert len(said["diagnostics"]) == MOST_SHOWN
    assert said["more"] + MOST_SHOWN > WRONG_FIELDS
    refused = problem(await web.keyed.post("/v1/conversations", content=WRONG), 422, "invalid")
    assert len(refused.errors) == MOST_SHOWN
    assert f"There are {said['more']} more mistakes" in refused.detail


async def test_a_document_of_very_many_values_is_not_read_to_its_end(web: Web) -> None:
    most = "[" + "1," * (MOST_NODES - 1) + "]"
    said = (await web.keyed.post("/v1/conversations/check", content=most)).json()
    assert "more than" not in said["diagnostics"][0]["message"]
    several = "[" + "1," * MOST_NODES + "1]"
    said = (await web.keyed.post("/v1/conversations/check", content=several)).json()
    assert f"more than {MOST_NODES:,} values" in said["diagnostics"][0]["message"]
    assert not said["diagnostics"][1:]


async def test_documents_are_read_one_at_a_time_and_webhooks_meanwhile(web: Web) -> None:
    many = [asyncio.create_task(web.keyed.post("/v1/conversations/check", content=WRONG)) for _ in range(30)]
    for minute in range(5):
        assert (await web.webhook("products/update", product_message(minute))).status_code == 200
    answers = await asyncio.gather(*many)
    read = [answer for answer in answers if answer.status_code == 200]
    assert len(read) >= MOST_AT_ONCE
    for answer in answers:
        if answer not in read:
            problem(answer, 503, "busy")
            assert int(answer.headers["retry-after"]) > 0
    # Once they are done there is room again.
    assert (await web.keyed.post("/v1/conversations/check", content=WRONG)).status_code == 200


@pytest.mark.parametrize("command", ["check", "publish"])
async def test_the_command_line_shows_as_few(shelftalk: Shelftalk, tmp_path: Path, command: str) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(WRONG)
    ran = await shelftalk.run("conversation", command, str(file))
    assert ran.code != 0
    shown = ran.out + ran.err
    assert sum("wrong.yaml:" in line for line in shown.splitlines()) == MOST_SHOWN
    assert "mistakes" in shown
