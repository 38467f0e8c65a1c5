"""A caller that keeps what it was given, and ends as it is told to: for the rehearsal and for tests.

It forbids the same calls as the real one, and reads answers as that does.
"""

from collections import deque
from dataclasses import dataclass

from activities.webhooks.caller import Call, NotTaken, Taken, judge, permit


@dataclass(frozen=True, slots=True)
class Answer:
    """How the simulated shop answers one call.

    Attributes:
        status: of HTTP; None: no answer at all.
        retry_after: the header of that name.
    """

    status: int | None = 200
    retry_after: str | None = None


class SimulatedCaller:
    """The shop takes every call, except where `answer_next` has said otherwise.

    Args:
        private_hosts: calls may go into private networks, and to this machine without TLS.
    """

    def __init__(self, *, private_hosts: bool = False) -> None:
        self._private_hosts = private_hosts
        self._script: deque[Answer] = deque()
        self._heard: list[Call] = []

    @property
    def heard(self) -> tuple[Call, ...]:
        """Every call that reached the shop, in order, whatever it answered."""
        return tuple(self._heard)

    def answer_next(self, *answers: Answer) -> None:
        """Answer the next permitted calls so, one each, after those already laid down."""
        self._script.extend(answers)

    async def call(self, call: Call) -> Taken:
        """Take the call, or end as laid down.

        Raises:
            Rejected, NotTaken: as laid down.
            Forbidden: the address or the body may not be sent.
        """
        permit(call, private_hosts=self._private_hosts)
        answer = self._script.popleft() if self._script else Answer()
        self._heard.append(call)
        if answer.status is None:
            raise NotTaken("the simulated shop does not answer")
        return judge(answer.status, answer.retry_after, call.at)

    async def aclose(self) -> None:
        """Nothing to close."""
