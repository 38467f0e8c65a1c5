"""Turns a Mail into the bytes and the envelope that travel over SMTP, and refuses what must not travel.

Everything that could smuggle a second header, recipient or message is refused here, before a connection is touched.
No exception text names an address or a subject: they reach logs and workflow histories (P8).
"""

import re
import secrets
from binascii import b2a_qp
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses
from functools import lru_cache, partial

import idna

from activities.senders.sender import Mail, Rejected

# 7-bit transfer encodings are taken by every server; only an address itself can make SMTPUTF8 necessary.
_ASCII = policy.SMTP.clone(cte_type="7bit")
_UTF8 = policy.SMTPUTF8.clone(cte_type="7bit")
_LINE_END = re.compile("\r\n?")

_LINE_BREAK_OR_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# Specials of RFC 5321: they would need a quoted local part, which nobody's real address has.
_NOT_IN_LOCAL_PART = re.compile('[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff()<>\\[\\]:;@\\\\,"]')
_DOMAIN = re.compile(r"[A-Za-z0-9._-]+|\[[A-Za-z0-9:.]+\]")
_HEADER_URL = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]{1,900}")
_MESSAGE_ID = re.compile(r"[\x21-\x3b\x3d\x3f\x41-\x7e]+@[\x21-\x3b\x3d\x3f\x41-\x7e]+")


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message, ready for SMTP.

    Attributes:
        sender, recipient: the bare addresses of MAIL and RCPT.
        body: the whole message, lines ended by CR LF; dots are not yet doubled.
        utf8: an address is not ASCII, so the server must offer SMTPUTF8.
    """

    sender: str
    recipient: str
    body: bytes
    utf8: bool


def parse_sender(text: str) -> Address:
    """The From address of `Name <local@domain>` or `local@domain`.

    Raises:
        ValueError: it is not one such address.
    """
    if _LINE_BREAK_OR_CONTROL.search(text):
        raise ValueError("the sender holds a line break or control character; write: Name <local@domain>")
    parsed = getaddresses([text])
    if len(parsed) != 1:
        raise ValueError("the sender is not one address; write: Name <local@domain>")
    name, address = parsed[0]
    try:
        return _address(address, name)
    except ValueError as error:
        raise ValueError(f"the sender is not an address ({error}); write: Name <local@domain>") from None


def check_mail(mail: Mail) -> Address:
    """Whom it goes to, if it may travel at all.

    Raises:
        Rejected: the recipient, subject or Message-ID cannot be put in a header, or a text is not Unicode.
    """
    try:
        recipient = _address(mail.recipient)
    except ValueError as error:
        raise Rejected(f"the recipient is not an address mail can be sent to: {error}") from None
    if _LINE_BREAK_OR_CONTROL.search(mail.subject):
        raise Rejected("the subject holds a line break or control character; correct the message's template")
    if not all(value is None or _HEADER_URL.fullmatch(value) for value in (mail.list_id, mail.unsubscribe)):
        raise Rejected("the list's id or the address to unsubscribe at is not printable ASCII without < and >")
    if not _MESSAGE_ID.fullmatch(mail.message_id):
        raise Rejected("the Message-ID is not of the form left@right in printable ASCII")
    try:
        mail.text.encode()
        (mail.html or "").encode()
    except UnicodeEncodeError:
        raise Rejected("the message holds half a character (a lone surrogate); correct its template or data") from None
    return recipient


def compose(mail: Mail, sender: Address) -> Envelope:
    """The message and its envelope.

    Raises:
        Rejected: as `check_mail` says.
    """
    recipient = check_mail(mail)
    utf8 = not (recipient.addr_spec.isascii() and sender.addr_spec.isascii())
    body = _message(mail, sender, recipient, _UTF8 if utf8 else _ASCII)
    return Envelope(sender.addr_spec, recipient.addr_spec, body, utf8)


def _message(
    mail: Mail,
    sender: Address,
    recipient: Address,
    by: "policy.EmailPolicy[EmailMessage]",
) -> bytes:
    head = (
        _from(str(sender), by),
        _header("To", str(recipient), by),
        _header("Subject", mail.subject, by),
        f"Date: {format_datetime(datetime.now(UTC))}\r\n",
        f"Message-ID: <{mail.message_id}>\r\n",
        # RFC 3834: keeps vacation responders from answering.
        "Auto-Submitted: auto-generated\r\n",
        *_list_headers(mail),
    )
    content = _part(mail.text, "plain")
    if mail.html is not None:
        # No text holds this by chance, and a new one each time would be looked for in all of it.
        boundary = f"=_{secrets.token_hex(16)}"
        parts = "".join(f"--{boundary}\r\n{part}\r\n" for part in (content, _part(mail.html, "html")))
        content = f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n{parts}--{boundary}--\r\n'
    return "".join((*head, "MIME-Version: 1.0\r\n", content)).encode()


def _list_headers(mail: Mail) -> Iterator[str]:
    """What mail programs unsubscribe by: RFC 2919, RFC 8058. Never folded, for that broke DKIM signatures."""
    if mail.list_id is not None:
        yield f"List-Id: <{mail.list_id}>\r\n"
    if mail.unsubscribe is not None:
        yield f"List-Unsubscribe: <{mail.unsubscribe}>\r\n"
        yield "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


def _header(name: str, value: str, by: "policy.EmailPolicy[EmailMessage]") -> str:
    return by.header_factory(name, value).fold(policy=by)


_from = lru_cache(64)(partial(_header, "From"))
"""Few addresses send all messages."""


def _part(text: str, subtype: str) -> str:
    """A text with its headers. The library would encode it letter by letter, which takes longer than all the rest."""
    lines = _LINE_END.sub("\n", text)
    body = b2a_qp((lines if lines.endswith("\n") else lines + "\n").encode()).decode("ascii")
    return (
        f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + body.replace("\n", "\r\n")
    )


def _address(text: str, name: str = "") -> Address:
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain:
        raise ValueError("it is not of the form local@domain")
    if _NOT_IN_LOCAL_PART.search(local):
        raise ValueError("the part before @ holds a space, control or special character")
    if not domain.isascii():
        # IDNA 2008: the standard library's older rules turn ß into ss and would write to someone else's domain.
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise ValueError("the part after @ is not a domain") from None
    if not _DOMAIN.fullmatch(domain):
        raise ValueError("the part after @ is not a domain")
    return Address(name, local, domain)
