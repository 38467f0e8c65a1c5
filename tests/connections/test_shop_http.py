"""HTTP to shops: how often it is tried, how long it waits, how much it reads, and where it never goes."""

import asyncio
import gzip
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from activities.storefronts import shop_http
from activities.storefronts.shop_http import AWAY_IN_A_ROW, LARGEST_ANSWER, TRIES, ShopAnswerOdd, ShopAway, ShopHttp
from starter.http.server import serving


@dataclass
class Server:
    """Answers as it is told, and keeps what it was asked.

    Attributes:
        answers: one after the other; the last stays.
    """

    answers: list[Callable[[], Response]] = field(default_factory=list[Callable[[], Response]])
    asked: list[Request] = field(default_factory=list[Request])
    url: str = ""

    async def answer(self, request: Request) -> Response:
        await request.body()
        self.asked.append(request)
        return (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])()


@pytest.fixture
async def server() -> AsyncGenerator[Server]:
    server = Server([lambda: Response(b'{"fine": 1.10}')])
    app = FastAPI()
    app.add_api_route("/{path:path}", server.answer, methods=["GET", "POST"])
    async with serving(app, "127.0.0.1", 0) as served:
        server.url = served.url
        yield server


@asynccontextmanager
async def opened(calls: tuple[int, timedelta] | None = None) -> AsyncGenerator[ShopHttp]:
    """With pauses that keep nobody waiting."""
    http = ShopHttp(calls=calls, private_hosts=True, first_pause=0.001)
    try:
        yield http
    finally:
        await http.aclose()


def status(code: int, **headers: str) -> Callable[[], Response]:
    return lambda: Response(status_code=code, headers={name.replace("_", "-"): each for name, each in headers.items()})


async def test_an_answer_comes_with_status_and_json_and_no_fraction_is_rounded(server: Server) -> None:
    async with opened() as http:
        answer = await http.call("GET", f"{server.url}/x", params={"a": "b c"}, headers={"X-Token": "t"})
    assert (answer.status, str(answer.json()["fine"])) == (200, "1.10")
    (asked,) = server.asked
    assert (asked.url.query, asked.headers["x-token"]) == ("a=b+c", "t")


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 422])
async def test_what_stays_wrong_is_answered_at_once(server: Server, code: int) -> None:
    server.answers = [status(code)]
    async with opened() as http:
        assert (await http.call("GET", server.url)).status == code
    assert len(server.asked) == 1


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504, 524])
async def test_what_passes_is_tried_again(server: Server, code: int) -> None:
    server.answers = [status(code), status(code), status(204)]
    async with opened() as http:
        assert (await http.call("POST", server.url, json={"a": 1})).status == 204
    assert len(server.asked) == 3


async def test_a_shop_that_is_away_is_tried_a_few_times_and_then_left_alone(server: Server) -> None:
    server.answers = [status(503)]
    async with opened() as http:
        for _ in range(AWAY_IN_A_ROW):
            with pytest.raises(ShopAway, match="answered 503"):
                await http.call("GET", server.url)
        assert len(server.asked) == TRIES * AWAY_IN_A_ROW
        with pytest.raises(ShopAway, match="left alone") as away:
            await http.call("GET", server.url)
        assert len(server.asked) == TRIES * AWAY_IN_A_ROW, "not asked at all"
        assert away.value.retry_after


async def test_one_success_counts_from_none(server: Server) -> None:
    async with opened() as http:
        for _ in range(2):
            server.answers = [status(503)]
            for _ in range(AWAY_IN_A_ROW - 1):
                with pytest.raises(ShopAway):
                    await http.call("GET", server.url)
            server.answers = [status(200)]
            assert (await http.call("GET", server.url)).status == 200


async def test_a_shop_that_wants_to_be_left_alone_for_long_is_away_and_says_for_how_long(server: Server) -> None:
    server.answers = [status(429, retry_after="120")]
    async with opened() as http:
        with pytest.raises(ShopAway) as away:
            await http.call("GET", server.url)
    assert (len(server.asked), away.value.retry_after) == (1, timedelta(seconds=120))


async def test_a_shop_that_hangs_up_is_tried_again_and_said_to_be_away(unused_tcp_port: int) -> None:
    async with opened() as http:
        with pytest.raises(ShopAway, match="could not be reached"):
            await http.call("GET", f"http://127.0.0.1:{unused_tcp_port}/")


@pytest.mark.parametrize("length", [LARGEST_ANSWER, LARGEST_ANSWER + 1])
async def test_an_answer_that_unpacks_to_more_than_is_held_is_refused(server: Server, length: int) -> None:
    packed = gzip.compress(b" " * length, 1)
    server.answers = [lambda: Response(packed, headers={"content-encoding": "gzip"})]
    async with opened() as http:
        if length <= LARGEST_ANSWER:
            assert len((await http.call("GET", server.url)).body) == length
        else:
            with pytest.raises(ShopAnswerOdd, match="16 MiB"):
                await http.call("GET", server.url)


