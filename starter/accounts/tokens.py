"""Random tokens of sessions and links: 256 bits each, of which only the SHA-256 is kept."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode


def new_token() -> str:
    """256 random bits, as 43 characters that may stand in an address."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is kept of it, and what it is found by."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def form_token(token: str) -> str:
    """What forms of this session are known by (CSRF): made of its token, which nobody finds from it."""
    made = hmac.digest(token.encode("utf-8", "surrogatepass"), b"shelftalk form", "sha256")
    return urlsafe_b64encode(made).decode().rstrip("=")


def is_form_token(token: str, given: str) -> bool:
    """Whether a form is one of this session; compared in a time that tells nothing."""
    return hmac.compare_digest(form_token(token).encode(), given.encode("utf-8", "surrogatepass"))
