"""Text messages in a document: what they may have, how many segments they are, and how they are rehearsed."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from schemas.document.scenarios import ScenarioSection
from schemas.journey.outcome import AfterRefusal, Refused
from schemas.reasons import Ending, Reason
from starter.documents import check, load_document
from starter.rehearsing.run import Rehearsed, RunTester
from starter.rehearsing.tell import RehearsalReport
from tests.sms.told import BOTH, NUMBER, TEXT_ALONE


def notes(text: str) -> list[str]:
    report = check(BOTH.replace("{{ product.title }} is back: {{ product.url }}", text), "f.yaml")
    assert report.ok, report.diagnostics
    return [each.message for each in report.warnings if each.path == "messages.text.text"]


def test_a_text_of_one_segment_is_not_spoken_of() -> None:
    assert notes("{{ product.title }} is back: {{ product.url }}") == []


def test_check_shows_a_text_of_several_segments_with_sample_values() -> None:
    (note,) = notes("{{ product.title }} " + "is back " * 20)
    assert note.startswith("with sample values it is 2 segments of GSM-7 (171 of 306 characters), each paid for: 'Blue")


def test_check_names_the_one_character_that_makes_a_text_three_times_as_long() -> None:
    outside, several = notes("It’s back " * 12)
    assert "'’' (right single quotation mark) is not in the GSM alphabet" in outside
    assert "70 characters a segment, and not 160" in outside
    assert several.startswith("with sample values it is 2 segments of UCS-2")


def test_a_character_outside_is_told_by_its_line() -> None:
    text = "It is back\n      and – it’s yours"
    report = check(BOTH.replace("{{ product.title }} is back: {{ product.url }}", text), "f.yaml")
    (note,) = [each for each in report.warnings if "GSM" in each.message]
    assert note.line == 1 + BOTH.split("\n").index("      {{ product.title }} is back: {{ product.url }}") + 1
    assert "'–' (en dash), '’' (right single quotation mark) are not in the GSM alphabet" in note.message


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("    channel: sms\n    subject: Hello\n", "a text message has only its 'text'"),
        ("    channel: sms\n    html: <p>Hello</p>\n", "a text message has only its 'text'"),
        ("    channel: email\n", "an e-mail has a 'subject'"),
        ("    channel: fax\n", "channel"),
    ],
)
def test_a_message_has_the_parts_of_its_channel(wrong: str, said: str) -> None:
    report = check(BOTH.replace("    channel: sms\n", wrong), "f.yaml")
    assert not report.ok
    assert any(said in each.message or said in each.path for each in report.diagnostics), report.diagnostics


def test_a_text_that_no_provider_takes_is_a_mistake() -> None:
    report = check(BOTH.replace("is back: {{", "is back " * 250 + "{{"), "f.yaml")
    (mistake,) = report.diagnostics
    assert (mistake.path, "at most 1600 characters" in mistake.message) == ("messages.text.text", True)


def in_german(words: str) -> str:
    return BOTH.replace("    channel: sms\n", f"    channel: sms\n    language: en\n    locales: {{de: {{{words}}}}}\n")


def test_a_text_in_another_language_is_counted_where_it_stands() -> None:
    report = check(in_german("text: 'Wieder da – {{ product.title }}'"), "f.yaml")
    (note,) = [each for each in report.warnings if "GSM" in each.message]
    assert (note.path, "'–' (en dash)" in note.message) == ("messages.text.locales.de.text", True)
    (mistake,) = check(in_german(f"text: {'Wieder da. ' * 200}"), "f.yaml").diagnostics
    assert mistake.path == "messages.text.locales.de.text"


@pytest.mark.parametrize("part", ["subject: Hallo", "mjml: <mj-section />", "html: <p>Hallo</p>"])
def test_a_text_in_another_language_has_nothing_but_its_text(part: str) -> None:
    report = check(in_german(f"text: Wieder da, {part}"), "f.yaml")
    assert "a text message has only its 'text' in de" in " ".join(each.message for each in report.diagnostics)


def rehearse(text: str, *happens: dict[str, object], **scenario: object) -> Rehearsed:
    document = load_document(text, "f.yaml")
    comes = [{"after": "1 day", "stock": 1}, *happens]
    return RunTester(document).run(ScenarioSection.model_validate({"name": "S", "happens": comes, **scenario}))


def sent(rehearsed: Rehearsed) -> list[str]:
    return [each.message for each in rehearsed.messages]


def test_a_rehearsed_contact_without_a_number_gets_the_mail_alone() -> None:
    rehearsed = rehearse(BOTH)
    assert sent(rehearsed) == ["mail"]
    outcome = next(each.outcome for each in rehearsed.path.entries if each.message == "text")
    assert outcome == Refused(reason=Reason.NO_ADDRESS, then=AfterRefusal.GO_ON)


def test_one_with_a_number_gets_both_unless_they_want_no_texts() -> None:
    assert sent(rehearse(BOTH, profile={"phone": NUMBER})) == ["text", "mail"]
    assert sent(rehearse(BOTH, profile={"phone": NUMBER, "sms_consent": False})) == ["mail"]
    changed: dict[str, object] = {"after": "2 hours", "sms_consent": False}
    assert sent(rehearse(BOTH, changed, profile={"phone": NUMBER})) == ["mail"]


def test_a_conversation_of_texts_alone_ends_with_the_reason() -> None:
    path = rehearse(TEXT_ALONE).path
    assert (path.ending, path.reason) == (Ending.COMPLETED, Reason.NO_ADDRESS)


def test_a_rehearsed_text_is_told_without_a_subject_and_keeps_to_the_hours_of_paris() -> None:
    paris = ZoneInfo("Europe/Paris")
    entered = datetime(2026, 12, 1, 21, 31, tzinfo=paris)
    document = TEXT_ALONE.replace("country: DE", "country: FR, time_zone: Europe/Paris")
    rehearsed = rehearse(document, profile={"phone": "+33612345678"}, enters=entered.strftime("%Y-%m-%d %H:%M"))
    (text,) = rehearsed.messages
    assert text.at == datetime(2026, 12, 3, 8, tzinfo=paris)
    report = RehearsalReport.of("c", rehearsed)
    (line,) = [each for each in report.lines if each.sent is not None]
    assert line.sent is not None
    assert (line.sent.subject, line.sent.html) == (None, None)
    assert any("No text message may reach them at this hour" in each.verdict for each in report.lines)


@pytest.mark.parametrize(
    ("phone", "zone", "comes", "leaves"),
    [
        # A Wednesday evening in Rhode Island; a Saturday evening there, and the clocks go forward in the night.
        ("+14012345678", "America/New_York", "2026-12-02 18:30", "2026-12-03 09:00"),
        ("+14012345678", "America/New_York", "2026-03-07 17:30", "2026-03-08 10:00"),
        # A Sunday morning in Texas.
        ("+12145550123", "America/Chicago", "2026-12-06 09:30", "2026-12-06 12:00"),
        # A minute late in Paris; a Saturday night there, and the clocks go back in the next.
        ("+33612345678", "Europe/Paris", "2026-12-02 21:31", "2026-12-03 08:00"),
        ("+33612345678", "Europe/Paris", "2026-10-24 21:31", "2026-10-26 08:00"),
    ],
)
def test_a_text_that_was_put_off_leaves_at_the_first_minute_that_is_allowed(
    phone: str, zone: str, comes: str, leaves: str
) -> None:
    document = load_document(TEXT_ALONE.replace("country: DE", f"country: DE, time_zone: {zone}"), "f.yaml")
    scenario = {
        "name": "S",
        "profile": {"phone": phone},
        "enters": (datetime.fromisoformat(comes) - timedelta(days=1)).strftime("%Y-%m-%d %H:%M"),
        "happens": [{"at": comes, "stock": 1}],
    }
    (text,) = RunTester(document).run(ScenarioSection.model_validate(scenario)).messages
    assert text.at == datetime.fromisoformat(leaves).replace(tzinfo=ZoneInfo(zone))


def test_what_is_sold_out_when_a_text_wakes_is_not_told() -> None:
    document = TEXT_ALONE.replace("country: DE", "country: FR, time_zone: Europe/Paris")
    gone: dict[str, object] = {"at": "2026-12-03 07:00", "stock": 0}
    rehearsed = rehearse(document, gone, profile={"phone": "+33612345678"}, enters="2026-12-01 21:31")
    assert not rehearsed.messages
