"""A conversation written in the console: each change is the change and nothing else, and nobody's work is lost."""

import re
from difflib import unified_diff

import pytest

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from schemas.criteria import say
from schemas.responses.users import Role
from starter.documents import load_document
from starter.versioning.publishing import publish
from starter.versioning.which import Which
from tests.console.designing.desk import EVERYTHING, Desk
from tests.product import Shop, starter_document

AT = "/conversations/everything"


def base(shown: str) -> str:
    """The content hash that a form of a page is based on."""
    found = re.search(r'name="based_on" value="([0-9a-f]+)"', shown)
    assert found is not None
    return found[1]


def differing(after: str) -> list[str]:
    """The lines that went and came, against what the desk began with."""
    lines = unified_diff(EVERYTHING.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]


async def test_a_field_of_a_step_is_changed_and_every_comment_stays(desk: Desk) -> None:
    shown = (await desk.get(AT, at="threads[0].steps[0]")).text
    saved = await desk.post(
        AT, based_on=base(shown), place="threads[0].steps[0]", act="save", **{"f.send": "hello", "f.status": "draft"}
    )
    assert saved.status_code == 303
    assert differing(await desk.source()) == ["-        status: manual", "+        status: draft"]


async def test_a_step_is_added_moved_and_removed(desk: Desk) -> None:
    first = base((await desk.get(AT)).text)
    await desk.post(
        AT, based_on=first, place="threads[1].steps", index="1", act="add", kind="wait", **{"f.wait": "2 days"}
    )
    assert differing(await desk.source()) == ["+      - id: wait-2-days", "+        wait: 2 days"]
    second = base((await desk.get(AT)).text)
    await desk.post(AT, based_on=second, place="threads[1].steps[1]", act="up")
    document = await desk.services.versions.document(Which("everything", working=True))
    assert [step.kind for step in document.threads[1].steps] == ["wait", "wait_until", "send"]
    third = base((await desk.get(AT)).text)
    await desk.post(AT, based_on=third, place="threads[1].steps[0]", act="remove")
    assert differing(await desk.source()) == []


async def test_a_message_is_added_and_its_words_are_changed(desk: Desk) -> None:
    first = base((await desk.get(AT)).text)
    fields = {"f.channel": "email", "f.subject": "Good day: you", "f.text": "One\r\n\r\nTwo"}
    led = await desk.post(AT, based_on=first, place="messages", act="add", kind="message", code="day", **fields)
    assert led.headers["location"].endswith("at=messages.day")
    document = await desk.services.versions.document(Which("everything", working=True))
    assert (document.messages["day"].subject, document.messages["day"].text) == ("Good day: you", "One\n\nTwo\n")


async def test_a_mistake_is_told_where_it_is_made_and_nothing_is_saved(desk: Desk) -> None:
    first = base((await desk.get(AT)).text)
    wrong = {"based_on": first, "place": "threads[1].steps[0]", "act": "save", "f.wait_until": "noon"}
    checked = await desk.post(f"{AT}/check", **wrong)
    assert "threads[1].steps[0].wait_until" in checked.text
    refused = await desk.post(AT, **wrong)
    assert refused.status_code == 422
    assert 'value="noon"' in refused.text
    assert await desk.source() == EVERYTHING
    assert "No mistakes" in (await desk.post(f"{AT}/check", **wrong | {"f.wait_until": "12:00"})).text


async def test_who_saves_second_is_told_who_saved_what_and_nothing_is_lost(desk: Desk) -> None:
    first = base((await desk.get(AT)).text)
    mine = {"based_on": first, "place": "threads[1].steps[0]", "act": "save", "f.wait_until": "12:00"}
    await desk.sign_in(Role.EDITOR)
    await desk.post(AT, based_on=first, place="messages.bye", act="save", **{"f.channel": "sms", "f.text": "Farewell"})
    await desk.sign_in(Role.EDITOR)
    told = await desk.post(AT, **mine)
    assert told.status_code == 409
    assert "editor1 saved something meanwhile" in told.text
    assert "bye" in told.text
    assert 'value="12:00"' in told.text
    again = await desk.post(AT, **mine | {"based_on": base(told.text)})
    assert again.status_code == 303
    source = await desk.source()
    assert "Farewell" in source
    assert "12:00" in source


