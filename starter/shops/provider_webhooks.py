"""Webhooks of providers: verified, read and applied in one call; when it returns, it is committed (P4)."""

from collections import deque
from datetime import UTC, datetime
from time import monotonic

import httpx
import structlog

from activities.feedback.feedback import Feedback
from activities.intake.intake import Intake
from activities.providers.provider import Provider, ProviderCall
from activities.storefronts.storefront import PayloadMalformed
from schemas.errors import DomainError, ErrorKind
from starter.shops.webhooks import Received

log = structlog.get_logger()

OK = 200
FETCH_LIMIT_SECONDS = 5.0
LARGEST_FETCHED = 64 * 1024
"""Bytes; a certificate has two thousand."""
MOST_KEPT = 16
"""Certificates in memory; a provider has a few, for years."""


MOST_FETCHED = 10
FETCHED_WITHIN_SECONDS = 60.0
"""So many fetches in that time at most: nobody is believed yet by then. What fitted a signature is fetched no more."""


class ProviderAway(DomainError):
    """What the call is verified by, or has to be confirmed at, cannot be had from the provider now."""

    code = "provider_away"
    kind = ErrorKind.UNAVAILABLE

    def __init__(self) -> None:
        super().__init__("The provider's own server does not answer as it should. Send it again in a moment.")


class ProviderWebhooks:
    """The way in for what providers tell.

    Args:
        transport: how addresses of providers are opened; None: over the network.
    """

    def __init__(self, intake: Intake, feedback: Feedback, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._intake = intake
        self._feedback = feedback
        self._transport = transport
        self._kept: dict[str, bytes] = {}
        self._fetches: deque[float] = deque(maxlen=MOST_FETCHED)

    async def receive(self, provider: Provider, call: ProviderCall) -> Received:
        """Verify, read and apply one call.

        Raises:
            SignatureWrong: nothing was read or kept.
            PayloadMalformed: genuine, but unreadable; that it came is kept for inspection, without its body.
            ProviderAway: as it says; nothing was kept.
        """
        call = await self._with_what_it_needs(provider, call)
        delivery = provider.verify(call, datetime.now(UTC))
        self._keep_what_fitted(provider, call)
        try:
            if (address := provider.to_open(call)) is not None:
                await self._open(address)
                log.info("subscription confirmed", provider=provider.name)
            events = provider.read(delivery, call)
        except PayloadMalformed as error:
            await self._intake.keep_malformed(delivery, f"{error.path}: {error.message}", b"")
            raise
        receipt = await self._feedback.receive(delivery, events) if events else await self._intake.ignore(delivery)
        return Received(receipt, provider.answer(delivery))

    async def _with_what_it_needs(self, provider: Provider, call: ProviderCall) -> ProviderCall:
        address = provider.to_fetch(call)
        if address is None:
            return call
        fetched = self._kept.get(address) or await self._fetch(address)
        return ProviderCall(call.body, call.headers, call.url, call.query, call.method, fetched)

    async def _fetch(self, address: str) -> bytes:
        at = monotonic()
        if len(self._fetches) == MOST_FETCHED and at - self._fetches[0] < FETCHED_WITHIN_SECONDS:
            raise ProviderAway
        self._fetches.append(at)
        return await self._open(address)

    def _keep_what_fitted(self, provider: Provider, call: ProviderCall) -> None:
        address = provider.to_fetch(call)
        if address is None or call.fetched is None or address in self._kept:
            return
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[address] = call.fetched

    async def _open(self, address: str) -> bytes:
        """The page at an address that its adapter has found to be the provider's own; redirects are not followed."""
        client = httpx.AsyncClient(transport=self._transport, timeout=FETCH_LIMIT_SECONDS, trust_env=False)
        try:
            async with client, client.stream("GET", address) as answer:
                if answer.status_code != OK:
                    raise ProviderAway
                content = b""
                async for part in answer.aiter_bytes():
                    content += part
                    if len(content) > LARGEST_FETCHED:
                        raise ProviderAway
                return content
        except httpx.HTTPError:
            raise ProviderAway from None
