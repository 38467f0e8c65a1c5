"""What a version asks for while it is lived: it stands beside its program, so that no history holds it.

Criteria may name what tells a person, and the address of a webhook may hold a secret.
"""

from pydantic import Field

from schemas.criteria import Criteria
from schemas.model import Wire


class CompiledCriteria(Wire):
    """Answers by question.

    Attributes:
        criteria: of a decide step, by its id: its branches'; of an event, by `entry_criteria_id`: its threads'. None:
            always holds.
    """

    criteria: dict[str, tuple[Criteria | None, ...]] = Field(default_factory=dict[str, "tuple[Criteria | None, ...]"])
    addresses: dict[str, str] = Field(default_factory=dict[str, str])
    """Where a call webhook step calls, by its id."""
