"""Mails as they arrive: composed as in production, signed by dkimpy, with what a receiving server writes above."""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any, cast

import dkim  # pyright: ignore[reportMissingTypeStubs] it has no stubs
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dkim.canonicalization import CanonicalizationPolicy  # pyright: ignore[reportMissingTypeStubs] the same

from activities.senders.email.mime import compose, parse_sender
from activities.senders.sender import Mail

FROM = "Kettle Shop <alerts@shop.example>"
UNSUBSCRIBE = "https://m.shop.example/u/AbCdEfGhIjKlMnOpQrStUv"
SIGNED = ("From", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post")
RECEIVED = "Received: from out.shop.example by mx.receiver.example with ESMTPS; Mon, 30 Nov 2026 08:00:00 +0000\r\n"
FOUND = (
    "Authentication-Results: mx.receiver.example;\r\n"
    " dkim=pass (good) header.d=shop.example;\r\n"
    " spf=pass smtp.mailfrom=bounces.shop.example;\r\n"
    " dmarc=pass header.from=shop.example\r\n"
)


@cache
def private_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """Of what signs."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def key_record(bits: int = 2048) -> str:
    """What DNS has of it."""
    public = private_key(bits).public_key()
    der = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "v=DKIM1; k=rsa; p=" + "".join(der.decode().splitlines()[1:-1])


def composed(unsubscribe: str | None = UNSUBSCRIBE, sender: str = FROM) -> bytes:
    """A mail as Shelftalk hands it over."""
    mail = Mail(
        *(
            "one@shop.example",
            "me@receiver.example",
            "Blue kettle is back",
            "It is back in stock.\n",
            "<p>It is back</p>",
        ),
        list_id="default.shop.example",
        unsubscribe=unsubscribe,
    )
    return compose(mail, parse_sender(sender)).body


def signed(
    raw: bytes,
    domain: str = "shop.example",
    covers: Sequence[str] = SIGNED,
    bits: int = 2048,
    body: bytes = b"relaxed",
    *,
    length: bool = False,
) -> bytes:
    """The mail with a signature above it, by the selector `s1`; with `length`, over the body as long as it is now."""
    pem = private_key(bits).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    there = [name.encode() for name in covers if re.search(rf"^{name}:".encode(), raw, re.MULTILINE | re.IGNORECASE)]
    found = dkim.sign(  # pyright: ignore[reportUnknownMemberType] it has no stubs
        *(raw, b"s1", domain.encode(), pem),
        include_headers=there,
        canonicalize=(b"relaxed", body),
        length=length,
    )
    return found + raw


@cache
def ed25519_key() -> Ed25519PrivateKey:
    """Of what signs by Ed25519."""
    return Ed25519PrivateKey.generate()


def ed25519_record() -> str:
    """What DNS has of it."""
    return f"v=DKIM1; k=ed25519; p={b64encode(ed25519_key().public_key().public_bytes_raw()).decode()}"


def signed_by_ed25519(raw: bytes) -> bytes:
    """The mail with such a signature above it, by the selector `e1`: by dkimpy, which would want PyNaCl for the key."""

    @dataclass
    class Signed:
        signature: bytes

    class Signing:
        def sign(self, digest: bytes) -> Signed:
            return Signed(ed25519_key().sign(digest))

    signer = cast("Any", dkim.DKIM(raw, signature_algorithm=b"ed25519-sha256"))
    signer.hasher = sha256
    relaxed = cast("Any", CanonicalizationPolicy.from_c_value(b"relaxed/relaxed"))  # pyright: ignore[reportUnknownMemberType] it has no stubs
    covers = [name.lower().encode() for name in SIGNED]
    written = {
        b"v": b"1",
        b"a": b"ed25519-sha256",
        b"c": b"relaxed/relaxed",
        b"d": b"shop.example",
        b"s": b"e1",
        b"h": b" : ".join(covers),
        b"bh": b64encode(sha256(relaxed.canonicalize_body(signer.body)).digest()),
        b"b": b"0" * 60,
    }
    header = signer.gen_header(list(written.items()), covers, relaxed, b"DKIM-Signature", Signing())
    return b"DKIM-Signature: " + cast("bytes", header) + raw


def arrived(raw: bytes, found: str = FOUND, return_path: str = "x1@bounces.shop.example") -> bytes:
    """The mail with what a receiving server writes above it."""
    return f"Return-Path: <{return_path}>\r\n{found}{RECEIVED}".encode() + raw


def published() -> dict[str, list[str]]:
    """What the shop has in DNS."""
    return {
        "s1._domainkey.shop.example": [key_record()],
        "_dmarc.shop.example": ["v=DMARC1; p=quarantine; rua=mailto:d@shop.example"],
        "bounces.shop.example": ["v=spf1 ip4:192.0.2.1 include:spf.mail.example -all", "another text"],
        "spf.mail.example": ["v=spf1 ip4:192.0.2.0/24 ~all"],
    }
