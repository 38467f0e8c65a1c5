"""Recovery codes: for whoever lost what they prove themselves by. Each is good once, and shown once."""

import hashlib
import re
import secrets
from base64 import b32encode

COUNT = 10
_BYTES = 10
"""80 bits: nobody finds a code from its SHA-256, however many they try."""
_GROUP = 4


def new_codes() -> tuple[str, ...]:
    """Codes to keep, as `abcd-efgh-2345-jklm`."""
    made = (b32encode(secrets.token_bytes(_BYTES)).decode().lower() for _ in range(COUNT))
    return tuple("-".join(re.findall(f".{{{_GROUP}}}", each)) for each in made)


def code_hash(user_id: str, code: str) -> bytes:
    """What is kept of a code, however it was written: of two users never the same."""
    plain = re.sub(r"[^a-z2-7]", "", code.lower())
    return hashlib.sha256(f"{user_id} {plain}".encode()).digest()
