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
    return derived(token, "form")


def derived(token: str, purpose: str) -> str:
    """What is made of a token for one purpose, and tells nothing of it: 43 characters that may stand in an address."""
    made = hmac.digest(token.encode("utf-8", "surrogatepass"), f"shelftalk {purpose}".encode(), "sha256")
    return urlsafe_b64encode(made).decode().rstrip("=")


def same(known: str, given: str) -> bool:
    """Whether two texts are the same; compared in a time that tells nothing."""
    return hmac.compare_digest(known.encode("utf-8", "surrogatepass"), given.encode("utf-8", "surrogatepass"))


def is_form_token(token: str, given: str) -> bool:
    """Whether a form is one of this session; compared in a time that tells nothing."""
    return same(form_token(token), given)
