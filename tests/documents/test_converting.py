"""Templates of Liquid and Klaviyo become ours, and what has no counterpart is told with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.rendering.compile import check_message, compile_message
from activities.rendering.samples import FULL
from activities.rendering.templates import check_one, render
from schemas.channels import Channel
from schemas.document.conversation import MessageSection
from starter.authoring.converting import convert


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("{{ product.title | upcase }}", "{{ product.title|upper }}"),
        ("{{product.price | money}}", "{{ variant.price|money }}"),
        ("{{ customer.first_name | default: 'you' }}", "{{ contact.attributes.first_name|default('you') }}"),
        ("{% if customer.first_name != blank %}a{% endif %}", "{% if contact.attributes.first_name %}a{% endif %}"),
        ("{% unless variant.sku == nil %}a{% endunless %}", "{% if not (not variant.sku) %}a{% endif %}"),
        ("{% if product.title == 'x' and coupon %}a{% elsif coupon %}b{% else %}c{% endif %}",
         "{% if product.title == 'x' and coupon.code %}a{% elif coupon.code %}b{% else %}c{% endif %}"),
        ("{%- for line in line_items -%}{{ line.product.title }}, {{ line.price | money }}{%- endfor -%}",
         "{%- for line in items -%}{{ line.title }}, {{ line.price|money }}{%- endfor -%}"),
        ("{% comment %} {{ secret }} {% endcomment %}x", "x"),
        ("{{ first_name|default:'there'|title }}", "{{ contact.attributes.first_name|default('there')|title }}"),
        ("{{ person|lookup:'Favorite Color' }}", "{{ contact.attributes.Favorite_Color }}"),
        ("{{ event.ProductName }}", "{{ product.title }}"),
        ("{{ event.Size }}", "{{ event.Size }}"),
        ("{% catalog event.ProductID %}{{ catalog_item.title }}{% endcatalog %}", "{{ product.title }}"),
        ("{% for item in event.extra.line_items %}{{ item.product.title }}{% endfor %}",
         "{% for item in items %}{{ item.title }}{% endfor %}"),
        ("{% coupon_code 'TENOFF' %}", "{{ coupon.code }}"),
        ("<p>{% unsubscribe 'Stop' %}</p>",
         '<p>{% if links.unsubscribe %}<a href="{{ links.unsubscribe }}">Stop</a>{% endif %}</p>'),
        ("{{ organization.name }}", "{{ shop.name }}"),
        ("{{ variant.price|floatformat:2 }}", "{{ variant.price|number(2) }}"),
        ("{{ shop.name|upper }} {% if wait.place %}{{ coupon.code }}{% endif %}", None),
    ],
)  # fmt: skip
def test_what_has_a_counterpart_is_converted(theirs: str, ours: str | None) -> None:
    found = convert(theirs)
    if ours is None:
        assert any("wait.place" in each.why for each in found.unconverted)
        return
    assert (found.text, found.unconverted) == (ours, ())


@pytest.mark.parametrize(
    ("theirs", "line", "why"),
    [
        ("a\n{{ product.vendor }}", 2, "does not know 'product.vendor'"),
        ("{% assign x = 1 %}", 1, "no tag like 'assign'"),
        ("x\n\n{{ product.title | truncate: 5 }}", 3, "no filter like 'truncate'"),
        ("{{ event.date|date:'%B %d' }}", 1, "not as '%B %d'"),
        ("{% for tag in product.tags %}{{ tag }}{% endfor %}", 1, "goes through 'items' only"),
        ("{% for item in line_items limit:3 %}{{ item.title }}{% endfor %}x", 1, "'limit:3' is left out"),
        ("{% if product.tags contains 'sale' %}a{% else %}b{% endif %}", 1, "nothing like 'contains'"),
        ("{% web_view 'x' %}", 1, "no tag like 'web_view'"),
        ("{{ product.featured_image | img_url: 'large' }}", 1, "the size that the shop has"),
        ("{% if coupon.code %}", 1, ""),
    ],
)
def test_what_has_none_is_told_with_its_line_and_fills_nothing_in(theirs: str, line: int, why: str) -> None:
    found = convert(theirs)
    assert found.unconverted[0].line == line
    assert any(why in each.why for each in found.unconverted), found


def test_what_could_not_be_converted_is_a_comment_that_nobody_is_sent() -> None:
    found = convert(
        "Hello{% if product.tags contains 'x' %} you{% endif %}, {{ product.vendor }}bye {{ product.title }}"
    )
    message = MessageSection(channel=Channel.EMAIL, subject="s", text=found.text)
    assert check_message(message) == ()
    assert render(compile_message(message), FULL).text == "Hello you, bye Blue kettle"


_SCRAPS = (
    *("{{ product.title }}", "{{ x.y }}", "{{ 'a' | upcase }}", "{% if coupon.code %}", "{% endif %}", "{% else %}"),
    *("{% for i in items %}", "{{ i.title }}", "{% endfor %}", "{% unless a == b %}", "{% endunless %}", "{{", "%}"),
    *(
        "{% comment %}",
        "{% endcomment %}",
        "{% raw %}",
        "{% endraw %}",
        "#}",
        "'",
        "{% case x %}",
        "words",
        "\n",
        "<b>",
    ),
)


@given(st.lists(st.sampled_from(_SCRAPS), max_size=15).map("".join))
def test_what_nothing_is_told_of_can_be_used(theirs: str) -> None:
    found = convert(theirs)
    if not found.unconverted:
        assert check_one("text", found.text, html="<" in found.text) == ()


@given(st.text(alphabet=st.sampled_from("{}%#|'\" abc.:=!<>()-\n"), max_size=60))
def test_no_text_breaks_it(theirs: str) -> None:
    convert(theirs)
