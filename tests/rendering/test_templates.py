"""What a contact reads, and what no template and no storefront can do to them."""

from dataclasses import replace
from decimal import Decimal
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.rendering.compile import check_message, compile_message
from activities.rendering.facts import ItemPart, ListPart, MessageContext, ProductPart, ShopPart, VariantPart
from activities.rendering.templates import LONGEST_BODY, LONGEST_SUBJECT, CannotRender, Rendered
from activities.rendering.templates import render as render_compiled
from schemas.channels import Channel
from schemas.document.conversation import MessageSection
from starter.documents import STARTER_CONVERSATION, load_document


def _context(
    *, title: str = "Wool scarf", variant: str = "Red", image: str | None = None, price: Decimal | None = None
) -> MessageContext:
    return MessageContext(
        shop=ShopPart(name="The Shop", url="https://shop.example"),
        product=ProductPart(title=title, url="https://shop.example/scarf", image_url=image),
        variant=VariantPart(title=variant, price=price),
        list=ListPart(name="Sign-ups"),
    )


def _message(text: str = "t", *, subject: str = "s", html: str | None = None) -> MessageSection:
    return MessageSection(channel=Channel.EMAIL, subject=subject, text=text, html=html)


def render(message: MessageSection, context: MessageContext) -> Rendered:
    return render_compiled(compile_message(message), context)


def _starter(code: str) -> MessageSection:
    return load_document(STARTER_CONVERSATION.read_text(), "starter").messages[code]


def test_the_starter_tells_what_is_back_and_where() -> None:
    rendered = render(_starter("it-is-back"), _context(image="https://shop.example/scarf.jpg"))
    assert rendered.subject == "Wool scarf is back"
    assert rendered.text.startswith("Good news: Wool scarf (Red) is back in stock.\n\nhttps://shop.example/scarf\n")
    assert rendered.html is not None
    assert 'src="https://shop.example/scarf.jpg"' in rendered.html
    assert 'alt="Wool scarf"' in rendered.html


def test_what_is_not_known_is_left_out_without_a_trace() -> None:
    rendered = render(_starter("it-is-back"), _context(variant=""))
    assert "Wool scarf is back in stock" in rendered.text
    assert rendered.html is not None
    assert "<img" not in rendered.html
    assert "()" not in rendered.html
    assert render(_message("[{{ variant.price }}{{ variant.sku|default('no sku') }}]"), _context()).text == "[no sku]"


def test_the_reminder_reads_as_one_sentence() -> None:
    assert render(_starter("still-here"), _context()).text.startswith(
        "Two days ago we wrote that Wool scarf (Red) is back. It still is.\n\nSee it in the shop: https://shop.example/scarf\n"
    )


def test_markup_in_a_title_is_escaped_in_html_and_kept_in_text() -> None:
    title = "<b>Salt & Pepper</b>"
    message = _message("{{ product.title }}", html="<p>{{ product.title }}</p>")
    rendered = render(message, _context(title=title))
    assert rendered.text == title
    assert rendered.html == "<p>&lt;b&gt;Salt &amp; Pepper&lt;/b&gt;</p>"


@given(st.text(st.characters(), min_size=1))
def test_no_title_can_begin_another_header(title: str) -> None:
    subject = render(_message(subject="Back: {{ product.title }}"), _context(title=title)).subject or ""
    assert len(subject.splitlines()) == 1
    assert len(subject) <= LONGEST_SUBJECT
    mail = EmailMessage()
    mail["Subject"] = subject
    assert mail.keys() == ["Subject"]


def test_a_line_break_in_a_title_becomes_a_space_in_the_subject() -> None:
    subject = render(_message(subject="{{ product.title }}"), _context(title="A\r\nBcc: everyone")).subject
    assert subject == "A Bcc: everyone"


