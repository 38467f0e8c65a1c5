"""Where a call may go: to the public Internet by https, and into a private network only where a setting allows it.

Whoever writes a conversation writes addresses that this server then calls. Without this guard they could have it call
what only it can reach: databases, admin pages, the metadata service of a cloud. So the address is checked twice: as it
is written, when a conversation is published; and as it resolves, at every call. Pure: the caller
resolves names.
"""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TypeAlias

import httpx

Address: TypeAlias = IPv4Address | IPv6Address

MAX_URL = 2048
"""Characters; what every server takes."""

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# Names that no public server has (RFC 6761, 6762, 8375, and ICANN's reservation of .internal).
_INNER_NAMES = (".localhost", ".local", ".internal", ".home.arpa")
# Some resolvers read more than four decimal numbers as an IPv4 address: 2130706433, 0x7f.1.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

# Public by number and yet no shop's: relays, protocol assignments, and metadata services of clouds (Oracle's is in the
# first, Azure's is the last).
_NOT_FOR_SHOPS = tuple(ip_network(each) for each in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32"))
# Of IPv6 only this is allocated; parts of it tunnel to IPv4 (6to4, Teredo) or are for documentation.
_GIVEN_OUT = ip_network("2000::/3")
_NOT_GIVEN_OUT = tuple(ip_network(each) for each in ("2001::/23", "2002::/16", "2001:db8::/32", "3fff::/20"))
# Names resolve to these where a network has IPv6 only; the last 32 bits are the IPv4 address meant.
_NAT64 = ip_network("64:ff9b::/96")
# What may be a shop's own network, where the setting allows it.
_PRIVATE = tuple(
    ip_network(each)
    for each in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
        *("::1/128", "fc00::/7"),
    )
)
# Metadata services in those ranges: AWS over IPv6, Alibaba. The usual 169.254.169.254 is in none.
_METADATA = (ip_address("fd00:ec2::254"), ip_address("100.100.100.200"))
_ONLY_HERE = "the address begins with http, which is for this machine only: write https"


class Forbidden(Exception):
    """It may not be called, and nothing was sent: trying again is useless. `why` names what to change."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def check_url(url: str, *, private_hosts: bool = False) -> str | None:
    """What is wrong with a webhook's address as written, and what to do; None: nothing.

    Args:
        private_hosts: the setting of that name.
    """
    if len(url) > MAX_URL:
        return f"the address is longer than {MAX_URL} characters: shorten it"
    if not url.isprintable() or re.search(r"[\s\\]", url):
        return "the address has a space, a line break or a backslash in it: remove it, or write it as %20 or %5C"
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return "this is not a web address: write one like https://shop.example/hooks"
    if parsed.scheme not in ("https", "http") or not parsed.host:
        return "this is not a whole web address: write one like https://shop.example/hooks"
    if parsed.userinfo:
        return "the address holds a user name or a password: remove it, calls are signed instead"
    if "#" in url:
        return "the address has a part after '#', which is never sent: remove it"
    if parsed.port is not None and not 1 <= parsed.port <= 65535:
        return "the port is not between 1 and 65535: correct it"
    plain = parsed.scheme == "http"
    if plain and not private_hosts:
        return "the address begins with http, and anyone on the way could read the calls: write https"
    return _check_host(parsed.raw_host.decode("ascii").lower(), plain=plain, private_hosts=private_hosts)


def why_not(address: Address, *, plain: bool, private_hosts: bool) -> str | None:
    """Why no connection may be made to an address that a host resolved to, with what to do; None if it may.

    Args:
        plain: without TLS.
        private_hosts: the setting of that name.
    """
    address = _meant(address)
    if _is_public(address):
        return _ONLY_HERE if plain else None
    if address in _METADATA or not any(address in network for network in _PRIVATE):
        return "its host is at an address that no shop has: write another"
    if not private_hosts:
        return (
            "its host is inside a private network, and calls go to public hosts: write another, or, if it is your own "
            "network, set SHELFTALK_WEBHOOK_PRIVATE_HOSTS=true"
        )
    return _ONLY_HERE if plain and not address.is_loopback else None


def _check_host(host: str, *, plain: bool, private_hosts: bool) -> str | None:
    try:
        return why_not(ip_address(host), plain=plain, private_hosts=private_hosts)
    except ValueError:
        pass
    name = host.removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return "the host's name has characters or a length that no name has: correct it"
    if _NUMBER.fullmatch(labels[-1]):
        return "the host is a number but no IP address: write its name"
    here = name == "localhost" or name.endswith(".localhost")
    if not private_hosts and (len(labels) == 1 or name.endswith(_INNER_NAMES)):
        return (
            "its host's name is known inside a private network only: write one that everybody can look up, or, if it "
            "is your own network, set SHELFTALK_WEBHOOK_PRIVATE_HOSTS=true"
        )
    return _ONLY_HERE if plain and not here else None


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 address maps to, if it does; else the address itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        return address in _GIVEN_OUT and not any(address in network for network in _NOT_GIVEN_OUT)
    return address.is_global and not address.is_multicast and not any(address in network for network in _NOT_FOR_SHOPS)
