"""What every caller of webhooks promises, how a call may end, and what an answer means.

A call is one attempt; whoever calls tries again. It ends in one of four ways: the shop took it (`Taken`), will never
take it (`Rejected`), did not take it this time (`NotTaken`), or may not be called at all (`Forbidden`). After
`NotTaken` the shop may have seen the call all the same, its answer lost: it knows a repeated one by its id.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from activities.outbound.addresses import Forbidden, check_url
from activities.outbound.patience import patience

MAX_BODY = 64 * 1024
"""Bytes of a request's body, and of an answer's that are read: a call carries facts, not files."""

# What h11 and every receiver accept in a header, and people can copy.
_ID = re.compile(r"[!-~]{1,256}")
# Client errors that pass: timeout, too early, too many requests.
_PASSING = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt to tell a shop something.

    Attributes:
        id: the same for every attempt, so that the shop knows a repeated call; 1 to 256 visible ASCII characters.
        url: where to; may hold a secret of the shop's, so it is never logged.
        body: JSON in UTF-8.
        at: when this attempt is made, aware. A receiver refuses one that is more than some minutes old.

    Raises:
        ValueError: `id` or `at` does not keep to the above.
    """

    id: str
    url: str
    body: bytes
    at: datetime

    def __post_init__(self) -> None:
        if _ID.fullmatch(self.id) is None:
            raise ValueError("the id of a call is 1 to 256 visible ASCII characters")
        if self.at.tzinfo is None:
            raise ValueError("the moment of a call has a time zone")


@dataclass(frozen=True, slots=True)
class Taken:
    """The shop took it.

    Attributes:
        status: its answer, 200 to 299.
    """

    status: int


class Rejected(Exception):
    """The shop answered that it will not take it: trying again is useless. `status` is its answer, 300 to 499."""

    def __init__(self, status: int) -> None:
        redirect = ", and a redirect is not followed: write the address it leads to" if status < 400 else ""
        super().__init__(f"the shop answered {status}{redirect}")
        self.status = status


class NotTaken(Exception):
    """It was not taken, or nobody knows, for a passing cause: try again.

    Attributes:
        reason: what happened, and what to do where there is something; a sentence without its full stop.
        retry_after: how long the shop wants us to wait, at most `LONGEST_RETRY_AFTER`; None: not given.
    """

    def __init__(self, reason: str, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class Caller(Protocol):
    """Calls shops' own systems."""

    async def call(self, call: Call) -> Taken:
        """Call once; return when the shop has taken it.

        Raises:
            Rejected: the shop will never take it.
            NotTaken: try again later.
            Forbidden: the address or the body may not be sent.
        """
        ...

    async def aclose(self) -> None:
        """Close what is open."""
        ...


def permit(call: Call, *, private_hosts: bool) -> None:
    """Check that a call's address and body may be sent, as far as is known without resolving its host.

    Raises:
        Forbidden: they may not.
    """
    if diagnostic := check_url(call.url, private_hosts=private_hosts):
        raise Forbidden(diagnostic)
    if len(call.body) > MAX_BODY:
        raise Forbidden(f"the body is {len(call.body)} bytes long, and {MAX_BODY} is the most: send less in it")
    try:
        call.body.decode()
    except UnicodeDecodeError:
        raise Forbidden("the body is not UTF-8") from None


def judge(status: int, retry_after: str | None, at: datetime) -> Taken:
    """What a shop's answer means.

    Args:
        status: of HTTP, from 200.
        retry_after: the header of that name.
        at: now, for a header that names a moment.

    Raises:
        Rejected, NotTaken: by the status.
    """
    match status // 100:
        case 2:
            return Taken(status)
        case 3:
            raise Rejected(status)
        case 4 if status not in _PASSING:
            raise Rejected(status)
        case _:
            raise NotTaken(f"the shop answered {status}", patience(retry_after, at))
