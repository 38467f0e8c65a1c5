"""The call webhook activity: what a shop's system is told, under an id that is the same however often it is tried."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.postgres.pool import Pool, Row
from activities.postgres.queries import load_queries
from activities.webhooks.caller import Call, Caller, Forbidden, NotTaken, Rejected
from schemas.journey import Activity, CalledOut, CallOut

SQL = load_queries("activities.webhooks", "calling.sql")
log = structlog.get_logger()

TYPE = "conversation.step"
"""What kind of call this is, as Standard Webhooks asks a body to say."""


class Calling:
    """call_webhook, with its record of calls and its way out."""

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
        row = await self._pool.fetchrow(SQL["about"], request.journey_id, request.version, request.step.id, key)
        if row is None or row["url"] is None:
            return CalledOut(taken=False, why="the version has no address for this step")
        if row["taken"]:
            return CalledOut(taken=True)
        if row["erased"]:
            return CalledOut(taken=False, why="the contact was erased")
        try:
            await self._caller.call(Call(key.replace("/", "."), row["url"], _body(request, row), datetime.now(UTC)))
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
        await self._pool.execute(SQL["note"], key, request.journey_id, error)
        log.info("webhook called", journey=request.journey_id, step=request.step.id, error=error)


def _body(request: CallOut, row: Row) -> bytes:
    at: datetime = row["entered_at"]
    subject: str | None = row["subject"]
    data: Mapping[str, object] = {
        "journey": request.journey_id,
        "conversation": row["conversation"],
        "version": request.version,
        "step": request.step.id,
        "store": row["store_id"],
        "subject": subject,
        "entered_at": at.isoformat(),
        "contact": {"id": row["contact_id"], "email": row["email"], "attributes": row["attributes"]},
    }
    body = {"type": TYPE, "timestamp": datetime.now(UTC).isoformat(), "data": data}
    return json.dumps(body, ensure_ascii=False).encode()
