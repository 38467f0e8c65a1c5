"""Stop, start and help, as people write them; everything else is for a person to read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.providers.reading import clicked_by_machine, opened_by_machine, read_phone, read_time
from activities.providers.words import HELP, START, STOP, STOP_ELSEWHERE, reads_like_a_no, word_in
from schemas.incoming.message_events import MessageEventKind as Kind

WORDS = {Kind.SAID_STOP: STOP | STOP_ELSEWHERE, Kind.SAID_START: START, Kind.SAID_HELP: HELP}


def test_the_words_are_those_of_the_carriers() -> None:
    assert {"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"} == STOP
    assert {"START", "YES", "UNSTOP"} == START
    assert {"HELP", "INFO"} == HELP


@given(
    said=st.sampled_from([(kind, word) for kind, words in WORDS.items() for word in sorted(words)]),
    around=st.text(" .!?\n\t'\"-", max_size=4),
    change=st.sampled_from([str.upper, str.lower, str.title]),
)
def test_a_word_counts_in_any_case_and_with_any_signs_around_it(
    said: tuple[Kind, str], around: str, change: object
) -> None:
    kind, word = said
    assert callable(change)
    assert word_in(f"{around}{change(word)}{around}") is kind


@pytest.mark.parametrize("text", ["stop all", "opt-out", "Opt out", "UN STOP", "Arrêt !", "ОСТАНОВИТЬ."])
def test_a_word_may_be_written_apart(text: str) -> None:
    assert word_in(text) in (Kind.SAID_STOP, Kind.SAID_START)


@pytest.mark.parametrize(
    "text",
    [
        "please leave me alone",
        "Stop texting me",
        "I revoke my consent to all of this",
        "take me off your list!!",
        "who is this",
        "never write to me again",
        "Don't send me this",
    ],
)
def test_a_no_in_other_words_is_for_a_person_to_read_first(text: str) -> None:
    assert word_in(text) is Kind.SAID_SOMETHING
    assert reads_like_a_no(text)


@pytest.mark.parametrize("text", ["Hello world", "Is it blue?", "Thanks!", "", "🙂", "stopwatch for 20"])
def test_other_texts_are_read_later(text: str) -> None:
    assert word_in(text) is Kind.SAID_SOMETHING
    assert not reads_like_a_no(text)


@pytest.mark.parametrize(
    ("agent", "by_machine"),
    [
        ("Mozilla/5.0", True),
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", True),
        ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", True),
        ("Barracuda Sentinel (EE)", True),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15", False),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0", False),
        (None, False),
    ],
)
def test_proxies_and_scanners_are_no_readers(agent: str | None, by_machine: bool) -> None:
    assert opened_by_machine(agent) is by_machine


def test_nobodys_browser_follows_a_link_with_head() -> None:
    assert clicked_by_machine("Mozilla/5.0 (Macintosh)", "HEAD")
    assert not clicked_by_machine("Mozilla/5.0 (Macintosh)", "GET")
    assert clicked_by_machine("python-requests/2.31")


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+15558675310", "+15558675310"),
        ("447700900001", "+447700900001"),
        ("00447700900001", "+447700900001"),
        ("+1 (555) 867-5310", "+15558675310"),
        ("AcmeInc", None),
        ("whatsapp:+15558675310", None),
        ("12345", None),
        ("", None),
    ],
)
def test_a_number_is_read_as_it_is_written_anywhere(written: str, number: str | None) -> None:
    assert read_phone(written) == number


@given(st.text(max_size=30) | st.integers() | st.decimals(allow_nan=True))
def test_any_moment_is_aware_or_none(value: object) -> None:
    at = read_time(value)  # pyright: ignore[reportArgumentType] whatever a provider writes
    assert at is None or at.tzinfo is not None
