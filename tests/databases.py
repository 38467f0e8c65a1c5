"""Migrated databases for the tests of one process: each a single test's while it has it, then emptied and used again.

To make one costs as much as most tests do in it, and its connections have to learn every plan anew. So a database
goes back as the template left it: rows, numbers and triggers. One that cannot, because its test changed the schema, had
its rows counted for the planner or left something connected to it, is dropped.
"""

import asyncio
from dataclasses import dataclass
from itertools import count

import asyncpg

from activities.postgres.away import POSTGRES_AWAY
from activities.postgres.pool import Pool, open_pool
from starter.devstack.postgres import EmbeddedPostgres

SIZE = 10
"""Connections of the pool that a test is given."""
CLOSE_SECONDS = 30.0
STATEMENTS = 1000
PLANNED_ONCE = "plan_cache_mode=force_generic_plan"
"""More than there are statements, each planned once for all values: a connection lives for hundreds of tests, whose
tables are small. What is read of large ones is measured on connections as the product has them."""

_AS_MADE = """
create schema of_tests;
create schema as_made;

-- What the migrations put into tables, and how far they counted.
do $$
declare
    name text;
    filled bool;
begin
    for name in select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' loop
        execute format('select exists (select from public.%I)', name) into filled;
        if filled then
            execute format('create table as_made.%1$I as select %2$s from public.%1$I', name, (
                select string_agg(quote_ident(attname), ', ') from pg_attribute
                where attrelid = format('public.%I', name)::regclass and attnum > 0 and attgenerated = ''
            ));
        end if;
    end loop;
end $$;
create table of_tests.numbers as
    select format('%I.%I', schemaname, sequencename) as sequence, last_value from pg_sequences
    where schemaname = 'public';

-- Rows as the template had them. No trigger sees it, and nothing is left that could refer to what is gone.
-- `delete` keeps the plans of connections and `truncate` does not: that is for what has grown large.
create function of_tests.restore() returns void language plpgsql as $$
declare
    name text;
    filled bool;
begin
    set local session_replication_role = replica;
    for name in select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' loop
        execute format('select exists (select from public.%I)', name) into filled;
        if pg_relation_size(format('public.%I', name)) > 1 << 20 then
            execute format('truncate public.%I cascade', name);
        elsif filled then
            execute format('delete from public.%I', name);
        end if;
    end loop;
    for name in select relname from pg_class where relnamespace = 'as_made'::regnamespace loop
        execute format('insert into public.%1$I (%2$s) overriding system value table as_made.%1$I', name, (
            select string_agg(quote_ident(attname), ', ') from pg_attribute
            where attrelid = format('as_made.%I', name)::regclass and attnum > 0
        ));
    end loop;
    perform setval(sequence, coalesce(last_value, 1), last_value is not null) from of_tests.numbers;
end $$;

create table of_tests.changed ();

-- Whatever is said of the schema from here on marks the database as one of its own kind.
create function of_tests.mark() returns event_trigger language plpgsql as $$
begin
    insert into of_tests.changed default values;
end $$;
create event trigger changed on ddl_command_end execute function of_tests.mark();
create event trigger dropped on sql_drop execute function of_tests.mark();
"""

_SPOILT = """
select exists (select from of_tests.changed)
    -- What was once counted of its rows would go on choosing plans.
    or exists (select from pg_stat_user_tables where last_analyze is not null or last_autoanalyze is not null)
    or $1 < (select count(*) from pg_stat_activity
        where datname = current_database() and backend_type = 'client backend')"""


@dataclass(frozen=True)
class Database:
    """A migrated database and a pool of connections to it."""

    name: str
    url: str
    pool: Pool


class Databases:
    """Those of one server.

    Args:
        template: a migrated database of that server that nobody is connected to.
    """

    def __init__(self, server: EmbeddedPostgres, template: str) -> None:
        self._server = server
        self._template = template
        self._numbers = count(1)
        self._free: list[Database] = []

    async def prepare(self) -> None:
        """Put down in the template what its databases are brought back to."""
        connection = await asyncpg.connect(self._server.dsn(self._template))
        await connection.execute(_AS_MADE)
        await connection.close()

    async def take(self) -> Database:
        """One that is as the migrations made it, and nobody else's."""
        if self._free:
            return self._free.pop()
        name = f"test_{next(self._numbers)}"
        url = await self._server.create_database(name, template=self._template)
        return Database(name, url, await open_pool(f"{url}&{PLANNED_ONCE}", SIZE, statements=STATEMENTS))

    async def give_back(self, database: Database) -> None:
        if await self._restored(database):
            self._free.append(database)
        else:
            await self._close(database.pool)
            await self._server.drop_database(database.name)

    async def _restored(self, database: Database) -> bool:
        pool = database.pool
        if pool.is_closing():
            return False
        try:
            if await pool.fetchval(_SPOILT, pool.get_size()):
                return False
            await pool.execute("select of_tests.restore()")
        except POSTGRES_AWAY:
            return False
        return True

    async def close(self) -> None:
        for database in self._free:
            await self._close(database.pool)

    @staticmethod
    async def _close(pool: Pool) -> None:
        """Whoever still has a connection, has had its time."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await pool.close()
        except TimeoutError:
            pool.terminate()
