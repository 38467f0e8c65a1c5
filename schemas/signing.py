"""The secrets that webhooks of ours are signed with."""

import base64
import binascii

from pydantic import SecretStr


def signing_secrets(value: object) -> object:
    """Each host, empty for all others, and a secret of its: `whsec_…, erp.shop.example=whsec_…`.

    Raises:
        ValueError: one is none.
    """
    if not isinstance(value, str):
        return value
    found: list[tuple[str, SecretStr]] = []
    for part in (part.strip() for part in value.split(",") if part.strip()):
        host, named, secret = part.partition("=whsec_")
        checked = signing_secret(SecretStr(f"whsec_{secret}" if named else part))
        if checked is not None:
            found.append((host.strip().lower() if named else "", checked))
    return tuple(found)


def signing_secret(value: SecretStr) -> SecretStr | None:
    """The same secret, if it is one of Standard Webhooks; None: it is empty.

    Raises:
        ValueError: it is none.
    """
    if not value.get_secret_value():
        return None
    prefix, _, key = value.get_secret_value().partition("_")
    try:
        size = len(base64.b64decode(key, validate=True))
    except (binascii.Error, ValueError):
        size = 0
    # The sizes that Standard Webhooks allows: shorter ones are guessed, longer ones are mistakes.
    if prefix != "whsec" or not 24 <= size <= 64:
        raise ValueError(
            "write whsec_ and then 24 to 64 random bytes in base64; "
            "this makes one: echo whsec_$(head -c 32 /dev/urandom | base64)"
        )
    return value
