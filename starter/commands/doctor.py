"""`shelftalk doctor`: what is reachable, in which version, and what to do about the rest."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from activities.rendering.samples import FULL
from schemas.addresses import email_address
from schemas.model import Model
from starter.commands.chosen_document import chosen_document
from starter.commands.conversations import read_file
from starter.commands.terminal.acting import who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import ExitCode
from starter.deliverability.arrived import LARGEST_MAIL
from starter.deliverability.dns_records import Dns
from starter.deliverability.mail_checkup import checkup_of, examine_mail, examine_own_mail
from starter.deliverability.own_mailbox import mail_of_own_mailbox
from starter.ops.checkup import examine, examine_worker
from starter.ops.chosen_message import first_mail
from starter.ops.findings import Checkup, Health, good, note
from starter.runtime.logs import log_to_stderr
from starter.runtime.process import run_process

_MARKS = {Health.GOOD: "ok", Health.NOTE: "note", Health.BAD: "BAD"}

WHERE_IT_ARRIVED = (
    "Find it where it arrived, in the spam folder too; save it with all its headers ('Show original', or Save as "
    ".eml), and then: shelftalk doctor --mail FILE"
)


class Retried(Model):
    """How many calls the dispatcher tries again."""

    calls: int


@command
def doctor(
    terminal: Terminal,
    worker: Annotated[bool, typer.Option("--worker", help="Only whether this data folder's worker lives.")] = False,
    retry: Annotated[bool, typer.Option("--retry-parked", help="Try again what the dispatcher had given up.")] = False,
    mail: Annotated[Path | None, typer.Option("--mail", help="Only this mail, as it arrived; - for input.")] = None,
    mail_to: Annotated[str | None, typer.Option("--mail-to", help="Send a mail there, to look at with --mail.")] = None,
    conversation: Annotated[str | None, typer.Option(help="With --mail-to: its first mail, from its sender.")] = None,
    dns: Annotated[str | None, typer.Option(help="With --mail: ask this DNS server. [default: the machine's]")] = None,
) -> None:
    """Look at every component and say what to do. Ends with 0 when all is well, else 1."""
    one_of = {"--worker": worker, "--retry-parked": retry, "--mail": mail is not None, "--mail-to": mail_to is not None}
    if sum(one_of.values()) > 1:
        raise typer.BadParameter(f"one at a time of {', '.join(one_of)}", param_hint="--worker")
    if (conversation is not None and mail_to is None) or (dns is not None and mail is None):
        raise typer.BadParameter("--conversation goes with --mail-to, and --dns with --mail", param_hint="--mail")
    if retry:
        calls = terminal.ask(lambda services: services.backlog.retry_parked(who()))
        terminal.tell(Retried(calls=calls), lambda again: f"{again.calls} calls are tried again.")
        return
    if worker:
        checkup = examine_worker(terminal.own_settings())
    elif mail is not None:
        checkup = _looked_at(mail, dns)
    elif mail_to is not None:
        checkup = _sent(terminal, mail_to, conversation)
    else:
        settings = terminal.found_settings()
        log_to_stderr("error")
        checkup = run_process(examine(settings))
    terminal.tell(checkup, _shown)
    if not checkup.ok:
        raise typer.Exit(ExitCode.FAILED)


def _looked_at(mail: Path, dns: str | None) -> Checkup:
    try:
        records = Dns(dns)
    except ValueError:
        raise typer.BadParameter("write an address like 9.9.9.9, or with a port", param_hint="--dns") from None
    return checkup_of(run_process(examine_mail(read_file(mail, LARGEST_MAIL + 1), records)))


def _sent(terminal: Terminal, to: str, conversation: str | None) -> Checkup:
    """Send a mail, and look at it at once where it lies in the mailbox of `up`."""
    try:
        address = email_address(to)
    except ValueError:
        raise typer.BadParameter("this is no e-mail address", param_hint="--mail-to") from None
    if conversation is None:
        message_id = terminal.ask(lambda services: services.previews.send_check(address, who()))
    else:
        _, document = chosen_document(terminal, conversation)
        message = first_mail(document)
        sent = terminal.ask(lambda services: services.previews.send_test(document, message, address, FULL, who()))
        message_id = sent.message_id
    found = mail_of_own_mailbox(terminal.found_settings(), message_id)
    if found is None:
        return checkup_of([note("sent", message_id, WHERE_IT_ARRIVED)])
    return checkup_of([good("sent", message_id), *examine_own_mail(found)])


def _shown(checkup: Checkup) -> Group:
    table = Table(box=None, show_header=False, pad_edge=False)
    for finding in checkup.findings:
        table.add_row(_MARKS[finding.health], finding.component, finding.found)
        if finding.advice:
            table.add_row("", "", f"→ {finding.advice}")
    return Group(table, Text(_in_all(checkup)))


def _in_all(checkup: Checkup) -> str:
    if not checkup.ok:
        return "Something needs attention."
    notes = sum(finding.health is Health.NOTE for finding in checkup.findings)
    return f"Nothing is broken; see the {'note' if notes == 1 else f'{notes} notes'}." if notes else "All is well."
