"""`shelftalk store simulate` as a newcomer uses it: what it prints is typed, and somebody is told."""

import asyncio
import shlex
from pathlib import Path

import httpx
import pytest

from schemas.responses.journeys import JourneyReport
from starter.commands.simulate import SimulatedStore
from starter.commands.up import WhereItIs
from tests.cli.command import PATIENCE, Shelftalk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(800)]


async def test_the_commands_that_it_prints_connect_it_and_what_comes_is_told(
    shelftalk: Shelftalk, tmp_path: Path
) -> None:
    private, public = ("SHELFTALK_WEBHOOK_PRIVATE_HOSTS", "SHELFTALK_PUBLIC_URL")
    open_ = shelftalk.with_settings(**{private: "true", public: "https://alerts.example"})
    up = await open_.start("up", "--json")
    where = await up.said(WhereItIs)
    made = ("--port", "0", "--every", "0", "--products", "1", "--variants", "1", "--to", where.web)
    simulating = await shelftalk.start("store", "simulate", "woocommerce", *made, "--json")
    told = await simulating.said(SimulatedStore)
    exported, started, connect, sync = told.commands
    assert exported == f"export {private}=true {public}=https://alerts.example"
    assert started == "shelftalk up"
    words = shlex.split(connect)
    secrets = dict(word.split("=", 1) for word in words[: words.index("shelftalk")])
    assert set(secrets) == {"SHELFTALK_CONNECT_CONSUMER_KEY", "SHELFTALK_CONNECT_CONSUMER_SECRET"}
    connected = await open_.with_settings(**secrets).run(*words[words.index("shelftalk") + 1 :])
    assert connected.out.startswith(f"{told.store} is connected"), connected.err
    assert "1 products read" in (await open_.run(*shlex.split(sync)[1:])).out

    shelf = ("--store", told.store, "--variant", "1000")
    journey = (await open_.run("signup", "first@example.com", *shelf, "--json")).answer(JourneyReport)
    async with httpx.AsyncClient(base_url=told.url, trust_env=False) as http:
        assert (await http.post("/restock", data={"variant": "1000"})).status_code == 303
        async with asyncio.timeout(PATIENCE):
            while not list((tmp_path / "data" / "mail").glob("*.eml")):
                await asyncio.sleep(0.1)
        page = (await http.get("/")).text
    assert "1 came, there are 1</td><td>200</td>" in page
    (mail,) = (tmp_path / "data" / "mail").glob("*.eml")
    assert b"To: first@example.com" in mail.read_bytes()
    assert journey.ahead == 0
    assert (await simulating.stop()).code == 0
    await up.stop()
