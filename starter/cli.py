"""The command line of Shelftalk: `shelftalk COMMAND`. What each does is in starter/commands.

Exit codes are `ExitCode`: 0 done, 1 not there or not possible, 2 wrong command or setting, 3 a component is missing,
4 a mistake in Shelftalk, 130 interrupted.
"""

import os
import sys
import traceback

import typer

from starter.commands import (
    alerts,
    archive,
    builds,
    connections,
    contacts,
    conversations,
    coupons,
    delays,
    deliveries,
    demo,
    experiments,
    feeds,
    forecasts,
    journeys,
    keys,
    late_entries,
    line_moves,
    lines,
    message_tools,
    messages,
    operations,
    processes,
    reconcile,
    rehearse,
    repair,
    reports,
    retention,
    revocations,
    shop,
    simulate,
    stores,
    successors,
    up,
    users,
    versions,
    waitlists,
)
from starter.commands.doctor import doctor
from starter.commands.terminal.failures import explain, report
from starter.commands.terminal.output import ExitCode

app = typer.Typer(
    name="shelftalk",
    help="A durable conversation engine for product alerts. Every command takes --json.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.command()(up.up)
app.command()(processes.worker)
app.command()(processes.serve)
app.command()(processes.migrate)
app.command()(demo.demo)
app.command()(doctor)
app.command()(reconcile.reconcile)
app.command()(shop.signup)
app.command()(reports.why)
shop.stock.command("forecast")(forecasts.forecast)
app.command("test-run")(rehearse.run_test)
app.command("why-product")(reports.why_product)
conversations.app.command("dry-run")(rehearse.dry_run_)
conversations.app.command("save")(versions.save)
conversations.app.command("list")(versions.list_)
conversations.app.command("versions")(versions.versions_)
conversations.app.command("show")(versions.show)
conversations.app.command("diff")(versions.diff)
conversations.app.command("rollback")(versions.rollback)
conversations.app.command("retire")(versions.retire)
conversations.app.command("discard")(versions.discard)
conversations.app.command("pause")(alerts.pause_conversation)
conversations.app.command("resume")(alerts.resume_conversation)
messages.app.command("preview")(message_tools.preview)
messages.app.command("test")(message_tools.send_test)
messages.app.command("convert")(message_tools.convert_)
alerts.app.command("back-populate")(late_entries.back_populate)
waitlists.app.command("import")(late_entries.import_)
waitlists.app.command("lines")(lines.lines)
waitlists.app.command("call")(lines.call)
waitlists.app.command("move")(line_moves.move)
waitlists.app.command("moves")(line_moves.moves)
app.add_typer(conversations.app, name="conversation")
app.add_typer(successors.app, name="successor")
app.add_typer(shop.product, name="product")
app.add_typer(shop.stock, name="stock")
for connecting in (
    connections.connect,
    connections.status,
    connections.sync,
    connections.webhooks,
    connections.secret,
    connections.disconnect,
    connections.key,
    connections.reseal,
    simulate.simulate,
):
    stores.app.command()(connecting)
app.add_typer(stores.app, name="store")
app.add_typer(feeds.app, name="feed")
app.add_typer(waitlists.app, name="waitlist")
app.add_typer(journeys.app, name="journey")
app.add_typer(contacts.app, name="contact")
app.add_typer(alerts.app, name="alert")
reports.app.command("delay")(delays.delay)
reports.app.command("experiment")(experiments.experiment)
app.add_typer(reports.app, name="report")
app.add_typer(keys.app, name="key")
app.add_typer(users.app, name="user")
app.add_typer(deliveries.app, name="delivery")
app.add_typer(coupons.app, name="coupon")
app.add_typer(archive.app, name="archive")
app.add_typer(retention.app, name="retention")
app.add_typer(builds.app, name="build")
app.add_typer(messages.app, name="message")
app.add_typer(revocations.app, name="revocation")
app.add_typer(operations.app, name="operation")
app.add_typer(repair.app, name="repair")


def run(arguments: list[str]) -> int:
    """Run one command line; its exit code. Everything there is to say has been said, without a traceback."""
    as_json = "--json" in arguments
    try:
        code = app(arguments, prog_name="shelftalk", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the answer has seen enough of it, as `head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 the last place to say it in words
        failure = explain(error)
        report(failure, as_json=as_json)
        if os.environ.get("SHELFTALK_LOG_LEVEL", "").lower() == "debug":
            traceback.print_exception(error)
        return failure.exit
    return code if isinstance(code, int) else ExitCode.OK


def main() -> None:
    """The entry point of the `shelftalk` command."""
    code = run(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Not sys.exit: with Temporal's native threads alive, Python's finalization sometimes aborts the process (exit code
    # 134 or 139 on Python 3.11), after everything was stopped in order. Nothing is left for it to do.
    os._exit(code)
