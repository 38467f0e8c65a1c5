"""Sign-ups in Klaviyo's own form: the same sign-up, and its refusals in Klaviyo's words."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from starter.versioning.publishing import publish
from tests.http.conftest import web_over
from tests.http.test_signups import LIMITED
from tests.http.web import Web, product_message
from tests.product import starter_document
from tests.storefronts.shop import SHOP

PATH = "/client/back-in-stock-subscriptions"
PAYLOADS = Path(__file__).parent.parent / "storefronts" / "payloads" / "klaviyo"
NUMBER = "+12025550123"


def body(
    variant: str = "$shopify:::$default:::31", channels: tuple[str, ...] | None = ("EMAIL",), **attributes: object
) -> dict[str, Any]:
    profile = {"data": {"type": "profile", "attributes": attributes or {"email": "ada@example.com"}}}
    named = {} if channels is None else {"channels": list(channels)}
    return {
        "data": {
            "type": "back-in-stock-subscription",
            "attributes": {**named, "profile": profile},
            "relationships": {"variant": {"data": {"type": "catalog-variant", "id": variant}}},
        }
    }


async def post(web: Web, asked: object, path: str = f"{PATH}/?company_id={SHOP}") -> httpx.Response:
    headers = {"Content-Type": "application/vnd.api+json", "revision": "2026-07-15"}
    return await web.open.post(path, content=json.dumps(asked), headers=headers)


def errors(answer: httpx.Response, status: int, code: str) -> list[dict[str, Any]]:
    """What is wrong, in the form that Klaviyo's own refusals have."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/vnd.api+json"
    told: list[dict[str, Any]] = answer.json()["errors"]
    assert told
    for each in told:
        assert set(each) == {"id", "status", "code", "title", "detail", "source"}
        assert (each["status"], each["code"]) == (status, code)
    return told


@pytest.mark.parametrize("path", [PATH, f"{PATH}/"])
@pytest.mark.parametrize(
    "variant", ["$shopify:::$default:::31", "$custom:::$default:::31", "$wix:::$default:::31", "31"]
)
async def test_a_variant_is_known_by_the_shops_own_id_whatever_stands_before_it(
    web: Web, pool: Pool, path: str, variant: str
) -> None:
    await web.webhook("products/update", product_message())
    answer = await post(web, body(variant), f"{path}?company_id={SHOP}")
    assert (answer.status_code, answer.content) == (202, b"")
    assert await pool.fetchval("select subject from journeys") == "variant/31"


