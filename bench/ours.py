"""The product as it is measured, a process of its own: worker and dispatcher, everything that talks to Temporal.

One Python process, like the baseline; what it is asked for comes through PostgreSQL, as in production. Its log goes
to standard error in the product's form, for writing it costs something too.
"""

import asyncio
import sys
from datetime import timedelta

import structlog

from activities.postgres.pool import open_pool
from bench.metrics import publish_metrics
from bench.process import commands, say
from schemas.settings import Settings
from starter.dispatcher import Dispatcher
from worker import connect, email_sender, running_worker


async def run() -> None:
    """Work until the benchmark lets go."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    settings = Settings()
    assert settings.database_url is not None  # The benchmark sets these three.
    assert settings.temporal_address is not None
    assert settings.smtp_host is not None
    port = publish_metrics()
    pool = await open_pool(settings.database_url.get_secret_value(), settings.database_pool)
    client = await connect(settings.temporal_address, settings.temporal_namespace)
    sender = email_sender(settings, settings.smtp_host, settings.smtp_port)
    async with running_worker(settings, pool, client, sender) as running:
        dispatcher = Dispatcher(pool, running.waitlist, running.temporal, timedelta(days=settings.inbox_days))
        task = asyncio.create_task(dispatcher.run())
        say(str(port))
        async for _ in commands():
            pass
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await sender.aclose()
    await pool.close()


if __name__ == "__main__":
    asyncio.run(run())
