"""How many units somebody wants who signs up."""

from typing import Annotated

from pydantic import Field

MOST_WANTED = 999
"""More are no shopper's, and a row of the waiting list holds no more (`waiting.quantity` in the schema)."""

Wanted = Annotated[int, Field(strict=True, ge=1, le=MOST_WANTED, examples=[5])]
"""Strict, so that neither `true` nor `"5"` is taken for a number."""
