"""Forward-only numbered migrations: one advisory lock, one transaction each, a checksum for each that ran.

A migration that only adds says so, by `-- needs: N` in its first line: processes that know the first N migrations run
beside it, so a release can be rolled out while the one before still runs. What takes something away comes with a later
release, once nothing runs any more that knew it.
"""

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files

import asyncpg

from activities.postgres.pool import Connection, Pool
from schemas.errors import DomainError, ErrorKind

_FILE = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_NEEDS = re.compile(r"-- needs: (\d{1,4})\n")
_LOCK = 0x5E1F7A1C
"""Any constant: processes that start together migrate one after the other."""

LIMIT_SECONDS = 6 * 3600.0
"""A new index on a large table takes long, and a process that migrates second waits for the first."""
LOCK_LIMIT = "5s"
"""One that waits for a table lock blocks all queries behind it: after a backup or a long report, those of everybody."""

_CREATE = """
create table if not exists migrations (
    number integer primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now(),
    -- How many migrations a process must know to run on what this one leaves.
    needs integer not null check (needs between 0 and number)
)"""


class MigrationRefused(DomainError):
    """These migrations cannot bring this database forward; the text names the cause and what to do."""

    code = "not_prepared"
    kind = ErrorKind.UNAVAILABLE


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def needs(self) -> int:
        """How many migrations a process must know to run on what it leaves: itself, unless its first line says less."""
        named = _NEEDS.match(self.sql)
        return min(int(named[1]), self.number) if named else self.number


def migrations() -> list[Migration]:
    """All migrations of this release, in order.

    Raises:
        ValueError: the numbers do not run 1, 2, 3 …
    """
    found = [
        Migration(int(match[1]), match[2], entry.read_text(encoding="utf-8"))
        for entry in files("activities.postgres.migrations").iterdir()
        if (match := _FILE.fullmatch(entry.name))
    ]
    found.sort(key=lambda migration: migration.number)
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations are not numbered 1 to {len(found)} without a gap")
    return found


async def migrate(pool: Pool) -> int:
    """Apply what is missing. Returns how many were applied.

    Raises:
        MigrationRefused: a migration that ran before has other text now, the database is newer than this release, or
            somebody else holds a table that is to be changed.
    """
    wanted = migrations()
    async with pool.acquire() as connection:
        await connection.execute("select pg_advisory_lock($1)", _LOCK, timeout=LIMIT_SECONDS)
        try:
            await connection.execute(_CREATE)
            done = await _done(connection, wanted)
            for migration in wanted[len(done) :]:
                async with connection.transaction():
                    await connection.execute(f"set local lock_timeout = '{LOCK_LIMIT}'")
                    await _apply(connection, migration)
                    await connection.execute(
                        "insert into migrations (number, name, checksum, needs) values ($1, $2, $3, $4)",
                        migration.number,
                        migration.name,
                        migration.checksum,
                        migration.needs,
                    )
            return max(0, len(wanted) - len(done))
        finally:
            await connection.execute("select pg_advisory_unlock($1)", _LOCK)


async def _apply(connection: Connection, migration: Migration) -> None:
    try:
        await connection.execute(migration.sql, timeout=LIMIT_SECONDS)
    except asyncpg.LockNotAvailableError:
        raise MigrationRefused(
            f"Migration {migration.number} ({migration.name}) was not applied, and nothing is left of it: over "
            f"{LOCK_LIMIT} a backup or a long query held what it changes. Run it again when that has ended."
        ) from None


async def pending(pool: Pool) -> int:
    """How many migrations of this release the database still lacks.

    Raises:
        MigrationRefused: as `migrate`.
    """
    wanted = migrations()
    async with pool.acquire() as connection:
        if await connection.fetchval("select to_regclass('migrations')") is None:
            return len(wanted)
        return max(0, len(wanted) - len(await _done(connection, wanted)))


async def _done(connection: Connection, wanted: list[Migration]) -> list[asyncpg.Record]:
    """Those that ran, where this release can run on what they left.

    Raises:
        MigrationRefused: as `migrate`.
    """
    done = await connection.fetch("select number, name, checksum from migrations order by number")
    _check(wanted, done)
    if len(done) > len(wanted):
        needs = await connection.fetchval("select max(needs) from migrations")
        if needs > len(wanted):
            raise MigrationRefused(
                f"The database has migration {done[-1]['number']}, this release knows only {len(wanted)} where "
                f"{needs} must be known: it was used by a newer Shelftalk. Run that release, or restore the backup "
                "from before its upgrade."
            )
    return done


def _check(wanted: list[Migration], done: list[asyncpg.Record]) -> None:
    for migration, record in zip(wanted, done, strict=False):
        if migration.name != record["name"]:
            raise MigrationRefused(
                f"Migration {migration.number} ran here as '{record['name']}', and here it is '{migration.name}': the "
                "database was made by a version from before the first release, and nothing leads on from there. "
                "Make an empty database and migrate that."
            )
        if migration.checksum != record["checksum"]:
            raise MigrationRefused(
                f"Migration {migration.number} ({migration.name}) ran here with other text than this release has. "
                "Migrations are never edited: restore the file, and put the change in a new one."
            )
