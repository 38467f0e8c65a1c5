"""MJML: what is wrong with it is told by line and column, and what is right is what the contact gets."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.rendering.compile import check_message, compile_message
from activities.rendering.hidden_tags import Hidden, masked
from activities.rendering.mjml import compile_mjml
from activities.rendering.mjml_check import check_mjml
from activities.rendering.mjml_elements import HTML, MJML, NEEDED
from activities.rendering.samples import BARE, FULL
from activities.rendering.templates import render
from schemas.channels import Channel
from schemas.document.conversation import MessageSection
from starter.documents import check
from tests.documents.starters import BACK, line_of

FRAME = "<mj-section><mj-column>{}</mj-column></mj-section>"


def message(mjml: str, text: str | None = None) -> MessageSection:
    return MessageSection(channel=Channel.EMAIL, subject="s", mjml=mjml, text=text)


@pytest.mark.parametrize(
    ("mjml", "at", "words"),
    [
        ("<mj-section>\n <mj-colum></mj-colum></mj-section>", (2, 2), "Did you mean <mj-column>?"),
        ("<mj-section>\n<mj-column>\n  <mj-text colour='red'>x</mj-text></mj-column></mj-section>", (3, 12), "'color'"),
        ("<mj-section>\n<mj-column><mj-text>x</mj-text></mj-section>", (2, 1), "<mj-column> is not closed"),
        ("<mj-text>x</mj-text>", (1, 1), "<mj-text> cannot stand in <mj-body>"),
        (FRAME.format("words"), (1, 24), "words cannot stand in <mj-column>"),
        (FRAME.format("{{ shop.name }}"), (1, 24), "Put it into <mj-text>"),
        (FRAME.format("<mj-text>a < b</mj-text>"), (1, 35), "&lt;"),
        (FRAME.format("<mj-text>{% if 1 < 2 %}x{% endif %}</mj-text>"), None, ""),
        (FRAME.format("<mj-text><script>x</script></mj-text>"), (1, 33), "there is no element <script>"),
        (FRAME.format("<mj-text><a onclick='x'>x</a></mj-text>"), (1, 36), "has no attribute 'onclick'"),
        (FRAME.format("<mj-text><a href='javascript:x'>x</a></mj-text>"), (1, 42), "a mail runs nothing"),
        (FRAME.format("<mj-text><a {{ shop.url }}>x</a></mj-text>"), (1, 33), "within the brackets"),
        (FRAME.format("<mj-image alt='' width='{{ variant.units }}' />"), (1, 48), "cannot stand in 'width'"),
        (FRAME.format("<mj-text>{% if coupon.code %}x</mj-text>{% endif %}"), (1, 33), "ends in another element"),
        (FRAME.format("<mj-include path='/etc/passwd' />"), (1, 24), "includes no files"),
        ("<!DOCTYPE html>" + FRAME.format(""), (1, 1), "no such declaration"),
        ("<mjml><mj-body></mj-body></mjml><mj-section></mj-section>", (1, 33), "stands beside <mjml>"),
        ("<mjml><mj-body></mj-body>", (1, 1), "<mjml> is not closed"),
        (FRAME.format("<mj-text>x</p></mj-text>"), (1, 34), "closes nothing"),
        ("<mj-section <mj-column></mj-column></mj-section>", (1, 1), "cannot be read"),
        (FRAME.format("<!-- x"), (1, 24), "not closed"),
    ],
)  # fmt: skip
def test_a_mistake_in_mjml_is_told_with_its_place(mjml: str, at: tuple[int, int] | None, words: str) -> None:
    found = check_mjml(mjml)
    if at is None:
        assert found == ()
        return
    assert [(each.line, each.column) for each in found][:1] == [at], found
    assert any(words in f"{each.message}. {each.advice}" for each in found), found


def test_the_place_is_one_in_the_document() -> None:
    text = BACK.replace("<mj-button href", "<mj-button hreff", 1)
    (found,) = check(text, "f").diagnostics
    assert (found.path, found.line) == ("messages.it-is-back.mjml", line_of(text, "hreff"))
    assert text.splitlines()[found.line - 1][found.column - 1 :].startswith("hreff")


def test_conditions_and_loops_stand_around_elements_and_within_words() -> None:
    mjml = FRAME.format(
        "{% for item in items %}<mj-text>{{ item.title }}</mj-text>{% endfor %}"
        "{% if product.image_url %}<mj-image src='{{ product.image_url }}' alt='it' />{% endif %}"
        "<mj-text>{% if coupon.code %}Code <b>{{ coupon.code }}</b>{% else %}No code{% endif %}</mj-text>"
    )
    assert check_message(message(mjml)) == ()
    compiled = compile_message(message(mjml))
    full, bare = render(compiled, FULL).html or "", render(compiled, BARE).html or ""
    assert (
        full.index("Blue kettle (1.5 l)") < full.index("Tea strainer") < full.index("<img") < full.index("KETTLE-7Q2X")
    )
    assert "<img" not in bare
    assert "No code" in bare
    assert "Tea strainer" not in bare
    assert not {"{%", "{{", "mj-"} & set(bare.split())


def test_what_a_shop_tells_is_no_markup_in_compiled_html_either() -> None:
    mjml = FRAME.format("<mj-image src='{{ product.image_url }}' alt='{{ product.title }}' />")
    evil = replace(FULL, product=replace(FULL.product, title='"><script>x</script>'))
    html = render(compile_message(message(mjml, "t")), evil).html or ""
    assert "<script>" not in html
    assert "&#34;&gt;&lt;script&gt;" in html


def test_a_whole_document_keeps_its_own_head() -> None:
    body = FRAME.format("<mj-text>x</mj-text>")
    whole = f"<mjml><mj-head><mj-title>Ours</mj-title></mj-head><mj-body>{body}</mj-body></mjml>"
    assert check_message(message(whole)) == ()
    html = compile_message(message(whole)).wordings["en"].html or ""
    assert "<title>Ours</title>" in html
    assert "prefers-color-scheme" not in html
    ours = compile_message(message(body)).wordings["en"].html or ""
    assert "prefers-color-scheme: dark" in ours
    assert 'lang="en"' in ours


def test_a_style_sheet_in_html_is_put_into_its_elements_and_rows_of_a_loop_stay_in_their_table() -> None:
    html = (
        "<style>td { color: red } @media (max-width: 480px) { td { color: blue } }</style><table>"
        "{% for item in items %}<tr><td>{{ item.title }}</td></tr>{% endfor %}</table>"
    )
    section = MessageSection(channel=Channel.EMAIL, subject="s", html=html, text="t")
    assert check_message(section) == ()
    compiled = compile_message(section).wordings["en"].html or ""
    assert '<td style="color: red;">{{ item.title }}</td>' in compiled
    assert "@media" in compiled
    assert compiled.index("<table") < compiled.index("{% for") < compiled.index("<tr") < compiled.index("{% endfor")
    plain = section.model_copy(update={"html": "<p>{{ product.title }}</p>"})
    assert compile_message(plain).wordings["en"].html == "<p>{{ product.title }}</p>"


@pytest.mark.parametrize("deep", ["<b>" * 200 + "x" + "</b>" * 200, "<b>" * 40_000, "<div>" * 9_000])
def test_what_is_nested_so_deeply_that_a_parser_may_crash_is_not_given_to_one(deep: str) -> None:
    (found,) = check_mjml(FRAME.format(f"<mj-text>{deep}</mj-text>"))
    assert found.message == "this is nested too deeply"
    styled = MessageSection(channel=Channel.EMAIL, subject="s", html=f"<style>b {{ color: red }}</style>{deep}")
    (found,) = check_message(styled)
    assert "nested too deeply" in found.message
    crossed = "<style>b { color: red }</style>" + "<b><div></b>" * 9000
    (found,) = check_message(styled.model_copy(update={"html": crossed}))
    assert "nested too deeply" in found.message


@pytest.mark.parametrize(
    "attribute", [(name, each) for name, element in MJML.items() for each in sorted(element.attributes)], ids="/".join
)
def test_no_value_of_an_attribute_is_more_than_mrml_can_take(attribute: tuple[str, str]) -> None:
    name, each = attribute
    for value in ("", "abc", "-1px", "1e9px", "999999999999px", "50%", "1px 2px 3px 4px 5px", "NaN", "é"):
        compile_mjml(_with_attribute(name, each, value), "en")


def _with_attribute(name: str, attribute: str, value: str) -> str:
    """A message in which this element stands where it may, with this attribute."""
    inside = "x" if MJML[name].html or MJML[name].words else ""
    needed = "".join(f' {each}="x"' for each in NEEDED.get(name, set[str]()) if each != attribute)
    written = f'<{name} {attribute}="{value}"{needed}>{inside}</{name}>'
    while name not in ("mjml", "mj-body"):
        around = [each for each, element in MJML.items() if name in element.children]
        name = next((each for each in around if each != "mj-attributes"), around[0])
        if name != "mj-body":
            written = f"<{name}>{written}</{name}>"
    return written


_SCRAPS = (
    *(
        "<mj-section>",
        "</mj-section>",
        "<mj-column>",
        "</mj-column>",
        "<mj-text>",
        "</mj-text>",
        "<mj-raw>",
        "</mj-raw>",
    ),
    *(
        "<mj-image src='x' alt='' />",
        "<mj-button href='{{ shop.url }}'>",
        "</mj-button>",
        "<br>",
        "<b>",
        "</b>",
        "<",
        ">",
        "&",
    ),
    *(
        "{{ shop.name }}",
        "{% if coupon.code %}",
        "{% else %}",
        "{% endif %}",
        "{% for item in items %}",
        "{% endfor %}",
    ),
    *("{{ '<b>' }}", "{{ '}}' }}", "{# x #}", "words", "\n", "'", '"', "<!-- x -->", "<p", "/>", "</"),
)


@given(st.lists(st.sampled_from(_SCRAPS), max_size=20).map("".join))
def test_mjml_is_either_explained_or_compiled(body: str) -> None:
    for mjml in (body, FRAME.format(body)):
        if not mjml.strip():
            continue
        section = message(mjml)
        if not check_message(section):
            rendered = render(compile_message(section), FULL)
            assert "<mj-" not in (rendered.html or "")


@given(st.text(), st.lists(st.sampled_from(_SCRAPS)).map("".join))
def test_hidden_tags_come_back_and_a_mask_keeps_every_place(words: str, scraps: str) -> None:
    for template in (words, scraps, scraps + words):
        hidden = Hidden.of(template)
        assert hidden.restore(hidden.text) == template
        assert len(masked(template)) == len(template)
        assert masked(template).count("\n") == template.count("\n")


def test_no_element_that_runs_or_asks_may_stand_in_a_message() -> None:
    assert not {*HTML, *MJML} & {"script", "iframe", "object", "embed", "form", "input", "link", "base", "mj-include"}
