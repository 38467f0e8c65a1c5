"""The part of the check-up that looks at PostgreSQL."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from activities.postgres.away import POSTGRES_AWAY
from activities.postgres.migrate import MigrationRefused, migrations, pending
from activities.postgres.pool import DatabaseUnavailable, Pool, open_pool
from activities.postgres.queries import load_queries
from schemas.settings import Settings
from starter.ops.backlog import Backlog
from starter.ops.feedback_checkup import examine_faults, examine_texts
from starter.ops.findings import ANSWER_LIMIT, Finding, Health, bad, good, not_set, note
from starter.ops.lines_checkup import examine_lines
from starter.ops.sending_checkup import examine_sending
from starter.ops.stores_checkup import examine_connections, examine_silence
from starter.runtime.schedules import last_reconciliation
from starter.versioning.publishing import Publishing

SQL = load_queries("starter.ops", "database_checkup.sql")

POOL = 2
BACKLOG = timedelta(minutes=1)
"""A call that has waited longer than this in the outbox is not on its way, but stuck."""
LATELY = timedelta(hours=1)
MOST_SAID = 5
"""Names in one line."""
LAW = timedelta(days=30)
"""For so long a request that was not done is shown: by then it has to be answered."""
OFTEN = 5
"""Places that a journey may give back in that time: units come and go, but not that often before one message."""


@dataclass(frozen=True, slots=True)
class SpinningJourneys:
    """How many journeys were given places and gave them back again and again; `most_of`: the one that did it most."""

    journeys: int
    most_times: int
    most_of: str | None


@dataclass(frozen=True, slots=True)
class ContestedVariant:
    """One of so many variants that a storefront names for the product `also`, too."""

    variants: int
    store_id: str
    variant_id: str
    product_id: str
    also: str


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """The first of so many requests to erase that were put on record and not done.

    Attributes:
        contact_id: whom it is about; None: everyone whom the store knows.
    """

    requests: int
    at: datetime
    action: str
    store_id: str
    contact_id: str | None


@dataclass(frozen=True, slots=True)
class MalformedCount:
    """How many webhooks are kept that could not be read, and why not the last of them."""

    kept: int
    last_error: str | None


@dataclass(frozen=True, slots=True)
class PausedThing:
    """An alert or a conversation that is paused."""

    kind: str
    code: str
    paused_at: datetime


async def examine_postgres(settings: Settings) -> list[Finding]:
    """Look at the database: reached, migrated, published, and how much waits."""
    if settings.database_url is None:
        return [not_set("postgresql", "DATABASE_URL")]
    try:
        async with asyncio.timeout(ANSWER_LIMIT):
            pool = await open_pool(settings.database_url.get_secret_value(), POOL)
    except (DatabaseUnavailable, TimeoutError) as error:
        said = str(error) or f"does not answer within {ANSWER_LIMIT:.0f} s"
        return [bad("postgresql", said, "Check DATABASE_URL and that the server runs.")]
    try:
        found = [good("postgresql", str(await SQL.server_version.value(pool)))]
        found.append(await _migrations(pool))
        if found[-1].health is Health.GOOD:
            found += [await _published(pool), await _paused(pool), await _outbox(pool), await examine_spinning(pool)]
            found += [await examine_texts(pool), await examine_faults(pool)]
            found += [await _reconciled(pool), await _malformed(pool), await examine_contested(pool)]
            found += [await examine_left_alone(pool), *await examine_sending(pool, settings)]
            found += [await examine_questions(pool, settings.public_url), await examine_lines(pool)]
            found += [await examine_silence(pool), await examine_connections(pool)]
        return found
    except POSTGRES_AWAY as error:
        return [bad("postgresql", f"fails when asked ({type(error).__name__})", "Look at its log.")]
    finally:
        await pool.close()


async def _migrations(pool: Pool) -> Finding:
    try:
        lacking = await pending(pool)
    except MigrationRefused as error:
        return bad("migrations", str(error), "")
    if lacking:
        return bad("migrations", f"{lacking} pending", "Back the database up, then run `shelftalk migrate`.")
    return good("migrations", f"all {len(migrations())} applied")


async def _published(pool: Pool) -> Finding:
    if await Publishing(pool).anything_published():
        return good("conversations", "published")
    return bad("conversations", "none is published", "Publish one: `shelftalk conversation publish FILE`.")


async def _paused(pool: Pool) -> Finding:
    paused = await SQL.paused.rows(pool, PausedThing)
    if not paused:
        return good("pauses", "nothing is paused")
    told = ", ".join(
        f"{each.kind} '{each.code}' since {each.paused_at:%Y-%m-%d %H:%M} UTC" for each in paused[:MOST_SAID]
    )
    more = f" and {len(paused) - MOST_SAID} more" if len(paused) > MOST_SAID else ""
    first = paused[0]
    advice = f"Nobody is told by what is paused. `shelftalk {first.kind} resume {first.code}` shows what would be sent."
    return note("pauses", f"{told}{more}", advice)


async def _outbox(pool: Pool) -> Finding:
    depth = await Backlog(pool).figures()
    if depth.parked:
        return bad(
            "outbox",
            f"{depth.parked} calls given up, the last for {depth.last_error}",
            "Mend the cause, then run `shelftalk doctor --retry-parked`.",
        )
    oldest = timedelta(seconds=depth.oldest_seconds)
    found = f"{depth.due} waiting"
    if oldest > BACKLOG:
        return bad(
            "outbox",
            f"{found}, the oldest for {oldest.total_seconds():.0f} s",
            "Nothing is lost. See that a worker runs and that Temporal answers.",
        )
    return good("outbox", found)


async def examine_spinning(pool: Pool) -> Finding:
    spinning = await SQL.spinning.one(pool, SpinningJourneys, lately=LATELY, often=OFTEN)
    if not spinning.journeys:
        return good("places", "none given and given back again and again")
    return bad(
        "places",
        f"{spinning.journeys} journeys gave theirs back {OFTEN} times or more within the hour; "
        f"{spinning.most_of} {spinning.most_times} times",
        f"`shelftalk journey show {spinning.most_of}` says what refuses its message.",
    )


async def examine_contested(pool: Pool) -> Finding:
    contested = await SQL.contested.row(pool, ContestedVariant)
    if contested is None:
        return good("variants", "each of one product")
    return Finding(
        component="variants",
        health=Health.NOTE,
        found=f"{contested.variants} are told for two products at once: '{contested.variant_id}' of "
        f"{contested.store_id} for '{contested.product_id}' and '{contested.also}'",
        advice="Give one of the two another id in the shop, or put in the product it is not of once more without it.",
    )


async def examine_questions(pool: Pool, public_url: str | None) -> Finding:
    """Lists that ask who signs up first, and whether anybody can answer."""
    asking: list[str] = await SQL.lists_that_ask.values(pool)
    if not asking or public_url is not None:
        return good("double opt-in", f"on {', '.join(asking[:MOST_SAID])}" if asking else "on no list")
    return bad(
        "double opt-in",
        f"{', '.join(asking[:MOST_SAID])} asks who signs up first, and no address leads to the answer",
        "Set SHELFTALK_PUBLIC_URL, restart the workers, then `shelftalk repair resume --cause message_broken`.",
    )


async def examine_left_alone(pool: Pool) -> Finding:
    """Erasures that were asked for and not done, because it may be an old request that somebody sent again."""
    left = await SQL.left_alone.row(pool, LeftAlone, lately=LAW)
    if left is None:
        return good("erasures", "none left undone")
    what = f"contact erase {left.contact_id}" if left.contact_id is not None else f"contact erase-store {left.store_id}"
    return note(
        "erasures",
        f"{left.requests} asked for and not done, the first at {left.at:%Y-%m-%d %H:%M} UTC by {left.store_id}: "
        f"{left.action}",
        f"Ask the shop whether it is meant, for its message came before or late. If it is: `shelftalk {what}`.",
    )


async def _reconciled(pool: Pool) -> Finding:
    last = await last_reconciliation(pool)
    if last is None:
        return note("reconciliation", "none yet", "The worker runs one in a while.")
    found = f"{last.report.repairs} repairs at {last.finished_at:%Y-%m-%d %H:%M} UTC"
    if not last.report.repairs:
        return good("reconciliation", found)
    return note(
        "reconciliation",
        found,
        "Ask who ended workflows by hand or restored a backup; `shelftalk reconcile` shows what it finds now.",
    )


async def _malformed(pool: Pool) -> Finding:
    malformed = await SQL.malformed.one(pool, MalformedCount)
    if not malformed.kept:
        return good("deliveries", "none malformed")
    return note(
        "deliveries",
        f"{malformed.kept} malformed, the last: {malformed.last_error}",
        "`shelftalk delivery list` shows them; look at what sends them.",
    )