def test_what_was_in_the_cart_is_gone_through_one_by_one() -> None:
    text = (
        "{% for item in items %}\n{{ item.quantity }} {{ item.title }}"
        "{% if item.price %} at {{ item.price }}{% endif %}, {{ item.url }}\n{% endfor %}\n"
        "{% if not items %}Nothing{% endif %}{% if items %}That is all{% endif %}"
    )
    html = "<ul>{% for item in items %}<li>{{ item.title }}</li>{% endfor %}</ul>"
    message = _message(text, html=html)
    assert check_message(message) == ()
    mug = ItemPart("Mug & saucer", "https://shop.example/mug", 2, price=Decimal("9.50"))
    rendered = render(message, replace(_context(), items=(mug, ItemPart("Spoon", "https://shop.example/s", 1))))
    lines = "2 Mug & saucer at 9.50, https://shop.example/mug\n1 Spoon, https://shop.example/s\nThat is all"
    assert rendered.text == lines
    assert rendered.html == "<ul><li>Mug &amp; saucer</li><li>Spoon</li></ul>"
    assert render(message, _context()).text == "Nothing"


def test_what_the_event_and_the_contact_tell_may_be_said_and_is_left_out_where_it_is_not_known() -> None:
    message = _message(
        "Dear {{ contact.attributes.first_name|default('you') }},"
        "{% if event.coupon %} take {{ event.coupon }}{% endif %}",
        html="<p>{{ contact.attributes.first_name }}</p>",
    )
    assert check_message(message) == ()
    known = replace(_context(), event={"coupon": 10, "none": None}, attributes={"first_name": "<Ann>"})
    rendered = render(message, known)
    assert (rendered.text, rendered.html) == ("Dear <Ann>, take 10", "<p>&lt;Ann&gt;</p>")
    assert render(message, _context()).text == "Dear you,"


def test_a_price_is_shown_as_the_storefront_tells_it() -> None:
    assert render(_message("{{ variant.price }}"), _context(price=Decimal("45.00"))).text == "45.00"


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{ prodct.title }}", "Did you mean 'product'?"),
        ("{{ product.titel }}", "Did you mean {{ product.title }}?"),
        ("{{ product }}", "cannot be shown as a whole"),
        ("{{ product.title.upper }}", "|upper"),
        ("{{ product['title'] }}", "with a dot"),
        ("{{ contact.email }}", "There are: contact.attributes.<name>"),
        ("{{ contact }}", "cannot be shown as a whole"),
        ("{{ contact.attributes }}", "cannot be shown as a whole"),
        ("{{ contact.attributes.__class__ }}", "cannot name '__class__'"),
        ("{{ event }}", "Write {{ event.<name> }}"),
        ("{{ event.a.b }}", "'a' has no part 'b'"),
        ("{{ event.__init__ }}", "cannot name '__init__'"),
        ("{{ items }}", "{% for item in items %}"),
        ("{{ items.title }}", "'items' cannot be shown as a whole"),
        ("{% for a in items %}{{ a.name }}{% endfor %}x", "'a' has no part 'name'"),
        ("{% for a in items %}{{ a }}{% endfor %}x", "'a' cannot be shown as a whole"),
        ("{% for a in items %}x{% endfor %}{{ a.title }}", "nothing is called 'a'"),
        ("{% for a in items %}{{ loop.index }}{% endfor %}x", "nothing is called 'loop'"),
        ("{% for a in items %}{% for b in items %}x{% endfor %}{% endfor %}x", "cannot loop"),
        ("{% for a in items if a.price %}x{% endfor %}x", "cannot loop"),
        ("{% for shop in items %}x{% endfor %}x", "cannot loop"),
        ("{% for a in items %}{{ a.title }}{% endfor %}", "comes out empty"),
        ("{{ product.title|replace('a', 'b') }}", "there is no filter 'replace'"),
        ("{{ product.title|safe }}", "there is no filter 'safe'"),
        ("{{ product.title }", "unexpected '}'"),
        ("{% if variant.price %}", "end of template"),
        ("{% if variant.price is none %}x{% endif %}", "there is no test 'is none'"),
        ("{% if variant.price > 100 %}x{% endif %}y", "fails for a product of which only what is always known"),
        ("{% if variant.sku %}x{% endif %}", "comes out empty"),
        ("{% for a in product.title %}x{% endfor %}", "cannot loop"),
        ("{% for a in range(999999999) %}x{% endfor %}", "cannot loop"),
        ("{{ range(9) }}", "cannot call"),
        ("{{ 9 ** 9 ** 9 ** 9 }}", "cannot calculate"),
        ("{{ 'a' * 999999999 }}", "cannot calculate"),
        ("{{ 'a' ~ 'b' }}", "cannot calculate"),
        ("{{ '%999999999d' % 1 }}", "cannot calculate"),
        ("{% set a = 'x' %}{{ a }}", "cannot set values"),
        ("{% include 'x' %}", "cannot use include"),
        ("{% macro m() %}x{% endmacro %}", "cannot use macro"),
        ("{{ product.__class__.__mro__ }}", "has no part '__class__'"),
        ("{{ ''.__class__ }}", "has no part '__class__'"),
        ("{{ lipsum.__globals__ }}", "lipsum"),
        ("{{ self }}", "nothing is called 'self'"),
        ("{{ " + "(" * 20_000 + " }}", "nested too deeply"),
        ("{{ " + "not " * 100 + "shop.name }}", "nested too deeply"),
        ("{% if shop.name %}" * 100 + "x" + "{% endif %}" * 100, "nested too deeply"),
        ("{{ " + "9" * 5000 + " }}", "nested too deeply"),
    ],
    ids=lambda value: value[:40],
)  # fmt: skip
def test_a_template_that_is_not_right_is_explained_and_not_rendered(template: str, words: str) -> None:
    diagnostics = check_message(_message(template))
    assert diagnostics
    assert any(words in f"{m.message}. {m.advice}" for m in diagnostics), diagnostics
    assert all(m.field == "text" and m.line == 1 for m in diagnostics)
    if "comes out empty" not in words:
        with pytest.raises(CannotRender):
            render(_message(template), _context())


