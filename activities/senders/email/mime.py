"""Turns a Mail into the bytes and the envelope that travel over SMTP, and refuses what must not travel.

Everything that could smuggle a second header, recipient or message is refused here, before a connection is touched.
No exception text names an address or a subject: they reach logs and workflow histories (P8).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import getaddresses

import idna

from activities.senders.sender import Mail, Rejected

# 7-bit transfer encodings are taken by every server; only an address itself can make SMTPUTF8 necessary.
_ASCII = policy.SMTP.clone(cte_type="7bit")
_UTF8 = policy.SMTPUTF8.clone(cte_type="7bit")

_LINE_BREAK_OR_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# Specials of RFC 5321: they would need a quoted local part, which nobody's real address has.
_NOT_IN_LOCAL_PART = re.compile('[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff()<>\\[\\]:;@\\\\,"]')
_DOMAIN = re.compile(r"[A-Za-z0-9._-]+|\[[A-Za-z0-9:.]+\]")
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


def compose(mail: Mail, sender: Address) -> Envelope:
    """The message and its envelope.

    Raises:
        Rejected: the recipient, subject or Message-ID cannot be put in a header, or a text is not Unicode.
    """
    try:
        recipient = _address(mail.recipient)
    except ValueError as error:
        raise Rejected(f"the recipient is not an address mail can be sent to: {error}") from None
    if _LINE_BREAK_OR_CONTROL.search(mail.subject):
        raise Rejected("the subject holds a line break or control character; correct the message's template")
    if not _MESSAGE_ID.fullmatch(mail.message_id):
        raise Rejected("the Message-ID is not of the form left@right in printable ASCII")
    utf8 = not (recipient.addr_spec.isascii() and sender.addr_spec.isascii())
    try:
        body = _message(mail, sender, recipient, _UTF8 if utf8 else _ASCII)
    except UnicodeEncodeError:
        raise Rejected("the message holds half a character (a lone surrogate); correct its template or data") from None
    return Envelope(sender.addr_spec, recipient.addr_spec, body, utf8)


def _message(
    mail: Mail,
    sender: Address,
    recipient: Address,
    by: "policy.EmailPolicy[EmailMessage]",
) -> bytes:
    message = EmailMessage(policy=by)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = mail.subject
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = f"<{mail.message_id}>"
    # RFC 3834: keeps vacation responders from answering.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
    return message.as_bytes()


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
