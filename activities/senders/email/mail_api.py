"""E-mail over HTTP: what its providers write their requests from, and the sender by any of them."""

from dataclasses import dataclass
from email.headerregistry import Address
from functools import partial
from pathlib import Path
from typing import ClassVar, TypeAlias
from uuid import uuid4

from activities.senders.email.mime import check_mail, compose, parse_sender
from activities.senders.http.http_api import HttpApi
from activities.senders.http.http_sender import HttpSender
from activities.senders.limits import CONNECTIONS, Limits
from activities.senders.sender import MESSAGE_REFERENCE, Mail, Rejected, SenderAtFault


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that may travel.

    Attributes:
        sender: the From address.
        recipient: the bare address that it goes to.
        key: what a repeated request is known by, as a UUID; of one hand-over.
    """

    mail: Mail
    sender: Address
    recipient: str
    key: str

    def as_mime(self) -> bytes:
        """The whole message as SMTP would carry it, for providers that take that."""
        return compose(self.mail, self.sender).body

    @property
    def references(self) -> dict[str, str]:
        """What the provider is to keep with the message, and say again in its events."""
        return {} if self.mail.reference is None else {MESSAGE_REFERENCE: self.mail.reference}

    @property
    def headers(self) -> dict[str, str]:
        """The headers of ours that no provider writes by itself; without the Message-ID, which some do."""
        headers = {"Auto-Submitted": "auto-generated"}
        if self.mail.list_id is not None:
            headers["List-Id"] = f"<{self.mail.list_id}>"
        if self.mail.unsubscribe is not None:
            headers["List-Unsubscribe"] = f"<{self.mail.unsubscribe}>"
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        return headers


class MailApi(HttpApi[Letter]):
    """One provider of e-mail."""

    settings: ClassVar[str] = "SHELFTALK_EMAIL"
    address: ClassVar[str] = "address"

    def addresses(self, letter: Letter) -> tuple[str, ...]:
        return letter.sender.addr_spec, letter.recipient


MailSender: TypeAlias = HttpSender[Mail, Letter]


def mail_sender(
    api: MailApi,
    sender: str,
    *,
    ca_file: Path | None = None,
    connections: int = CONNECTIONS,
    limits: Limits | None = None,
) -> MailSender:
    """A sender of mails by this provider.

    Args:
        sender: the From address, `Name <local@domain>`, of a mail that brings none.

    Raises:
        ValueError: `sender` is not an address.
        OSError: `ca_file` cannot be read.
    """
    prepare = partial(_letter, api.name, parse_sender(sender))
    return HttpSender(api, prepare, ca_file=ca_file, connections=connections, limits=limits)


def _letter(provider: str, usual: Address, mail: Mail) -> Letter:
    sender = parse_sender(mail.sender) if mail.sender else usual
    recipient = check_mail(mail).addr_spec
    if not sender.addr_spec.isascii():
        raise SenderAtFault(f"{provider} sends from no address that is not ASCII", account=False)
    if not recipient.isascii():
        raise Rejected(f"the address is not ASCII and {provider} does not deliver to such")
    return Letter(mail, sender, recipient, str(uuid4()))
