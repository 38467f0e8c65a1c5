"""The compiled criteria and webhook addresses of a version, stored beside its program.

They are read from PostgreSQL by activities and are in no workflow history: criteria may hold personal data, and the
address of a webhook may hold a secret.
"""

from pydantic import Field

from schemas.criteria import Criteria
from schemas.model import Wire


class CompiledCriteria(Wire):
    """What a version's activities evaluate and call.

    Attributes:
        criteria: lists of which the first that holds is chosen: by a decide step's id its branches', by
            `thread_criteria_id` the threads' of that event. None holds always.
    """

    criteria: dict[str, tuple[Criteria | None, ...]] = Field(default_factory=dict[str, "tuple[Criteria | None, ...]"])
    addresses: dict[str, str] = Field(default_factory=dict[str, str])
    """The addresses of call webhook steps, by step id."""
