"""Each mistake a person can make in the steps of a thread, at any depth: where it is said to be, and the words."""

import pytest

from starter.documents import check
from tests.documents.starters import line_of

TALK = """\
conversation: welcome
name: Welcome
goal_on: [bought]
threads:
  - name: Hello
    on: joined_list
    steps:
      - send: hello
        id: hello
      - wait_for: [clicked_message, custom.quiz finished]
        within: 3 days
        happened:
          - add_tag: keen
          - go_to: Keen
        did_not:
          - split:
              - name: nudge
                share: 2
                steps:
                  - send: nudge
                    status: manual
              - name: silence
      - decide:
          - name: regulars
            when:
              orders.count: {at_least: 3}
            steps:
              - set_attribute: loyal
                to: true
              - exit: Knows us well
        otherwise:
          - add_to_list: newcomers
          - wait_until: monday 09:00
      - call_webhook: https://crm.example/joined
        required: true
      - send: bye
  - name: Keen
    steps:
      - send: offer
messages:
  hello: {channel: email, subject: s, text: t}
  nudge: {channel: email, subject: s, text: t}
  bye: {channel: email, subject: s, text: t}
  offer: {channel: email, subject: s, text: t}
"""
SEND = "threads[0].steps[0]"
WAIT_FOR = "threads[0].steps[1]"
SPLIT = "threads[0].steps[1].did_not[0]"
DECIDE = "threads[0].steps[2]"
KEEN = "threads[1]"

# ruff: noqa: E501 - a table is read across: one slip, one line

