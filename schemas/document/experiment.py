"""An experiment: a share of the contacts is told nothing, so that what messages change can be seen."""

import hashlib
from typing import Annotated

from pydantic import Field

from schemas.model import Section
from schemas.names import Code

_BUCKETS = 10_000
_PER_PERCENT = _BUCKETS // 100


class Experiment(Section, title="Experiment"):
    """A share of the contacts is held out: when their turn comes they are told nothing, and their place passes on."""

    name: Code
    """Its short name. The same contacts are held out wherever it is named; another name holds out others."""
    holdout: Annotated[int, Field(ge=1, le=90, strict=True)]
    """How many percent of the contacts are held out, from 1 to 90."""
    days: Annotated[int, Field(ge=1, le=90, strict=True)] = 14
    """For how many days after their turn their orders are compared."""

    def holds_out(self, contact_id: str) -> bool:
        """Whether this contact is told nothing: always the same answer, and independent of other experiments'.

        A larger holdout holds out everyone whom a smaller one did.
        """
        digest = hashlib.sha256(f"{self.name}/{contact_id}".encode()).digest()
        return int.from_bytes(digest[:8]) % _BUCKETS < self.holdout * _PER_PERCENT