async def test_the_consent_is_on_record_with_its_source_and_what_they_read(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    assert (await post(web, body(email="ada@example.com", locale="de-DE"))).status_code == 202
    row = await pool.fetchrow("select channel, granted, purpose, source from consents")
    assert row is not None
    assert tuple(row) == ("email", True, "alerts", "sign-up form, as of Klaviyo")
    assert "de-DE" in str(await pool.fetchval("select attributes from contacts"))


@pytest.mark.parametrize(
    ("channels", "reached"),
    [
        (("EMAIL",), {"email"}),
        (("SMS",), {"sms"}),
        (("EMAIL", "SMS"), {"email", "sms"}),
        (("EMAIL", "PUSH", "WHATSAPP"), {"email"}),
        (None, {"email"}),
    ],
)
async def test_they_are_written_to_on_the_channels_that_they_chose_and_no_other(
    web: Web, pool: Pool, channels: tuple[str, ...] | None, reached: set[str]
) -> None:
    await web.webhook("products/update", product_message())
    asked = body(channels=channels, email="ada@example.com", phone_number=NUMBER)
    assert (await post(web, asked)).status_code == 202
    assert {row["channel"] for row in await pool.fetch("select channel from consents where granted")} == reached


async def test_new_and_known_shoppers_are_answered_alike(web: Web) -> None:
    await web.webhook("products/update", product_message())
    new, known = [await post(web, body()) for _ in range(2)]
    told_apart = {"x-request-id", "date"}
    heads = [{k: v for k, v in each.headers.items() if k not in told_apart} for each in (new, known)]
    assert new.status_code == known.status_code == 202
    assert heads[0] == heads[1]


async def test_klaviyos_own_example_is_read(web: Web) -> None:
    """It is that of the endpoint for servers; only the variant is another shop's."""
    await web.webhook("products/update", product_message())
    asked = json.loads((PAYLOADS / "back_in_stock_subscription_create.json").read_bytes())
    (unknown,) = errors(await post(web, asked), 404, "not_found")
    assert unknown["detail"]
    asked["data"]["relationships"]["variant"]["data"]["id"] = "$custom:::$default:::31"
    asked["data"]["attributes"]["profile"]["data"]["attributes"]["phone_number"] = NUMBER
    assert (await post(web, asked)).status_code == 202


async def test_a_catalogue_feed_is_no_sign_up(web: Web) -> None:
    feed = json.loads((PAYLOADS / "custom_catalog_example.json").read_bytes())
    (wrong,) = errors(await post(web, feed), 400, "invalid")
    assert wrong["source"] == {"pointer": "/data"}


@pytest.mark.parametrize(
    ("asked", "path", "source"),
    [
        (body(), PATH, {"parameter": "company_id"}),
        (body(email="nobody"), None, {"pointer": "/data/attributes/profile/data/attributes/email"}),
        (
            body(channels=("SMS",), phone_number="12"),
            None,
            {"pointer": "/data/attributes/profile/data/attributes/phone_number"},
        ),
        (body(channels=("SMS",), email="ada@example.com"), None, {"pointer": "/data/attributes/profile"}),
        (body(channels=("PUSH",), email="ada@example.com"), None, {"pointer": "/data/attributes/profile"}),
        (body(external_id="k-1"), None, {"pointer": "/data/attributes/profile"}),
        (body(variant=""), None, {"pointer": "/data/relationships/variant/data/id"}),
        (body(variant="x" * 300), None, {"pointer": "/data/relationships/variant/data/id"}),
        ({"data": {**body()["data"], "type": "event"}}, None, {"pointer": "/data/type"}),
        ([], None, {"pointer": "/data"}),
        (body(), f"{PATH}?company_id={SHOP}&list=nobodys", {"parameter": "list"}),
    ],
)
async def test_what_is_wrong_is_named_where_klaviyos_form_has_it(
    web: Web, asked: object, path: str | None, source: dict[str, str]
) -> None:
    await web.webhook("products/update", product_message())
    told = errors(await post(web, asked, path or f"{PATH}?company_id={SHOP}"), 400, "invalid")
    assert [each["source"] for each in told] == [source]
    assert "ada@example.com" not in str(told)


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b'{"data": 1, "data": 2}', b"[" * 50_000])
async def test_what_is_no_json_is_told_so(web: Web, raw: bytes) -> None:
    headers = {"Content-Type": "application/vnd.api+json"}
    answer = await web.open.post(f"{PATH}/?company_id={SHOP}", content=raw, headers=headers)
    errors(answer, 400, "request_malformed")


async def test_it_counts_as_a_sign_up_does(pool: Pool, nowhere: Client) -> None:
    await publish(pool, starter_document())
    async with web_over(pool, nowhere, LIMITED) as web:
        await web.webhook("products/update", product_message())
        answers = [await post(web, body(email=f"{number}@example.com")) for number in range(7)]
        refused = next(answer for answer in answers if answer.status_code != 202)
        errors(refused, 429, "too_many_requests")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert (await web.sign_up("ada@example.com")).status_code in (202, 429)


async def test_a_page_of_any_shop_may_post_it_with_klaviyos_header(web: Web) -> None:
    asked = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,revision",
    }
    for path in (PATH, f"{PATH}/"):
        answer = await web.open.options(path, headers=asked)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "revision" in answer.headers["access-control-allow-headers"].lower()
