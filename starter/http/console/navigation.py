"""Where the console's pages are found: the parts that its navigation names, and who sees each."""

from dataclasses import dataclass

from schemas.responses.users import Role


@dataclass(frozen=True, slots=True)
class Part:
    """One entry of the navigation.

    Attributes:
        name: what it is called under in the words: `frame.NAME`.
        path: where it leads; what lies below is of the same part.
        icon: the symbol of `icons.svg`.
        role: what one must be, for any store, to be shown it.
    """

    name: str
    path: str
    icon: str
    role: Role


PARTS = (
    Part("home", "/", "home", Role.VIEWER),
    Part("conversations", "/conversations", "tree", Role.VIEWER),
    Part("lines", "/lines", "line", Role.VIEWER),
    Part("contacts", "/contacts", "person", Role.SUPPORT),
    Part("reports", "/reports", "chart", Role.VIEWER),
    Part("stores", "/stores", "shop", Role.VIEWER),
    Part("operations", "/operations", "wrench", Role.SUPPORT),
    Part("people", "/users", "key", Role.ADMIN),
)


def part_of(path: str) -> str | None:
    """The name of the part that a path lies in; None: in none of the navigation's."""
    if path == "/":
        return "home"
    return next((each.name for each in PARTS if each.path != "/" and f"{path}/".startswith(f"{each.path}/")), None)
