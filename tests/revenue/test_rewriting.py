"""Of a message only its links to the shop's own pages change, and nothing else of it."""

from html import escape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.revenue.rewriting import host_of, links_to, with_links, with_pixel

SHOP = {"shop.example"}
ADDRESSES = st.builds(
    "https://{}/{}{}".format,
    st.sampled_from(["shop.example", "www.shop.example", "elsewhere.example"]),
    st.text("abc-/", max_size=8).map(lambda path: path.strip("-")),
    st.sampled_from(["", "?variant=3", "?a=1&b=2", "#top"]),
)
HTML = '<p>Hi</p><a class="b" href="https://shop.example/p?a=1&amp;b=2">one</a> <a href=\'https://elsewhere.example/\'>two</a>'


class Links(HTMLParser):
    """What a browser would follow."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str | None] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append(dict(attrs).get("href"))


@given(st.lists(ADDRESSES, max_size=6))
def test_every_link_to_the_shop_is_found_and_no_other_is_changed(addresses: list[str]) -> None:
    html = "".join(f'<p>See <a href="{escape(address)}">this</a></p>' for address in addresses)
    text = "\n".join(f"See {address} today" for address in addresses)
    own = [address for address in addresses if host_of(address) in SHOP]
    assert links_to(SHOP, text, html) == tuple(dict.fromkeys(own))
    instead = {address: f"https://mail.example/l/{number}" for number, address in enumerate(dict.fromkeys(own))}
    changed_text, changed_html = with_links(text, html, instead)
    assert changed_html is not None
    assert Links(changed_html).found == [instead.get(address, address) for address in addresses]
    assert changed_text.split("\n") == [f"See {instead.get(each, each)} today" for each in addresses] or not addresses


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_message_without_links_to_the_shop_stays_as_it_is_whatever_is_in_it(text: str, html: str) -> None:
    assert with_links(text, html, {}) == (text, html)
    assert all(host_of(address) in SHOP for address in links_to(SHOP, text, html))


def test_an_address_in_html_is_read_as_a_browser_reads_it() -> None:
    assert links_to(SHOP, "", HTML) == ("https://shop.example/p?a=1&b=2",)
    _, changed = with_links("", HTML, {"https://shop.example/p?a=1&b=2": "https://mail.example/l/x"})
    assert changed == HTML.replace("https://shop.example/p?a=1&amp;b=2", "https://mail.example/l/x")


@pytest.mark.parametrize("after", [".", ",", ").", "!", " and more", ""])
def test_what_ends_a_sentence_is_no_part_of_the_address(after: str) -> None:
    text = f"It is back: https://shop.example/kettle{after}"
    assert links_to(SHOP, text, None) == ("https://shop.example/kettle",)
    changed, _ = with_links(text, None, {"https://shop.example/kettle": "https://mail.example/l/x"})
    assert changed == f"It is back: https://mail.example/l/x{after}"


@pytest.mark.parametrize(
    "address",
    [
        "https://shop.example@elsewhere.example/",
        "https://elsewhere.example/https://shop.example/",
        "https://shop.example.elsewhere.example/",
        "mailto:shop@shop.example",
        "javascript:location='https://shop.example'",
        "//shop.example/p",
        "https://[shop.example/",
    ],
)
def test_what_only_looks_like_the_shops_page_is_not_taken_for_one(address: str) -> None:
    assert links_to(SHOP, "", f'<a href="{escape(address)}">x</a>') == ()


def test_the_picture_comes_before_the_end_of_the_page() -> None:
    assert with_pixel("<body>Hi</BODY ></html>", "https://mail.example/o/x").endswith('border:0"></BODY ></html>')
    assert with_pixel("<p>Hi</p>", "https://mail.example/o/x").startswith("<p>Hi</p><img ")
