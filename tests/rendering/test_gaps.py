"""What a message may read like where a value is missing is said before it is sent."""

import pytest

from activities.rendering.gaps import find_gaps
from schemas.channels import Channel
from schemas.document.conversation import MessageSection
from starter.documents import check
from tests.documents.starters import BACK, line_of

PRICE = "Now {{ variant.price }} {{ variant.currency }}"


def gaps(text: str) -> list[str]:
    message = MessageSection(channel=Channel.EMAIL, subject="Back", text=text)
    return [each.message for each in find_gaps(message)]


def test_a_value_that_may_be_missing_beside_one_that_is_there_is_shown_as_it_would_read() -> None:
    assert gaps(PRICE) == [
        "where 'variant.price' is not known this reads 'Now  EUR'",
        "where 'variant.currency' is not known this reads 'Now 12.50'",
    ]
    assert gaps("Hello {{ contact.attributes.first_name }},") == [
        "where 'contact.attributes.first_name' is not known this reads 'Hello ,'"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{% if variant.price and variant.currency %}" + PRICE + "{% endif %}",
        "{% if variant.price %}{% if variant.currency %}" + PRICE + "{% endif %}{% endif %}",
        "Hello {{ contact.attributes.first_name | default('you') }},",
        "{{ product.title }} at {{ shop.name }}",
        "{{ variant.title }}",
        "{{ 'for ' if variant.sku }}it",
    ],
)
def test_what_is_asked_for_first_has_another_value_or_stands_alone_is_no_gap(text: str) -> None:
    assert gaps(text) == []


def test_a_check_says_it_by_path_and_line_as_a_note() -> None:
    text = BACK.replace("      You asked us to tell you", f"      {PRICE}\n\n      You asked us to tell you", 1)
    report = check(text, "f.yaml")
    assert report.ok
    (first, second) = report.warnings
    assert (first.path, first.line) == ("messages.it-is-back.mjml", line_of(text, PRICE))
    assert "{% if variant.currency %}" in second.advice