async def test_saves_are_undone_and_redone(desk: Desk) -> None:
    first = base((await desk.get(AT)).text)
    await desk.post(AT, based_on=first, place="", act="save", **{"f.name": "Another", "f.goal": ""})
    second = base((await desk.get(AT)).text)
    assert (await desk.post(f"{AT}/undo", based_on=second)).status_code == 303
    assert await desk.source() == EVERYTHING
    assert (await desk.post(f"{AT}/undo", based_on=second)).status_code == 409
    assert (await desk.post(f"{AT}/undo", based_on=first, redo="1")).status_code == 303
    assert "name: Another" in await desk.source()


async def test_the_text_is_saved_back_to_the_letter(desk: Desk) -> None:
    first = base((await desk.get(f"{AT}/yaml")).text)
    changed = EVERYTHING.replace("# The words.", "# All the words, ä.")
    led = await desk.post(f"{AT}/yaml", based_on=first, text=changed.replace("\n", "\r\n"))
    assert led.status_code == 303
    assert await desk.source() == changed
    wrong = await desk.post(f"{AT}/yaml/check", text=EVERYTHING.replace("wait: 2 days", "wait: a bit"))
    assert "Line 30" in wrong.text


async def test_versions_are_compared_and_a_past_one_is_published_again(desk: Desk) -> None:
    services = desk.services
    for text in (EVERYTHING, EVERYTHING.replace("weekday 10:00", "weekday 11:00")):
        await services.publishing.publish(load_document(text, "it"), by="test", source=text)
    shown = await desk.get(f"{AT}/versions", before="1", after="2")
    assert "weekday 11:00" in shown.text
    assert "Publish again" not in shown.text
    await desk.sign_in(Role.PUBLISHER)
    assert (await desk.post(f"{AT}/rollback", number="1")).status_code == 303
    assert (await services.versions.conversation("everything")).published == "everything@1"


async def test_whom_a_past_version_would_tell_at_once_is_said_and_agreed_to_first(desk: Desk, pool: Pool) -> None:
    services, at = desk.services, "/conversations/back-in-stock"
    for document in (starter_document(), starter_document(quantity_threshold=9)):
        await publish(pool, document)
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    await shop.signs_up("ann", "ben", "cyd")
    await shop.has("v", 2)
    await desk.sign_in(Role.PUBLISHER)
    shown = await desk.post(f"{at}/rollback", number="1")
    assert "with these terms 2 of those who wait are told at once" in shown.text
    assert "Publish it again, and tell 2 at once" in shown.text
    assert (await services.versions.conversation("back-in-stock")).published == "back-in-stock@2"
    assert (await desk.post(f"{at}/rollback", number="1", tells_at_most="2")).status_code == 303
    assert (await services.versions.conversation("back-in-stock")).published == "back-in-stock@1"


@pytest.mark.parametrize("beginning", ["welcome", "back-in-stock", "price-drop", ""])
async def test_a_new_conversation_begins_as_one_that_is_ready_or_empty(desk: Desk, beginning: str) -> None:
    fields = {"from": beginning, "title": "Mine: new", "code": "mine", "stores": "one.example, two.example"}
    led = await desk.post("/conversations/new", **fields)
    assert led.headers.get("location") == "/conversations/mine", led.text
    document = await desk.services.versions.document(Which("mine", working=True))
    assert (document.name, document.list.stores) == ("Mine: new", ("one.example", "two.example"))
    assert (await desk.post("/conversations/new", **fields)).status_code == 422


async def test_a_message_is_previewed_as_it_is_being_written(desk: Desk) -> None:
    fields = {
        "f.channel": "email",
        "f.subject": "Hi <you>",
        "f.mjml": "<mj-section><mj-column><mj-text>Look</mj-text></mj-column></mj-section>",
    }
    shown = await desk.post(f"{AT}/preview", place="messages.hello", act="save", **fields)
    assert "Hi &lt;you&gt;" in shown.text
    assert "Look" in shown.text
    assert "sandbox" in shown.headers["content-security-policy"]
    assert await desk.source() == EVERYTHING


