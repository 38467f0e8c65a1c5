"""What `diff` says: one sentence per change, and nothing exactly where nothing differs."""

from importlib.resources import files

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.document.conversation import ConversationDocument
from starter.comparing.differences import find_differences, say_differences
from starter.documents import load_document
from starter.versioning.contents import as_yaml, written
from tests.documents.any_document import documents

ANY = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)

TEXT = """
conversation: talk
name: Talk
goal_on: [bought]
list: {code: default, time_zone: UTC}
alerts:
  back-in-stock: {type: back-in-stock, action: sign-up, reminders: {after: 2 days}}
threads:
  - name: It is back
    on: back-in-stock.alert
    steps:
      - send: it-is-back
      - wait: 2 days
      - decide:
          - name: VIP
            when: {orders.count: {at_least: 5}}
            steps:
              - {send: still-here, id: vip-mail}
              - {add_tag: vip, id: tag-vip}
        otherwise:
          - {add_tag: other, id: tag-other}
        id: who
  - name: Again
    on: back-in-stock.follow-up
    steps:
      - {send: still-here, id: again}
messages:
  it-is-back: {channel: email, subject: Back, text: "one\\ntwo\\nthree\\n"}
  still-here: {channel: email, subject: Still here, text: "one\\ntwo\\n"}
"""


def said(*changes: tuple[str, str]) -> list[str]:
    """What the differences are after these replacements in the text."""
    after = TEXT
    for old, new in changes:
        assert old in after
        after = after.replace(old, new, 1)
    found = find_differences(load_document(TEXT, "before"), load_document(after, "after"))
    return [each.sentence for each in found]


@pytest.mark.parametrize(
    ("old", "new", "sentences"),
    [
        (
            "wait: 2 days",
            "wait: 3 days",
            ["Thread 'It is back': the wait after 'it-is-back' is 3 days instead of 2 days."],
        ),
        (
            'subject: Still here, text: "one\\n',
            'subject: Still there, text: "one!\\n',
            ["Message 'still-here': the subject changed from 'Still here' to 'Still there'; text: 1 line changed."],
        ),
        (
            "subject: Still here, ",
            "language: en, locales: {de: {subject: Noch da, text: Da}}, subject: Still here, ",
            ["Message 'still-here': the language is new: en; the words in de are new."],
        ),
        (
            "action: sign-up, ",
            "action: sign-up, contacts_per_unit: 2, ",
            ["Alert 'back-in-stock' tells 2 contacts per unit instead of 1."],
        ),
        (
            "- {add_tag: vip, id: tag-vip}",
            "- {add_tag: gold, id: tag-vip}",
            ["Thread 'It is back', in 'who', branch 'VIP': step 'tag-vip': the tag is 'gold' instead of 'vip'."],
        ),
        (
            "              - {add_tag: vip, id: tag-vip}\n",
            "",
            ["Thread 'It is back', in 'who', branch 'VIP': step 'tag-vip' is gone: add the tag 'vip'."],
        ),
        (
            "at_least: 5",
            "at_least: 6",
            [
                "Thread 'It is back': step 'who': branch 'VIP': the criteria are now: orders.count is at least 6; "
                "before: orders.count is at least 5."
            ],
        ),
        ("name: Again", "name: Once more", ["Thread 'Again' is called 'Once more' now."]),
        (
            "goal_on: [bought]",
            "goal_on: [bought, ordered]",
            ["The goal is reached on bought, ordered instead of bought."],
        ),
        ("time_zone: UTC", "time_zone: Europe/Berlin", ["List: the time zone is Europe/Berlin instead of UTC."]),
        (
            "- {send: still-here, id: again}",
            "- {send: still-here, id: again, status: draft}",
            ["Thread 'Again': step 'again' is draft instead of live."],
        ),
        ("name: Talk", "name: Talk  # with a comment", []),
    ],
)
def test_every_change_is_a_sentence(old: str, new: str, sentences: list[str]) -> None:
    assert said((old, new)) == sentences


def test_a_moved_step_is_said_to_be_moved_and_not_gone_and_new() -> None:
    tag = "              - {add_tag: vip, id: tag-vip}\n"
    other = "          - {add_tag: other, id: tag-other}\n"
    assert said((tag, ""), (other, f"{other}          - {{add_tag: vip, id: tag-vip}}\n")) == [
        "Thread 'It is back', in 'who', otherwise: step 'tag-vip' was moved: it comes after 'tag-other' now."
    ]


def test_a_new_thread_is_told_with_its_steps() -> None:
    thread = "  - name: Gone\n    on: back-in-stock.discontinued\n    steps: [send: still-here, wait: 1 day]\n"
    assert said(("messages:", f"{thread}messages:")) == [
        "Thread 'Gone' is new: entered on back-in-stock.discontinued; send 'still-here', wait 1 day."
    ]


def test_nothing_differs_is_said_in_words_and_lines_of_texts_when_asked_for() -> None:
    before = load_document(TEXT, "before")
    assert say_differences(find_differences(before, before)) == "Nothing differs."
    after = load_document(TEXT.replace("two\\nthree", "2\\nthree"), "after")
    found = find_differences(before, after)
    assert "-two" not in say_differences(found)
    assert "    -two\n    +2\n" in say_differences(found, full=True)


@ANY
@given(documents())
def test_a_document_does_not_differ_from_itself(document: ConversationDocument) -> None:
    assert find_differences(document, document) == ()


@ANY
@given(documents(), documents())
def test_any_two_are_told_apart_exactly_if_they_say_different_things(
    one: ConversationDocument, other: ConversationDocument
) -> None:
    assert bool(find_differences(one, other)) == (written(one) != written(other))


@ANY
@given(documents(), st.data())
def test_any_slip_of_a_value_is_told(document: ConversationDocument, data: st.DataObject) -> None:
    """Documents that have most in common are harder to tell apart than any two."""
    changed = document.model_copy(update={"threads": tuple(data.draw(st.permutations(document.threads)))})
    code = data.draw(st.sampled_from(sorted(document.messages)))
    message = document.messages[code].model_copy(update={"text": data.draw(st.sampled_from(["t", "t\n", "u"]))})
    changed = changed.model_copy(update={"messages": {**document.messages, code: message}})
    thread = data.draw(st.sampled_from(changed.threads))
    steps = tuple(data.draw(st.permutations(thread.steps)))
    kept = tuple(each.model_copy(update={"steps": steps}) if each == thread else each for each in changed.threads)
    changed = changed.model_copy(update={"threads": kept})
    assert bool(find_differences(document, changed)) == (written(document) != written(changed))


@ANY
@given(documents())
def test_any_document_is_written_as_yaml_that_reads_as_the_same(document: ConversationDocument) -> None:
    again = load_document(as_yaml(document.model_dump(mode="json", by_alias=True)), "again")
    assert written(again) == written(document)


@pytest.mark.parametrize("name", ["back-in-stock", "price-drop", "price-drop-cart", "low-inventory", "welcome", "cart"])
def test_a_text_that_was_not_kept_is_written_anew_with_the_same_content(name: str) -> None:
    text = files("starter").joinpath(f"conversations/{name}.yaml").read_text(encoding="utf-8")
    document = load_document(text, name)
    again = load_document(as_yaml(document.model_dump(mode="json", by_alias=True)), name)
    assert find_differences(document, again) == ()