# A change to the conversation above · the text whose line is named · the path · words of the message and advice.
SLIPS = [
    # a field of a step or of a branch
    ("within: 3 days", "whithin: 3 days", "- wait_for", WAIT_FOR, "'within' is missing"),
    ("within: 3 days", "within: 0 days", "within: 0", f"{WAIT_FOR}.within", "no time would pass. Write for example '2 days'"),
    ("within: 3 days", "within: 3 days\n        happend: []", "happend", f"{WAIT_FOR}.happend", "Did you mean 'happened'?"),
    ("within: 3 days", "within: 3 days\n        otherwise: []", "otherwise: []", f"{WAIT_FOR}.otherwise", "'otherwise' is said of 'decide' steps. The fields are: wait_for, within, happened, did_not, id"),
    ("- add_tag: keen", "- add_tag: keen\n            tag: 1", "  tag: 1", f"{WAIT_FOR}.happened[0].tag", "Did you mean 'add_tag'?"),
    ("- add_tag: keen", "- add_tag: keen\n            colour: 1", "colour: 1", f"{WAIT_FOR}.happened[0].colour", "The fields are: add_tag, id"),
    ("- add_tag: keen", "- add_tag: 5", "add_tag: 5", f"{WAIT_FOR}.happened[0].add_tag", "Put it in quotes"),
    ("share: 2", "share: 0", "share: 0", f"{SPLIT}.split[0].share", "The least is 1"),
    ("share: 2", "share: half", "share: half", f"{SPLIT}.split[0].share", "'half' is not a whole number"),
    ("share: 2", "weight: 2", "weight: 2", f"{SPLIT}.split[0].weight", "The fields are: name, share, steps"),
    ("status: manual", "status: manul", "status: manul", f"{SPLIT}.split[0].steps[0].status", "Did you mean 'manual'?"),
    ("              - name: silence\n", "", "- split", f"{SPLIT}.split", "there are less than 2 entries. Add another entry"),
    ("              - name: silence\n", "              - name: nudge\n", "- name: nudge\n      - decide", f"{SPLIT}.split[1].name", "split[0] is called 'nudge' too"),
    ("- name: regulars", "- nam: regulars", "- nam: regulars", f"{DECIDE}.decide[0]", "'name' is missing"),
    ("            steps:\n              - set_attribute", "            step:\n              - set_attribute", "            step:", f"{DECIDE}.decide[0].step", "Did you mean 'steps'?"),
    ("to: true", "to: 0.5", "to: 0.5", f"{DECIDE}.decide[0].steps[0].to", "0.5 is nothing an attribute can be set to. Write a text, a whole number, or true or false"),
    ("to: true", "to:", "to:\n", f"{DECIDE}.decide[0].steps[0].to", "this is empty"),
    ("                to: true\n", "", "- set_attribute", f"{DECIDE}.decide[0].steps[0]", "'to' is missing"),
    ("set_attribute: loyal", "set_attribute: is loyal", "- set_attribute", f"{DECIDE}.decide[0].steps[0].set_attribute", "is no name of an attribute"),
    ("add_to_list: newcomers", "add_to_list: New comers", "- add_to_list", f"{DECIDE}.otherwise[0].add_to_list", "is no short name"),
    ("wait_until: monday 09:00", "wait_until: noon", "- wait_until", f"{DECIDE}.otherwise[1].wait_until", "'noon' is not a moment to wait for"),
    ("https://crm.example/joined", "crm.example/joined", "- call_webhook", "threads[0].steps[3].call_webhook", "is no address on the web. Write the whole address, like https://"),
    ("https://crm.example/joined", "https://me:secret@crm.example/joined", "- call_webhook", "threads[0].steps[3].call_webhook", "holds a user name or a password. Remove it"),
    ("https://crm.example/joined", "https://169.254.169.254/latest", "- call_webhook", "threads[0].steps[3].call_webhook", "at an address that no shop has"),
    ("required: true", "required: 'yes'", "required:", "threads[0].steps[3].required", "'yes' is neither true nor false"),
    # criteria
    ("orders.count: {at_least: 3}", "orders.cout: {at_least: 3}", "orders.cout", f"{DECIDE}.decide[0].when.'orders.cout'", "Did you mean 'orders.count'?"),
    ("orders.count: {at_least: 3}", "all: [{orders.count: {at_least: many}}]", "orders.count", f"{DECIDE}.decide[0].when.all[0].'orders.count'.at_least", "whole number"),
    ("            when:\n              orders.count: {at_least: 3}\n", "", "- name: regulars", f"{DECIDE}.decide[0]", "'when' is missing"),
    ("on: joined_list", "on: joined_list\n    when: {contact.tag: {contains: vip}}", "when: {contact", "threads[0].when.'contact.tag'", "Did you mean 'contact.tags'?"),
    # a kind of step there is not
    ("- add_tag: keen", "- tag: keen", "- tag", f"{WAIT_FOR}.happened[0]", "Did you mean 'add_tag'?"),
    ("- add_tag: keen", "- email: keen", "- email", f"{WAIT_FOR}.happened[0]", "Did you mean 'send'?"),
    ("- add_tag: keen", "- goto", "- goto", f"{WAIT_FOR}.happened[0]", "Did you mean '- go_to: …'?"),
    ("- add_tag: keen", "- happened: []", "- happened", f"{WAIT_FOR}.happened[0]", "'happened' belongs to a step 'wait_for': write it below that one"),
    ("- add_tag: keen", "- 5", "- 5", f"{WAIT_FOR}.happened[0]", "this is no step, but 5. The kinds of step are 'send'"),
    ("- send: nudge\n", "- sned: nudge\n", "- sned", f"{SPLIT}.split[0].steps[0]", "Did you mean 'send'?"),
    ("- exit: Knows us well", "- exit: Knows us well\n                wait: 2 days", "- exit", f"{DECIDE}.decide[0].steps[1]", "one step says exit and wait"),
    ("did_not:\n          - split", "did_not:\n            split", "did_not", f"{WAIT_FOR}.did_not", ""),
    # events
    ("[clicked_message,", "[clicked,", "- wait_for", f"{WAIT_FOR}.wait_for[0]", "'clicked' is not the name of an event. Did you mean 'clicked_message'?"),
    ("[clicked_message,", "[click-message,", "- wait_for", f"{WAIT_FOR}.wait_for[0]", "Did you mean 'clicked_message'?"),
    ("[clicked_message,", "[quiz finished,", "- wait_for", f"{WAIT_FOR}.wait_for[0]", "'custom.<name>' for an event of your own"),
    ("[clicked_message,", "[custom,", "- wait_for", f"{WAIT_FOR}.wait_for[0]", "one to 100 characters after the dot"),
    ("[clicked_message,", "[back.alert,", "- wait_for", f"{WAIT_FOR}.wait_for[0]", "is nothing that a contact does"),
    ("[clicked_message, custom.quiz finished]", "ordered", "- wait_for", f"{WAIT_FOR}.wait_for", "Write it in brackets: [ordered]"),
    ("[clicked_message, custom.quiz finished]", "[]", "- wait_for", f"{WAIT_FOR}.wait_for", "Add at least one entry"),
    ("goal_on: [bought]", "goal_on: [purchase]", "goal_on", "goal_on[0]", "Did you mean 'bought'?"),
    ("goal_on: [bought]", "goal_on: bought", "goal_on", "goal_on", "Write it in brackets: [bought]"),
    ("on: joined_list", "on: join_list", "on: join", "threads[0].on", "Did you mean 'joined_list'?"),
    ("on: joined_list", "on: custm.quiz", "on: custm", "threads[0].on", "there is no alert 'custm'. Did you mean 'custom.quiz'?"),
    ("on: joined_list", "on: back.alert", "on: back", "threads[0].on", "The events there are: what a contact does: viewed_product"),
    # what does not fit together
    ("- send: nudge\n", "- send: nugde\n", "- send: nugde", f"{SPLIT}.split[0].steps[0].send", "there is no message 'nugde'. Did you mean 'nudge'?"),
    ("- send: nudge\n", "- send: nudge\n                    id: hello\n", "- send: nudge", f"{SPLIT}.split[0].steps[0]", "the step id 'hello' is already that of threads[0].steps[0]"),
    ("go_to: Keen", "go_to: Kean", "go_to: Kean", f"{WAIT_FOR}.happened[1].go_to", "there is no thread 'Kean'. Did you mean 'Keen'?"),
    ("go_to: Keen", "go_to: somewhere", "go_to: some", f"{WAIT_FOR}.happened[1].go_to", "The threads are: Hello, Keen"),
    ("- go_to: Keen", "- wait: 1 day", "- name: Keen", KEEN, "no contact gets here: this thread is entered on no event, and no step that is reached goes to it"),
    ("- name: Keen", "- name: Hello", "- name: Hello\n    steps", f"{KEEN}.name", "threads[0] is called 'Hello' too"),
    ("- name: Keen\n", "- name: Keen\n    when: {orders.count: 1}\n", "    when: {orders", f"{KEEN}.when", "this thread has no 'on'"),
    ("- name: Keen\n", "- name: Keen\n    on: joined_list\n", "on: joined_list\n    steps:\n      - send: offer", f"{KEEN}.on", "this thread is never entered: 'Hello' (threads[0]) comes first"),
    ("    on: joined_list\n", "", "threads:", "threads", "nobody enters this conversation"),
    ("- add_tag: keen\n          - go_to: Keen", "- go_to: Keen\n          - add_tag: keen", "- add_tag", f"{WAIT_FOR}.happened[1]", "the step before it (happened[0]) goes on with 'Keen'"),
    ("- set_attribute: loyal\n                to: true\n              - exit: Knows us well", "- exit: Knows us well\n              - set_attribute: loyal\n                to: true", "- set_attr", f"{DECIDE}.decide[0].steps[1]", "left at the exit before it (steps[0])"),
    ("          - wait_until: monday 09:00\n", "          - exit: Done\n            id: done\n", "- call_webhook", "threads[0].steps[3]", "every branch of the step before it (steps[2]) leaves the thread"),
    ("      - send: offer", "      - send: offer\n      - go_to: Keen", "- go_to: Keen\nmess", f"{KEEN}.steps[1]", "go round from 'Keen' to itself without end"),
    ("      - send: hello\n", "      - send: hello\n      - go_to: Keen\n        id: at-once\n", "- wait_for", "threads[0].steps[2]", "goes on with 'Keen'"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "marker", "path", "words"), SLIPS, ids=lambda text: text[:40])
