"""Reasons, states and what the audit has are said in every language of the console: none of them is left out."""

import ast
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from schemas.document.alert_types.vocabulary import AlertType
from schemas.ids import ContactId, JourneyId
from schemas.journey.path import PathEntry, Why
from schemas.reasons import Ending, Reason
from schemas.responses.causes import Again, Entrance, MessageCause, Then, WrittenAgain
from schemas.responses.contacts import MessageState
from schemas.responses.journeys import JourneyStatus
from schemas.responses.why import NotYet, WaitStatus, WhyEntry
from starter.http.console.reason_words import said_action, said_again, said_cause, said_entry, said_exit, said_reason
from starter.http.console.words import LANGUAGES, Words, words_of
from starter.support.message_causes import again_sentence, cause_sentence
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


def causes() -> list[MessageCause]:
    return [
        MessageCause(entered=entered, entered_on="signed_up", entered_at=NOW, then=then, type=type_)
        for entered, then, type_ in product(Entrance, (*Then, None), AlertType)
    ]


def test_english_says_causes_and_why_again_as_the_service_does() -> None:
    for cause in causes():
        at = words("en").moment(NOW)
        ours = said_cause(words("en"), cause).replace(at, "2027-01-12 00:00 UTC").replace("“", "'").replace("”", "'")
        assert ours == cause_sentence(cause)
    for why in Again:
        again = WrittenAgain(why=why, what="one", after="two")
        assert said_again(words("en"), again).replace("“", "'").replace("”", "'") == again_sentence(again)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cause_and_every_way_out_of_a_step_is_said(language: str) -> None:
    t = words(language)
    assert all(t.moment(NOW) in said_cause(t, each) for each in causes())
    assert len({said_again(t, WrittenAgain(why=each)) for each in Again}) == len(Again)
    assert all(said_exit(t, path_entry(each)) for each in Why)
    assert not said_exit(t, path_entry(None))


def path_entry(why: Why | None) -> PathEntry:
    return PathEntry(step="s", kind="wait", entered_at=NOW, left_at=NOW if why else None, why=why, event="e")
