"""An alert set up step by step: every option is asked and explained, nothing is saved before the last step."""

import re
from html import unescape

import httpx
import pytest
from playwright.async_api import Page, expect

from schemas.channels import Channel
from schemas.document.alert_types.back_in_stock import BackInStock
from schemas.document.alert_types.registry import ALERT_TYPES
from schemas.document.alert_types.vocabulary import AlertType
from schemas.document.conversation import ConversationDocument, ListSection, MessageSection, ThreadSection, Wording
from schemas.responses.users import Language, Role
from starter.authoring.alert_setup import LANGUAGES, AlertSetup
from starter.authoring.form_fields import FormField
from starter.authoring.section_forms import BRANCHES, SECTIONS, form_of
from starter.documents import check, load_document
from starter.http.console.field_words import field_words, said_in
from starter.versioning.which import Which
from tests.console.designing.desk import Desk

AT = "/conversations/new/alert"
BEGUN = {"kind": "back-in-stock", "title": "Kettles: back", "code": "kettles", "channel": "email", "language": "en"}


def fields_of(answer: httpx.Response) -> dict[str, str]:
    """What the form of a page carries, hidden or shown, but for boxes that are not ticked."""
    form = answer.text[answer.text.index('action="/conversations/new/alert"') :]
    found = dict(re.findall(r'<input (?:id="[^"]*" )?(?:type="hidden" )?name="([^"]+)"[^>]*? value="([^"]*)"', form))
    for name, inside in re.findall(r'<select (?:id="[^"]*" )?name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', inside)
        found[name] = chosen[1] if chosen else ""
    return {name: unescape(value) for name, value in found.items() if name not in ("csrf", "confirms", "says_farewell")}


async def test_a_set_up_goes_from_create_to_a_draft_and_saves_nothing_before(desk: Desk) -> None:
    configure = await desk.post(AT, go="configure", **BEGUN)
    assert "How many people are told for each unit" in configure.text
    chosen = fields_of(configure) | {
        "f.contacts_per_unit": "2",
        "f.relevancy_window": "90 days",
        "f.quiet_hours.from": "21:00",
        "f.quiet_hours.until": "08:00",
        "f.reminders.after": "2 days",
        "f.while_waiting.0.after": "3 weeks",
        "f.while_waiting.0.send": "hold-on",
        "f.trigger_filter.0.field": "product.vendor",
        "f.trigger_filter.0.operator": "equals",
        "f.trigger_filter.0.value": "Acme",
        "f.at_most.messages": "1",
        "f.at_most.per": "4 hours",
        "confirms": "yes",
    }
    summary = await desk.post(AT, **chosen | {"go": "summary"})
    assert summary.status_code == 200, summary.text
    for said in ("2 people are told, whoever waited longest first", "90 days", "product.vendor equals Acme", "21:00"):
        assert said in summary.text
    assert [each.conversation for each in (await desk.services.versions.all()).conversations] == ["everything"]
    led = await desk.post(AT, **fields_of(summary) | {"go": "save", "confirms": "yes"})
    assert led.headers["location"] == "/conversations/kettles"
    document = await desk.services.versions.document(Which("kettles", working=True))
    alert = document.alerts["kettles"]
    assert isinstance(alert, BackInStock)
    assert (alert.contacts_per_unit, document.list.at_most is None, len(document.threads)) == (2, False, 3)
    assert (alert.name, document.list.name) == ("Kettles: back", "Everyone")
    assert {*document.messages} == {"told", "reminder", "confirmation", "hold-on"}


async def test_a_mistake_stands_beside_its_field_and_going_back_keeps_what_was_typed(desk: Desk) -> None:
    chosen = fields_of(await desk.post(AT, go="configure", **BEGUN)) | {
        "f.relevancy_window": "a while",
        "f.country": "x",
    }
    told = await desk.post(AT, **chosen | {"go": "summary"})
    assert told.status_code == 422
    near = told.text.index('id="f.relevancy_window-about"')
    assert "is not a length of time" in unescape(told.text[near : near + 300])
    assert 'class="error"' in told.text[told.text.index('id="f.country-about"') :][:120]
    back = await desk.post(AT, **fields_of(told) | {"go": "create"})
    assert fields_of(back)["title"] == "Kettles: back"
    again = await desk.post(AT, **fields_of(back) | {"go": "configure", "kind": "back-in-stock"})
    assert fields_of(again)["f.relevancy_window"] == "a while"


