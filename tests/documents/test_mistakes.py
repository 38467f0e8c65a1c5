"""Each mistake a person can make: where it is said to be, and the words that must be there."""

import pytest

from starter.documents import STARTER_CONVERSATION, check

STARTER = STARTER_CONVERSATION.read_text()


def _line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


# ruff: noqa: E501 - a table is read across: one slip, one line

# A change to the starter · the text whose line is named · the path · words of the message and advice.
SLIPS = [
    ("conversation: back-in-stock ", "conversation: Back in stock ", "conversation: Back", "conversation", "short name"),
    ("name: Back in stock\n", "", "conversation:", "", "'name' is missing"),
    ("name: Back in stock", "name: 2026", "name: 2026", "name", "quotes"),
    ("name: Back in stock", "name:", "name:\n", "name", "empty"),
    ("name: Back in stock", "name: a\nname: b", "name: b", "name", "here twice"),
    ("name: Back in stock", "name: Back: in stock", "name: Back:", "", "quotes"),
    ("name: Back in stock", "name: *back", "name: *back", "", "'*' that repeats"),
    ("name: Back in stock", "name: &back x", "name: &back", "", "'&' that names"),
    ("name: Back in stock", "name: !!str x", "name: !!str", "", "'!' that gives"),
    ("name: Back in stock", "name: ok\nobjective: x", "objective:", "objective", "The fields are: conversation"),
    ("list:\n", "lst:\n", "lst:", "lst", "Did you mean 'list'?"),
    ("time_zone: UTC", "time_zone: Berlin", "time_zone: Berlin", "list.time_zone", "Europe/Berlin"),
    ("  # quiet_hours:", "  quiet_hours: 8", "quiet_hours: 8", "list.quiet_hours", "group of fields"),
    ("  # quiet_hours:", "  quiet_hours: {from: 21, until: 08:00} #", "quiet_hours:", "list.quiet_hours.from", "21:30"),
    ("  # quiet_hours:", "  quiet_hours: {from: 9:00, until: 08:00} #", "quiet_hours:", "list.quiet_hours.from", "two digits"),
    ("  # quiet_hours:", "  quiet_hours: {from: 09:00} #", "quiet_hours:", "list.quiet_hours", "'until' is missing"),
    ("  # quiet_hours:", "  quiet_hours: {from: 08:00, until: 08:00} #", "quiet_hours:", "list.quiet_hours", "different times"),
    ("type: back-in-stock", "type: back-in-stok", "type: back", "alerts.back-in-stock.type", "Did you mean 'back-in-stock'? The types"),
    ("action: sign-up", "action: hover", "action: hover", "alerts.back-in-stock.action", "Write 'sign-up'"),
    ("contacts_per_unit: 1", "contact_per_unit: 1", "contact_per", "alerts.back-in-stock.contact_per_unit", "contacts_per_unit"),
    ("contacts_per_unit: 1", "contacts_per_unit: 0", "contacts_per_unit: 0", "alerts.back-in-stock.contacts_per_unit", "from 1 to 1000"),
    ("contacts_per_unit: 1", "contacts_per_unit: 1001", "contacts_per_unit: 1", "alerts.back-in-stock.contacts_per_unit", "from 1 to 1000"),
    ("contacts_per_unit: 1", "contacts_per_unit: few", "contacts_per_unit: f", "alerts.back-in-stock.contacts_per_unit", "all for everyone"),
    ("180 days", "36 hours", "36 hours", "alerts.back-in-stock.relevancy_window", "whole days"),
    ("180 days", "9999 days", "9999 days", "alerts.back-in-stock.relevancy_window", "3660 days"),
    ("on: back-in-stock.alert", "on: back-in-stock", "    on: back", "threads[0].on", "'back-in-stock.alert'"),
    ("on: back-in-stock.alert", "on: other.alert", "on: other", "threads[0].on", "events there are: back-in-stock.subscription"),
    ("on: back-in-stock.alert", "on: back-in-stock.sold", "    on: back", "threads[0].on", "raises no event 'sold'"),
    ("    on: back-in-stock.alert\n", "", "- name: It is", "threads[0]", "no contact gets here: this thread is entered on no event"),
    ("wait: 2 days", "wait: 2days", "2days", "threads[0].steps[1].wait", "a whole number and a unit"),
    ("wait: 2 days", "wait: 2", "wait: 2", "threads[0].steps[1].wait", "'2 days'"),
    ("wait: 2 days", "wiat: 2 days", "wiat", "threads[0].steps[1]", "Did you mean 'wait'?"),
    ("wait: 2 days", "ring: twice", "ring", "threads[0].steps[1]", "The kinds of step are 'send', 'wait', 'wait_until'"),
    ("- wait: 2 days\n        id: pause", "- wait", "- wait\n", "threads[0].steps[1]", "needs to say what"),
    ("- wait: 2 days\n        id: pause", "- sleep", "- sleep", "threads[0].steps[1]", "this is no step"),
    ("wait: 2 days", "wait: 2 days\n        send: still-here", "wait: 2 days", "threads[0].steps[1]", "says wait and send"),
    ("wait: 2 days", "wait: 2 days\n        until: noon", "until: noon", "threads[0].steps[1].until", "The fields are: wait, id"),
    ("send: still-here", "send: stil-here", "stil-here", "threads[0].steps[2].send", "Did you mean 'still-here'?"),
    ("send: still-here", "send: still-here\n        status: drft", "drft", "threads[0].steps[2].status", "'draft'"),
    ("send: still-here", "send: still-here\n        id: it-is-back", "send: still-here", "threads[0].steps[2]", "Remove this 'id'"),
    ("send: still-here", "exit: Enough\n        id: enough", "- exit: They", "threads[0].steps[3]", "no contact gets here"),
    ("wait: 2 days", "wait: 2 days\n        id: waiting-list", "wait: 2", "threads[0].steps[1]", "'id' of its own"),
    ("  still-here:\n    channel: email", "  still-here:\n    channel: push", "channel: push", "messages.still-here.channel", "'email' or 'sms'"),
    ('subject: "{{ product.title }} is back"', "subject: {{ product.title }} is back", "subject: {{", "", "needs quotes"),
    ('subject: "{{ product.title }} is back"', "subject: {{ product.title }}", "subject: {{", "messages.it-is-back.subject", "needs quotes"),
    ("Still here: {{ product.title }}", "{{ prodct.title }}", "{{ prodct", "messages.still-here.subject", "Did you mean 'product'?"),
    ("This is our only", "{{ shop.nam }} only", "{{ shop.nam }}", "messages.still-here.mjml", "Did you mean {{ shop.name }}?"),
    ("next in line. We", "next in line.{% if shop.url %} We", "        </mj-text>\n      </mj-column></mj-section>\n    #", "messages.it-is-back.mjml", "endif"),
    ("This is our only", "{{ shop.name only", "{{ shop.name only", "messages.still-here.mjml", "Every '{{' needs a '}}'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "marker", "path", "words"), SLIPS, ids=[slip[1][:40] or slip[0][:40] for slip in SLIPS]
)
def test_a_slip_is_named_by_path_line_and_what_to_do(old: str, new: str, marker: str, path: str, words: str) -> None:
    assert old in STARTER
    text = STARTER.replace(old, new, 1)
    diagnostics = check(text, "f.yaml").diagnostics
    matching = [m for m in diagnostics if m.path == path and words in f"{m.message}. {m.advice}"]
    assert matching, [str(diagnostic) for diagnostic in diagnostics]
    assert matching[0].line == _line_of(text, marker), str(matching[0])
    assert len(diagnostics) <= 2, "one slip should not bring a crowd of mistakes: " + str([str(m) for m in diagnostics])


def test_all_mistakes_are_told_in_one_go_in_the_order_of_the_file() -> None:
    text = (
        STARTER.replace("2 days", "2 dayz")
        .replace("180 days", "x")
        .replace("shop.name", "shop.nme")
        .replace("goal:", "gaol:")
    )
    diagnostics = check(text, "f").diagnostics
    assert [m.path for m in diagnostics[:3]] == [
        "gaol",
        "alerts.back-in-stock.relevancy_window",
        "threads[0].steps[1].wait",
    ]
    assert {m.path for m in diagnostics[3:]} == {
        "messages.it-is-back.text",
        "messages.it-is-back.mjml",
        "messages.still-here.mjml",
    }
    assert list(diagnostics) == sorted(diagnostics, key=lambda m: (m.line, m.column))


def test_a_mistake_in_a_template_is_shown_on_its_own_line_of_the_file() -> None:
    text = STARTER.replace("This is our only reminder.", "{{ shop.phone }}")
    (diagnostic,) = check(text, "f").diagnostics
    assert diagnostic.line == _line_of(text, "{{ shop.phone }}")


@pytest.mark.parametrize(
    "section", ["list", "alerts.back-in-stock", "threads[0]", "threads[0].steps[1]", "messages.still-here"]
)
def test_a_misspelt_field_is_noticed_in_every_section(section: str) -> None:
    anchor = {
        "list": "  code: default\n",
        "alerts.back-in-stock": "    type: back-in-stock\n",
        "threads[0]": "    on: back-in-stock.alert\n",
        "threads[0].steps[1]": "      - wait: 2 days\n",
        "messages.still-here": "  still-here:\n    channel: email\n",
    }[section]
    indent = " " * (8 if "steps" in section else 2 if section == "list" else 4)
    (diagnostic,) = check(STARTER.replace(anchor, f"{anchor}{indent}zzz: 1\n"), "f").diagnostics
    assert diagnostic.path == f"{section}.zzz"
    assert "The fields are: " in diagnostic.advice


def test_an_unsent_message_is_a_note_and_no_mistake() -> None:
    spare = '  spare:\n    channel: email\n    subject: "x"\n    text: y\n'
    report = check(STARTER.replace("\nmessages:\n", f"\nmessages:\n{spare}"), "f")
    assert report.ok
    (note,) = report.warnings
    assert note.path == "messages.spare"
    assert "- send: spare" in note.advice


@pytest.mark.parametrize(
    ("text", "words"), [("", "nothing"), ("- a", "a list"), ("hello", "'hello'"), ("a: 1\n---\nb: 2", "")]
)
def test_what_is_no_conversation_is_told_so(text: str, words: str) -> None:
    (diagnostic, *_) = check(text, "f").diagnostics
    assert words in diagnostic.message
