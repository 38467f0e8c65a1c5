"""`shelftalk store simulate`: a shop to connect, that sells, is restocked and tells of it as its platform does."""

import random
import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from activities.storefronts.registry import SHOP_APIS
from schemas.model import Model
from starter.commands.connections import FROM_ENVIRONMENT
from starter.commands.processes import STOP_HINT, run_until_stopped
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import called, say
from starter.commands.up import needing_embedded
from starter.runtime.process import beside, until_stopped

if TYPE_CHECKING:
    # What a simulated shop needs is of the extra for embedded components.
    from starter.simulated.deliveries import Delivered
    from starter.simulated.shop import SimulatedShop

PUBLIC_URL = "https://alerts.example"
"""Nobody's: what is sent there comes to `--to`."""
WEB = "http://127.0.0.1:8080"
PORT = 9090


class SimulatedStore(Model):
    """A simulated shop that runs.

    Attributes:
        url: its API and its pages.
        store: its id, once it is connected.
        answers: to what `store connect` asks; some are secrets, of nothing that is real.
        environment: what worker, web server and commands are to be started with.
        commands: what to type next, in order.
    """

    platform: str
    url: str
    store: str
    answers: dict[str, str]
    environment: dict[str, str]
    commands: tuple[str, ...]


@command
def simulate(
    terminal: Terminal,
    platform: Annotated[str, typer.Argument(metavar="PLATFORM", help="As in docs/storefronts.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of its API and pages; 0 for any free one.")] = PORT,
    products: Annotated[int, typer.Option(min=1, max=1000, help="How many it has.")] = 4,
    variants: Annotated[int, typer.Option(min=1, max=100, help="Of each product.")] = 2,
    every: Annotated[float, typer.Option(min=0, help="Seconds between two things that happen; 0: by hand only.")] = 5,
    delay: Annotated[float, typer.Option(min=0, max=3600, help="Seconds until a webhook is sent.")] = 0,
    twice: Annotated[float, typer.Option(min=0, max=1, help="The part of webhooks that is sent twice.")] = 0,
    lost: Annotated[float, typer.Option(min=0, max=1, help="The part that is never sent.")] = 0,
    broken: Annotated[float, typer.Option(min=0, max=1, help="The part whose body is cut off.")] = 0,
    shuffled: Annotated[bool, typer.Option("--shuffled", help="Each after a pause of its own, up to --delay.")] = False,
    faster: Annotated[float, typer.Option(min=1, help="It tries again so many times sooner than its platform.")] = 1,
    to: Annotated[str, typer.Option(help="The web server that webhooks go to.")] = WEB,
    seed: Annotated[int | None, typer.Option(help="The same things happen again. [default: others each time]")] = None,
) -> None:
    """Run a fake shop of a platform, to connect and to play with: its API, its webhooks, its pages. Until Ctrl-C."""
    with needing_embedded():
        from starter.simulated.deliveries import Pace
        from starter.simulated.shops import SHOPS
        from starter.simulated.standing import standing
    found = {each.source: each for each in SHOPS}
    if platform not in found:
        raise typer.BadParameter(
            f"there is no '{platform}'; there are: {', '.join(sorted(found))}", param_hint="PLATFORM"
        )
    pace, dice = Pace(delay, twice, lost, broken, shuffled, faster), random.Random(seed)

    async def main() -> None:
        async with standing(found[platform](products, variants), to, pace, dice, _tell, port) as (life, url):
            shop = life.shop
            shop.by_hand = f"{PUBLIC_URL}/v1/webhooks/{platform}?store={shop.store}"
            life.stock()
            terminal.tell(_told(shop, url), _where)
            say(STOP_HINT)
            async with beside(life.live(every) if every else until_stopped()):
                await until_stopped()

    def _tell(what: "Delivered | str") -> None:
        say(what if isinstance(what, str) else f"  {what.at:%H:%M:%S} {what.topic}: {what.answer}")

    run_until_stopped(main())


def _told(shop: "SimulatedShop", url: str) -> SimulatedStore:
    answers = shop.answers()
    api = next((each for each in SHOP_APIS if each.source == shop.source), None)
    hidden = {each.name for each in api.questions if each.secret} if api is not None else set[str]()
    secrets = [f"{FROM_ENVIRONMENT}{name.upper()}={shlex.quote(answers[name])}" for name in answers if name in hidden]
    settings = [f"--set {name}={shlex.quote(value)}" for name, value in answers.items() if name not in hidden]
    environment = {"SHELFTALK_WEBHOOK_PRIVATE_HOSTS": "true", "SHELFTALK_PUBLIC_URL": PUBLIC_URL}
    commands = [
        "export " + " ".join(f"{name}={value}" for name, value in environment.items()),
        "shelftalk up",
        " ".join((*secrets, f"shelftalk store connect {shop.source}", *settings)),
    ]
    if api is not None:
        commands.append(f"shelftalk store sync {shlex.quote(shop.store)}")
    return SimulatedStore(
        platform=shop.source,
        url=url,
        store=shop.store,
        answers=answers,
        environment=environment,
        commands=tuple(commands),
    )


def _where(told: SimulatedStore) -> str:
    first, up, *rest = (each.replace("shelftalk ", f"{called()} ") for each in told.commands)
    lines = [
        f"A simulated {told.platform} shop is at {told.url}: what it has, what it sent, and a page for each product",
        "with the sign-up form. Nothing in it is real, its secrets neither. In another terminal:",
        *("", f"  {first}", f"  {up}", ""),
        "and in a third one:",
        *("", f"  {first}", *(f"  {each}" for each in rest), ""),
    ]
    if not any(" store sync " in each for each in rest):
        lines += [f"which shows a secret: type it in at {told.url}.", ""]
    return "\n".join(lines)
