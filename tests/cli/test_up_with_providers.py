"""`shelftalk up` with a provider of e-mail and one of text messages, from a sign-up to what became of both messages."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from schemas.responses.message_activity import MessageActivity
from schemas.responses.stock import VariantReport
from starter.commands.shop import Product
from starter.commands.terminal.output import ExitCode
from starter.commands.up import WhereItIs
from tests.cli.command import PATIENCE, Shelftalk
from tests.cli.test_up import PRODUCT, SHELF
from tests.providers import calls
from tests.simulated.mail_api import KEY
from tests.simulated.mail_api_server import MailApiServer
from tests.simulated.mail_apis_of_json import SimulatedSendGrid
from tests.simulated.sms import SimulatedTwilio
from tests.sms.told import BOTH, NUMBER, over

ADDRESS = "first@example.com"


def _by_providers(
    shelftalk: Shelftalk, sendgrid: MailApiServer[SimulatedSendGrid], twilio: SimulatedTwilio
) -> Shelftalk:
    settings = over(twilio) | {
        "email_provider": "sendgrid",
        "email_key": KEY,
        "email_url": sendgrid.url,
        "sender": "Shop <alerts@example.com>",
        "provider_secrets": f"sendgrid={calls.SENDGRID_KEY},twilio={calls.TWILIO_TOKEN}",
    }
    return shelftalk.with_settings(**{f"SHELFTALK_{name.upper()}": value for name, value in settings.items()})


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_mail_and_a_text_leave_by_their_providers_and_what_these_tell_is_in_the_report(
    shelftalk: Shelftalk, tmp_path: Path
) -> None:
    document = tmp_path / "both.yaml"
    document.write_text(BOTH)
    async with MailApiServer(SimulatedSendGrid()) as sendgrid, SimulatedTwilio() as twilio:
        ours = _by_providers(shelftalk, sendgrid, twilio)
        up = await ours.start("up", "--json")
        where = await up.said(WhereItIs)
        assert (where.email_provider, where.mail, where.smtp) == ("sendgrid", None, None)
        assert (await ours.run("conversation", "publish", str(document), "--yes")).code == ExitCode.OK
        (await ours.run(*PRODUCT, "--json")).answer(Product)
        async with httpx.AsyncClient(base_url=where.web, headers={"Host": "shelftalk.example"}) as web:
            asked = {"store": SHELF[1], "variant": SHELF[3], "email": ADDRESS, "phone": NUMBER, "sms_consent": True}
            assert (await web.post("/v1/signups", json=asked)).status_code == 202
            (await ours.run("stock", "set", "1", *SHELF, "--json")).answer(VariantReport)
            async with asyncio.timeout(PATIENCE):
                while sum(row.sent for row in (await _activity(ours)).messages) < 2:
                    pass
            (mail,), (text,) = sendgrid.provider.taken, twilio.taken
            assert (mail.recipient, mail.sender, text.to) == (ADDRESS, "alerts@example.com", NUMBER)

            events = [
                {"event": event, "email": ADDRESS, "sg_event_id": event, "shelftalk_message": mail.reference}
                for event in ("delivered", "open")
            ]
            delivered = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": NUMBER}
            for name, call in (
                ("sendgrid", calls.sendgrid(events, datetime.now(UTC))),
                ("twilio", calls.twilio(delivered, query=f"shelftalk_message={text.reference}")),
            ):
                query = call.url.partition("?")[2]
                answer = await web.post(f"/v1/webhooks/{name}?{query}", content=call.body, headers=dict(call.headers))
                assert answer.status_code == 200, answer.text

            key = {"Authorization": f"Bearer {Path(where.api_key_file).read_text().strip()}"}
            told = (await web.get("/v1/reports/messages", headers=key)).json()
        activity = await _activity(ours)
        assert [(row.message, row.sent, row.told, row.delivered, row.opened) for row in activity.messages] == [
            ("mail", 1, 1, 1, 1),
            ("text", 1, 1, 1, 0),
        ]
        assert MessageActivity.model_validate(told) == activity
        assert (await up.stop()).code == ExitCode.OK


async def _activity(shelftalk: Shelftalk) -> MessageActivity:
    return (await shelftalk.run("report", "messages", "--json")).answer(MessageActivity)
