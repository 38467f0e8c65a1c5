"""What every provider over HTTP has to say of itself: its requests, and what its answers mean. Pure.

A provider is one file, of any channel: an `HttpApi`. `HttpSender` sends by any of them. What an answer means is looked
up by the code in it, then by its status. No exception holds the words of an answer, for they often repeat the address
or the number (P8).
"""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import ClassVar, Generic, TypeVar, cast

from activities.outbound.patience import patience
from activities.senders.sender import BadAddress, NotTaken, OptedOut, Rejected, SenderAtFault, Uncertain

_CODE = re.compile(r"(?!.*[0-9]{7})[A-Za-z0-9_.-]{1,60}")


class Meaning(Enum):
    """What an answer means."""

    TAKEN = auto()
    TAKEN_BEFORE = auto()
    """It knows the request's key already, and does nothing: the first request with it was taken."""
    LATER = auto()
    REFUSED = auto()
    BAD_ADDRESS = auto()
    OPTED_OUT = auto()
    SENDER_AT_FAULT = auto()
    """The From address: its domain is not verified, say."""
    ACCOUNT_AT_FAULT = auto()
    """The key, or the account: it is suspended, say."""
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Request:
    """One request, by HTTP."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, by HTTP.

    Attributes:
        headers: by their names in small letters.
        body: the first part of it; None: the connection was lost within it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes | None

    def value(self, *path: str | int) -> object:
        """What a JSON body has at this place; None: nothing, or it is not JSON."""
        try:
            found: object = json.loads(self.body or b"")
        except ValueError:
            return None
        for part in path:
            match found, part:
                case dict(), str():
                    found = cast("dict[str, object]", found).get(part)
                case list(), int():
                    items = cast("list[object]", found)
                    found = items[part] if part < len(items) else None
                case _:
                    return None
        return found

    def text(self, *path: str | int) -> str:
        """The same as a text; empty: there is none."""
        found = self.value(*path)
        return found if isinstance(found, str) else ""


LetterT = TypeVar("LetterT")
"""A message of one channel that may travel: what its providers write their requests from."""


class HttpApi(ABC, Generic[LetterT]):
    """One provider.

    Attributes:
        settings: what the settings' variables of its channel begin with.
        address: what its channel calls whom a message goes to.
        name: as people write it.
        taken: the status of its answer to a message that it took.
        dedupes: a request that is repeated under its key within `Limits.answer` is taken once.
        by_code: what its own codes mean.
        by_status: what a status means of which `_BY_STATUS` is not true.
        help: where it says more about its codes; empty: its documentation.
    """

    settings: ClassVar[str]
    address: ClassVar[str]
    name: ClassVar[str]
    taken: ClassVar[int] = 200
    dedupes: ClassVar[bool] = False
    by_code: ClassVar[Mapping[str, Meaning]] = {}
    by_status: ClassVar[Mapping[int, Meaning]] = {}
    help: ClassVar[str] = ""

    @abstractmethod
    def addresses(self, letter: LetterT) -> tuple[str, ...]:
        """Whom a message goes to, and whom it comes from where that is its own: what stays as it was."""

    @abstractmethod
    def request(self, letter: LetterT) -> Request:
        """The request that hands a message over."""

    @abstractmethod
    def question(self) -> Request | None:
        """A request that changes nothing, by which is found out whether the key is known; None: there is none."""

    @abstractmethod
    def code(self, answer: Answer) -> str:
        """What this answer is filed under in `by_code`; empty: nothing."""

    def knows_key(self, answer: Answer) -> bool:
        """Whether this answer to `question` says that the key is known."""
        return answer.status == 200

    def took(self, answer: Answer) -> bool:
        """Whether this answer says that the message was taken."""
        return answer.status == self.taken

    def meaning(self, answer: Answer) -> Meaning:
        """What an answer to `request` means."""
        if self.took(answer):
            return Meaning.TAKEN
        if answer.body is None and answer.status // 100 == 4:
            # Certainly not taken; the next answer will say why.
            return Meaning.LATER
        if answer.status // 100 == 4 and (known := self.by_code.get(self.code(answer))) is not None:
            return known
        otherwise = Meaning.REFUSED if answer.status // 100 == 4 else Meaning.UNKNOWN
        return self.by_status.get(answer.status) or _BY_STATUS.get(answer.status, otherwise)

    def judge(self, answer: Answer, *, again: bool = False) -> None:
        """Return if the message was taken.

        Args:
            again: the same request was made before, and its answer was lost.

        Raises:
            NotTaken, Rejected, Uncertain: as a sender promises.
        """
        code = self.code(answer)
        # What does not look like a code may be anything, and what has many digits a number.
        said = f"{self.name} answered {answer.status}{f' {code}' if _CODE.fullmatch(code) else ''}"
        match self.meaning(answer):
            case Meaning.TAKEN:
                return
            case Meaning.TAKEN_BEFORE if again:
                return
            case Meaning.LATER:
                raise NotTaken(said, self.wait(answer))
            case Meaning.REFUSED:
                raise Rejected(said)
            case Meaning.BAD_ADDRESS:
                raise BadAddress(said)
            case Meaning.OPTED_OUT:
                raise OptedOut(f"{said}: the recipient has opted out")
            case Meaning.SENDER_AT_FAULT:
                advice = (
                    f"check at {self.name} that the domain of SHELFTALK_SENDER, or of the list's sender, is verified"
                )
                raise SenderAtFault(f"{said}: {advice}", account=False)
            case Meaning.ACCOUNT_AT_FAULT:
                more = f"; see {self.help}" if self.help else ""
                advice = f"check the {self.settings}_… settings, and the account at {self.name}{more}"
                raise SenderAtFault(f"{said}: {advice}", account=True)
            case Meaning.UNKNOWN | Meaning.TAKEN_BEFORE:
                raise Uncertain(f"{said}, which does not say whether it was taken")

    def wait(self, answer: Answer) -> timedelta | None:
        """How long an answer asks to be left alone, by its Retry-After; None: it does not."""
        return patience(answer.headers.get("retry-after", ""))


_BY_STATUS = {
    301: Meaning.ACCOUNT_AT_FAULT,
    307: Meaning.ACCOUNT_AT_FAULT,
    308: Meaning.ACCOUNT_AT_FAULT,
    401: Meaning.ACCOUNT_AT_FAULT,
    402: Meaning.ACCOUNT_AT_FAULT,
    403: Meaning.ACCOUNT_AT_FAULT,
    404: Meaning.ACCOUNT_AT_FAULT,
    405: Meaning.ACCOUNT_AT_FAULT,
    406: Meaning.ACCOUNT_AT_FAULT,
    408: Meaning.LATER,
    413: Meaning.REFUSED,
    415: Meaning.ACCOUNT_AT_FAULT,
    425: Meaning.LATER,
    429: Meaning.LATER,
}
"""What a status means at every provider; a redirect comes of a wrong address in the settings. Another 4xx is about the
message; of anything else nobody knows."""


def as_json(value: object) -> bytes:
    """A body in JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