async def test_a_message_is_written_in_another_language_and_in_its_own_again(desk: Desk) -> None:
    first = base((await desk.get(AT)).text)
    german = {"based_on": first, "place": "messages.hello.locales", "act": "add", "kind": "wording", "code": "de"}
    led = await desk.post(AT, **german, **{"f.subject": "Hallo", "f.text": "Schön, dass Sie da sind."})
    assert led.headers["location"].endswith("at=messages.hello.locales.de")
    document = await desk.services.versions.document(Which("everything", working=True))
    message = document.messages["hello"]
    assert (message.language, message.locales["de"].subject) == ("en", "Hallo")
    shown = await desk.get(AT, at="messages.hello")
    assert ">German</a>" in shown.text
    words = {"f.subject": "Guten Tag", "f.text": "Bis bald"}
    seen = await desk.post(f"{AT}/preview", place="messages.hello.locales.de", act="save", **words)
    assert "Guten Tag" in seen.text
    assert "Bis bald" in seen.text
    await desk.post(AT, based_on=base(shown.text), place="messages.hello.locales.de", act="remove")
    assert differing(await desk.source()) == ["+    language: en"]


async def test_an_unknown_language_is_told_and_nothing_is_saved(desk: Desk) -> None:
    german = {"place": "messages.hello.locales", "act": "add", "kind": "wording", "code": "deutsch"}
    refused = await desk.post(
        AT, based_on=base((await desk.get(AT)).text), **german, **{"f.subject": "Hallo", "f.text": "Da"}
    )
    assert refused.status_code == 422
    assert "is not the tag of a language" in refused.text
    assert await desk.source() == EVERYTHING


BRANCH = "threads[0].steps[1].did_not[0].decide[0]"


async def test_criteria_are_rows_and_groups_and_what_is_not_changed_stays_as_it_is_written(desk: Desk) -> None:
    shown = (await desk.get(AT, at=BRANCH)).text
    assert 'name="f.when.0.field" value="orders.count"' in shown
    row = {"f.when.joined": "all", "f.when.0.field": "orders.count", "f.when.0.operator": "at_least"}
    change = {"based_on": base(shown), "place": BRANCH, "act": "save", "f.name": "Ordered before", **row}
    assert (await desk.post(AT, **change | {"f.when.0.value": "5"})).status_code == 303
    assert await desk.source() == EVERYTHING
    group = {"f.when.1.joined": "none", "f.when.1.0.field": "contact.tags", "f.when.1.0.operator": "contains_any"}
    saved = await desk.post(AT, **change | {"f.when.0.value": "7"} | group | {"f.when.1.0.value": "a, b"})
    assert saved.status_code == 303
    document = await desk.services.versions.document(Which("everything", working=True))
    assert "orders.count is at least 7 and not (contact.tags contains any of [a, b])" in str(
        [say(each) for each in document.threads[0].steps[1].ways()[1].steps[0].criteria if each]
    )
    for line in ("# the first words", "# a list", "# The words."):
        assert line in await desk.source()


async def test_a_condition_that_cannot_hold_is_told_beside_the_criteria(desk: Desk) -> None:
    row = {"f.when.0.field": "orders.cuont", "f.when.0.operator": "at_least", "f.when.0.value": "5"}
    first = base((await desk.get(AT)).text)
    refused = await desk.post(AT, based_on=first, place=BRANCH, act="save", **{"f.name": "Ordered before"} | row)
    assert "Did you mean &#39;orders.count&#39;?" in refused.text
    assert 'value="orders.cuont"' in refused.text
    drawn = await desk.post(AT, based_on=first, place=BRANCH, act="save", redraw="when", **row)
    assert 'name="f.when.1.joined"' in drawn.text
    assert await desk.source() == EVERYTHING


@pytest.mark.parametrize("path", ["", "/check", "/undo", "/yaml", "/preview"])
async def test_an_editor_of_another_shop_changes_nothing(desk: Desk, path: str) -> None:
    await desk.sign_in(Role.EDITOR, "mine.example")
    assert (await desk.post(f"{AT}{path}", place="list", act="save", text="x")).status_code == 403
