"""Where a webhook goes: to the address that was checked, and to nobody inside, whatever a name resolves to."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from activities.webhooks.caller import NotTaken
from activities.webhooks.http_caller import Limits
from tests.conformance.certificates import self_signed
from tests.conformance.shops import RealShop
from tests.conformance.test_webhook_callers import End, call_to, ending

pytestmark = pytest.mark.asyncio


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for localhost and shop.example by name, and its key."""
    return self_signed(tmp_path_factory.mktemp("tls"), "DNS:localhost,DNS:shop.example")


@pytest_asyncio.fixture
async def real() -> AsyncIterator[RealShop]:
    async with RealShop() as shop:
        yield shop


@pytest_asyncio.fixture
async def guarded(certificate: tuple[Path, Path]) -> AsyncIterator[RealShop]:
    async with RealShop(certificate) as shop:
        yield shop


def look_up(monkeypatch: pytest.MonkeyPatch, *answers: tuple[str, ...]) -> list[str]:
    """Have names looked up here: answer so, one lookup each; and the names that were asked for."""
    left, asked = list(answers), list[str]()

    async def answer(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        if not left:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in left.pop(0)
        ]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", answer)
    return asked


async def test_the_connection_goes_to_the_address_that_was_checked(
    guarded: RealShop, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = look_up(monkeypatch, ("127.0.0.1",), ("169.254.169.254",))
    call = call_to(guarded, url=f"https://shop.example:{guarded.port}/hook")

    assert await ending(guarded.caller(ca_file=certificate[0]), call) is End.TAKEN

    assert asked == ["shop.example"], "the name is looked up once"
    assert guarded.asked_for == ["shop.example"], "TLS asks for the name, not for the number"
    assert guarded.heard[0].headers["host"] == f"shop.example:{guarded.port}"


async def test_where_one_address_is_dead_the_next_is_called(
    guarded: RealShop, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up(monkeypatch, ("::1", "127.0.0.1"))

    call = call_to(guarded, url=f"https://shop.example:{guarded.port}/hook")

    assert await ending(guarded.caller(ca_file=certificate[0]), call) is End.TAKEN
    assert len(guarded.heard) == 1


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("10.1.2.3",),
        ("::1",),
        ("::ffff:127.0.0.1",),
        ("169.254.169.254",),
        ("fe80::1%1",),
        ("8.8.8.8", "127.0.0.1"),
        ("127.0.0.1", "8.8.8.8"),
    ],
)
async def test_a_name_that_leads_inside_is_not_called(
    guarded: RealShop, addresses: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up(monkeypatch, addresses)

    call = call_to(guarded, url=f"https://shop.example:{guarded.port}/hook")

    assert await ending(guarded.caller(private_hosts=False), call) is End.FORBIDDEN
    assert guarded.connections == 0


@pytest.mark.parametrize("addresses", [("169.254.169.254",), ("fd00:ec2::254",), ("100.100.100.200",), ("0.0.0.0",)])
async def test_private_hosts_do_not_include_a_clouds_metadata(
    guarded: RealShop, addresses: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up(monkeypatch, addresses)

    assert await ending(guarded.caller(), call_to(guarded, url="https://shop.example/")) is End.FORBIDDEN


async def test_http_stays_on_this_machine_whatever_its_name_resolves_to(
    real: RealShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up(monkeypatch, ("10.1.2.3",))

    assert await ending(real.caller(), call_to(real, url=f"http://localhost:{real.port}/")) is End.FORBIDDEN


async def test_a_name_that_nobody_knows_is_a_reason_to_try_again(
    real: RealShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up(monkeypatch)

    with pytest.raises(NotTaken, match="cannot be looked up"):
        await real.caller().call(call_to(real, url="https://shop.example/"))


@pytest.mark.parametrize(
    ("url", "trusted", "says"),
    [
        ("https://localhost:{port}/", False, "certificate could not be verified"),
        ("https://127.0.0.1:{port}/", True, "certificate could not be verified"),
        ("http://localhost:{port}/", True, r"hung up|was lost"),
    ],
    ids=["nobody vouches for it", "for another name", "http to https"],
)
async def test_a_server_that_cannot_prove_its_name_gets_no_call(
    guarded: RealShop, certificate: tuple[Path, Path], url: str, trusted: bool, says: str
) -> None:
    caller = guarded.caller(ca_file=certificate[0] if trusted else None)

    with pytest.raises(NotTaken, match=says):
        await caller.call(call_to(guarded, url=url.format(port=guarded.port)))

    assert guarded.heard == []


async def test_https_to_a_server_without_it_is_a_reason_to_try_again(real: RealShop) -> None:
    with pytest.raises(NotTaken, match=r"no TLS connection|could not be reached"):
        await real.caller(Limits(connect=0.2)).call(call_to(real, url=f"https://localhost:{real.port}/"))
