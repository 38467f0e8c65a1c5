"""The other side of every provider of e-mail: what its API demands, answers and bounds, by its documentation.

Each keeps what it took and refuses what the real one refuses; `mail_api_server` puts one behind HTTP. Every refusal
repeats the recipient's address, as real ones do, so that tests can prove it goes no further (P8).
"""

import re
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from activities.senders.email.mail_api import MailApi
from starter.simulated.server import Heard as Heard
from starter.simulated.server import Reply as Reply

KEY = "simulated-key"
KEY_ID = "AKIASIMULATED"
REGION = "eu-west-1"
DOMAIN = "example.com"
"""The only domain that is verified at any of them."""
ADDRESS = re.compile(r"[^@\s,<>]+@[^@\s,<>]+\.[^@\s,<>]+")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class TakenMail:
    """A mail that was taken; `headers` as they were given, of MIME all of them; `message_id` without brackets."""

    recipient: str
    sender: str
    subject: str
    text: str
    html: str | None
    headers: Mapping[str, str]
    reference: str | None

    @property
    def message_id(self) -> str | None:
        found = self.headers.get("Message-ID")
        return None if found is None else found.strip("<>")


class Refused(Exception):
    """The request is refused by this reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class SimulatedMailApi(ABC):
    """One provider.

    Attributes:
        taken: in order.
        replies: answers laid down for the next requests that send, instead of taking anything.
    """

    name: ClassVar[str]
    path: ClassVar[str]
    question: ClassVar[str]

    def __init__(self) -> None:
        self.taken: list[TakenMail] = []
        self.replies: deque[Reply] = deque()

    @abstractmethod
    def api(self, url: str, key: str = KEY) -> MailApi:
        """Ours, to this one at that address."""

    @abstractmethod
    def authorize(self, heard: Heard) -> None:
        """Look at the key. Raises `Refused`."""

    @abstractmethod
    def read(self, heard: Heard) -> TakenMail:
        """The mail in a request. Raises `Refused`."""

    @abstractmethod
    def accepted(self, mail: TakenMail) -> Reply: ...

    @abstractmethod
    def later(self) -> Reply:
        """Too many requests."""

    @abstractmethod
    def refused(self, recipient: str) -> Reply:
        """This message will not be sent."""

    def answer(self, heard: Heard) -> Reply:
        """What it answers, after taking the mail where it does."""
        try:
            self.authorize(heard)
            if (heard.method, heard.path) == ("GET", self.question):
                return Reply(200, {})
            if (heard.method, heard.path) != ("POST", self.path):
                return Reply(404, {"message": "no such resource"})
            if self.replies:
                return self.replies.popleft()
            return self.take(heard)
        except Refused as refusal:
            return refusal.reply

    def take(self, heard: Heard) -> Reply:
        """Read a mail and keep it."""
        mail = self.read(heard)
        self.taken.append(mail)
        return self.accepted(mail)


def address_of(text: str) -> str:
    return text.rpartition("<")[2].strip("> ")
