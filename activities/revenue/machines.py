"""Who asks for a link or a picture of a message: a person, or a machine that looks at mail before or for them. Pure.

What is certain of one request is said here. What shows only beside others (a scanner asks for several links of a
message in one moment, or for one before anybody could have read it) says the function is_a_scan of the schema.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

from crawleruseragents import is_crawler  # pyright: ignore[reportMissingTypeStubs] it is typed, and does not say so

LONGEST_USER_AGENT = 500
"""Characters that are looked at; browsers send under 300."""
KEPT_USER_AGENTS = 1024

_PROXY = re.compile(r"GoogleImageProxy|YahooMailProxy|\AMozilla/5\.0\Z")
"""They fetch pictures on behalf of mail programs, whether anybody looks or not. Apple's says its first word only."""
_PREFETCH = re.compile(r"prefetch|prerender|preview", re.IGNORECASE)
_PURPOSES = ("purpose", "x-purpose", "sec-purpose", "x-moz")


class Machine(StrEnum):
    """Why a request is no person's."""

    HEAD = "head"
    """It asked where the link leads, and did not go there."""
    ROBOT = "robot"
    """It says that it is a program, or does not say what it is."""
    PROXY = "proxy"
    PREFETCH = "prefetch"
    """A browser or mail program made ready for a click that may never come."""


def machine_behind(method: str, headers: Mapping[str, str]) -> Machine | None:
    """Which machine sent a request; None: it may be a person's.

    Args:
        headers: by their names in lower case.
    """
    if method == "HEAD":
        return Machine.HEAD
    if any(_PREFETCH.search(headers.get(name, "")) for name in _PURPOSES):
        return Machine.PREFETCH
    return _of_program(headers.get("user-agent", "")[:LONGEST_USER_AGENT])


@lru_cache(maxsize=KEPT_USER_AGENTS)
def _of_program(user_agent: str) -> Machine | None:
    if _PROXY.search(user_agent):
        return Machine.PROXY
    return Machine.ROBOT if not user_agent.strip() or is_crawler(user_agent) else None
