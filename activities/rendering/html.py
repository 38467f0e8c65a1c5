"""HTML as people write it for a mail: its style sheets put into the elements, for many mail programs read no others."""

import re
from functools import lru_cache

import css_inline

from activities.rendering.hidden_tags import TOKEN, Hidden, Tag
from activities.rendering.mjml import KEPT, NotCompiled

DEEPEST = 128
"""Elements within one another; far more than a mail has, and far less than crashes a parser."""
_NESTING = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)[^>]*>")
_CLOSE_THEMSELVES = frozenset(
    ("area", "base", "br", "col", "dd", "dt", "hr", "img", "input", "li", "link", "meta", "p", "source", "wbr")
) | {"tbody", "td", "tfoot", "th", "thead", "tr"}
_STYLE = re.compile(r"<style\b", re.IGNORECASE)
_TEXT_ONLY = re.compile(r"<(style|title|textarea)\b[^>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)


def nested_too_deeply(html: str) -> bool:
    """Whether so many elements stand within one another that a parser of HTML may not come back from it."""
    names: list[str] = []
    for closing, written in _NESTING.findall(html):
        name = written.lower()
        if name in _CLOSE_THEMSELVES:
            continue
        if not closing:
            names.append(name)
        elif name in names:
            # That one alone: what was begun within it and not ended goes on after it.
            del names[len(names) - 1 - names[::-1].index(name)]
        if len(names) > DEEPEST:
            return True
    return False


@lru_cache(maxsize=KEPT)
def inline_styles(html: str) -> str:
    """The same HTML without style sheets, but for what depends on the screen. Without any it stays as it is.

    Raises:
        NotCompiled: a template tag stands where a style sheet cannot be read.
    """
    if _STYLE.search(html) is None:
        return html
    texts = [range(*found.span()) for found in _TEXT_ONLY.finditer(html)]

    def stand_in(tag: Tag, token: str) -> str:
        # A table has no words between its rows: a parser of HTML would move them out of it, and comments stay.
        before = html[: tag.begin]
        in_element = before.rfind("<") > before.rfind(">")
        bare = tag.is_value or in_element or any(tag.begin in text for text in texts)
        return token if bare else f"<!--{token}-->"

    hidden = Hidden.of(html, stand_in)
    inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)
    try:
        inlined = inliner.inline(hidden.text)
    except (css_inline.InlineError, ValueError) as error:
        raise NotCompiled(f"its style sheet cannot be read: {error}") from None
    for tag in hidden.lost(inlined):
        raise NotCompiled("a part of it is lost among its styles", tag)
    return hidden.restore(re.sub(f"<!--({TOKEN.pattern})-->", r"\1", inlined))
