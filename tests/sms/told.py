"""A conversation that speaks by e-mail and by text message, and a shop's counter for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import Send
from schemas.ids import JourneyId, StepId, VersionId
from schemas.journey.activities import Deliver
from starter.documents import load_document
from tests.simulated.sms import FROM, SimulatedTwilio

NUMBER = "+4915123456789"
BOTH = """
conversation: back-in-stock
name: Back in stock
list: {code: default, country: DE}
alerts:
  back-in-stock: {type: back-in-stock, action: sign-up}
threads:
  - name: It is back
    on: back-in-stock.alert
    steps:
      - send: text
      - send: mail
messages:
  text:
    channel: sms
    text: |
      {{ product.title }} is back: {{ product.url }}
  mail:
    channel: email
    subject: "{{ product.title }} is back"
    text: It is back.
"""
TEXT_ALONE = BOTH.replace("      - send: mail\n", "").replace(
    """  mail:
    channel: email
    subject: "{{ product.title }} is back"
    text: It is back.
""",
    "",
)


def document(text: str = BOTH) -> ConversationDocument:
    return load_document(text, "both.yaml")


def deliver(journey: JourneyId, message: str) -> Deliver:
    """A request to deliver one of its messages."""
    return Deliver(
        journey_id=journey,
        event=AlertEvent.ALERT,
        version=VersionId("back-in-stock@1"),
        step=Send(id=StepId(message), message=message),
        round=1,
        give_up_at=datetime.now(UTC) + timedelta(hours=24),
    )


def over(twilio: SimulatedTwilio) -> dict[str, Any]:
    """The settings by which text messages go there."""
    return {
        "sms_provider": "twilio",
        "sms_key_id": "AC1",
        "sms_secret": "token",
        "sms_sender": FROM,
        "sms_url": twilio.url,
        "sms_callback_url": "https://shop.example/v1/webhooks/twilio",
    }