async def test_what_is_no_json_is_odd_and_says_what_the_status_was(server: Server) -> None:
    server.answers = [lambda: Response(b"<html>", status_code=201)]
    async with opened() as http:
        answer = await http.call("GET", server.url)
    with pytest.raises(ShopAnswerOdd, match="answered 201"):
        answer.json()


async def test_a_call_takes_no_token_to_where_a_redirect_leads(server: Server) -> None:
    server.answers = [lambda: RedirectResponse(f"{server.url}/elsewhere")]
    async with opened() as http:
        assert (await http.call("GET", server.url, headers={"X-Token": "t"})).status == 307
    assert len(server.asked) == 1


async def test_a_download_follows_redirects_and_leaves_its_headers_at_home(server: Server) -> None:
    here = server.url
    elsewhere = here.replace("127.0.0.1", "localhost")
    server.answers = [lambda: RedirectResponse(f"{elsewhere}/file"), lambda: Response(b"abc")]
    async with opened() as http, http.download(f"{here}/feed", {"X-Token": "t"}) as file:
        whole = b"".join([chunk async for chunk in file.chunks])
    assert (file.status, whole) == (200, b"abc")
    assert ["x-token" in each.headers for each in server.asked] == [True, False]


async def test_a_download_that_leads_on_for_ever_is_away(server: Server) -> None:
    server.answers = [lambda: RedirectResponse(f"{server.url}/on")]
    async with opened() as http:
        with pytest.raises(ShopAway, match="leads on"):
            async with http.download(server.url):
                pytest.fail("it leads nowhere")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "https://10.0.0.1/", "https://localhost/", "http://shop.example/"]
)
async def test_no_address_inside_our_own_network_is_called(url: str) -> None:
    http = ShopHttp()
    with pytest.raises(ShopAway, match="may not be called"):
        await http.call("GET", url)
    with pytest.raises(ShopAway, match="may not be called"):
        async with http.download(url):
            pytest.fail("it was called")
    await http.aclose()


async def test_calls_keep_the_pace_of_the_platform(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of five calls at two a second the fifth has waited for its turn: counted in waits, not by a clock."""
    waits: list[float] = []
    asleep = shop_http.asyncio.sleep

    async def noted(seconds: float) -> None:
        if seconds:
            waits.append(seconds)
        await asleep(seconds)

    monkeypatch.setattr(shop_http.asyncio, "sleep", noted)
    async with opened((2, timedelta(seconds=1))) as http:
        for _ in range(5):
            await http.call("GET", server.url)
    assert len(waits) >= 2
    assert all(0 < each <= 1.1 for each in waits)


async def test_a_shop_that_asks_for_a_rest_gets_it(server: Server) -> None:
    async with opened() as http:
        http.rest(3600)
        with pytest.raises(ShopAway, match="left alone"):
            await http.call("GET", server.url)
    assert server.asked == []


async def test_an_answer_that_cannot_be_unpacked_is_away(server: Server) -> None:
    server.answers = [lambda: Response(b"no gzip at all", headers={"content-encoding": "gzip"})]
    async with opened() as http:
        with pytest.raises(ShopAway, match="unpacked"):
            await http.call("GET", server.url)
        with pytest.raises(ShopAway, match="unpacked"):
            async with http.download(server.url) as file:
                [chunk async for chunk in file.chunks]


async def test_an_answer_that_is_packed_more_than_once_is_not_unpacked(server: Server) -> None:
    packed = gzip.compress(gzip.compress(b"x"))
    server.answers = [lambda: Response(packed, headers={"content-encoding": "gzip, gzip"})]
    async with opened() as http:
        with pytest.raises(ShopAnswerOdd, match="more than once"):
            await http.call("GET", server.url)
        with pytest.raises(ShopAnswerOdd, match="more than once"):
            async with http.download(server.url):
                pytest.fail("it was read")


async def test_an_answer_that_comes_drop_by_drop_is_not_waited_for_without_end(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def drops() -> AsyncGenerator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    server.answers = [lambda: StreamingResponse(drops())]
    monkeypatch.setattr(shop_http, "WHOLE_ANSWER_SECONDS", 0.1)
    async with opened() as http:
        with pytest.raises(ShopAway, match="in time"):
            await http.call("GET", server.url)


async def test_a_download_takes_no_token_to_another_port_of_its_host(server: Server) -> None:
    here = server.url
    taken: list[str | None] = []
    app = FastAPI()

    async def back(request: Request) -> Response:
        taken.append(request.headers.get("x-token"))
        return Response(b"")

    app.add_api_route("/back", back)
    async with serving(app, "127.0.0.1", 0) as other:
        server.answers = [lambda: RedirectResponse(f"{other.url}/back")]
        async with opened() as http, http.download(f"{here}/feed", {"X-Token": "t"}):
            pass
    assert taken == [None]


async def test_a_redirect_to_what_is_no_address_is_away(server: Server) -> None:
    server.answers = [lambda: Response(status_code=302, headers={"location": "http://[::1/"})]
    async with opened() as http:
        with pytest.raises(ShopAway, match="is none"):
            async with http.download(server.url):
                pytest.fail("it leads nowhere")
        with pytest.raises(ShopAway, match="is none"):
            await http.call("GET", "http://[::1/")
