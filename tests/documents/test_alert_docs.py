"""docs/alerts.md: its examples are right, and no option, type, action or event is missing from it."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from pydantic import BaseModel

from schemas.document.alert_types.back_in_stock import BackInStock
from schemas.document.alert_types.low_inventory import LowInventory
from schemas.document.alert_types.price_drop import PriceDrop
from schemas.document.alert_types.registry import raised_events
from schemas.document.alert_types.vocabulary import Action, AlertEvent, AlertType, Order, Reminders
from schemas.document.conversation import ConversationDocument, ListSection
from schemas.time.durations import format_duration
from starter.authoring.marked_yaml import read_yaml
from starter.documents import STARTER_CONVERSATION, check, load_document
from tests.documents.starters import STARTERS

DOCS = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", DOCS, re.MULTILINE | re.DOTALL)
MODELS: tuple[type[BaseModel], ...] = (BackInStock, PriceDrop, LowInventory, ListSection)


def _completed(example: str) -> str:
    """The example with what a document needs besides: threads that answer its alerts, and their messages."""
    written = cast("dict[str, Any]", read_yaml(example).value)
    base = load_document(STARTER_CONVERSATION.read_text(encoding="utf-8"), "base")
    document = base.model_dump(mode="json", by_alias=True, exclude_none=True) | written
    alerts: Mapping[str, Mapping[str, Any]] = document["alerts"]
    events = [f"{code}.alert" for code in alerts]
    events += [f"{code}.follow-up" for code, alert in alerts.items() if "reminders" in alert]
    document["threads"] = [
        {"name": event, "on": event, "steps": [{"send": "it-is-back", "id": event.replace(".", "-")}]}
        for event in events
    ]
    if "together_within" in document["list"]:
        document["messages"]["it-is-back"] = {
            "channel": "email",
            "subject": "Back",
            "text": "It is back: {{ product.title }} {% for item in together %}{{ item.title }} {% endfor %}",
        }
    for said in (said for alert in alerts.values() for said in alert.get("while_waiting", ())):
        document["messages"][said["send"]] = {"channel": "email", "subject": "Not back", "text": "Not back yet."}
    if (question := document["list"].get("double_opt_in")) is not None:
        document["messages"][question] = {
            "channel": "email",
            "subject": "Was it you?",
            "text": "Yes: {{ links.confirm }}",
        }
    return yaml.safe_dump(document, sort_keys=False)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.partition(":\n  ")[2].partition("\n")[0])
def test_every_example_in_the_docs_is_right(example: str) -> None:
    report = check(_completed(example), "example")
    assert report.ok, [str(diagnostic) for diagnostic in report.diagnostics]
    warnings = [str(note) for note in report.warnings if not note.path.startswith("messages.")]
    assert warnings == []


def test_the_examples_show_every_type_and_every_option() -> None:
    shown: set[str] = set()
    types: set[AlertType] = set()
    for example in EXAMPLES:
        document: ConversationDocument = load_document(_completed(example), "example")
        shown |= set(document.list.model_fields_set)
        for alert in document.alerts.values():
            shown |= alert.model_fields_set
            types.add(alert.type)
    assert types == set(AlertType)
    assert {name for model in MODELS for name in model.model_fields} - shown == set()


def test_every_option_has_a_row_that_says_what_it_means_and_what_holds_without_it() -> None:
    rows = re.findall(r"^\| (`[^|]*) \| ([^|]+) \| ([^|]+) \|$", DOCS, re.MULTILINE)
    explained = {name for names, *_ in rows for name in re.findall(r"`([a-z_]+)`", names)}
    assert {name for model in MODELS for name in model.model_fields} - explained == set()


def test_the_defaults_are_as_written() -> None:
    left_out = dict(re.findall(r"^\| `([a-z_]+)` \| [^|]+ \| ([^|]+) \|$", DOCS, re.MULTILINE))
    back = BackInStock.model_validate({"type": "back-in-stock", "action": "sign-up"})
    assert left_out["quantity_threshold"] == str(back.quantity_threshold)
    assert left_out["contacts_per_unit"] == str(back.contacts_per_unit)
    assert left_out["order"] == f"`{back.order}`"
    assert left_out["level"] == f"`{back.level}`"
    assert left_out["reminders"] == f"none; `times`: {Reminders(after=timedelta(days=1)).times}"
    low = LowInventory.model_validate({"type": "low-inventory", "action": "cart", "low_at": 1})
    price = PriceDrop.model_validate({"type": "price-drop", "action": "cart", "drops_by": 1})
    assert low.relevancy_window == price.relevancy_window
    days = [format_duration(alert.relevancy_window) for alert in (back, low)]
    assert left_out["relevancy_window"] == f"{days[0]} for back in stock, else {days[1]}"
    assert left_out["time_zone"] == f"`{ListSection().time_zone}`"


def test_every_word_a_marketer_can_choose_is_named() -> None:
    words = [*AlertType, *Action, *AlertEvent, *Order, "variant", "product", "all"]
    assert [word for word in words if f"`{word}`" not in DOCS] == []


def test_the_actions_and_events_in_the_tables_are_those_of_each_type() -> None:
    for type_, who in re.findall(r"^\| `([a-z-]+)` \| (?:units|the price) \| ([^|]+) \|", DOCS, re.MULTILINE):
        for action in Action:
            alert = {"type": type_, "action": action, "drops_by": 1, "low_at": 1}
            fields = {"back-in-stock": BackInStock, "price-drop": PriceDrop, "low-inventory": LowInventory}[type_]
            kept = {name: value for name, value in alert.items() if name in fields.model_fields}
            assert _is_valid(fields, kept) == (f"`{action}`" in who), (type_, action)
    signed_up = BackInStock.model_validate(
        {"type": "back-in-stock", "action": "sign-up", "reminders": {"after": "1 day"}}
    )
    raised = re.findall(r"^\| `([a-z-]+)` \| (?:back in stock|every alert)", DOCS, re.MULTILINE)
    assert raised == [str(event) for event in raised_events(signed_up)]


def _is_valid(model: type[BaseModel], fields: Mapping[str, object]) -> bool:
    try:
        model.model_validate(fields)
    except ValueError:
        return False
    return True


def test_every_starter_is_named() -> None:
    assert [path.name for path in STARTERS if f"`{path.name}`" not in DOCS] == []
