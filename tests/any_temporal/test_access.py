"""Temporal is reached as its own configuration says: TLS, client certificate, API key, headers, address, namespace."""

import asyncio
import base64
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from activities.temporal_access import TemporalAccess, TemporalMisconfigured
from schemas.settings import Settings
from starter.devstack.temporal import EmbeddedTemporal
from starter.runtime.components import TemporalUnavailable, reach_temporal
from starter.runtime.endpoints import with_profile
from tests.any_temporal.authority import Authority, make_authority

_AT_ONCE = timedelta(0)
KEY = base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Who vouches for the server, which the client demands, and for the client, which the server demands."""
    return make_authority(tmp_path)


@asynccontextmanager
async def only_for_the_known(address: str, authority: Authority) -> AsyncGenerator[str]:
    """Temporal behind mutual TLS: who shows no certificate that is known is not let through. Gives its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.signed, authority.key)
    context.load_verify_locations(authority.certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(["h2"])
    host, port = address.split(":")
    pumps: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while some := await reader.read(65536):
                writer.write(some)
                await writer.drain()
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward_reader, onward_writer = await asyncio.open_connection(host, int(port))
        pumps.add(asyncio.create_task(pump(reader, onward_writer)))
        pumps.add(asyncio.create_task(pump(onward_reader, writer)))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for each in pumps:
            each.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)


def _profile(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> None:
    file = folder / "temporal.toml"
    file.write_text(text)
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(file))


async def test_a_server_that_demands_a_client_certificate_is_reached_with_the_profiles(
    temporal: EmbeddedTemporal, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with only_for_the_known(temporal.address, authority) as address:
        _profile(
            monkeypatch,
            tmp_path,
            f"""
            [profile.known]
            address = "{address}"
            [profile.known.tls]
            server_ca_cert_path = "{authority.certificate}"
            client_cert_path = "{authority.signed}"
            client_key_path = "{authority.key}"
            [profile.stranger]
            address = "{address}"
            [profile.stranger.tls]
            server_ca_cert_path = "{authority.certificate}"
            """,
        )
        known = with_profile(Settings(temporal_profile="known"))
        assert known.temporal_address == address
        client = await reach_temporal(known, print)
        assert (await client.count_workflows()).count >= 0
        with pytest.raises(TemporalUnavailable, match="cannot be reached"):
            await reach_temporal(with_profile(Settings(temporal_profile="stranger")), print, _AT_ONCE)
        with pytest.raises(TemporalUnavailable, match="cannot be reached"):
            await reach_temporal(Settings(temporal_address=address), print, _AT_ONCE)


def test_the_environment_goes_before_the_file_and_our_own_settings_before_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _profile(
        monkeypatch,
        tmp_path,
        """
        [profile.cloud]
        address = "file.example:7233"
        namespace = "of-the-file"
        api_key = "key-of-the-file"
        [profile.cloud.grpc_meta]
        shop = "one"
        """,
    )
    monkeypatch.setenv("TEMPORAL_API_KEY", "key-of-the-environment")
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "of-the-environment")
    settings = with_profile(Settings(temporal_profile="cloud", temporal_address="ours.example:7233"))
    assert (settings.temporal_address, settings.temporal_namespace) == ("ours.example:7233", "of-the-environment")
    access = TemporalAccess.from_settings(settings)
    assert (access.api_key, access.tls, access.headers) == ("key-of-the-environment", True, {"shop": "one"})
    assert "key-of" not in repr(access)


def test_nothing_of_temporals_own_configuration_counts_until_a_profile_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEMPORAL_API_KEY", "key")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "cloud.example:7233")
    settings = with_profile(Settings())
    assert settings.temporal_address is None
    assert TemporalAccess.from_settings(settings) == TemporalAccess()


def test_a_profile_that_is_not_there_and_a_file_that_is_none_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _profile(monkeypatch, tmp_path, "[profile.default]\naddress = 'x:1'")
    with pytest.raises(TemporalMisconfigured, match="names the profile 'cloud'"):
        with_profile(Settings(temporal_profile="cloud"))
    _profile(monkeypatch, tmp_path, "[profile")
    with pytest.raises(TemporalMisconfigured, match="cannot be read"):
        with_profile(Settings(temporal_profile="default"))


def test_keys_are_of_the_variable_or_a_line_each_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{KEY}\n\nsecond\n")
    assert Settings(temporal_keys_file=file).temporal_keys == (SecretStr(KEY), SecretStr("second"))
    monkeypatch.setenv("SHELFTALK_TEMPORAL_KEYS", "first, other")
    assert Settings(temporal_keys_file=file).temporal_keys == (SecretStr("first"), SecretStr("other"))
    monkeypatch.delenv("SHELFTALK_TEMPORAL_KEYS")
    with pytest.raises(ValidationError, match="nowhere cannot be read: FileNotFoundError"):
        Settings(temporal_keys_file=tmp_path / "nowhere")


def test_what_is_no_key_is_refused_before_anything_is_connected() -> None:
    with pytest.raises(TemporalMisconfigured, match="openssl rand"):
        TemporalAccess.from_settings(Settings(temporal_keys=(SecretStr("x"),)))
