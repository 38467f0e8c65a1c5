"""Somebody and four others in the line of one alert, each by the name that says when they entered."""

from typing import Any

from schemas.document.conversation import ConversationDocument
from schemas.document.scenarios import ScenarioSection
from schemas.reasons import Reason
from starter.documents import load_document
from starter.rehearsing.run import Rehearsed, RunTester
from tests.story.documents import back, programme

EARLIER = [{"name": "ann", "before": "2 hours"}, {"name": "ben", "before": "1 hour"}]
LATER = [{"name": "cleo", "after": "1 hour"}, {"name": "dora", "after": "2 hours"}]
EVERYBODY = [*EARLIER, *LATER]
"""With somebody, who enters between them."""


def back_in_stock(**terms: object) -> ConversationDocument:
    return programme("back", back(**terms))


def rehearse(document: ConversationDocument | str, **scenario: Any) -> Rehearsed:
    if isinstance(document, str):
        document = load_document(document, "f.yaml")
    return RunTester(document).run(ScenarioSection.model_validate({"name": "S", "others": EVERYBODY, **scenario}))


def on_day(day: int, **what: object) -> dict[str, object]:
    return {"after": f"{day} days", **what}


def why_not(rehearsed: Rehearsed) -> dict[str, Reason]:
    return {each.name: each.not_told for each in rehearsed.everyone if each.not_told is not None}
