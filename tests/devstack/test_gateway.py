"""The demo's SMS gateway, asked by the sender that the product has for programs of the shop's own."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from activities.senders.sender import SenderAtFault, Sms
from activities.senders.sms.providers import sms_api
from activities.senders.sms.signed_http import SignedHttp
from activities.senders.sms.sms_api import sms_sender_by
from schemas.settings import Settings
from starter.devstack.gateway import SmsGateway

FROM = "+46701740699"
SMS = Sms("j-1@example.com", "+46701740605", "Zurück für 12 €:\nhttps://shop.example/kettle", "f" * 32)
PATIENCE_SECONDS = 30


@pytest.fixture
async def gateway() -> AsyncGenerator[SmsGateway]:
    async with SmsGateway.running() as running:
        yield running


@pytest.fixture
def api(gateway: SmsGateway) -> SignedHttp:
    found = sms_api(gateway.used_by(Settings(), FROM))
    assert isinstance(found, SignedHttp)
    return found


async def _send(api: SignedHttp, *messages: Sms) -> None:
    sender = sms_sender_by(api)
    try:
        for message in messages:
            async with sender.ready(message) as handover:
                await handover.begin(message)
                await handover.send()
    finally:
        await sender.aclose()


async def test_a_message_is_taken_with_its_words_its_segments_and_what_the_ledger_knows_it_by_and_a_repeated_one_once(
    gateway: SmsGateway, api: SignedHttp
) -> None:
    await _send(api, SMS, SMS, replace(SMS, text="Tomorrow", reference="e" * 32))

    first, second = [await gateway.next(PATIENCE_SECONDS) for _ in range(2)]
    assert (first.id, first.to, first.sender, first.text) == (SMS.reference, SMS.recipient, FROM, SMS.text)
    assert (first.encoding, first.segments) == ("GSM-7", 1)
    assert second.text == "Tomorrow"


async def test_what_is_signed_by_another_secret_is_refused(gateway: SmsGateway, api: SignedHttp) -> None:
    async with SmsGateway.running() as another:
        theirs = sms_api(another.used_by(Settings(), FROM))
        assert isinstance(theirs, SignedHttp)

        with pytest.raises(SenderAtFault, match="check the SHELFTALK_SMS_… settings"):
            await _send(replace(api, secret=theirs.secret), SMS)

    await _send(api, replace(SMS, text="Rightly signed"))
    assert (await gateway.next(PATIENCE_SECONDS)).text == "Rightly signed"


async def test_what_is_rightly_signed_and_no_text_message_is_refused(api: SignedHttp) -> None:
    now, body = datetime.now(UTC), '{"type": "order.paid"}'
    headers = {
        "webhook-id": "1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(api.secret).sign("1", now, body),
    }
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(api.url, content=body, headers=headers)
    assert answer.status_code == 422
