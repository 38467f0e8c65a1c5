"""What one person feels: the time to the first message, and what a restock costs with few and with many in line."""

import time
from dataclasses import dataclass

from activities.postgres.queries import load_queries
from activities.waitlist.line_counts import fold_line_counts
from bench.reads import OF_ALL_LINES, OF_ONE_LINE, Reads, Seconds, line_asked, time_reads
from bench.servers import Engines, Servers, open_shop, quiet, until
from bench.shop import FILL_LIMIT_SECONDS

SQL = load_queries("bench", "queries.sql")

UNITS = 10
"""Of one restock, and so the people who are told by it."""
READS = 3
"""For each restock: what takes milliseconds is asked more often."""


@dataclass(frozen=True, slots=True)
class FirstMessages:
    """Seconds, one figure each time.

    Attributes:
        ours: from before the webhook is sent to its mail accepted, on an idle machine.
        bare: from the command to signal, to the answer that the bare workflow has completed.
    """

    ours: list[float]
    bare: list[float]


async def measure_first_messages(servers: Servers, engines: Engines, times: int) -> FirstMessages:
    """One journey at a time, waiting and at rest, on either side in turn."""
    ours: list[float] = []
    bare: list[float] = []
    for number in range(times):
        await engines.bare.obey(f"start first-{number} 1")
        await quiet()
        began = time.monotonic()
        await engines.bare.obey(f"finish first-{number} 1")
        bare.append(time.monotonic() - began)
        variant, mails = await servers.shop.new_variant(), len(servers.sink.accepted)
        tasks = await engines.ours.counts.tasks()
        await servers.shop.wait_in_line(variant, 1, start=True)
        await until(engines.ours.counts.tasks, tasks + 1)
        await quiet()
        began = time.monotonic()
        await servers.shop.has(variant, 1)
        ours.append(await servers.sink.until(mails + 1) - began)
    return FirstMessages(ours, bare)


@dataclass(frozen=True, slots=True)
class Restocks:
    """Seconds, one figure each time.

    Attributes:
        by_line: by the number of people in line.
        behind_import: of the shortest line, while the starts of an import lie in the outbox.
        reads: what is asked of the lines.
    """

    by_line: dict[int, list[float]]
    behind_import: list[float]
    reads: Reads


async def measure_restocks(
    servers: Servers, engines: Engines, waiting: tuple[int, ...], times: int, imported: int
) -> Restocks:
    """Seconds from the committed webhook to the tenth mail accepted, by the number of people in line.

    Those in line are put there by SQL, without workflows; a workflow begins, by signal-with-start, for those who are
    told. So what is measured is the whole path of the ten, with everyone else in line where they matter: in PostgreSQL.
    """
    seconds: dict[int, list[float]] = {count: [] for count in waiting}
    variants: dict[int, int] = {}
    for count in waiting:
        variants[count] = await servers.shop.new_variant()
        await servers.shop.wait_in_line(variants[count], count, start=False)
    # What autovacuum does within a minute of such a change.
    await SQL.analyze.within(FILL_LIMIT_SECONDS).run(servers.pool)
    reports_of_few, reports_of_many = await _reports(servers, variants, READS * times)
    for number in range(times + 1):
        for count, variant in variants.items():
            told = await _restock(servers, engines, variant)
            if number:  # The first time warms up.
                seconds[count].append(told)
    lines = [await line_asked(servers.pool, variants[count]) for count in (min(waiting), max(waiting))]
    of_few, of_many = await time_reads(OF_ONE_LINE, lines, READS * times)
    await servers.shop.is_imported(await servers.shop.new_variant(), imported)
    behind = [await _restock(servers, engines, variants[min(waiting)], idle=False) for _ in range(times)]
    await SQL.forget_late.within(FILL_LIMIT_SECONDS).run(servers.pool)
    return Restocks(seconds, behind, Reads(reports_of_few | of_few, reports_of_many | of_many))


async def _reports(servers: Servers, variants: dict[int, int], times: int) -> list[Seconds]:
    """With the shortest line alone, and with the longest; before anybody was told, for a report reads whoever was."""
    folder = servers.folder / "few"
    folder.mkdir()
    url = await servers.postgres.create_database("few")
    async with open_shop(folder, url, servers.temporal_address) as few:
        variant = await few.new_variant()
        await few.wait_in_line(variant, min(variants), start=False)
        await fold_line_counts(few.pool)
        await SQL.analyze.run(few.pool)
        await quiet()
        lines = [await line_asked(few.pool, variant), await line_asked(servers.pool, variants[max(variants)])]
        return await time_reads(OF_ALL_LINES, lines, times)


async def _restock(servers: Servers, engines: Engines, variant: int, *, idle: bool = True) -> float:
    """Seconds of one restock, after which as many are in line as before."""
    mails, completed = len(servers.sink.accepted), await engines.ours.counts.completed()
    if idle:
        await quiet()
    await servers.shop.has(variant, UNITS)
    committed = time.monotonic()
    told = await servers.sink.until(mails + UNITS) - committed
    await until(engines.ours.counts.completed, completed + UNITS)
    await servers.shop.has(variant, 0)
    await servers.shop.wait_in_line(variant, UNITS, start=False)
    return told


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes per open, cached journey."""

    ours: float
    bare: float


async def measure_memory(servers: Servers, engines: Engines, count: int) -> Memory:
    """What fresh engines grow by while `count` journeys come to their first rest and stay in the cache."""
    few = max(1, count // 10)
    variant = await servers.shop.new_variant()
    await _open_bare(engines, "memory-few", few)
    await _open_ours(servers, engines, variant, few)
    await quiet()
    bare_before, ours_before = engines.bare.memory(), engines.ours.memory()
    await _open_bare(engines, "memory", count)
    await _open_ours(servers, engines, variant, count)
    await quiet()
    return Memory(
        ours=(engines.ours.memory() - ours_before) / count, bare=(engines.bare.memory() - bare_before) / count
    )


async def _open_bare(engines: Engines, name: str, count: int) -> None:
    tasks = await engines.bare.counts.tasks()
    await engines.bare.obey(f"start {name} {count}")
    await until(engines.bare.counts.tasks, tasks + count)


async def _open_ours(servers: Servers, engines: Engines, variant: int, count: int) -> None:
    tasks = await engines.ours.counts.tasks()
    await servers.shop.wait_in_line(variant, count, start=True)
    await until(engines.ours.counts.tasks, tasks + count)
