"""HTML as people write it for a mail: its style sheets put into the elements, for many mail programs read no others."""

import re
from functools import lru_cache

import css_inline

from activities.rendering.hidden_tags import TOKEN, Hidden, Tag
from activities.rendering.mjml import KEPT, NotCompiled

_STYLE = re.compile(r"<style\b", re.IGNORECASE)
_TEXT_ONLY = re.compile(r"<(style|title|textarea)\b[^>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)


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
