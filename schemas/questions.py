"""The criteria a version asks for while it is lived: they stand beside its program, not in it (P8)."""

from pydantic import Field

from schemas.criteria import Criteria
from schemas.model import Wire


class Questions(Wire):
    """Criteria by question.

    Attributes:
        criteria: of a decide step, by its id: its branches'; of an event, by `entry_question`: its threads'. None:
            always holds.
    """

    criteria: dict[str, tuple[Criteria | None, ...]] = Field(default_factory=dict[str, "tuple[Criteria | None, ...]"])
