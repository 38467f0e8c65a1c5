"""The DKIM signatures of a mail that arrived (RFC 6376): which are valid, and what they cover. dkimpy does the sums."""

import asyncio
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from typing import Protocol, cast

import dkim  # pyright: ignore[reportMissingTypeStubs] it has no stubs
from dkim.util import (  # pyright: ignore[reportMissingTypeStubs] the same
    InvalidTagValueList,
    parse_tag_value,  # pyright: ignore[reportUnknownVariableType] the same
)

from starter.deliverability.arrived import ArrivedMail, Field, parted
from starter.deliverability.dns_records import DnsSilent, Records, tags_of

SHORT_KEY = 2048
"""Bits from which on receivers that are strict have nothing to say."""
MOST_SIGNATURES = 20
"""That are looked at of one mail; receivers look at fewer."""
LONGEST_SIGNATURE = 4096
"""Characters of one that is looked at."""
_UNREADABLE = (dkim.DKIMException, ValueError, LookupError, TypeError, AssertionError)
"""What dkimpy raises for what it cannot read."""
_LONGEST_KEY, _LONGEST_EXPONENT = 8192, 64
"""Bits of a key that is looked at."""


class Validity(StrEnum):
    """Whether a signature fits the mail and the key in DNS."""

    VALID = "valid"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature of a mail.

    Attributes:
        domain: that signed; empty: the signature does not say.
        covers: the names of the fields that it covers, in small letters.
        why: in one sentence, what there is to say of its validity.
        advice: what to do; empty: nothing.
    """

    domain: str
    selector: str
    covers: Collection[str]
    validity: Validity
    why: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class _Told:
    """In the place of DNS, whose answer is there already."""

    key: bytes

    def __call__(self, _name: bytes, timeout: float) -> bytes:
        return self.key


class _Verifier(Protocol):
    """Of dkimpy, what is used."""

    keysize: int

    def verify(self, idx: int, dnsfunc: _Told) -> bool: ...


_Sums = Callable[[bool], _Verifier]


async def signatures_of(mail: ArrivedMail, records: Records) -> tuple[Signature, ...]:
    """The signatures of the mail, from the top down: the first MOST_SIGNATURES."""
    fields = mail.all("dkim-signature")[:MOST_SIGNATURES]
    sums = cache(partial(_sums, mail))
    return tuple(await asyncio.gather(*(_signature(sums, number, each, records) for number, each in enumerate(fields))))


def _sums(mail: ArrivedMail, exact: bool) -> _Verifier:
    """Made once for all signatures; not `exact`: with the blanks of the body as relaxed signatures see them.

    The pattern of dkimpy for blanks at the end of lines takes the square of the length of a run of them.
    """
    head, rest = parted(mail.raw)
    end = len(rest)
    while rest.endswith(b"\n\n", 0, end) or rest.endswith(b"\n\r\n", 0, end):
        end -= 2 if rest.endswith(b"\r\n", 0, end) else 1
    # No signature sees the empty lines at the end, and dkimpy goes through them one by one for each.
    rest = rest[:end]
    return cast("_Verifier", dkim.DKIM(head + (rest if exact else re.sub(rb"[\t ]+", b" ", rest))))


def _sees_all_blanks(field: Field) -> bool:
    """Read as dkimpy reads it: what is relaxed for that must not be exact for this."""
    try:
        tags = cast("dict[bytes, bytes]", parse_tag_value(field.value.encode()))
    except InvalidTagValueList:
        return False
    return not tags.get(b"c", b"").endswith(b"/relaxed")


async def _signature(sums: _Sums, number: int, field: Field, records: Records) -> Signature:
    tags = tags_of(field.value)
    domain, selector = tags.get("d", "").lower().rstrip("."), tags.get("s", "").lower()
    covers = frozenset(each.strip() for each in tags.get("h", "").lower().split(":"))
    name = f"{selector}._domainkey.{domain}"

    def found(validity: Validity, why: str, advice: str = "") -> Signature:
        return Signature(domain, selector, covers, validity, why, advice)

    if len(field.value) > LONGEST_SIGNATURE:
        why = f"it has more than {LONGEST_SIGNATURE:,} characters, and is not looked at here"
        return found(Validity.UNKNOWN, why, "Let what signs the mails name fewer fields in h=.")
    if not domain or not selector:
        return found(Validity.BROKEN, "it names no domain or no selector", "Look at what signs the mails.")
    algorithm = tags.get("a", "").lower()
    if algorithm == "ed25519-sha256":
        return found(
            Validity.UNKNOWN, "it is of Ed25519, which is not looked at here", "One of RSA must stand beside it."
        )
    if algorithm != "rsa-sha256":
        advice = "Let what signs the mails use rsa-sha256: receivers believe nothing else."
        return found(Validity.BROKEN, f"it is made by '{algorithm}'", advice)
    try:
        texts = [text for text in await records.texts(name) if "p" in tags_of(text)]
    except DnsSilent:
        return found(Validity.UNKNOWN, f"not known whether it is valid: DNS did not answer for {name}")
    if len(texts) != 1:
        there = "no key" if not texts else f"{len(texts)} keys"
        advice = (
            f"Publish the one that signs as a TXT record there, or as the CNAME that the provider of {domain} names."
        )
        return found(Validity.BROKEN, f"DNS has {there} at {name}", advice)
    return found(*_verified(sums, number, field, (name, texts[0]), tags))


def _verified(
    sums: _Sums, number: int, field: Field, named_key: tuple[str, str], tags: dict[str, str]
) -> tuple[Validity, str, str]:
    """What the sums say, with the key that DNS has."""
    name, key = named_key
    if not tags_of(key)["p"]:
        return Validity.BROKEN, f"the key at {name} was revoked", "Publish the new key, or sign by the selector of one."
    try:
        # Asked first by itself: of a key that cannot be read, verifying only says that the signature is not valid.
        read = cast("tuple[object, int]", dkim.evaluate_pk(name, key.encode())[:2])  # pyright: ignore[reportUnknownMemberType] it has no stubs
    except _UNREADABLE as error:
        return _of_no_use(name, error)
    if _burdensome(*read):
        why = f"the key at {name} has more than {_LONGEST_KEY:,} bits, or an exponent of more than {_LONGEST_EXPONENT}"
        return Validity.UNKNOWN, f"{why}, and is not looked at here", f"Take one of {SHORT_KEY} bits."
    try:
        verifier = sums(_sees_all_blanks(field))
        right = verifier.verify(number, _Told(key.encode()))
    except dkim.KeyFormatError as error:
        return _of_no_use(name, error)
    except _UNREADABLE as error:
        return _not_verified(str(error))
    if not right:
        altered = (
            "Something on the way altered the fields it covers, or another key signed: compare the key in DNS with the "
            "one that signs, and let no server after it rewrite or fold fields."
        )
        return Validity.BROKEN, "it does not fit the mail's fields and the key in DNS", altered
    return _valid(verifier.keysize, key, tags)


def _burdensome(key: object, bits: int) -> bool:
    exponent = cast("dict[str, int]", key)["publicExponent"] if isinstance(key, dict) else 0
    return bits > _LONGEST_KEY or exponent.bit_length() > _LONGEST_EXPONENT


def _of_no_use(name: str, error: Exception) -> tuple[Validity, str, str]:
    advice = "Publish it as what signs the mails shows it, of at least 1024 bits."
    return Validity.BROKEN, f"the key at {name} is of no use: {error}", advice


def _not_verified(error: str) -> tuple[Validity, str, str]:
    if error.startswith("body hash mismatch"):
        advice = (
            "Let nothing after it change the text: a footer, a virus scanner, another encoding. Or save it unchanged."
        )
        return Validity.BROKEN, "the body was altered after it was signed", advice
    if error.startswith("x= value is past"):
        return Validity.UNKNOWN, "it has expired since: look at a mail that has just arrived", "Send a new one."
    return Validity.BROKEN, f"it cannot be read: {error}", "Look at what signs the mails."


def _valid(bits: int, key: str, tags: dict[str, str]) -> tuple[Validity, str, str]:
    why = f"valid, RSA of {bits} bits"
    if "y" in tags_of(key).get("t", "").split(":"):
        return Validity.VALID, f"{why}; its key says that it is a test (t=y)", "Take t=y out: some receivers ignore it."
    if "l" in tags:
        advice = "Sign without l=: anybody may add to the text, and some receivers do not count it."
        return Validity.VALID, f"{why}; it leaves the end of the body uncovered (l=)", advice
    if bits < SHORT_KEY:
        return Validity.VALID, why, f"Take a key of {SHORT_KEY} bits, when it is changed next."
    return Validity.VALID, why, ""