def test_every_unknown_name_is_told_with_its_line() -> None:
    diagnostics = check_message(_message("{{ a.b }}\n\n{% if c %}\n{{ product.x }}{% endif %}", html="\n{{ d.e }}"))
    assert [(m.field, m.line) for m in diagnostics] == [("text", 1), ("text", 3), ("text", 4), ("html", 2)]


_SCRAPS = (
    *("{{ ", " }}", "{% if ", " %}", "{% endif %}", "{% else %}", "{% raw %}", "{#", "#}", "-", "x", "\n"),
    *("product", ".title", "variant.price", "shop.url", "**shop.name", "1", "'a'", "(", ")", "[", "]"),
    *(" > ", " and ", " or ", " if ", " else ", " in ", "not ", " is defined", "|upper", "|d(", "|urlencode"),
)


@given(st.lists(st.sampled_from(_SCRAPS), max_size=25))
def test_a_template_is_either_explained_or_rendered(parts: list[str]) -> None:
    template = "".join(parts)
    if not template.strip():
        return
    message = _message(template, html=template)
    if not check_message(message):
        rendered = render(message, _context(price=Decimal("1")))
        assert rendered.text.strip()


def test_the_deepest_allowed_template_still_renders() -> None:
    deep = "{% if shop.name %}" * 36 + "x" + "{% endif %}" * 36 + "{{ product.title" + "|upper|lower" * 17 + " }}"
    assert check_message(_message(deep, html=deep)) == ()
    assert render(_message(deep, html=deep), _context()).html == "xwool scarf"


def test_a_message_longer_than_any_mailbox_takes_is_refused() -> None:
    message = _message("{{ product.title }}" * 1001)
    with pytest.raises(CannotRender, match="shorten"):
        render(message, _context(title="x" * (LONGEST_BODY // 1000)))


def test_an_empty_subject_is_refused_instead_of_sent() -> None:
    with pytest.raises(CannotRender, match="subject came out empty"):
        render(_message(subject="{{ variant.sku }}"), _context())


def test_what_is_known_of_a_contact_is_in_no_error() -> None:
    """It is logged (P8)."""
    compared = _message("x {% if contact.attributes.age > 3 %}y{% endif %}")
    with pytest.raises(CannotRender) as caught:
        render(compared, replace(_context(), attributes={"age": "Ada Lovelace"}))
    assert "Ada" not in str(caught.value)
