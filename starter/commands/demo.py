"""`shelftalk demo`: one real journey, played from sign-up to reminder on everything that is real, and what is next."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from schemas.ids import JourneyId
from schemas.journey.path import JourneyPath
from schemas.responses.revenue import RevenueReport
from starter.commands.processes import STOP_HINT
from starter.commands.reports import revenue_table
from starter.commands.terminal.asking import Terminal
from starter.commands.terminal.output import AsJson, called, say, show_people, write_json
from starter.commands.terminal.paths import path_table
from starter.commands.terminal.visible import visible
from starter.commands.up import console_set_up, let_to_postgres, log_beside_the_data, needing_embedded, where_it_is
from starter.runtime.process import Stopped, run_process, until_stopped


def demo(
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Keep its data there. [default: a folder that is removed again]")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Play one real journey, from webhook to mail, click and order. At a terminal it then serves until Ctrl-C."""
    with needing_embedded():
        from starter.devstack.demo import SHOPS_NUMBER, Told, demo_conversation, demo_settings, tell_story
        from starter.devstack.gateway import SmsGateway
        from starter.devstack.stack import Ports, running_stack
    folder = data_dir or Path(tempfile.mkdtemp(prefix="shelftalk-demo-"))
    narrate = say if as_json else _print
    settings = demo_settings(Terminal(as_json, folder).own_settings())
    if data_dir is None:
        let_to_postgres([folder])
    log_beside_the_data(settings)
    stays = sys.stdin.isatty() and sys.stdout.isatty() and not as_json

    async def main() -> Told:
        narrate("Starting everything for real; only the wait for two days is shortened.\n")
        async with (
            SmsGateway.running() as gateway,
            running_stack(gateway.used_by(settings, SHOPS_NUMBER), Ports(), narrate, demo_conversation()) as stack,
        ):
            told = await tell_story(stack, gateway, narrate, _show_nothing if as_json else _show)
            if stays:
                where = where_it_is(stack)
                way_in = await console_set_up(stack.services, where.web)
                narrate(_in_the_console(where.web, way_in, told.path.journey_id))
                narrate(f"\nThe API key is in {where.api_key_file}. In another terminal:")
                narrate(f"   {called()} journey list --data-dir {settings.data_dir}")
                narrate(STOP_HINT)
                await until_stopped()
            return told

    try:
        told = run_process(main())
    except Stopped:
        if not stays:
            raise
    except BaseException:
        say(f"The log is kept: {settings.data_dir / 'shelftalk.log'}")
        raise
    else:
        if as_json:
            write_json(told)
    if data_dir is None:
        shutil.rmtree(folder, ignore_errors=True)
    narrate(_what_next(called()))


def _in_the_console(web: str, way_in: str | None, journey: JourneyId) -> str:
    """Where the story is seen there. Without a way in somebody was let in before, and signs in."""
    first = f"This link, good once and for a day, lets you in:\n\n   {way_in}" if way_in else f"Sign in at {web}"
    return f"""
8. All of it is in the console. {first}

   what happened to "first":  {web}/journeys/{journey}
   both people:               {web}/contacts, by the beginning of an address
   the line they stood in:    {web}/lines
   the conversation:          {web}/conversations/back-in-stock"""


def _what_next(command: str) -> str:
    return f"""
That was the whole story. What to do next:

  {command} up
      runs everything, and keeps it; it says where its web server and its API key are
  {command} conversation show back-in-stock > mine.yaml
      then, in another terminal: the conversation you saw, with its real two days and without the
      text message. Change a sentence; or a wait, and with it what the scenarios below expect. Then
  {command} conversation publish mine.yaml

A shop to play with is in docs/storefronts/simulating.md, all that a conversation may say in
docs/conversations.md, text messages are in docs/sms.md, what messages earn is in docs/revenue.md,
and how to run it for your shop in docs/operations.md."""


def _print(line: str) -> None:
    sys.stdout.write(visible(line) + "\n")
    sys.stdout.flush()


def _show(answer: JourneyPath | RevenueReport) -> None:
    show_people(path_table(answer) if isinstance(answer, JourneyPath) else revenue_table(answer))


def _show_nothing(_answer: JourneyPath | RevenueReport) -> None:
    """With --json it is in the document."""
