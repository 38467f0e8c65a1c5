"""What others wrote, shown so that it cannot steer a terminal: every text that a command writes goes through here."""

import re
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

_STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""All control characters but tab and line feed, and those that turn the direction of what follows."""
_REPLACED = "\ufffd"


def visible(text: str) -> str:
    """The text with a sign in the place of each character that steers a terminal; its lines stay."""
    return _STEERS.sub(_REPLACED, text)


def visible_json(text: str) -> str:
    """A JSON document whose texts say such characters by their number. Readers get what it was."""
    return _STEERS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class VisibleConsole(Console):
    """A console that shows what steers it. In the cells of a table a line break is one blank."""

    def render_str(self, text: str, **how: Any) -> Text:  # pyright: ignore[reportIncompatibleMethodOverride] passed on
        return super().render_str(visible(text.replace("\n", " ")), **how)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)