async def test_the_first_step_says_what_is_wrong_with_a_name(desk: Desk) -> None:
    taken = await desk.post(AT, go="configure", **BEGUN | {"code": "everything"})
    assert "There is a conversation &#39;everything&#39; already." in taken.text
    assert (await desk.post(AT, go="configure", **BEGUN | {"code": "No Good"})).status_code == 422


async def test_an_editor_of_one_store_sets_up_an_alert_of_it_and_of_no_other(desk: Desk) -> None:
    await desk.sign_in(Role.EDITOR, "mine.example", Language.GERMAN)
    configure = await desk.post(AT, go="configure", **BEGUN)
    chosen = fields_of(configure)
    assert chosen["f.stores"] == "mine.example"
    assert "Wie lange jemand wartet" in configure.text
    assert (await desk.post(AT, **chosen | {"go": "summary", "f.stores": ""})).status_code == 422
    summary = await desk.post(AT, **chosen | {"go": "summary"})
    assert "Es gilt für diese Shops: mine.example." in summary.text


async def test_another_row_and_another_group_of_conditions_are_drawn_without_losing_a_word(desk: Desk) -> None:
    chosen = fields_of(await desk.post(AT, go="configure", **BEGUN)) | {"f.profile_filter.0.field": "orders.count"}
    drawn = await desk.post(AT, **chosen | {"redraw": "profile_filter"})
    found = fields_of(drawn)
    assert found["f.profile_filter.0.field"] == "orders.count"
    assert found["f.profile_filter.1.joined"] == "any"


@pytest.mark.parametrize("kind", AlertType)
@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_words_of_every_type_channel_and_language_have_no_mistake(
    kind: AlertType, channel: Channel, language: str
) -> None:
    needed = {"drops_by": "10%", "low_at": "3", "reminders.after": "2 days", "double_opt_in": ""}
    setup = AlertSetup(kind, "mine", "Mine", channel=channel, language=language, confirms=True, says_farewell=True)
    shown = {each.name: each.value for each in (*setup.alert_form(), *setup.list_form())}
    setup = AlertSetup(kind, "mine", "Mine", shown | needed, channel, language, confirms=True, says_farewell=True)
    assert check(setup.text(), "it").diagnostics == ()
    assert load_document(setup.text(), "it").alerts["mine"].type is kind


def test_alert_and_list_have_no_field_of_the_same_name() -> None:
    """Both stand in one form; but for the list's name, which the alert is not asked for."""
    of_list = {each.name for each in form_of(ListSection, {})}
    for kind in AlertType:
        assert not {each.name for each in AlertSetup(kind).alert_form()} & of_list


def test_every_field_of_every_form_is_explained_in_german() -> None:
    words = field_words(Language.GERMAN)
    models = (*ALERT_TYPES.values(), ConversationDocument, ListSection, ThreadSection, MessageSection, Wording)
    for model in (*models, *SECTIONS.values(), *BRANCHES.values()):
        assert model.__name__ in words
        english, german = every(form_of(model, {})), every(said_in("de", model, form_of(model, {}))[2])
        for before, after in zip(english, german, strict=True):
            assert not before.hint or before.hint != after.hint, (model.__name__, before.name)


def every(fields: tuple[FormField, ...]) -> list[FormField]:
    """The fields of a form, those inside others included."""
    return [one for each in fields for one in (each, *every(each.inside))]


async def test_by_the_keyboard_alone_an_alert_is_set_up(desk: Desk, seat: Page) -> None:
    await seat.goto(f"{desk.url}{AT}")
    keyboard = seat.keyboard
    await seat.get_by_label("Name", exact=True).focus()
    await keyboard.type("Kettles")
    await keyboard.press("Tab")
    await keyboard.type("kettles")
    await keyboard.press("Enter")
    await seat.get_by_label("Contacts per unit").focus()
    await keyboard.press("ControlOrMeta+A")
    await keyboard.type("many")
    await keyboard.press("Enter")
    await expect(seat.get_by_label("Contacts per unit")).to_have_attribute("aria-invalid", "true")
    await seat.get_by_label("Contacts per unit").focus()
    await keyboard.press("ControlOrMeta+A")
    await keyboard.type("3")
    await keyboard.press("Enter")
    await expect(seat.get_by_text("3 people are told")).to_be_visible()
    await seat.get_by_role("button", name="Make it").focus()
    await keyboard.press("Enter")
    await expect(seat.get_by_role("heading", name="Kettles")).to_be_visible()
    assert "contacts_per_unit: 3" in await desk.source("kettles")
