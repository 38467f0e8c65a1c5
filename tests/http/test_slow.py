"""Requests that come slowly or by half hold nothing for long."""

import asyncio
import time

from fastapi import FastAPI
from temporalio.client import Client

from activities.postgres.pool import Pool
from starter.http.app import create_app
from starter.http.limits import BodyLimit
from starter.http.server import serving
from tests.http.conftest import services_over
from tests.http.web import SETTINGS

SHORT = 0.2


async def _answer(port: int, said: bytes) -> bytes:
    """All that the server says until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    answer = await reader.read()
    writer.close()
    return answer


async def _by_pieces(port: int, first: bytes, more: bytes) -> bytes:
    """All that the server says, while one piece more comes twice in the time that a head may take."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(first)
    answer = asyncio.create_task(reader.read())
    for _ in range(40):
        done, _pending = await asyncio.wait({answer}, timeout=SHORT / 2)
        if done:
            break
        writer.write(more)
    writer.close()
    return await answer


async def test_a_connection_that_says_nothing_or_half_a_head_is_closed(pool: Pool, nowhere: Client) -> None:
    app = create_app(services_over(pool, nowhere), SETTINGS)
    async with serving(app, "127.0.0.1", 0, head_limit=SHORT) as served:
        whole = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
        assert await _answer(served.port, b"") == b""
        assert await _answer(served.port, b"POST /v1/signups HTTP/1.1\r\nHo") == b""
        assert await _by_pieces(served.port, b"POST /v1/signups HTTP/1.1\r\nA: ", b"POST /v1/signups") == b""
        assert b" 200 " in await _answer(served.port, whole + b"GET /liv")


async def test_a_sign_up_whose_turn_comes_later_than_a_head_may_is_answered() -> None:
    app = FastAPI()

    @app.post("/v1/signups")
    async def takes_long() -> None:  # pyright: ignore[reportUnusedFunction]
        time.sleep(SHORT / 10)  # noqa: ASYNC251 the work of a turn, for which everything waits

    asked = b"POST /v1/signups HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    async with serving(app, "127.0.0.1", 0, head_limit=SHORT) as served:
        answers = await asyncio.gather(*(_answer(served.port, asked) for _ in range(30)))
    assert {answer[:13] for answer in answers} == {b"HTTP/1.1 200 "}


async def test_a_body_that_does_not_arrive_in_time_is_answered_408(pool: Pool, nowhere: Client) -> None:
    app = create_app(services_over(pool, nowhere), SETTINGS)
    app.add_middleware(BodyLimit, most=SETTINGS.http_max_body, seconds=SHORT)
    async with serving(app, "127.0.0.1", 0) as served:
        head = b"POST /v1/signups HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
        answer = await _answer(served.port, head + b'{"store"')
    assert b" 408 " in answer
    assert b"urn:shelftalk:problem:body-too-slow" in answer


async def test_one_connection_too_many_is_told_to_come_again_and_those_that_are_there_are_served(
    pool: Pool, nowhere: Client
) -> None:
    app = create_app(services_over(pool, nowhere), SETTINGS)
    asked = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
    async with serving(app, "127.0.0.1", 0, most_connections=2) as served:
        there = [await asyncio.open_connection("127.0.0.1", served.port) for _ in range(2)]
        refused = await _answer(served.port, asked)
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"urn:shelftalk:problem:busy" in refused
        assert b"\r\nretry-after: " in refused
        for reader, writer in there:
            writer.write(asked)
            assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        for _, writer in there:
            writer.close()
