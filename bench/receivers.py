"""Who takes the messages over HTTP, a process of its own: a provider of e-mail and an SMS gateway, both simulated.

They are those of the tests: they refuse what their documentation refuses, so what is measured is a message that would
be taken. Says both addresses, the provider's first.
"""

import asyncio

from bench.process import commands, say
from tests.simulated.mail_api_server import MailApiServer
from tests.simulated.mail_apis import SimulatedPostmark
from tests.simulated.sms import SimulatedGateway


async def run() -> None:
    """Take messages until the benchmark lets go."""
    async with MailApiServer(SimulatedPostmark()) as provider, SimulatedGateway() as gateway:
        say(f"{provider.url} {gateway.api.url}")
        async for _ in commands():
            pass


if __name__ == "__main__":
    asyncio.run(run())
