"""The call webhook activity: calls a shop's system, under an id that is the same for every attempt."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.outbound.addresses import Forbidden
from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from activities.webhooks.caller import Call, Caller, NotTaken, Rejected
from schemas.ids import ContactId, StoreId
from schemas.journey.activities import CalledOut, CallOut
from schemas.journey.names import Activity

SQL = load_queries("activities.webhooks", "calling.sql")
log = structlog.get_logger()

TYPE = "conversation.step"
"""The `type` in the body, which Standard Webhooks recommends."""


@dataclass(frozen=True, slots=True)
class CallContext:
    """Who and what a call is about.

    Attributes:
        url: where it goes; None: the version has no address for this step.
        taken: the other system has taken this very call before.
    """

    contact_id: ContactId
    store_id: StoreId
    subject: str | None
    conversation: str
    entered_at: datetime
    email: str | None
    phone: str | None
    attributes: dict[str, Any]
    erased: bool
    url: str | None
    taken: bool


class Calling:
    """The activity, with its record of calls and the HTTP caller."""

    def __init__(self, pool: Pool, caller: Caller) -> None:
        self._pool = pool
        self._caller = caller

    @activity.defn(name=Activity.CALL_WEBHOOK)
    async def call_webhook(self, request: CallOut) -> CalledOut:
        """Call once, unless it was taken before.

        Raises:
            ApplicationError: it was not taken this time; try again.
        """
        key = f"{request.journey_id}/{request.step.id}/{request.round}"
        about = await SQL.about.row(
            self._pool,
            CallContext,
            journey_id=request.journey_id,
            version=request.version,
            step=request.step.id,
            key=key,
        )
        if about is None or about.url is None:
            return CalledOut(taken=False, why="the version has no address for this step")
        if about.taken:
            return CalledOut(taken=True)
        if about.erased:
            return CalledOut(taken=False, why="the contact was erased")
        try:
            await self._caller.call(Call(key.replace("/", "."), about.url, _body(request, about), datetime.now(UTC)))
        except (Rejected, Forbidden) as error:
            await self._note(request, key, str(error))
            return CalledOut(taken=False, why=str(error))
        except NotTaken as error:
            await self._note(request, key, error.reason)
            raise ApplicationError(
                f"the webhook was not taken: {error.reason}", type="NotTaken", next_retry_delay=error.retry_after
            ) from None
        await self._note(request, key, None)
        return CalledOut(taken=True)

    async def _note(self, request: CallOut, key: str, error: str | None) -> None:
        await SQL.note.run(self._pool, key=key, journey_id=request.journey_id, error=error)
        log.info("webhook called", journey=request.journey_id, step=request.step.id, error=error)


def _body(request: CallOut, about: CallContext) -> bytes:
    data: Mapping[str, object] = {
        "journey": request.journey_id,
        "conversation": about.conversation,
        "version": request.version,
        "step": request.step.id,
        "store": about.store_id,
        "subject": about.subject,
        "entered_at": about.entered_at.isoformat(),
        "contact": {"id": about.contact_id, "email": about.email, "phone": about.phone, "attributes": about.attributes},
    }
    body = {"type": TYPE, "timestamp": datetime.now(UTC).isoformat(), "data": data}
    return json.dumps(body, ensure_ascii=False).encode()
