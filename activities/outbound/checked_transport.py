"""httpx's transport to hosts that may be called: each name is looked up once for a request, every address that it has
must be permitted, and the connection is made to one of those, by number.

So a name that resolves differently a moment later (DNS rebinding) changes nothing. The certificate is still checked
against the name.
"""

import asyncio
import socket
import ssl
from ipaddress import ip_address
from pathlib import Path

import httpx

from activities.outbound.addresses import Address, Forbidden, why_not
from activities.trust import trusted

# Hosts with several addresses mostly have two or three; the next is tried when one cannot be reached.
ADDRESSES = 3


class CheckedTransport(httpx.AsyncBaseTransport):
    """For one event loop; any number of requests at once.

    Args:
        private_hosts: requests may go into private networks, and to this machine without TLS.
        connections: how many may be open at once.
        kept: of those kept open between requests. httpx pools by IP address, where another name may live too: so only
            where all requests are to one host.
        ca_file: trust the authorities in this PEM file instead of the system's.

    Raises:
        OSError: `ca_file` cannot be read.
    """

    def __init__(self, *, private_hosts: bool, connections: int, kept: int = 0, ca_file: Path | None = None) -> None:
        self._private_hosts = private_hosts
        self._transport = httpx.AsyncHTTPTransport(
            verify=trusted(ca_file),
            trust_env=False,
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=kept),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Make a request. The next address is tried only where no connection could be made.

        Raises:
            Forbidden: an address of the host is not permitted.
            httpx.TransportError: no answer; `why_no_connection` says why there was no connection.
        """
        unreachable: httpx.TransportError = httpx.ConnectError("its host has no address")
        named = request.url
        # The host name for SNI, which the certificate must be for.
        request.extensions = {**request.extensions, "sni_hostname": named.raw_host.decode("ascii").removesuffix(".")}
        for address in await self._look_up(named):
            # Only after the request was built for the name: its Host header stays.
            request.url = named.copy_with(host=str(address))
            try:
                return await self._transport.handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                unreachable = error
            finally:
                request.url = named
        raise unreachable

    async def aclose(self) -> None:
        """Close what is open."""
        await self._transport.aclose()

    async def _look_up(self, url: httpx.URL) -> list[Address]:
        """The addresses of a host, all of them permitted."""
        port = url.port or (80 if url.scheme == "http" else 443)
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(url.raw_host.decode("ascii"), port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError("its host's name cannot be looked up: check that it is written right") from error
        addresses = [ip_address(each[4][0]) for each in found]
        for address in addresses:
            if why := why_not(address, plain=url.scheme == "http", private_hosts=self._private_hosts):
                raise Forbidden(why)
        return addresses[:ADDRESSES]


def why_no_connection(error: BaseException) -> str:
    """Why a connection failed, in words that help the shop; without the error's own text, which names hosts."""
    cause: BaseException | None = error
    while cause is not None:
        match cause:
            case socket.gaierror() | UnicodeError():
                return "its host's name cannot be looked up: check that it is written right"
            case ssl.SSLCertVerificationError():
                return (
                    "the shop's certificate could not be verified: it must name the host that is called and come from "
                    "a trusted authority"
                )
            case ssl.SSLError():
                return "no TLS connection to the shop came about: check its TLS versions"
            case _:
                cause = cause.__cause__ or cause.__context__
    return "the shop could not be reached: check that its server runs"
