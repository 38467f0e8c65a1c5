"""What DNS tells of a name, and whether it told at all: a name without a record is one thing, no answer another."""

import asyncio
from ipaddress import ip_address
from typing import Protocol

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.TXT import TXT

ONE_QUESTION = 4.0
"""Seconds that one question may take, asked again in between."""
ALL_QUESTIONS = 20.0
"""Seconds that all questions about one mail may take together: somebody waits at a terminal."""


class DnsSilent(Exception):
    """DNS did not answer: nothing is known of the name, not even that it has no record."""


class Records(Protocol):
    """Where records are looked up."""

    async def texts(self, name: str) -> tuple[str, ...]:
        """The TXT records of a name, each in one piece; none: there certainly is none.

        Raises:
            DnsSilent: that is not known.
        """
        ...


class Dns:
    """Records by the resolver of this machine, or by one that is named. Each name is asked for once.

    Args:
        server: an address with or without a port, like 9.9.9.9 or [2620:fe::fe]:53; None: the machine's own.

    Raises:
        ValueError: `server` is no such address.
    """

    def __init__(
        self, server: str | None = None, one_question: float = ONE_QUESTION, all_questions: float = ALL_QUESTIONS
    ) -> None:
        self._where = None if server is None else _address(server)
        self._one, self._all = one_question, all_questions
        self._ends: float | None = None
        self._asked: dict[str, asyncio.Task[tuple[str, ...]]] = {}
        self._root: asyncio.Task[bool] | None = None

    async def texts(self, name: str) -> tuple[str, ...]:
        """See `Records.texts`."""
        if name not in self._asked:
            self._asked[name] = asyncio.create_task(self._ask(name))
        return await self._asked[name]

    async def _ask(self, name: str) -> tuple[str, ...]:
        try:
            target = dns.name.from_text(name)
        except dns.exception.DNSException:
            return ()  # Such a name cannot be, so it has no record.
        try:
            answer = await self._resolved(target, dns.rdatatype.TXT)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            self._root = self._root or asyncio.create_task(self._knows_root())
            if not await self._root:
                raise DnsSilent(name) from None
            return ()
        return tuple(
            b"".join(each.strings).decode("utf-8", errors="replace") for each in answer if isinstance(each, TXT)
        )

    async def _knows_root(self) -> bool:
        """Whether a denial counts: what serves a closed network denies every name outside it, and the root too."""
        try:
            await self._resolved(dns.name.root, dns.rdatatype.NS)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, DnsSilent):
            return False
        return True

    async def _resolved(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> dns.resolver.Answer:
        now = asyncio.get_running_loop().time()
        self._ends = self._ends or now + self._all
        lifetime = min(self._one, self._ends - now)
        if lifetime <= 0:
            raise DnsSilent(name)
        try:
            return await self._resolver().resolve(name, kind, lifetime=lifetime, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            raise
        except (dns.exception.DNSException, OSError) as error:
            raise DnsSilent(name) from error

    def _resolver(self) -> dns.asyncresolver.Resolver:
        if self._where is None:
            return dns.asyncresolver.Resolver()
        resolver = dns.asyncresolver.Resolver(configure=False)
        host, port = self._where
        resolver.nameservers, resolver.port = [host], port
        return resolver


def _address(server: str) -> tuple[str, int]:
    host, colon, port = server.rpartition(":")
    if not colon or (":" in host and not host.endswith("]")):
        host, port = server, "53"
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65_536):
        raise ValueError("the port is a number from 1 to 65535")
    return str(ip_address(host.strip("[]"))), int(port)


def tags_of(text: str) -> dict[str, str]:
    """The tags of a signature, a key or a policy, `v=DKIM1; k=rsa`: by names in small letters, the first counts."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            found.setdefault(name.strip().lower(), value.strip())
    return found
