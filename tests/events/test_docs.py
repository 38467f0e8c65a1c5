"""docs/events.md and docs/storefronts/shopify.md tell what the code does: every field, topic, reason and example."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from activities.waitlist.unfulfilled_sign_ups import SAME_SIGN_UP
from schemas.incoming.events import LONGEST_MESSAGE_ID, Event, EventKind, EventStatus
from schemas.reasons import Reason
from tests.storefronts.shop import ABOUT_PEOPLE, ANSWERED

DOCS = Path(__file__).parents[2] / "docs"
EVENTS = (DOCS / "events.md").read_text(encoding="utf-8")
SHOPIFY = (DOCS / "storefronts" / "shopify.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json\n(.*?)```", EVENTS, re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_is_an_event(number: int) -> None:
    example = json.loads(EXAMPLES[number])
    for event in example.get("events", [example]):
        Event.model_validate(event)


def test_every_field_kind_status_and_reason_is_explained() -> None:
    reasons = {Reason.IN_STOCK, Reason.INACTIVE, Reason.PURCHASED, Reason.WINDOW_ENDED, Reason.NO_VARIANT}
    for name in (*Event.model_fields, *EventKind, *EventStatus, *reasons):
        assert f"`{name}`" in EVENTS
    assert f"at most {LONGEST_MESSAGE_ID} characters" in EVENTS
    assert timedelta(days=1) == SAME_SIGN_UP, "as it is written there"


@pytest.mark.parametrize("topic", sorted(ANSWERED | ABOUT_PEOPLE))
def test_every_topic_is_subscribed_and_explained(topic: str) -> None:
    assert f'"{topic}"' in SHOPIFY
    assert f"`{topic}`" in SHOPIFY
