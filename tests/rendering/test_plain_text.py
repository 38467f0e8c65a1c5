"""The text part is made of the HTML unless somebody wrote one, and reads as if somebody had."""

from dataclasses import replace

import pytest

from activities.rendering.compile import check_message, compile_message
from activities.rendering.facts import MessageContext
from activities.rendering.samples import BARE, FULL
from activities.rendering.templates import render
from schemas.channels import Channel
from schemas.document.conversation import MessageSection


def text(html: str, context: MessageContext = FULL) -> str:
    message = MessageSection(channel=Channel.EMAIL, subject="s", html=html)
    assert check_message(message) == ()
    return render(compile_message(message), context).text + "\n"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>One</p><p>Two<br>lines</p>", "One\n\nTwo\nlines\n"),
        ("<p>See <a href='https://a.example/x'>our page</a> soon.</p>", "See our page <https://a.example/x> soon.\n"),
        ("<p><a href='{{ product.url }}'>Buy</a></p>", "Buy: https://shop.example/products/blue-kettle\n"),
        ("<p>x</p><p><a href='https://a.example'><img src='a.png' alt='A'></a></p>", "x\n"),
        ("<p><a href='https://a.example'>https://a.example</a></p>", "https://a.example\n"),
        ("<table><tr><td>Kettle</td><td>49.00</td></tr><tr><td>Cup</td><td>7.50</td></tr></table>",
         "Kettle | 49.00\nCup | 7.50\n"),
        ("<p>x</p><div style='display: none'>preheader</div>", "x\n"),
        ("<style>p { color: red }</style><p>x</p>", "x\n"),
        ("<p>Code {% if coupon.code %}<b>{{ coupon.code }}</b>{% endif %}</p><p>Bye</p>", "Code KETTLE-7Q2X\n\nBye\n"),
        ("<p>&#123;&#123; x &lt; y &amp; z</p>", "{{ x < y & z\n"),
        ("<p>x</p><ul>{% for item in items %}<li>{{ item.title }}</li>{% endfor %}</ul>",
         "x\n\n  * Blue kettle (1.5 l)\n  * Tea strainer\n"),
    ],
)  # fmt: skip
def test_html_is_said_in_words(html: str, expected: str) -> None:
    assert text(html).rstrip().splitlines() == expected.rstrip().splitlines()


def test_what_is_left_out_leaves_no_gap() -> None:
    code = "{% if coupon.code %}<p>Code {{ coupon.code }}</p>{% endif %}"
    html = f"<p>One</p>{code}<p>Two {{% if coupon.code %}} too {{% endif %}} three</p>"
    assert text(html) == "One\n\nCode KETTLE-7Q2X\n\nTwo too three\n"
    assert text(html, BARE) == "One\n\nTwo three\n"


def test_the_words_of_a_shop_are_not_escaped() -> None:
    odd = replace(FULL, product=replace(FULL.product, title="Salt & <Pepper>"))
    assert text("<p>{{ product.title }}</p>", odd) == "Salt & <Pepper>\n"


def test_a_text_that_somebody_wrote_stays() -> None:
    message = MessageSection(channel=Channel.EMAIL, subject="s", html="<p>x</p>", text="Mine\n")
    assert compile_message(message).wordings["en"].text == "Mine\n"
