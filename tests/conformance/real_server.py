"""aiosmtpd as a provider: a real mail server that misbehaves by plan, with TLS and AUTH where asked for."""

import asyncio
import ssl
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.conformance.providers import At, Does, SmtpProvider


class RealServer(SmtpProvider):
    """aiosmtpd, with the plan's misbehaviour in front of its own answers.

    Args:
        tls: demand TLS with this context, and AUTH.
        at_once: speak TLS from the first byte; else after STARTTLS.
        login: the user name and password that AUTH accepts.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        at_once: bool = False,
        login: tuple[str, str] | None = None,
        smtputf8: bool = False,
    ) -> None:
        super().__init__()
        self._at_once = at_once
        self._tls = tls
        self._login = login
        self._smtputf8 = smtputf8

    async def __aenter__(self) -> Self:
        def connected() -> SMTP:
            return _RudeSmtp(
                self,
                authenticator=self._authenticate,
                tls_context=None if self._at_once else self._tls,
                # aiosmtpd knows of STARTTLS only.
                auth_required=self._tls is not None and not self._at_once,
                auth_require_tls=not self._at_once,
                require_starttls=self._tls is not None and not self._at_once,
                enable_SMTPUTF8=self._smtputf8,
                hostname="peer.example.net",
            )

        at_once = self._tls if self._at_once else None
        await self.serve(await asyncio.get_running_loop().create_server(connected, self.host, ssl=at_once))
        return self

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        del server, session, envelope, mechanism
        assert isinstance(data, LoginPassword)
        return AuthResult(success=(data.login.decode(), data.password.decode()) == self._login, handled=False)


class _RudeSmtp(SMTP):
    def __init__(self, provider: RealServer, **options: Any) -> None:
        super().__init__(self, loop=asyncio.get_running_loop(), **options)
        self._provider = provider
        self._message = 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # After STARTTLS the same protocol is told again.
        if self.session is None:
            self._provider.arrived()
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._provider.left()
        super().connection_lost(error)

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 - aiosmtpd's name
        if not await self._strikes(At.EHLO):
            await super().smtp_EHLO(hostname)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        if not await self._strikes(At.MAIL):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        if not await self._strikes(At.RCPT):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        if not await self._strikes(At.DATA):
            await super().smtp_DATA(arg)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str | bytes:  # noqa: N802 - aiosmtpd's name
        del server, session
        self._message += 1
        provider, plan = self._provider, self._provider.plan
        if plan is None or plan.at not in {At.END, At.TAKEN}:
            provider.take(envelope.original_content or b"")
            return "250 taken"
        if plan.at is At.TAKEN:
            provider.take(envelope.original_content or b"")
        if plan.does in {Does.LATER, Does.REFUSE}:
            return plan.does.reply.removesuffix(b"\r\n")
        await provider.struck(plan.at, self._message, self._writer)
        raise ConnectionResetError

    async def _strikes(self, at: At) -> bool:
        return await self._provider.struck(at, self._message, self._writer)
