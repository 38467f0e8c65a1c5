"""Whom a request comes from, as far as logs and limits know it: the network of its address, and never the address."""

import ipaddress

IPV4_BITS, IPV6_BITS = 24, 48
"""What one organisation usually has at least; no single person can be told by it."""
UNKNOWN = "unknown"


def client_network(client: tuple[str, int] | None) -> str:
    """The network of a client's address, which comes from a trusted proxy where there is one."""
    try:
        address = ipaddress.ip_address(client[0] if client else "")
    except ValueError:
        return UNKNOWN
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    bits = IPV4_BITS if isinstance(address, ipaddress.IPv4Address) else IPV6_BITS
    return str(ipaddress.ip_interface(f"{address}/{bits}").network)
