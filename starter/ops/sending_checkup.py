"""The part of the check-up that looks at what messages need to leave: senders, codes, a provider of texts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.channels import Channel
from schemas.reasons import Reason
from schemas.settings import Settings
from starter.ops.findings import Finding, bad, good, note

SQL = load_queries("starter.ops", "sending_checkup.sql")

FEW_CODES = 50
"""A restock may tell as many people in a moment."""
MOST_SAID = 5
"""Names in one line."""


@dataclass(frozen=True, slots=True)
class StoppedSender:
    """The first of so many senders that are at fault; `journeys`: how many rest for that."""

    senders: int
    channel: str
    sender: str | None
    why: str
    stopped_at: datetime
    journeys: int


@dataclass(frozen=True, slots=True)
class CouponsLeft:
    """A list of codes; `missing`: places for which none was left, lately."""

    coupon_list: str
    free: int
    missing: int


async def examine_sending(pool: Pool, settings: Settings) -> list[Finding]:
    """Everything of it; text messages only where this process could not send them."""
    texting = [] if settings.sms_provider is not None else await _texting(pool)
    return [await examine_senders(pool), await examine_coupons(pool), *texting]


async def examine_senders(pool: Pool) -> Finding:
    """Senders by which nothing leaves, because the provider finds something of ours at fault."""
    stopped = await SQL.stopped_senders.row(pool, StoppedSender)
    if stopped is None:
        return good("senders", "none is stopped")
    match stopped.sender:
        case None:
            whose = "all"
        case "":
            whose = "SHELFTALK_SENDER"
        case sender:
            whose = f"'{sender}'"
    more = f", and {stopped.senders - 1} more" if stopped.senders > 1 else ""
    return bad(
        "senders",
        f"{whose} of {stopped.channel} stopped since {stopped.stopped_at:%Y-%m-%d %H:%M} UTC, for {stopped.journeys} "
        f"journeys: {stopped.why}{more}",
        f"Mend that, then `shelftalk repair resume --cause {Reason.SENDER_AT_FAULT}`; nobody lost their place.",
    )


async def examine_coupons(pool: Pool) -> Finding:
    """The list of codes that is nearest to its end, of those that alerts in force give codes of."""
    lists = await SQL.scarce_coupons.rows(pool, CouponsLeft, lately=timedelta(days=1))
    if not lists or (lists[0].free >= FEW_CODES and not lists[0].missing):
        return good("coupons", "enough of each list" if lists else "none are given")
    first = lists[0]
    advice = f"Put codes in: `shelftalk coupon add {first.coupon_list} FILE`. Meanwhile messages leave without one."
    if first.missing or not first.free:
        found = f"list '{first.coupon_list}' has {first.free} left; {first.missing} places got none in a day"
        return bad("coupons", found, advice)
    return note("coupons", f"list '{first.coupon_list}' has {first.free} left", advice)


async def _texting(pool: Pool) -> list[Finding]:
    """Who sends text messages where nobody takes them."""
    texting: list[str] = await SQL.texting.values(pool, channel=Channel.SMS)
    if not texting:
        return []
    named = ", ".join(f"'{code}'" for code in texting[:MOST_SAID])
    advice = "They wait until SHELFTALK_SMS_PROVIDER is set, for the worker too: docs/sms.md."
    return [note("text messages", f"no provider is set here, and {named} would send some", advice)]
