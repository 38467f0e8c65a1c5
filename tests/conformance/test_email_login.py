"""TLS, certificates and AUTH, against a server that demands them; a wrong setting costs no message."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from activities import trust
from activities.senders.email.smtp_sender import SmtpSender
from activities.senders.limits import Limits
from activities.senders.sender import Mail, NotTaken, SenderAtFault
from tests.conformance.certificates import self_signed
from tests.conformance.providers import FROM, RECIPIENT, BarePeer, send
from tests.conformance.real_server import RealServer

pytestmark = pytest.mark.asyncio

MAIL = Mail("1@shop.example", RECIPIENT, "It is back", "Quick!")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1, and its key."""
    return self_signed(tmp_path_factory.mktemp("tls"), "IP:127.0.0.1")


@pytest_asyncio.fixture
async def guarded(certificate: tuple[Path, Path]) -> AsyncIterator[RealServer]:
    """A server that demands STARTTLS and then AUTH."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    async with RealServer(tls=context, login=("shop", "pässword")) as server:
        yield server


async def test_starttls_and_a_login_open_the_door(guarded: RealServer, certificate: tuple[Path, Path]) -> None:
    sender = guarded.sender(Limits(), username="shop", password="pässword", starttls=True, ca_file=certificate[0])

    await send(sender, MAIL)
    await send(sender, replace(MAIL, message_id="2@shop.example"))

    assert guarded.taken == ["1@shop.example", "2@shop.example"]
    assert guarded.connections == 1


@pytest_asyncio.fixture
async def encrypted(certificate: tuple[Path, Path]) -> AsyncIterator[RealServer]:
    """A server that speaks TLS from the first byte, as on port 465, and demands AUTH."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    async with RealServer(tls=context, at_once=True, login=("shop", "pässword")) as server:
        yield server


async def test_tls_from_the_first_byte_and_a_login_open_the_door(
    encrypted: RealServer, certificate: tuple[Path, Path]
) -> None:
    sender = encrypted.sender(Limits(), username="shop", password="pässword", tls=True, ca_file=certificate[0])

    await send(sender, MAIL)
    await send(sender, replace(MAIL, message_id="2@shop.example"))

    assert encrypted.taken == ["1@shop.example", "2@shop.example"]
    assert encrypted.connections == 1


async def test_a_certificate_nobody_vouches_for_is_not_trusted_from_the_first_byte_either(
    encrypted: RealServer,
) -> None:
    with pytest.raises(NotTaken, match="certificate could not be verified"):
        await send(encrypted.sender(Limits(), username="shop", password="pässword", tls=True), MAIL)
    assert encrypted.taken == []


async def test_a_port_for_starttls_is_not_one_for_tls_from_the_first_byte(guarded: RealServer) -> None:
    with pytest.raises(NotTaken, match="for STARTTLS or for TLS from the first byte"):
        await send(guarded.sender(Limits(), tls=True), MAIL)


async def test_a_wrong_password_is_a_setting_to_correct_and_no_fault_of_the_message(
    guarded: RealServer, certificate: tuple[Path, Path]
) -> None:
    sender = guarded.sender(Limits(), username="shop", password="wrong", starttls=True, ca_file=certificate[0])

    with pytest.raises(SenderAtFault, match=r"535 5\.7\.8 at AUTH.*check the SMTP user name, password") as fault:
        await send(sender, MAIL)
    assert fault.value.account


async def test_a_certificate_nobody_vouches_for_is_not_trusted(guarded: RealServer) -> None:
    sender = guarded.sender(Limits(), username="shop", password="pässword", starttls=True)

    with pytest.raises(NotTaken, match="certificate could not be verified"):
        await send(sender, MAIL)


async def test_a_certificate_for_another_name_is_not_trusted(
    guarded: RealServer, certificate: tuple[Path, Path]
) -> None:
    sender = SmtpSender("localhost", guarded.port, FROM, starttls=True, ca_file=certificate[0])

    with pytest.raises(NotTaken, match="certificate could not be verified"):
        await send(sender, MAIL)


@pytest.mark.parametrize(
    ("options", "missing"),
    [({"starttls": True}, "STARTTLS"), ({"username": "shop", "password": "secret"}, "AUTH")],
)
async def test_a_server_without_what_the_settings_demand_gets_no_message(
    options: dict[str, object], missing: str
) -> None:
    async with BarePeer() as peer:
        with pytest.raises(NotTaken, match=f"does not offer the {missing}"):
            await send(peer.sender(Limits(), **options), MAIL)


async def test_mail_that_needs_a_login_first_is_a_setting_to_correct(guarded: RealServer) -> None:
    with pytest.raises(NotTaken, match="530 at MAIL: check the SMTP user name, password and TLS"):
        await send(guarded.sender(Limits()), MAIL)


async def test_a_mail_server_is_never_offered_http(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exim ends such a connection. An HTTP client writes that it is into its context, which trusts the same."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    # The system's are read once in a process, which may have been before.
    monkeypatch.setattr(trust, "_by_the_system", cache(ssl.create_default_context))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.set_alpn_protocols(["http/1.1", "h2"])
    spoken: list[str | None] = []

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        spoken.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        async with httpx.AsyncClient(verify=trust.trusted(None)) as client:
            with pytest.raises(httpx.HTTPError):
                await client.get(f"https://127.0.0.1:{port}")
        with pytest.raises(NotTaken):
            await send(SmtpSender("127.0.0.1", port, FROM, tls=True), MAIL)
    assert spoken == ["http/1.1", None]
