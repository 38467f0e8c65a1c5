"""From MJML to the HTML that mail programs understand, once, when a version is published.

The compiler is mrml. It is given MJML that `mjml_check` found right, with tokens in place of template tags, and reads
no other file.
"""

from functools import cache, lru_cache
from importlib import resources

import mrml

from activities.rendering.hidden_tags import Hidden, Tag
from activities.rendering.mjml_check import is_whole, structural_tags

KEPT = 256
"""Compiled messages kept, for whoever checks, rehearses and publishes the same document one after the other."""
_ALONE = mrml.ParserOptions(mrml.noop_loader())
_UNCOMMENTED = mrml.RenderOptions(disable_comments=True)


class NotCompiled(Exception):
    """mrml cannot make HTML of it, though nothing is wrong that we know of; `tag`: what it left out."""

    def __init__(self, why: str, tag: Tag | None = None) -> None:
        super().__init__(why)
        self.tag = tag


@lru_cache(maxsize=KEPT)
def compile_mjml(mjml: str, language: str) -> Hidden:
    """A whole HTML document, with tokens in place of the tags of `mjml`.

    Args:
        mjml: what `check_mjml` says nothing of. Without an <mjml> of its own, it is put into ours, which is right on
            phones and in dark mode.
        language: what its words are in.

    Raises:
        NotCompiled: as it says.
    """
    between = structural_tags(mjml)

    def stand_in(tag: Tag, token: str) -> str:
        return f"<mj-raw>{token}</mj-raw>" if tag.begin in between else token

    hidden = Hidden.of(mjml, stand_in)
    whole = hidden.text if is_whole(mjml) else _frame().replace("{language}", language).replace("{body}", hidden.text)
    try:
        compiled = mrml.to_html(whole, _ALONE, _UNCOMMENTED)
    except OSError as error:
        raise NotCompiled(str(error)) from None
    for tag in hidden.lost(compiled.content):
        raise NotCompiled("a part of it is not in the compiled message", tag)
    return Hidden(compiled.content, hidden.tags)


@cache
def _frame() -> str:
    return resources.files("activities.rendering").joinpath("frame.mjml").read_text(encoding="utf-8")
