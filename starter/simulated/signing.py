"""How platforms sign: an HMAC in base64, or a private key of their own. Made apart from the adapters."""

import base64
import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def by_secret(secret: str | bytes, signed: bytes) -> str:
    """HMAC-SHA-256."""
    key = secret.encode() if isinstance(secret, str) else secret
    return base64.standard_b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def by_key(key: RSAPrivateKey, signed: bytes) -> bytes:
    """RSA with PKCS #1 v1.5 and SHA-256."""
    return key.sign(signed, PKCS1v15(), SHA256())


def new_key(bits: int = 2048) -> RSAPrivateKey:
    """A private key."""
    return generate_private_key(public_exponent=65537, key_size=bits)


def public(key: RSAPrivateKey) -> str:
    """What others are shown of it."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
