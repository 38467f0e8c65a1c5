"""One suite over every caller of webhooks: how a call ends is what the shop answered; and what the real one sends, how
far it goes, and where it does not go at all, over real sockets.
"""

import asyncio
import base64
import logging
import socket
import traceback
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError

from activities.outbound.addresses import Forbidden
from activities.outbound.patience import LONGEST_RETRY_AFTER
from activities.webhooks.caller import MAX_BODY, Call, Caller, NotTaken, Rejected, Taken
from activities.webhooks.http_caller import HttpCaller, Limits
from activities.webhooks.signing import SigningSecrets, sign
from tests.conformance.shops import SECRET, Does, Plan, RealShop, Shop, SimulatedShop

pytestmark = pytest.mark.asyncio

MADE = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""When a call was made, where nobody verifies its age."""
PRIVATE = ("hush", "Ada Lovelace", SECRET.get_secret_value())
"""Of the address, of the body, and what signs: none of it may be told."""


class End(StrEnum):
    """How a call ended."""

    TAKEN = "taken"
    REJECTED = "rejected"
    NOT_TAKEN = "not taken"
    FORBIDDEN = "forbidden"


SHOPS: dict[str, Callable[[], Shop]] = {"simulated": SimulatedShop, "real": RealShop}
STATUSES = {
    End.TAKEN: (200, 201, 202, 204, 299),
    End.REJECTED: (300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 409, 410, 413, 418, 422, 451),
    End.NOT_TAKEN: (408, 425, 429, 500, 501, 502, 503, 504, 599),
}
ANSWERED = [(Plan(status), end) for end, statuses in STATUSES.items() for status in statuses]
MISBEHAVED = [
    *((Plan(does=does), End.NOT_TAKEN) for does in (Does.STALL, Does.HANG_UP, Does.RESET, Does.NONSENSE)),
    *((Plan(does=does), End.NOT_TAKEN) for does in (Does.STALL_IN_HEAD, Does.ENDLESS_HEAD)),
    # The status has been said.
    *((Plan(does=does), End.TAKEN) for does in (Does.ENDLESS_BODY, Does.SHORT_BODY, Does.STALL_IN_BODY)),
    (Plan(404, Does.ENDLESS_BODY), End.REJECTED),
    (Plan(503, Does.STALL_IN_BODY), End.NOT_TAKEN),
]
IMPATIENT = Limits(answer=0.2)
"""Of a shop that never answers."""


def call_to(shop: Shop, **changed: Any) -> Call:
    # Made now: who verifies a call refuses one of some minutes ago.
    return replace(Call("journey-1/step-2", shop.url, b'{"name": "Ada Lovelace"}', datetime.now(UTC)), **changed)


async def ending(caller: Caller, call: Call) -> End:
    try:
        await caller.call(call)
    except (Rejected, NotTaken, Forbidden) as error:
        told = "".join(traceback.format_exception(error))
        assert not [word for word in PRIVATE if word in told]
        match error:
            case Rejected():
                return End.REJECTED
            case NotTaken():
                return End.NOT_TAKEN
            case Forbidden():
                return End.FORBIDDEN
    return End.TAKEN


@pytest_asyncio.fixture
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    async with SHOPS[request.param]() as shop:
        yield shop


@pytest_asyncio.fixture
async def real() -> AsyncIterator[RealShop]:
    async with RealShop() as shop:
        yield shop


every_shop = pytest.mark.parametrize("shop", SHOPS, indirect=True)

# Every caller ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shop", "plan", "end"),
    [
        pytest.param(name, plan, end, id=f"{name}: {plan}")
        for name in SHOPS
        for plan, end in (ANSWERED if name == "simulated" else [*ANSWERED, *MISBEHAVED])
    ],
    indirect=["shop"],
)
async def test_the_ending_is_what_the_shop_answered(shop: Shop, plan: Plan, end: End) -> None:
    shop.plan = plan
    never_answers = plan.does in (Does.STALL, Does.STALL_IN_HEAD)

    assert await ending(shop.caller(IMPATIENT if never_answers else None), call_to(shop)) is end

    while not shop.heard_ids:
        await asyncio.sleep(0)  # the caller may have lost its patience before the shop had read the call
    assert shop.heard_ids == ["journey-1/step-2"], "one attempt for each call"


@every_shop
async def test_a_taken_call_and_a_rejected_one_tell_the_status(shop: Shop) -> None:
    shop.plan = Plan(202)
    assert await shop.caller().call(call_to(shop)) == Taken(202)

    shop.plan = Plan(410)
    with pytest.raises(Rejected, match="the shop answered 410") as rejected:
        await shop.caller().call(call_to(shop))
    assert rejected.value.status == 410


@every_shop
@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        ("0", None),
        ("90", timedelta(seconds=90)),
        (" 90 ", timedelta(seconds=90)),
        ("999999999", LONGEST_RETRY_AFTER),
        ("9" * 400, None),
        ("-5", None),
        ("1.5", timedelta(seconds=1.5)),
        ("soon", None),
        ("", None),
        (None, None),
        ("Tue, 24 Nov 2026 12:01:30 GMT", timedelta(seconds=90)),
        ("Fri, 01 Jan 2100 00:00:00 GMT", LONGEST_RETRY_AFTER),
        ("Fri, 01 Jan 2100 00:00:00 -0000", LONGEST_RETRY_AFTER),
        ("Fri, 31 Dec 1999 23:59:59 GMT", None),
        ("Fri, 99 Jan 99999 00:00:00 GMT", None),
    ],
)
async def test_what_the_shop_asks_to_wait_is_granted_up_to_an_hour(
    shop: Shop, asked: str | None, granted: timedelta | None
) -> None:
    for status in (429, 503):
        shop.plan = Plan(status, retry_after=asked)

        with pytest.raises(NotTaken) as put_off:
            await shop.caller().call(call_to(shop, at=MADE))

        assert put_off.value.retry_after == granted
        assert put_off.value.reason == f"the shop answered {status}"


@every_shop
@pytest.mark.parametrize(
    "changed",
    [
        {"url": "ftp://localhost/"},
        {"url": "http://shop.example/hook"},
        {"url": "https://169.254.169.254/latest/meta-data/"},
        {"url": "https://name:hush@shop.example/"},
        {"url": "https://shop.example/hush\r\nX: y"},
        {"url": "hush"},
        {"body": b"x" * (MAX_BODY + 1)},
        {"body": b"\xff"},
    ],
    ids=ascii,
)
async def test_what_may_not_be_sent_is_not(shop: Shop, changed: dict[str, Any]) -> None:
    assert await ending(shop.caller(), call_to(shop, **changed)) is End.FORBIDDEN

    assert shop.heard_ids == []


@every_shop
async def test_the_largest_body_arrives(shop: Shop) -> None:
    assert await ending(shop.caller(), call_to(shop, body=b"x" * MAX_BODY)) is End.TAKEN


@pytest.mark.parametrize("changed", [{"id": ""}, {"id": "a b"}, {"id": "a\r\nX: y"}, {"id": "é"}, {"id": "x" * 257}])
async def test_an_id_that_fits_no_header_is_no_call(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="id of a call"):
        call_to(SimulatedShop(), **changed)


async def test_a_moment_without_a_zone_is_no_call() -> None:
    with pytest.raises(ValueError, match="time zone"):
        call_to(SimulatedShop(), at=MADE.replace(tzinfo=None))


# Signed ----------------------------------------------------------------------------------------------------------


async def test_the_signature_is_the_one_that_standard_webhooks_publishes() -> None:
    at = datetime.fromtimestamp(1614265330, timezone(timedelta(hours=5)))

    headers = sign([SECRET], Call("msg_p5jXN8AQM9LWM0D4loKWxJek", "https://shop.example", b'{"test": 2432232314}', at))

    assert headers == (
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    )


async def test_the_shop_verifies_what_arrives_with_the_library(real: RealShop) -> None:
    body = '{"product": "Kessel für Tee ☕"}'.encode()

    await real.caller().call(call_to(real, body=body))

    (heard,) = real.heard
    assert Webhook(SECRET.get_secret_value()).verify(heard.body, heard.headers) == {"product": "Kessel für Tee ☕"}
    assert heard.body == body
    assert heard.line == "POST /hook?key=hush HTTP/1.1"
    assert heard.headers["host"] == f"127.0.0.1:{real.port}"
    assert heard.headers["content-type"] == "application/json"
    assert "cookie" not in heard.headers


async def test_without_a_secret_a_call_waits_for_the_setting(real: RealShop) -> None:
    caller = HttpCaller(SigningSecrets((("erp.shop.example", SECRET),)), private_hosts=True)

    with pytest.raises(NotTaken, match=r"calls to 127\.0\.0\.1 cannot be signed: set SHELFTALK_WEBHOOK_SECRETS"):
        await caller.call(call_to(real))

    assert real.connections == 0
    await caller.aclose()


async def test_a_host_with_secrets_of_its_own_gets_a_signature_by_each_of_them_and_by_no_other(real: RealShop) -> None:
    old, new = (SecretStr("whsec_" + base64.b64encode(letter * 32).decode()) for letter in (b"o", b"n"))
    caller = HttpCaller(SigningSecrets((("", SECRET), ("127.0.0.1", new), ("127.0.0.1", old))), private_hosts=True)
    await caller.call(call_to(real))
    (heard,) = real.heard
    for secret in (old, new):
        Webhook(secret.get_secret_value()).verify(heard.body, heard.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET.get_secret_value()).verify(heard.body, heard.headers)
    await caller.aclose()


# Bounded ---------------------------------------------------------------------------------------------------------


async def test_an_endless_answer_is_left(real: RealShop) -> None:
    real.plan = Plan(does=Does.ENDLESS_BODY)

    assert await ending(real.caller(), call_to(real)) is End.TAKEN

    await asyncio.wait_for(real.gone.wait(), 10)
    # What was not read lay in the buffers of two sockets.
    assert real.written < 32 * 1024 * 1024


async def test_a_call_has_one_limit_for_everything(real: RealShop) -> None:
    real.plan = Plan(does=Does.STALL)

    with pytest.raises(NotTaken, match="did not answer in time"):
        await asyncio.wait_for(real.caller(Limits(answer=60, whole=0.3)).call(call_to(real)), 30)


async def test_a_redirect_is_not_followed(real: RealShop) -> None:
    real.plan = Plan(307, headers=(f"Location: {real.url}",))

    with pytest.raises(Rejected, match="write the address it leads to"):
        await real.caller().call(call_to(real))

    assert real.connections == 1


async def test_no_cookie_of_one_call_is_in_the_next_and_no_connection_is_kept(real: RealShop) -> None:
    real.plan = Plan(headers=("Set-Cookie: session=1; Path=/",))
    caller = real.caller()

    assert await ending(caller, call_to(real)) is await ending(caller, call_to(real)) is End.TAKEN

    assert [heard.headers.get("cookie") for heard in real.heard] == [None, None]
    assert real.connections == 2


async def test_one_bad_call_does_not_spoil_the_next(real: RealShop) -> None:
    caller = real.caller(Limits(answer=5))
    for does in (Does.STALL, Does.RESET, Does.ENDLESS_HEAD, Does.STALL_IN_BODY):
        real.plan = Plan(does=does)
        await ending(caller, call_to(real))
    real.plan = Plan()

    for _ in range(10):
        assert await asyncio.gather(*(ending(caller, call_to(real)) for _ in range(10))) == [End.TAKEN] * 10


async def test_nobody_at_the_other_end_is_a_reason_to_try_again(real: RealShop) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

        with pytest.raises(NotTaken, match="could not be reached: check that its server runs"):
            await real.caller().call(call_to(real, url=f"http://127.0.0.1:{port}/"))


async def test_a_proxy_of_the_environment_is_not_used(real: RealShop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert await ending(real.caller(), call_to(real)) is End.TAKEN


async def test_nothing_private_is_logged(real: RealShop, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        for plan in (Plan(), Plan(404), Plan(does=Does.RESET)):
            real.plan = plan
            await ending(real.caller(), call_to(real))

    assert not [word for word in PRIVATE if word in caplog.text]
