"""What is computed of a DKIM signature (RFC 6376): its key, the digest of the body, and whether it fits both. Pure.

dkimpy does it, but for Ed25519 (RFC 8463), for which it would want PyNaCl. A body is made ready at most twice, once for
each way to see its blanks, however many signatures cover it.
"""

import binascii
import hashlib
import re
from base64 import b64decode
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, cast

import dkim  # pyright: ignore[reportMissingTypeStubs] it has no stubs
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from dkim.canonicalization import (  # pyright: ignore[reportMissingTypeStubs] the same
    CanonicalizationPolicy,
    InvalidCanonicalizationPolicyError,
)

from starter.deliverability.arrived import ArrivedMail, parted
from starter.deliverability.dns_records import tags_of

ED25519 = "ed25519"
_UNREADABLE = (
    dkim.DKIMException,
    InvalidCanonicalizationPolicyError,
    ValueError,
    LookupError,
    TypeError,
    AssertionError,
)
"""What dkimpy raises for what it cannot read."""
_LINE_END = re.compile(rb"\r?\n")
_BLANKS = re.compile(rb"[\t ]{2,}|\t")
"""What is not one blank already."""


class UselessKey(Exception):
    """A key that nothing can be verified by."""


class Unreadable(Exception):
    """A signature that cannot be read, or has expired."""


class BodyAltered(Exception):
    """The body is not the one that was signed."""


class _Ed25519Key:
    """As dkimpy asks a key of PyNaCl; but that one raises an error which dkimpy does not find without PyNaCl."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key
        self.fits = False

    def verify(self, digest: bytes, signature: bytes) -> None:
        try:
            self._key.verify(signature, digest)
        except InvalidSignature:
            self.fits = False
        else:
            self.fits = True


@dataclass(frozen=True, slots=True)
class Key:
    """A key that signatures are verified by.

    Attributes:
        algorithm: `rsa` or ED25519.
        numbers: as dkimpy takes them.
        bits, exponent_bits: of an RSA key.
    """

    algorithm: str
    numbers: object
    bits: int = 0
    exponent_bits: int = 0


def read_key(name: str, text: str) -> Key:
    """The key that is published there.

    Raises:
        UselessKey: it is none.
    """
    tags = tags_of(text)
    if tags.get("k", "rsa") == ED25519:
        return _read_ed25519(tags)
    try:
        # Read by itself first: of a key that cannot be read, verifying only says that the signature is not valid.
        numbers, bits = cast("tuple[dict[str, int], int]", dkim.evaluate_pk(name, text.encode())[:2])  # pyright: ignore[reportUnknownMemberType] it has no stubs
    except _UNREADABLE as error:
        raise UselessKey(str(error)) from error
    return Key("rsa", numbers, bits, numbers["publicExponent"].bit_length())


def _read_ed25519(tags: dict[str, str]) -> Key:
    if tags.get("v", "DKIM1") != "DKIM1":
        raise UselessKey("bad version")
    try:
        public = Ed25519PublicKey.from_public_bytes(b64decode("".join(tags["p"].split()), validate=True))
    except (binascii.Error, ValueError) as error:
        raise UselessKey(f"it is not the 32 bytes of an Ed25519 key ({error})") from error
    return Key(ED25519, _Ed25519Key(public))


class _Verifier(Protocol):
    """Of dkimpy, what is used."""

    pk: object
    ktag: bytes
    keysize: int

    def verify_headerprep(self, idx: int) -> tuple[dict[bytes, bytes], list[bytes], list[tuple[bytes, bytes]]]: ...

    def verify_sig_process(
        self, sig: dict[bytes, bytes], include_headers: list[bytes], sig_header: tuple[bytes, bytes], dnsfunc: None
    ) -> bool: ...


class Sums:
    """What is computed of the signatures of one mail."""

    def __init__(self, mail: ArrivedMail) -> None:
        self._head, rest = parted(mail.raw)
        self._body = _LINE_END.sub(b"\r\n", rest).removeprefix(b"\r\n\r\n")
        self._ready: dict[bytes, bytes] = {}

    @cached_property
    def _verifier(self) -> _Verifier:
        return cast("_Verifier", dkim.DKIM(self._head + b"\r\n\r\n"))

    def fits(self, number: int, key: Key) -> bool:
        """Whether a signature, counted from the top, fits the fields that it covers, the body and the key.

        Raises:
            BodyAltered: it does not fit the body.
            Unreadable: it is none.
            UselessKey: the key does for no signature.
        """
        try:
            verifier = self._verifier
            verifier.pk, verifier.ktag, verifier.keysize = key.numbers, key.algorithm.encode(), key.bits
            signature, covered, fields = verifier.verify_headerprep(number)
            if self._digest(signature) != b64decode(signature.pop(b"bh")):
                raise BodyAltered
            # Without bh= it looks at the fields alone. What was signed of them has it still.
            right = verifier.verify_sig_process(signature, covered, fields[number], None)
        except dkim.KeyFormatError as error:
            raise UselessKey(str(error)) from error
        except _UNREADABLE as error:
            raise Unreadable(str(error)) from error
        return key.numbers.fits if isinstance(key.numbers, _Ed25519Key) else right

    def _digest(self, signature: dict[bytes, bytes]) -> bytes:
        body = self._canonical(signature.get(b"c", b"simple/simple"))
        return hashlib.sha256(body[: int(signature[b"l"])] if b"l" in signature else body).digest()

    def _canonical(self, written: bytes) -> bytes:
        """The body as signatures of this kind see it."""
        policy = cast("Any", CanonicalizationPolicy.from_c_value(written))  # pyright: ignore[reportUnknownMemberType] it has no stubs
        name = cast("bytes", policy.body_algorithm.name)
        if name not in self._ready:
            # dkimpy's pattern for blanks at the end of lines takes the square of the length of a run of them.
            body = _BLANKS.sub(b" ", self._body) if name == b"relaxed" else self._body
            self._ready[name] = cast("bytes", policy.canonicalize_body(body))
        return self._ready[name]
