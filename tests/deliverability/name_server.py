"""A DNS server of the tests: real questions over UDP, answered from what a test puts in; and the same, being silent."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


@dataclass
class NameServer(asyncio.DatagramProtocol):
    """One server.

    Attributes:
        records: TXT records by their names.
        aliases: CNAME records.
        silent: names that no answer is given for; `failing`: that it answers SERVFAIL for.
        all_silent: none is answered.
        closed: it serves a network without a way out, and denies the root.
        asked: every name, as often as it was asked for.
    """

    records: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    aliases: dict[str, str] = field(default_factory=dict[str, str])
    silent: set[str] = field(default_factory=set[str])
    failing: set[str] = field(default_factory=set[str])
    all_silent: bool = False
    closed: bool = False
    asked: list[str] = field(default_factory=list[str])
    transport: asyncio.DatagramTransport | None = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        if self.all_silent or name in self.silent:
            return
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if name in self.failing:
            answer.set_rcode(dns.rcode.SERVFAIL)
        else:
            self._fill(answer, name)
        assert self.transport is not None
        self.transport.sendto(answer.to_wire(), addr)

    def _fill(self, answer: dns.message.Message, name: str) -> None:
        if name == "." and not self.closed:
            answer.answer.append(dns.rrset.from_text(".", 60, "IN", "NS", "a.root-servers.net."))
            return
        if name in self.aliases:
            target = self.aliases[name]
            answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", f"{target}."))
            name = target
        texts = self.records.get(name)
        if texts is None:
            if not answer.answer:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            return
        # A text is told in pieces of at most 255 bytes, as long keys are.
        pieces = [" ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255)) for text in texts]
        answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "TXT", *pieces))

    @property
    def address(self) -> str:
        """Where it listens, as `--dns` takes it."""
        assert self.transport is not None
        host, port = self.transport.get_extra_info("sockname")[:2]
        return f"{host}:{port}"


@asynccontextmanager
async def name_server() -> AsyncGenerator[NameServer]:
    """A server without records, until it is done with."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    server.transport = transport
    try:
        yield server
    finally:
        transport.close()
