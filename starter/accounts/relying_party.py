"""Where passkeys are good: the one address of the console, by which browsers keep them (WebAuthn's relying party)."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from schemas.errors import DomainError, ErrorKind

NAME = "Shelftalk"
_USUAL_PORTS = {"http": 80, "https": 443}


class NoPasskeysHere(DomainError):
    """The console is reached by an address at which browsers keep no passkey, or which it does not know of."""

    code = "no_passkeys_here"
    kind = ErrorKind.NOT_OPEN

    def __init__(self) -> None:
        super().__init__(
            "Passkeys need SHELFTALK_PUBLIC_URL, the one address by which people open the console, with https."
        )


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """The address, as browsers compare it.

    Attributes:
        id: its host; passkeys are bound to it.
        origin: scheme, host and port.
    """

    id: str
    origin: str


def relying_party(public_url: str | None, asked: str) -> RelyingParty | None:
    """Who asks for passkeys; None: there are none here.

    Args:
        public_url: of the settings.
        asked: the address that a browser asked for. It is believed of this machine only, `localhost`, where there is no
            other: a Host header may say anything.
    """
    parts = urlsplit(public_url or asked)
    host = (parts.hostname or "").lower()
    try:
        here = host == "localhost" or host.endswith(".localhost")
        port = parts.port
    except ValueError:
        return None
    if not host or (public_url is None and not here) or _is_number(host):
        return None
    ended = "" if port in (None, _USUAL_PORTS.get(parts.scheme)) else f":{port}"
    return RelyingParty(host, f"{parts.scheme}://{host}{ended}")


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
