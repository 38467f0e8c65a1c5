"""The web server as it is measured, a process of its own as `shelftalk serve` is."""

from bench.process import commands, say
from schemas.settings import Settings
from starter.processes import running_web
from starter.runtime.logs import log_to_stderr
from starter.runtime.process import keep_loaded
from starter.runtime.process import run as run_loop
from starter.services import open_services


async def run() -> None:
    """Serve until the benchmark lets go."""
    settings = Settings()
    log_to_stderr(settings.log_level)
    async with open_services(settings, takes_webhooks=True) as services, running_web(settings, services) as url:
        keep_loaded()
        say(url)
        async for _ in commands():
            pass


if __name__ == "__main__":
    run_loop(run())
