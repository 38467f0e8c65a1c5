"""Temporal's own pages and command line read what is encrypted, as far as whoever asks may, and that is on record."""

import base64
from collections.abc import AsyncGenerator

import pytest
from google.protobuf.json_format import MessageToJson, Parse
from pydantic import SecretStr
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.client import Client

from activities.postgres.pool import Pool
from activities.sealed_payloads import SealedPayloads
from activities.temporal_access import TemporalAccess
from schemas.ids import StoreId
from schemas.responses.keys import Scope
from schemas.responses.users import Grant, Role
from starter.http.codec import PATH
from starter.runtime.ports import free_port
from tests.console.support import Console, console_over
from tests.http.conftest import nowhere as nowhere
from tests.http.web import SETTINGS
from worker import connect

KEY = SecretStr(base64.b64encode(b"k" * 32).decode())
UI = "https://temporal.shop.example"
CLEAR = Payload(metadata={"encoding": b"json/plain"}, data=b'{"at": "the door"}')
SETTINGS_HERE = SETTINGS.model_copy(update={"temporal_keys": (KEY,), "temporal_ui": f"{UI}/"})


async def asked() -> str:
    """What Temporal's tools ask: an encrypted payload."""
    return MessageToJson(Payloads(payloads=await SealedPayloads([KEY]).encode([CLEAR])))


@pytest.fixture
async def console(pool: Pool, request: pytest.FixtureRequest) -> AsyncGenerator[Console]:
    """A console that has the key; its Temporal is down, for nothing of it is asked."""
    access = TemporalAccess.from_settings(SETTINGS_HERE)
    nowhere = await connect(f"127.0.0.1:{free_port()}", "default", access, lazy=True)
    grants: list[Grant] = getattr(request, "param", [Grant(role=Role.SUPPORT)])
    async with console_over(pool, nowhere, grants, SETTINGS_HERE) as opened:
        yield opened


async def test_temporals_pages_read_with_the_session_of_who_is_signed_in_and_it_is_on_record(console: Console) -> None:
    answer = await console.client.post(PATH, content=await asked(), headers={"Origin": UI, "X-Namespace": "default"})
    assert answer.status_code == 200
    assert Parse(answer.text, Payloads()) == Payloads(payloads=[CLEAR])
    assert answer.headers["Access-Control-Allow-Origin"] == UI
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    audited = await console.services.journeys.pool.fetchrow("select actor, action from audit order by id desc limit 1")
    assert audited is not None
    assert (audited["actor"], audited["action"]) == (f"user {console.user_id}", "read history")


async def test_a_browser_is_told_that_those_pages_may_ask_and_no_others(console: Console) -> None:
    answer = await console.client.options(PATH, headers={"Origin": UI, "Access-Control-Request-Method": "POST"})
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == UI
    assert "x-namespace" in answer.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null", f"{UI}.evil.example"])
async def test_a_session_opens_nothing_to_another_page(console: Console, origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin}
    answer = await console.client.post(PATH, content=await asked(), headers=headers)
    assert answer.status_code == 401
    assert "the door" not in answer.text


@pytest.mark.parametrize(
    "console", [[Grant(role=Role.VIEWER)], [Grant(role=Role.ADMIN, store_id=StoreId("one.example"))]], indirect=True
)
async def test_who_may_not_read_the_journeys_of_all_stores_reads_no_history(console: Console) -> None:
    answer = await console.client.post(PATH, content=await asked(), headers={"Origin": UI})
    assert (answer.status_code, "the door" in answer.text) == (403, False)


async def test_who_is_signed_out_is_told_to_sign_in(console: Console) -> None:
    console.client.cookies.clear()
    answer = await console.client.post(PATH, content=await asked(), headers={"Origin": UI})
    assert answer.status_code == 401
    assert "Sign in" in answer.text


@pytest.mark.parametrize(
    ("scopes", "stores", "status"),
    [([Scope.READ], None, 200), ([Scope.EVENTS], None, 403), ([Scope.READ], [StoreId("one.example")], 403)],
)
async def test_temporals_command_line_reads_with_a_key_that_may(
    console: Console, scopes: list[Scope], stores: list[StoreId] | None, status: int
) -> None:
    if stores:
        await console.services.journeys.pool.execute("insert into stores (id, source) values ('one.example', 'open')")
    key = await console.services.keys.create("codec", "test", scopes, stores, None)
    console.client.cookies.clear()
    headers = {"Authorization": f"Bearer {key}"}
    answer = await console.client.post(PATH, content=await asked(), headers=headers)
    assert answer.status_code == status
    assert (base64.b64encode(CLEAR.data).decode() in answer.text) is (status == 200)


async def test_what_is_no_list_of_payloads_and_what_no_key_opens_is_said(console: Console) -> None:
    headers = {"Origin": UI}
    for body in ("", "no json", "[1]", '{"payloads": 1}'):
        assert (await console.client.post(PATH, content=body, headers=headers)).status_code == 400
    other = SecretStr(base64.b64encode(b"o" * 32).decode())
    sealed = MessageToJson(Payloads(payloads=await SealedPayloads([other]).encode([CLEAR])))
    answer = await console.client.post(PATH, content=sealed, headers=headers)
    assert answer.status_code == 409
    assert "put it back" in answer.json()["detail"]


async def test_without_keys_there_is_nothing_to_ask(pool: Pool, nowhere: Client) -> None:
    async with console_over(pool, nowhere, [Grant(role=Role.ADMIN)]) as console:
        assert (await console.client.post(PATH, content=await asked(), headers={"Origin": UI})).status_code == 404
