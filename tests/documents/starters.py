"""The conversations a shop can begin with, for tests that change a word in them."""

from pathlib import Path

from starter.documents import STARTER_CONVERSATION

FOLDER = STARTER_CONVERSATION.parent
STARTERS: tuple[Path, ...] = tuple(sorted(FOLDER.glob("*.yaml")))

BACK = STARTER_CONVERSATION.read_text(encoding="utf-8")
REMINDERS = (FOLDER / "back-in-stock-with-reminders.yaml").read_text(encoding="utf-8")
PRICE = (FOLDER / "price-drop.yaml").read_text(encoding="utf-8")
CART_PRICE = (FOLDER / "price-drop-cart.yaml").read_text(encoding="utf-8")
LOW = (FOLDER / "low-inventory.yaml").read_text(encoding="utf-8")


def line_of(text: str, part: str) -> int:
    """The line that `part` begins on, counted from 1."""
    return text[: text.index(part)].count("\n") + 1
