"""What of a message may be absent, and which of its links leave the shop, is listed before it is published."""

import pytest

from activities.rendering.gaps import may_be_absent
from activities.rendering.links import find_links_away
from schemas.channels import Channel
from schemas.document.conversation import MessageSection
from starter.documents import check
from tests.documents.starters import BACK, line_of


def message(html: str) -> MessageSection:
    return MessageSection(channel=Channel.EMAIL, subject="{{ variant.title }}", html=html)


@pytest.mark.parametrize(
    ("html", "away"),
    [
        ("<a href='https://elsewhere.example/x'>x</a>", ["elsewhere.example"]),
        ("<a href='https://shop.example/x'>x</a><a href='https://www.shop.example'>y</a>", []),
        ("<a href='https://notshop.example/x'>x</a>", ["notshop.example"]),
        ("<a href='{{ product.url }}'>x</a><a href='{{ shop.url }}/a'>y</a>", []),
        ("<a href='{{ event.page }}'>x</a>", ["event.page"]),
        ("<img src='https://cdn.example/x.png' alt=''>", []),
        ("<p>See https://elsewhere.example.</p>", ["elsewhere.example,"]),
    ],
)
def test_a_link_to_another_domain_is_named(html: str, away: list[str]) -> None:
    found = [each.message for each in find_links_away(message(html), ["shop.example"])]
    assert len(found) == len(away)
    assert all(where in said for where, said in zip(away, found, strict=True))


def test_what_may_be_absent_is_listed_whether_it_is_asked_for_or_not() -> None:
    html = "{% if product.image_url %}x{% endif %}{{ wait.price|money }} {{ coupon.code }} {{ contact.attributes.a }}"
    assert may_be_absent(message(html)) == (
        *("contact.attributes.a", "coupon.code", "product.image_url", "variant.title", "wait.price"),
    )


def test_a_check_tells_both() -> None:
    text = BACK.replace("We cannot hold it for you", "<a href='https://away.example'>We</a> cannot hold it for you", 1)
    report = check(text, "f.yaml")
    assert report.ok
    (link,) = report.links
    assert (link.path, link.line) == ("messages.it-is-back.mjml", line_of(text, "https://away"))
    (first, second) = report.messages
    assert first.message == "it-is-back"
    assert {"variant.title", "product.image_url", "links.unsubscribe"} <= {*first.may_be_absent}
    assert second.may_be_absent == ("links.unsubscribe", "variant.title")
