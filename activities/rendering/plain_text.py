"""The text part of a message, made of its HTML when it is published: what a reader without pictures and styles sees.

inscriptis lays the words out. Before, what is HTML for the eye only is taken away: tables that place things, styles,
pictures; and after a link stands where it leads.
"""

import re
from functools import lru_cache

import lxml.html
from inscriptis.css_profiles import CSS_PROFILES  # pyright: ignore[reportMissingTypeStubs] it has no stubs
from inscriptis.html_engine import Inscriptis  # pyright: ignore[reportMissingTypeStubs] likewise
from inscriptis.model.config import ParserConfig  # pyright: ignore[reportMissingTypeStubs] likewise

from activities.rendering.hidden_tags import TOKEN, Hidden
from activities.rendering.mjml import KEPT

_BLOCKS = ("div", "p", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote")
_OPENING = {"if", "elif", "else", "for"}
_BESIDE_BLANK = re.compile(rf"(?:(?<=\s)|^)({TOKEN.pattern} )")
_LITERAL = re.compile(r"\{\{|\{%|\{#")


@lru_cache(maxsize=KEPT)
def text_of_html(html: str) -> str:
    """The text template of an HTML template."""
    return text_of(Hidden.of(html))


def text_of(hidden: Hidden) -> str:
    """The text template of HTML whose tags are hidden."""
    tree = lxml.html.document_fromstring(hidden.text)  # pyright: ignore[reportUnknownMemberType] its stubs leave **kw open
    _tell_links(tree)
    _take_apart_tables(tree)
    for element in tree.iter("*"):
        _forget_looks(element)
    laid_out = Inscriptis(tree, ParserConfig(css=CSS_PROFILES["strict"])).get_text()
    # What would be a tag here was none in HTML: &#123;&#123;.
    plain = _LITERAL.sub(lambda found: f"{{{{ '{found[0]}' }}}}", laid_out.replace("\xa0", " "))
    lines = [each for line in plain.strip().split("\n") for each in _one_block_each(hidden, line.rstrip())]
    return "\n".join(_with_tags(hidden, _tidied(hidden, lines))) + "\n"


def _tell_links(tree: lxml.html.HtmlElement) -> None:
    """After the words of a link, where it leads; a picture alone says nothing, and its link is told by others."""
    for link in tree.iter("a"):
        href, words = link.get("href", ""), _words(link)
        if not words or not href or href.startswith("#") or words in (href, href.removeprefix("mailto:")):
            continue
        around = link.getparent()
        alone = around is not None and _words(around) == words
        told = f": {href}" if alone else f" <{href}>"
        if len(link):
            link[-1].tail = (link[-1].tail or "").rstrip() + told
        else:
            link.text = (link.text or "").rstrip() + told


def _take_apart_tables(tree: lxml.html.HtmlElement) -> None:
    """Tables become lines; the cells of a row of figures stay in one."""
    for row in tree.iter("tr"):
        cells = [cell for cell in row if cell.tag in ("td", "th") and _words(cell)]
        in_line = len(cells) > 1 and not any(next(cell.iter(*_BLOCKS), None) is not None for cell in cells)
        for number, cell in enumerate(cells):
            cell.tag = "span" if in_line else "p"
            if in_line and number < len(cells) - 1:
                cell.tail = " | " + (cell.tail or "").strip()
    for element in tree.iter("table", "thead", "tbody", "tfoot", "tr", "td", "th"):
        element.tag = "p" if element.tag in ("td", "th") else "div"


def _forget_looks(element: lxml.html.HtmlElement) -> None:
    style = element.attrib.pop("style", "").replace(" ", "").lower()
    for name in ("align", "valign"):
        element.attrib.pop(name, None)
    if "display:none" in style:
        element.set("style", "display:none")


def _words(element: lxml.html.HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())


def _tidied(hidden: Hidden, lines: list[str]) -> list[str]:
    """One empty line where there are several. The one after a condition is part of it, and goes with it."""
    tidy: list[str] = []
    for line in lines:
        last = _blocks_of(hidden, tidy[-1]) if tidy else set[str]()
        if last in ({"if"}, {"for"}) and _blocks_of(hidden, line) in ({"endif"}, {"endfor"}):
            # A picture was in it, and nothing else.
            tidy.pop()
        elif line:
            tidy.append(line)
        elif last == {"endif"}:
            if tidy[-2:-1] != [""]:
                tidy.insert(-1, "")
        elif last == {"endfor"} and tidy[-2:-1] == [""]:
            pass  # It is said after each.
        elif tidy and tidy[-1] and not last & _OPENING:
            tidy.append(line)
    return tidy


def _one_block_each(hidden: Hidden, line: str) -> list[str]:
    """A line that has nothing but blocks as a line for each."""
    return TOKEN.findall(line) if _blocks_of(hidden, line) else [line]


def _blocks_of(hidden: Hidden, line: str) -> set[str]:
    """The blocks of a line that has nothing else."""
    if TOKEN.sub("", line).strip():
        return set()
    tags = [hidden.tags[token] for token in TOKEN.findall(line) if token in hidden.tags]
    return set() if any(tag.is_value for tag in tags) else {tag.block or "" for tag in tags}


def _with_tags(hidden: Hidden, lines: list[str]) -> list[str]:
    """With tags in place of tokens. Jinja takes the line break after a block away; after words it is meant."""
    told: list[str] = []
    for line in lines:
        # HTML shows one blank where a condition stands between two.
        restored = hidden.restore(_BESIDE_BLANK.sub(lambda found: _without_blank(hidden, found[1]), line))
        if not _blocks_of(hidden, line) and restored.endswith("%}") and not restored.endswith(("-%}", "+%}")):
            restored = restored.removesuffix("%}").rstrip() + " +%}"
        told.append(restored)
    return told


def _without_blank(hidden: Hidden, beside: str) -> str:
    tag = hidden.tags.get(beside.rstrip())
    keeps = tag is None or tag.is_value or tag.text.startswith("{%-")
    return beside if keeps else beside.rstrip()