def test_a_slip_in_a_step_is_named_by_path_line_and_what_to_do(
    old: str, new: str, marker: str, path: str, words: str
) -> None:
    assert TALK.count(old) == 1
    text = TALK.replace(old, new)
    diagnostics = check(text, "f.yaml").diagnostics
    matching = [m for m in diagnostics if m.path == path and words in f"{m.message}. {m.advice}"]
    assert matching, [str(diagnostic) for diagnostic in diagnostics]
    assert matching[0].line == line_of(text, marker), str(matching[0])
    assert len(diagnostics) <= 2, "one slip should not bring a crowd of mistakes: " + str([str(m) for m in diagnostics])


def test_the_conversation_of_these_tests_is_right() -> None:
    report = check(TALK, "f.yaml")
    assert (report.diagnostics, report.warnings) == ((), ())


@pytest.mark.parametrize("url", ["http://crm.example/joined", "https://10.0.0.5/joined", "https://crm.internal/joined"])
def test_an_address_in_a_network_of_ones_own_is_noted_for_a_setting_decides(url: str) -> None:
    report = check(TALK.replace("https://crm.example/joined", url), "f.yaml")
    (told,) = (*report.diagnostics, *report.warnings)
    assert told.path == "threads[0].steps[3].call_webhook"
    assert report.ok == ("http://" not in url)
