"""How settings with several values are read from the one text of their variable: separated by commas."""

import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from pydantic import ValidationInfo


def words(value: object) -> object:
    """Each for itself; what is no text is as it was given."""
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


def words_of_file(setting: str) -> Callable[[object, ValidationInfo], object]:
    """As `words`; where there are none, the lines of the file that another setting names."""

    def read(value: object, info: ValidationInfo) -> object:
        file: Path | None = info.data.get(setting)
        if file is None or value:
            return words(value)
        try:
            return tuple(file.read_text(encoding="utf-8").split())
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{file} cannot be read: {type(error).__name__}") from None

    return read


def pairs(value: object) -> object:
    """Whose each secret is, and the secret: `sendgrid=KEY`.

    Raises:
        ValueError: one of the two is missing.
    """
    if not isinstance(value, str):
        return value
    found = [part.partition("=") for part in value.split(",") if part.strip()]
    if not all(owner.strip() and secret.strip() for owner, _, secret in found):
        raise ValueError(
            "say whose each secret is, sendgrid=KEY, with commas between: it is good for one alone, which has two "
            "while one is rotated"
        )
    return tuple((owner.strip().lower(), secret.strip()) for owner, _, secret in found)


def networks(value: object) -> object:
    """Addresses or networks of proxies.

    Raises:
        ValueError: one is neither, or is everyone.
    """
    if not isinstance(value, str):
        return value
    found: list[IPv4Network | IPv6Network] = []
    for part in (part.strip() for part in value.split(",") if part.strip()):
        try:
            network = ip_network(part)
        except ValueError:
            raise ValueError("each is an address or a network: 10.0.0.7 or 10.0.0.0/8, with commas") from None
        if not network.prefixlen:
            raise ValueError("whoever is everyone's proxy can say they are anybody: name your own proxies")
        found.append(network)
    return tuple(found)


def private_address(value: str | None) -> str | None:
    """An address that a key or a password travels to in every request.

    Raises:
        ValueError: somebody in between could read them.
    """
    if value is None:
        return None
    if re.match(r"https://.|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/|$)", value) is None:
        raise ValueError("write it with https://; http:// is for this machine only")
    return value.rstrip("/")


def group_roles(value: object) -> object:
    """Which role members of each group have: `shop-editors=editor, kettles=publisher@kettles.example`.

    Raises:
        ValueError: a group or a role is missing.
    """
    if not isinstance(value, str):
        return value
    found = [part.rpartition("=") for part in value.split(",") if part.strip()]
    if not all(group.strip() and role.strip() for group, _, role in found):
        raise ValueError("write group=role, or group=role@store, with commas between")
    return tuple((group.strip(), role.strip()) for group, _, role in found)
