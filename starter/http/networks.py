"""Whom a request comes from, as far as logs and limits know it: the network of its address, and never the address."""

import ipaddress

IPV4_BITS, IPV6_BITS = 24, 48
"""What one organisation usually has at least; no single person can be told by it."""
UNKNOWN = "unknown"


def address_of(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address in a text, of IPv4 also where it is written as one of IPv6; None: it is none."""
    try:
        address = ipaddress.ip_address(text or "")
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def client_network(client: tuple[str, int] | None) -> str:
    """The network of a client's address, which comes from a trusted proxy where there is one."""
    address = address_of(client[0] if client else None)
    if address is None:
        return UNKNOWN
    bits = IPV4_BITS if isinstance(address, ipaddress.IPv4Address) else IPV6_BITS
    return str(ipaddress.ip_interface(f"{address}/{bits}").network)
