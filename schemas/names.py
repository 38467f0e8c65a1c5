"""Short texts that name things in documents."""

from typing import Annotated

from pydantic import StringConstraints

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""A short name used in references: lower-case letters, digits and hyphens, at most 63."""
EventName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,63}\.[a-z-]{1,30}$")]
"""`<alert code>.<alert event>`."""
Label = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
