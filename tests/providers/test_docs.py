"""The page for whoever sets a provider up names every provider, every kind of event and every word."""

from activities.providers.registry import PROVIDERS
from activities.providers.words import HELP, START, STOP, STOP_ELSEWHERE
from schemas.incoming.message_events import MessageEventKind
from tests.markdown import first_code, page

PAGE = page("docs/feedback.md")


def test_every_provider_has_its_row() -> None:
    assert list(first_code(PAGE.section("Set a provider up").rows)) == [provider.name for provider in PROVIDERS]


def test_every_kind_of_event_about_a_message_is_explained() -> None:
    told = {code.strip("` ") for row in PAGE.section("What an event means").rows for code in row[0].split(",")}
    assert {kind.value for kind in MessageEventKind if not kind.value.startswith("said_")} <= told


def test_every_word_is_named() -> None:
    told = {word for row in PAGE.section("Texts that people write").rows for word in row[0].split(", ")}
    assert told >= STOP | STOP_ELSEWHERE | START | HELP
