"""The DKIM signatures of a mail that arrived (RFC 6376): which are valid, and what they cover."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from starter.deliverability.arrived import ArrivedMail, Field
from starter.deliverability.dkim_sums import ED25519, BodyAltered, Key, Sums, Unreadable, UselessKey, read_key
from starter.deliverability.dns_records import DnsSilent, Records, tags_of

BY_ED25519 = f"{ED25519}-sha256"
SHORT_KEY = 2048
"""Bits from which on receivers that are strict have nothing to say, of an RSA key."""
MOST_SIGNATURES = 8
"""That are looked at of one mail. One that its shop and its provider signed has two, each that passes it on adds one; a
verifier may stop anywhere (RFC 6376, 6.1), and OpenDKIM does at three."""
LONGEST_SIGNATURE = 4096
"""Bytes of one that is looked at, line ends included."""
_LONGEST_KEY, _LONGEST_EXPONENT = 8192, 64
"""Bits of an RSA key that is looked at."""


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
        algorithm: like `rsa-sha256`.
        covers: the names of the fields that it covers, in small letters.
        why: in one sentence, what there is to say of its validity.
        advice: what to do; empty: nothing.
    """

    domain: str
    selector: str
    algorithm: str
    covers: Collection[str]
    validity: Validity
    why: str
    advice: str = ""


async def signatures_of(mail: ArrivedMail, records: Records) -> tuple[Signature, ...]:
    """The signatures of the mail, from the top down: the first MOST_SIGNATURES."""
    fields = mail.all("dkim-signature")[:MOST_SIGNATURES]
    sums = Sums(mail)
    return tuple(await asyncio.gather(*(_signature(sums, number, each, records) for number, each in enumerate(fields))))


async def _signature(sums: Sums, number: int, field: Field, records: Records) -> Signature:
    tags = tags_of(field.value)
    domain, selector = tags.get("d", "").lower().rstrip("."), tags.get("s", "").lower()
    covers = frozenset(each.strip() for each in tags.get("h", "").lower().split(":"))
    algorithm = tags.get("a", "").lower()
    name = f"{selector}._domainkey.{domain}"

    def found(validity: Validity, why: str, advice: str = "") -> Signature:
        return Signature(domain, selector, algorithm, covers, validity, why, advice)

    if sum(len(line.encode()) + 2 for line in field.lines) > LONGEST_SIGNATURE:
        why = f"it has more than {LONGEST_SIGNATURE:,} bytes, and is not looked at here"
        return found(Validity.UNKNOWN, why, "Let what signs the mails name fewer fields in h=.")
    if not domain or not selector:
        return found(Validity.BROKEN, "it names no domain or no selector", "Look at what signs the mails.")
    if algorithm not in ("rsa-sha256", BY_ED25519):
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
    return found(*_verified(sums, number, (name, texts[0]), tags))


def _verified(sums: Sums, number: int, named_key: tuple[str, str], tags: dict[str, str]) -> tuple[Validity, str, str]:
    """What the sums say, with the key that DNS has."""
    name, text = named_key
    if not tags_of(text)["p"]:
        return Validity.BROKEN, f"the key at {name} was revoked", "Publish the new key, or sign by the selector of one."
    try:
        key = read_key(name, text)
        if f"{key.algorithm}-sha256" != tags["a"].lower():
            why = f"the key at {name} is of {key.algorithm}, and the signature is made by {tags['a']}"
            return Validity.BROKEN, why, "Publish the key of the algorithm that signs there."
        if key.bits > _LONGEST_KEY or key.exponent_bits > _LONGEST_EXPONENT:
            why = f"has more than {_LONGEST_KEY:,} bits, or an exponent of more than {_LONGEST_EXPONENT}"
            advice = f"Take one of {SHORT_KEY} bits."
            return Validity.UNKNOWN, f"the key at {name} {why}, and is not looked at here", advice
        right = sums.fits(number, key)
    except UselessKey as error:
        advice = "Publish it as what signs the mails shows it; one of RSA of at least 1024 bits."
        return Validity.BROKEN, f"the key at {name} is of no use: {error}", advice
    except BodyAltered:
        advice = (
            "Let nothing after it change the text: a footer, a virus scanner, another encoding. Or save it unchanged."
        )
        return Validity.BROKEN, "the body was altered after it was signed", advice
    except Unreadable as error:
        return _not_read(str(error))
    if not right:
        altered = (
            "Something on the way altered the fields it covers, or another key signed: compare the key in DNS with the "
            "one that signs, and let no server after it rewrite or fold fields."
        )
        return Validity.BROKEN, "it does not fit the mail's fields and the key in DNS", altered
    return _valid(key, text, tags)


def _not_read(error: str) -> tuple[Validity, str, str]:
    if error.startswith("x= value is past"):
        return Validity.UNKNOWN, "it has expired since: look at a mail that has just arrived", "Send a new one."
    return Validity.BROKEN, f"it cannot be read: {error}", "Look at what signs the mails."


def _valid(key: Key, text: str, tags: dict[str, str]) -> tuple[Validity, str, str]:
    why = "valid, Ed25519" if key.algorithm == ED25519 else f"valid, RSA of {key.bits} bits"
    if "y" in tags_of(text).get("t", "").split(":"):
        return Validity.VALID, f"{why}; its key says that it is a test (t=y)", "Take t=y out: some receivers ignore it."
    if "l" in tags:
        advice = "Sign without l=: anybody may add to the text, and some receivers do not count it."
        return Validity.VALID, f"{why}; it leaves the end of the body uncovered (l=)", advice
    if key.algorithm != ED25519 and key.bits < SHORT_KEY:
        return Validity.VALID, why, f"Take a key of {SHORT_KEY} bits, when it is changed next."
    return Validity.VALID, why, ""
