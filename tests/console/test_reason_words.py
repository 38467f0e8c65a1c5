"""Reasons, states and what the audit has are said in every language of the console: none of them is left out."""

import ast
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from schemas.ids import ContactId, JourneyId
from schemas.reasons import Ending, Reason
from schemas.responses.contacts import MessageState
from schemas.responses.journeys import JourneyStatus
from schemas.responses.why import NotYet, WaitStatus, WhyEntry
from starter.http.console.reason_words import said_action, said_entry, said_reason
from starter.http.console.words import LANGUAGES, Words, words_of
from tests.markdown import ROOT

NOW = datetime(2027, 1, 12, tzinfo=UTC)


def words(language: str) -> Words:
    return Words(language, ZoneInfo("Europe/Berlin"))


def actions() -> set[str]:
    """What is put into the audit, as far as it stands in the source as it is."""
    found: set[str] = set()
    for folder in ("starter", "activities"):
        for file in Path(ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "write_audit":
                    action = node.args[2]
                    if isinstance(action, ast.Constant):
                        found.add(str(action.value))
    return found


def entry(status: JourneyStatus, reason: Reason | None, standing: WaitStatus | None) -> WhyEntry:
    return WhyEntry(
        journey_id=JourneyId("j"),
        contact_id=ContactId("c-1"),
        store_id="shop.example",
        subject="variant/v",
        product_title="Kettle",
        alert="back-in-stock",
        status=status,
        considered_at=NOW,
        told_at=NOW if status is JourneyStatus.TOLD else None,
        ended_at=None,
        reason=reason,
        standing=standing,
        held_up_by=None,
        would_refuse=Reason.NO_CONSENT,
        sentence="Said by the service.",
    )


def test_english_says_every_reason_as_the_service_does() -> None:
    assert {each: said_reason(words("en"), each) for each in Reason} == {each: each.sentence for each in Reason}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_ending_and_state_has_words_and_no_others_do(language: str) -> None:
    said = words_of(language)
    named = {name.partition(".")[2] for name in said if name.startswith("reasons.")}
    more = {"told", "ended_then", "under_way", "held_up", "would_refuse"}
    assert named == {*Reason, *(f"not_yet_{each}" for each in NotYet), *more}
    assert {f"people.ended_{each}" for each in Ending} <= said.keys()
    assert {f"people.state_{each}" for each in MessageState} <= said.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_is_put_into_the_audit_has_words(language: str) -> None:
    t, found = words(language), actions()
    assert len(found) > 50
    assert {each for each in found if not t.has(f"actions.{each.replace(' ', '_').replace('-', '_')}")} == set()
    assert said_action(t, "something of long ago") == "something of long ago"


def test_german_says_no_reason_in_english() -> None:
    german, english = words_of("de"), words_of("en")
    parts = ("reasons.", "actions.")
    assert [name for name in english if name.startswith(parts) and german[name] == english[name]] == []


@pytest.mark.parametrize("not_yet", NotYet)
def test_who_waits_is_told_of_in_german_by_what_is_in_the_way(not_yet: NotYet) -> None:
    standing = WaitStatus(
        not_yet=not_yet, ahead=4, places=2, units=7, price=None, trigger=None, quantity=3, window_ends_at=NOW
    )
    said = said_entry(words("de"), entry(JourneyStatus.WAITING, None, standing))
    assert said.endswith("Und wenn sie an der Reihe sind: Die Person hat nicht zugestimmt, dass ihr geschrieben wird.")
    assert "{" not in said
    assert said_entry(words("en"), entry(JourneyStatus.WAITING, None, standing)) == "Said by the service."


def test_who_was_told_and_who_was_not_read_so_in_german() -> None:
    told = said_entry(words("de"), entry(JourneyStatus.TOLD, Reason.PURCHASED, None))
    assert told.startswith("Sie wurden benachrichtigt. Danach endete es: Die Person hat es schon gekauft.")
    assert said_entry(words("de"), entry(JourneyStatus.ENDED, Reason.FILTERED, None)).startswith("Die Bedingungen des")
