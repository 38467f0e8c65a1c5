"""What providers write in many ways, read in one: addresses, times, codes, and who it was that opened or clicked.

Nothing here raises for what a provider wrote: what cannot be read is None, and an event says less then.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parseaddr
from typing import TypeVar, cast

from activities.storefronts.payload import Payload, fit, parse_json, parse_moment
from activities.storefronts.storefront import PayloadMalformed
from schemas.ids import message_reference

METADATA = "shelftalk_message"
"""The name under which a provider keeps our reference of a message, and tells it again."""
MOST_EVENTS = 5000
"""In one call; the largest batches of providers are a fifth of it."""
PayloadT = TypeVar("PayloadT", bound=Payload)

_REFERENCE = re.compile(r"[0-9a-f]{32}")
_OURS = re.compile(r"<?(j-[0-9a-f]{28})\.([^@<>/]+)\.(\d+)@[^@<>]+>?")
"""Message-IDs that deliver makes of the ledger's key."""
_SLASHED = re.compile(r"broadcast\.(address-change\.)?|while-waiting\.")
"""How steps begin that have slashes of their own in the ledger's key, where a Message-ID has dots."""
_PHONE = re.compile(r"\+?[1-9]\d{6,14}")
_ENHANCED = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
_BASIC = re.compile(r"(?<![\d.])[245]\d\d(?![\d.])")
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_SENDERS_FAULT = re.compile(r"(?<![\d.])5\.7\.(515|26)(?![\d.])")
"""Microsoft: the domain does not meet what bulk senders must. Gmail: not authenticated."""

_PROXIES = re.compile(
    r"GoogleImageProxy|ggpht\.com|YahooMailProxy|Gecko Firefox/11\.0|Edge/12\.246 Mozilla", re.IGNORECASE
)
"""Proxies that fetch images for their readers. Gmail's call themselves Firefox 11 and Edge 12, as no browser does."""
_SCANNERS = re.compile(
    r"bot\b|crawl|spider|scanner|prefetch|preview|barracuda|mimecast|proofpoint|symantec|messagelabs|safelinks|"
    r"fireeye|trendmicro|sophos|forcepoint|headless|phantomjs|python-|curl/|wget/|libwww|okhttp|go-http|java/|"
    r"facebookexternalhit|whatsapp|skypeuri",
    re.IGNORECASE,
)
_PREFETCHER = re.compile(r"Mozilla/5\.0")
"""All that Apple's privacy proxy says of itself; browsers say more."""


def read_many(body: bytes, shape: type[PayloadT]) -> tuple[PayloadT, ...]:
    """A body of one JSON object, or of an array of them.

    Raises:
        PayloadMalformed: it is neither, or too many.
    """
    values: list[object] | object = parse_json(body)
    if not isinstance(values, list):
        return (fit(values, shape),)
    items = cast(list[object], values)
    if len(items) > MOST_EVENTS:
        raise PayloadMalformed("$", f"more than {MOST_EVENTS} events in one call")
    return tuple(_fit(item, shape, number) for number, item in enumerate(items))


def _fit(item: object, shape: type[PayloadT], number: int) -> PayloadT:
    try:
        return fit(item, shape)
    except PayloadMalformed as error:
        raise PayloadMalformed(f"$[{number}]{error.path.removeprefix('$')}", error.message) from None


def read_address(text: str | None) -> str | None:
    """The e-mail address in a text, in lower case."""
    found = parseaddr(text or "")[1].lower()
    return found if "@" in found and len(found) <= 320 else None


def read_phone(text: str | None) -> str | None:
    """A phone number as E.164. None: it is a name, a short code, or nothing."""
    digits = re.sub(r"[\s().-]", "", text or "")
    if digits.startswith("00"):
        digits = digits[2:]
    return f"+{digits.removeprefix('+')}" if _PHONE.fullmatch(digits) else None


def read_time(value: str | int | Decimal | None) -> datetime | None:
    """A moment as ISO 8601, or in seconds or milliseconds since 1970. One that names no zone is meant in UTC."""
    if value is None or isinstance(value, bool):
        return None
    try:
        seconds = Decimal(value)
        return datetime.fromtimestamp(float(seconds if seconds < 10**11 else seconds / 1000), UTC)
    except (ArithmeticError, ValueError, OverflowError, OSError):
        pass
    at = parse_moment(value) if isinstance(value, str) else None
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def read_reference(*texts: object) -> str | None:
    """Our own reference, where one of these is it."""
    return next((text for text in texts if isinstance(text, str) and _REFERENCE.fullmatch(text)), None)


def reference_of(message_id: str | None) -> str | None:
    """Our reference of a message by its Message-ID, if we made that. With or without angle brackets."""
    ours = _OURS.fullmatch((message_id or "").strip())
    if ours is None:
        return None
    journey, step, round_ = ours.groups()
    if slashed := _SLASHED.match(step):
        step = slashed[0].replace(".", "/") + step[slashed.end() :]
    return message_reference(f"{journey}/{step}/{round_}")


def read_code(*texts: str | int | None) -> str | None:
    """The code of an SMTP answer: the enhanced one, or else the three digits. Never its words, which name addresses."""
    for pattern in (_ENHANCED, _BASIC):
        for text in texts:
            if text is not None and (found := pattern.search(str(text))):
                return found[0]
    return None


def plain_code(value: str | int | None) -> str | None:
    """A provider's own code, where it is nothing but one."""
    text = "" if value is None else str(value)
    return text if _CODE.fullmatch(text) else None


def is_senders_fault(*texts: str | None) -> bool:
    """Whether an SMTP answer says that the sender's domain is at fault, and not the address."""
    return any(text is not None and _SENDERS_FAULT.search(text) for text in texts)


def opened_by_machine(agent: str | None) -> bool:
    """Whether a proxy or a scanner fetched the images. An unknown reader counts as a person."""
    said = (agent or "").strip()
    return bool(_PROXIES.search(said) or _SCANNERS.search(said) or _PREFETCHER.fullmatch(said))


def clicked_by_machine(agent: str | None, method: str | None = None) -> bool:
    """Whether a scanner followed the link, by what it says of itself: nobody's browser asks with HEAD."""
    return (method or "").upper() == "HEAD" or bool(_SCANNERS.search(agent or "") or _PROXIES.search(agent or ""))


def derived_id(*parts: object) -> str:
    """An id made of all that identifies an event, where its provider gives none. It hides an address among them only
    from view, and nothing depends on that."""
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def link_digest(address: str | None) -> str | None:
    """Which link it was, without what stands in it."""
    return derived_id(address) if address else None


def first(values: Iterable[str | None]) -> str | None:
    """The first that there is."""
    return next((value for value in values if value), None)
