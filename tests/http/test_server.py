"""The server itself: starting, stopping, and staying out of its process's way."""

import asyncio
import os
import signal
from contextlib import suppress

import httpx
import pytest
from fastapi import FastAPI

from starter.http.server import Served, serving
from starter.runtime.ports import CannotStart, free_port
from tests.history import PATIENCE


async def test_a_port_that_is_taken_is_said_with_what_to_do() -> None:
    async with serving(FastAPI(), "127.0.0.1", 0) as first:
        with pytest.raises(CannotStart, match=rf"127.0.0.1:{first.port}.*another program.*SHELFTALK_HTTP_PORT"):
            async with serving(FastAPI(), "127.0.0.1", first.port):
                pass


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "2001:db8::1"])
async def test_a_host_that_is_not_this_machines_is_said(host: str) -> None:
    with pytest.raises(CannotStart, match="cannot listen"):
        async with serving(FastAPI(), host, 0):
            pass


async def test_the_port_is_free_again_after_a_stop_and_a_request_under_way_is_answered() -> None:
    app = FastAPI()
    arrived, may_answer = asyncio.Event(), asyncio.Event()

    @app.get("/")
    async def slow() -> str:  # pyright: ignore[reportUnusedFunction] FastAPI calls it
        arrived.set()
        await may_answer.wait()
        return "answered"

    port = free_port()
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        async with serving(app, "127.0.0.1", port) as served:
            asking = asyncio.create_task(client.get(served.url))
            await arrived.wait()
            answering = asyncio.create_task(_once_nobody_listens(served, may_answer))
        assert (await asking).json() == "answered"
        await answering
        with pytest.raises(httpx.ConnectError):
            await client.get(served.url)
    async with serving(FastAPI(), "127.0.0.1", port):
        pass


async def _once_nobody_listens(served: Served, may_answer: asyncio.Event) -> None:
    """Let the request go on when the server has begun to stop: refuses what connects."""
    while True:
        try:
            _, writer = await asyncio.open_connection(served.host, served.port)
        except ConnectionRefusedError:
            return may_answer.set()
        except ConnectionError:
            continue  # it stopped listening with this one in its queue
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_signals_stay_with_the_process() -> None:
    heard = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, heard.set)
    try:
        async with serving(FastAPI(), "127.0.0.1", 0) as served, httpx.AsyncClient() as client:
            os.kill(os.getpid(), signal.SIGTERM)
            await heard.wait()
            assert (await client.get(served.url)).status_code == 404
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


def test_an_address_to_open_is_told_also_when_it_listens_everywhere() -> None:
    assert Served("0.0.0.0", 8080).url == "http://127.0.0.1:8080"
    assert Served("::", 8080).url == "http://[::1]:8080"
    assert Served("localhost", 8080).url == "http://localhost:8080"
