"""What the replies of a mail server mean: whose fault it is, and whether it passes. Pure.

An exception names the reply's code, enhanced status code and stage only: the free text of replies often repeats the
address (P8).
"""

import re
from enum import StrEnum

from activities.senders.sender import BadAddress, NotTaken, Rejected, SenderAtFault

# Of the login, not of the message: the AUTH family of RFC 4954.
_LOGIN = frozenset({530, 534, 535, 538})
# Of the session: bad sequence.
_SESSION = 503
# RFC 5321 section 4.5.3.1.10: at RCPT old servers say 552 where 452 is meant; a full mailbox passes too.
_STORAGE_EXCEEDED = 552
_CLOSING = 421

_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?!\S)")
_ADDRESS = re.compile(r"<[^>]*>|\S*@\S*")
_NOBODY_THERE = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
"""RFC 3463 and 7505: no such mailbox, no such host, no address, moved away, takes no mail at all."""
_UNAUTHENTICATED = re.compile(r"5\.7\.(2\d|3[0-2]|509|515|60[6-9]|6[1-4]\d)")
"""RFC 7372 and its like at Gmail (5.7.20 to 5.7.32): no SPF, DKIM, DMARC, reverse name or TLS of the sender's.
Microsoft: 5.7.509 and 5.7.515 the same, 5.7.606 to 5.7.649 a sending address that is blocked."""


class Stage(StrEnum):
    """A stage of the SMTP dialogue; the value is its name in messages."""

    CONNECT = "connecting"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    RSET = "RSET"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "the end of the message"


class Gone(NotTaken):
    """The connection was lost before the hand-over: a fresh one may be tried."""


def blames_sender(enhanced: str) -> bool:
    """Whether an enhanced status code says that a sender's domain or server is at fault, and not this message."""
    return _UNAUTHENTICATED.fullmatch(enhanced) is not None


def means_nobody(enhanced: str) -> bool:
    """Whether an enhanced status code says that nobody is at an address."""
    return enhanced in _NOBODY_THERE


def refusal(stage: Stage, code: int, reply: str) -> NotTaken | Rejected:
    """What a refusal of a message means.

    Args:
        reply: the text behind the code.
    """
    said, enhanced = told(stage, code, reply), _enhanced(reply)
    match code // 100:
        case _ if code == _CLOSING:
            return Gone(said)
        case 4:
            return NotTaken(said)
        case 5 if code in _LOGIN:
            return SenderAtFault(f"{said}: {_advice(stage, code)}", account=True)
        case 5 if code == _SESSION:
            return NotTaken(f"{said}: {_advice(stage, code)}")
        case 5 if blames_sender(enhanced):
            return SenderAtFault(f"{said}: check SPF, DKIM and DMARC of the sender's domain", account=False)
        case 5 if stage is Stage.MAIL and code != _STORAGE_EXCEEDED:
            # MAIL is about our own From address: a wrong setting must not refuse every contact of a waiting list.
            advice = "check SHELFTALK_SENDER, or the list's sender, and what the mail server allows it"
            return SenderAtFault(f"{said}: {advice}", account=False)
        case 5 if stage is Stage.RCPT and code == _STORAGE_EXCEEDED:
            return NotTaken(said)
        case 5 if means_nobody(enhanced):
            return BadAddress(said)
        case 5 if stage is Stage.RCPT and _will_not_relay(reply):
            advice = "it does not relay for this host: check the SMTP login, or what the mail server allows it"
            return SenderAtFault(f"{said}: {advice}", account=True)
        case 5:
            return Rejected(said)
        case _:
            return NotTaken(f"{said}, which is no answer to it")


def refused_connection(stage: Stage, code: int, reply: str) -> NotTaken:
    """What a refusal means that came before any message."""
    said = f"{told(stage, code, reply)}, before any message: {_advice(stage, code)}"
    if code // 100 == 5 and (stage is Stage.AUTH or code in _LOGIN):
        return SenderAtFault(said, account=True)
    return NotTaken(said)


def keeps_connection(code: int) -> bool:
    """Whether a connection is of use after this refusal."""
    return code // 100 in (4, 5) and code not in (_CLOSING, _SESSION, *_LOGIN)


def told(stage: Stage, code: int, reply: str) -> str:
    """What was answered, without the words, which may name somebody."""
    enhanced = _enhanced(reply)
    return f"the mail server answered {code}{f' {enhanced}' if enhanced else ''} at {stage}"


def _enhanced(reply: str) -> str:
    found = _ENHANCED.match(reply)
    return found[0] if found else ""


def _will_not_relay(reply: str) -> bool:
    """Whether the words, without any address among them, are about relaying: there is no code of its own for it."""
    return "relay" in _ADDRESS.sub("", reply).lower()


def _advice(stage: Stage, code: int) -> str:
    if code // 100 == 4:
        return "it may pass"
    if stage is Stage.AUTH or code in _LOGIN:
        return "check the SMTP user name, password and TLS in the settings"
    return "check the SMTP settings and what the mail server allows this host"
