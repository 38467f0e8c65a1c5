"""How a value that somebody wrote is shown in a mistake: in one short line, whatever it is."""

LONGEST_SAID = 300
"""Characters of a sentence about a value; some repeat what was written, which may be a whole text."""
_LONGEST_SHOWN = 80


def shown(value: object) -> str:
    """The value, in quotes if it is a text; a group or a list by its kind."""
    match value:
        case None:
            return "nothing"
        case dict():
            return "a group of fields"
        case list() | tuple():
            return "a list"
        case bool():
            return "true" if value else "false"
        case _:
            text = repr(value)
            return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def bounded(text: str) -> str:
    """A sentence, cut where it is too long for a line."""
    return text if len(text) <= LONGEST_SAID else f"{text[: LONGEST_SAID - 1]}…"


def one_of(names: list[str] | tuple[str, ...]) -> str:
    """The names as a choice: `'a', 'b' or 'c'`."""
    quoted = [f"'{name}'" for name in names]
    return " or ".join(part for part in (", ".join(quoted[:-1]), quoted[-1]) if part)
