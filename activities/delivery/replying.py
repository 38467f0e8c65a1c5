"""The one reply to STOP and to HELP, where the provider gives none: within five minutes, and once (promise P1).

It is the only message that leaves after a STOP, so it knows no consent, cap or hours, and it belongs to no journey: its
ledger is the table `replies`. A row is written with the text it replies to. It goes ready → sending → sent, refused or
unknown, as any message does, and is *left* where it came too late or the provider replies itself. The number is in it
until then only. While the sender is stopped (`stopped_senders`) it stays ready, and leaves if that is mended in time.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from typing import Literal, Self

import asyncpg
import structlog
import yaml

from activities.delivery.lease import Lease
from activities.delivery.ledger import LEASE
from activities.postgres.away import POSTGRES_AWAY
from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from activities.senders.sender import Message, NotTaken, Rejected, Sender, SenderAtFault, Sms, Uncertain
from schemas.ids import message_reference
from schemas.languages import primary
from schemas.settings import Settings

SQL = load_queries("activities.delivery", "replying.sql")
log = structlog.get_logger()

Word = Literal["stop", "help"]

WITHIN = timedelta(minutes=5) - timedelta(seconds=20)
"""After the text: five minutes, less what the way to the provider may take."""
HELP_AGAIN = timedelta(minutes=5)
"""Whoever asks for help again sooner gets no second reply; two machines would write to each other for ever."""
AT_ONCE = 16
IDLE_SECONDS = 2.0
"""Between two looks. A look that finds nothing costs next to nothing."""
PAUSE = timedelta(seconds=15)
"""Before a provider that did not take it is asked again."""
FALL_BACK = "en"
_OURS: Mapping[str, Mapping[str, str]] = yaml.safe_load(
    files("activities.delivery").joinpath("replying.yaml").read_text(encoding="utf-8")
)


async def ask_for_reply(connection: Connection, event_id: int, word: Word, channel: str, address: str) -> None:
    """Note that this text is to be replied to. Before what it means is written: that tells a first stop from another.

    Args:
        event_id: of the text, among the message events.
    """
    await SQL.end_earlier.run(connection, kind=word, channel=channel, address=address, again_after=HELP_AGAIN)
    await SQL.ask.run(connection, event_id=event_id, kind=word, address=address, within=WITHIN)


async def leave_reply(connection: Connection, address: str) -> None:
    """They said start: a stop before it is not replied to any more."""
    await SQL.leave.run(connection, address=address)


@dataclass(frozen=True, slots=True)
class Due:
    """A reply that this attempt has the right to send; `shop` is None where there is none yet."""

    event_id: int
    kind: Word
    address: str
    language: str | None
    shop: str | None
    shop_url: str | None


@dataclass(frozen=True, slots=True)
class Replies:
    """What is said, by word and language; that in `FALL_BACK` is always there."""

    texts: Mapping[str, Mapping[str, str]]

    @classmethod
    def from_settings(cls, settings: Settings) -> Self | None:
        """None: the provider replies itself, or there is none."""
        if not settings.sms_replies:
            return None
        ours = {word: {language: texts[word] for language, texts in _OURS.items()} for word in ("stop", "help")}
        return cls({"stop": ours["stop"] | settings.sms_stop_texts, "help": ours["help"] | settings.sms_help_texts})

    def text(self, due: Due) -> str:
        """In the person's language, or the nearest that there is."""
        texts, language = self.texts[due.kind], due.language or FALL_BACK
        text = texts.get(language) or texts.get(primary(language).lower()) or texts[FALL_BACK]
        return text.replace("{shop}", due.shop or "").replace("{url}", due.shop_url or "").strip(" :")


class _NotOurs(Exception):
    """There is no right any more to send this reply."""


class Replying:
    """Sends what is to be replied.

    Args:
        domain: the right side of every Message-ID.
        replies: None: the provider replies itself.
    """

    def __init__(
        self, pool: Pool, sender: Sender[Message], domain: str, replies: Replies | None, lease: timedelta = LEASE
    ) -> None:
        self._pool, self._sender, self._domain = pool, sender, domain
        self._replies, self._lease = replies, lease

    async def run(self) -> None:
        """Run until cancelled. A lost database is waited for."""
        while True:
            try:
                if await self.reply_due():
                    continue
            except (*POSTGRES_AWAY, asyncpg.PostgresError) as error:
                log.warning("replies not sent yet", error=type(error).__name__)
            await asyncio.sleep(IDLE_SECONDS)

    async def reply_due(self) -> int:
        """Send what is due now, some of it at once. Returns how many were tried."""
        await SQL.close.run(self._pool, ours=self._replies is not None)
        if (replies := self._replies) is None:
            return 0
        lease = Lease(self._lease)
        due = await SQL.take.rows(
            self._pool, Due, channel=Sms.channel, holder=lease.holder, length=lease.length, most=AT_ONCE
        )
        tried = (self._reply(each, replies, lease) for each in due)
        for ended in await asyncio.gather(*tried, return_exceptions=True):
            if isinstance(ended, Exception):
                # Anybody may write a text: none of them ends the worker. The row is left to its lease.
                log.error("reply failed", error=type(ended).__name__)
            elif isinstance(ended, BaseException):
                raise ended
        return len(due)

    async def _reply(self, due: Due, replies: Replies, lease: Lease) -> None:
        key = f"reply/{due.event_id}"
        sms = Sms(f"{key.replace('/', '.')}@{self._domain}", due.address, replies.text(due), message_reference(key))
        try:
            state, pause = await self._send(sms, due, lease)
        except _NotOurs:
            return
        except asyncio.CancelledError:
            # Nothing was handed over.
            await self._settle(due, "ready", timedelta(0), lease)
            raise
        except SenderAtFault as fault:
            await self._stop_sender(due, fault, lease)
            return
        await self._settle(due, state, pause, lease)
        log.info("replied", word=due.kind, state=state)

    async def _send(self, sms: Sms, due: Due, lease: Lease) -> tuple[str, timedelta]:
        """What became of it, and when to try again if it was not taken.

        Raises:
            _NotOurs: its number was erased, or its lease had run out, when the provider was ready; nothing was sent.
            SenderAtFault: nothing was sent, nor will be until somebody mends it.
        """
        try:
            async with self._sender.ready(sms) as handover:
                await handover.begin(sms)
                stopped = await SQL.renew.value(
                    self._pool, event_id=due.event_id, channel=Sms.channel, holder=lease.holder, length=lease.length
                )
                if stopped is None:
                    raise _NotOurs
                if stopped:
                    return "ready", timedelta(0)
                await handover.send()
        except SenderAtFault:
            raise
        except NotTaken as later:
            log.warning("reply not taken", error=str(later))
            return "ready", max(PAUSE, later.retry_after or PAUSE)
        except Rejected as refusal:
            log.warning("reply refused", error=str(refusal))
            return "refused", PAUSE
        except Uncertain:
            return "unknown", PAUSE
        return "sent", PAUSE

    async def _settle(self, due: Due, state: str, pause: timedelta, lease: Lease) -> None:
        await lease.write(
            lambda: SQL.settle.run(self._pool, event_id=due.event_id, holder=lease.holder, state=state, pause=pause)
        )

    async def _stop_sender(self, due: Due, fault: SenderAtFault, lease: Lease) -> None:
        log.error("sender at fault", channel=Sms.channel, whole_account=True, error=str(fault))
        await lease.write(
            lambda: SQL.stop_sender.run(
                self._pool, event_id=due.event_id, holder=lease.holder, channel=Sms.channel, why=str(fault)
            )
        )
