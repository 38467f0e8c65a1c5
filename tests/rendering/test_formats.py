"""Amounts, numbers and dates read as people of the contact's language write them."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.rendering.compile import check_message, compile_message
from activities.rendering.facts import MessageContext, VariantPart, WaitPart
from activities.rendering.samples import BARE, FULL
from activities.rendering.templates import CannotRender, render
from schemas.channels import Channel
from schemas.document.conversation import MessageSection


def text(template: str, context: MessageContext = FULL, language: str | None = None) -> str:
    message = MessageSection(channel=Channel.EMAIL, subject="s", text=template, language=language)
    return render(compile_message(message), context).text


@pytest.mark.parametrize(
    ("template", "english", "german"),
    [
        ("{{ variant.price|money }}", "€49.00", "49,00\xa0€"),
        ("{{ variant.price|money('USD') }}", "$49.00", "49,00\xa0$"),
        ("{{ 1234.5|number }}", "1,234.5", "1.234,5"),
        ("{{ 1234567|number(2) }}", "1,234,567.00", "1.234.567,00"),
        ("{{ wait.since|date }}", "March 2, 2026", "2. März 2026"),
        ("{{ wait.since|date('short') }}", "3/2/26", "02.03.26"),
        ("{{ event.until|date('full') }}", "Thursday, December 24, 2026", "Donnerstag, 24. Dezember 2026"),
    ],
)
def test_a_value_is_written_as_the_language_of_the_words_writes_it(template: str, english: str, german: str) -> None:
    known = replace(FULL, event={"until": "2026-12-24"})
    assert text(template, known) == english
    assert text(template, known, "de") == german


def test_money_has_the_decimals_of_its_currency() -> None:
    yen = replace(FULL, variant=VariantPart("", price=Decimal("1500"), currency="JPY"))
    dinar = replace(FULL, variant=VariantPart("", price=Decimal("1.5"), currency="BHD"))
    none = replace(FULL, variant=VariantPart("", price=Decimal("12.5")))
    assert text("{{ variant.price|money }}", yen) == "¥1,500"
    assert text("{{ variant.price|money }}", dinar) == "BHD\xa01.500"
    assert text("{{ variant.price|money }}", none) == "12.50"


def test_a_contact_of_another_country_reads_its_numbers_in_the_language_of_the_words() -> None:
    british = replace(FULL, attributes={"language": "en-GB"})
    assert text("{{ wait.since|date }}", british) == "2 March 2026"
    japanese = replace(FULL, attributes={"language": "ja"})
    assert text("{{ wait.since|date }}", japanese) == "March 2, 2026"


def test_a_moment_has_the_date_of_its_list() -> None:
    late = replace(FULL, wait=WaitPart(since=datetime(2026, 3, 2, 23, 30, tzinfo=UTC)))
    assert text("{{ wait.since|date('short') }}", late) == "3/2/26"
    assert text("{{ wait.since|date('short') }}", replace(late, time_zone="Europe/Berlin")) == "3/3/26"


def test_what_is_absent_stays_absent_through_a_filter() -> None:
    assert text("[{{ variant.price|money }}{{ wait.since|date }}{{ variant.units|number }}]", BARE) == "[]"
    assert text("{{ variant.price|money|default('ask us') }}", BARE) == "ask us"


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{ variant.price|money('euro') }}", "'euro' is no currency"),
        ("{{ variant.price|money(1, 2) }}", "'money' takes one currency"),
        ("{{ variant.units|number(9) }}", "cannot have 9 decimals"),
        ("{{ variant.units|number('2') }}", "'number' takes how many decimals"),
        ("{{ wait.since|date('%d.%m.') }}", "there is no style of date '%d.%m.'"),
        ("{{ wait.since|date(style='short') }}", "'date' takes one style"),
        ("{{ product.title|money }}", "fails for a product of which everything is known"),
        ("{{ coupon }}", "'coupon' cannot be shown as a whole"),
    ],
)
def test_a_slip_in_a_filter_is_told_when_the_message_is_written(template: str, words: str) -> None:
    message = MessageSection(channel=Channel.EMAIL, subject="s", text=template)
    assert words in " ".join(each.message for each in check_message(message))


@given(st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.booleans(), st.decimals()))
def test_no_property_of_an_event_makes_a_page_of_one_number(value: object) -> None:
    known = replace(FULL, event={"amount": value})  # pyright: ignore[reportArgumentType] whatever somebody sent
    for template in ("{{ event.amount|money }}", "{{ event.amount|number }}", "{{ event.amount|date }}"):
        with suppress(CannotRender):
            assert len(text(template, known)) < 100
