"""The product as it is measured, a process of its own: worker and dispatcher, everything that talks to Temporal.

One Python process, like the baseline; what it is asked for comes through PostgreSQL, as in production. It logs as in
production too, for that costs something.
"""

from activities.postgres.pool import open_pool
from bench.metrics import publish_metrics
from bench.process import commands, say
from schemas.settings import Settings
from starter.processes import running_engine
from starter.runtime.logs import log_to_stderr
from starter.runtime.process import keep_loaded
from starter.runtime.process import run as run_loop
from worker import connect


async def run() -> None:
    """Work until the benchmark lets go."""
    settings = Settings()
    log_to_stderr(settings.log_level)
    port = publish_metrics()
    assert settings.database_url is not None  # The benchmark sets both.
    assert settings.temporal_address is not None
    pool = await open_pool(settings.database_url.get_secret_value(), settings.database_pool, by_index=True)
    client = await connect(settings.temporal_address, settings.temporal_namespace)
    async with running_engine(settings, pool, client):
        keep_loaded()
        say(str(port))
        async for _ in commands():
            pass
    await pool.close()


if __name__ == "__main__":
    run_loop(run())
