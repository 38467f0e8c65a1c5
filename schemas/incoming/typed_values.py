"""Values of attributes as people type them, in a terminal or in a form."""

from schemas.incoming.events import Detail


def as_typed(text: str) -> Detail:
    """The value of an attribute as people type it: true, false, a whole number, or a text; nothing removes it."""
    match text:
        case "":
            return None
        case "true" | "false":
            return text == "true"
        case _:
            return int(text) if text.removeprefix("-").isdecimal() and len(text) < 18 else text
