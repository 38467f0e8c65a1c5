"""What the reader takes, and that it survives whatever it is given."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starter.authoring.marked_yaml import NotYaml, read_yaml
from starter.documents import STARTER_CONVERSATION, DocumentInvalid, check, load_document
from tests.documents.starters import BACK

STARTER = STARTER_CONVERSATION.read_text()

LONGEST_CHECK_SECONDS = 15
"""Of this thread's own work, so other work beside it does not count. Far above what the largest document takes; only
something that grows too fast gets near it."""


def test_the_quiet_hours_offered_in_the_starter_comments_are_right() -> None:
    text = STARTER.replace("  # quiet_hours:", "  quiet_hours:").replace("  #   ", "    ")
    hours = load_document(text, "f").list.quiet_hours
    assert hours is not None
    assert (hours.starts.hour, hours.ends.hour) == (21, 8)


def test_on_is_a_word_and_a_time_is_a_text_although_yaml_once_said_otherwise() -> None:
    document = load_document(STARTER.replace("name: It is back", "name: off"), "f")
    assert document.threads[0].on == "back-in-stock.alert"
    assert document.threads[0].name == "off"


def test_bytes_are_read_as_utf_8_with_or_without_a_byte_order_mark() -> None:
    assert load_document(STARTER.encode("utf-8-sig"), "f") == load_document(STARTER, "f")


def test_bytes_in_another_encoding_are_a_mistake_with_a_line() -> None:
    (diagnostic,) = check("name: a\ngoal: Glück".encode("latin-1"), "f").diagnostics
    assert diagnostic.line == 2
    assert "UTF-8" in diagnostic.message


def test_windows_line_ends_change_nothing() -> None:
    assert load_document(STARTER.replace("\n", "\r\n"), "f") == load_document(STARTER, "f")


def test_the_report_survives_json() -> None:
    report = check(STARTER.replace("2 days", "2 dayz"), "f")
    assert type(report).model_validate_json(report.model_dump_json()) == report
    assert not report.ok


def test_an_invalid_document_is_raised_with_the_same_mistakes_that_are_reported() -> None:
    text = STARTER.replace("2 days", "2 dayz")
    with pytest.raises(DocumentInvalid) as raised:
        load_document(text, "f")
    assert raised.value.diagnostics == check(text, "f").diagnostics
    assert str(raised.value).startswith("f:47:15: threads[0].steps[1].wait: '2 dayz' is not a length of time. Write")


@given(st.text(st.characters()))
def test_no_text_breaks_the_reader(text: str) -> None:
    _expect_a_report(text)


@given(
    st.lists(
        st.sampled_from(
            [*"{}[]:-?!&*|>'\"%@`#,~\t\n \\x0", "a: ", "\n  ", "- ", "{{ ", "{% if ", "\\ud83d", "on", "<<"]
        )
    )
)
def test_no_heap_of_yaml_signs_breaks_the_reader(parts: list[str]) -> None:
    _expect_a_report("".join(parts))


@given(
    st.integers(0, len(STARTER)),
    st.integers(0, 20),
    st.one_of(st.text(st.characters(), max_size=8), st.sampled_from(["\n", ": ", "{{", "- ", "null", "[]", "99999"])),
)
def test_no_slip_of_the_pen_in_the_starter_breaks_the_reader(at: int, cut: int, put: str) -> None:
    _expect_a_report(STARTER[:at] + put + STARTER[at + cut :])


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "text",
    ['"[key]": 1', 'alerts: {"[key]": 1}', 'messages: {"[key]": {}}', 'alerts: {a: {type: price-drop, "[key]": 1}}'],
)
def test_a_name_that_looks_like_a_mark_of_the_reader_is_a_name(text: str) -> None:
    _expect_a_report(text)
    assert any("'[key]'" in diagnostic.path for diagnostic in check(text, "f").diagnostics)


@given(
    st.dictionaries(
        st.sampled_from(["conversation", "name", "list", "alerts", "threads", "messages", "quiet_hours"]),
        st.one_of(
            _values,
            st.fixed_dictionaries({"quiet_hours": _values}),
            st.lists(st.fixed_dictionaries({"name": _values, "on": _values, "steps": st.lists(_values)}), max_size=2),
            st.dictionaries(st.just("m"), st.fixed_dictionaries({"channel": _values, "subject": _values})),
        ),
    )
)
def test_no_value_in_the_place_of_another_breaks_the_reader(document: dict[str, object]) -> None:
    _expect_a_report(json.dumps(document, ensure_ascii=False, allow_nan=False) if _finite(document) else "")


def _finite(value: object) -> bool:
    return "inf" not in repr(value) and "nan" not in repr(value)


def _expect_a_report(text: str) -> None:
    report = check(text, "f")
    report.model_dump_json()
    for diagnostic in report.diagnostics:
        assert min(diagnostic.line, diagnostic.column) >= 1
        assert all((diagnostic.message, diagnostic.advice))
        assert "\n" not in str(diagnostic)
    if report.ok:
        load_document(text, "f")
    else:
        with pytest.raises(DocumentInvalid) as raised:
            load_document(text, "f")
        assert raised.value.diagnostics == report.diagnostics


@pytest.mark.parametrize(
    "text",
    [
        "[" * 250_000,
        "{" * 250_000,
        "- " * 125_000,
        "? " * 125_000,
        "&a " * 80_000,
        'a: "\\UFFFFFFFF"',
        f"%YAML {'9' * 5000}.1\n--- a",
        f"a: {'9' * 6000}",
        "x" * 300_000,
        "k: v\n" * 50_000,
        "- [a, b]\n" * 25_000,
        "a: &a [x]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]",
    ],
    ids=lambda text: text[:12],
)
def test_a_hostile_document_is_refused_before_it_costs_much(text: str) -> None:
    started = time.thread_time()
    assert not check(text, "f").ok
    assert time.thread_time() - started < LONGEST_CHECK_SECONDS


def test_an_unclosed_quote_is_told_where_it_opens() -> None:
    with pytest.raises(NotYaml) as told:
        read_yaml('conversation: a\nname: "Back\nlist:\n  code: b\n')
    assert told.value.mark.line == 2
    assert "Close the quote" in told.value.advice


@pytest.mark.parametrize("escape", [r"\0", r"\uD800"])
def test_an_escape_of_what_no_text_has_is_a_mistake(escape: str) -> None:
    with pytest.raises(NotYaml, match="no text has"):
        read_yaml(f'conversation: a\nname: "B{escape}"\n')


def test_a_step_that_two_threads_share_is_told_at_once_and_no_id_is_invented_for_it() -> None:
    """Also where other parts are invalid."""
    again = "  - {name: Again, on: back-in-stock.discontinued, steps: [{send: still-here, id: still-here}]}\n"
    text = BACK.replace("wait: 2 days", "wait: soon").replace("\n# The words.", f"{again}\n# The words.", 1)
    told = {each.path: each for each in check(text, "f.yaml").diagnostics}
    assert set(told) == {"threads[0].steps[1].wait", "threads[1].steps[0]"}
    repeated = told["threads[1].steps[0]"]
    assert "the step id 'still-here' is already that of threads[0].steps[2]" in repeated.message
    assert repeated.advice.startswith("Remove this 'id'")
