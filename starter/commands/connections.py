"""`shelftalk store connect|status|sync|webhooks|secret|disconnect|key|reseal`: stores and their platforms.

Secrets are asked for, or taken from the environment, and never from the command line, where the history of the shell
and the list of processes would show them.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Column, Table

from activities.connections.sealing import new_key
from activities.storefronts.shop_api import Question
from schemas.ids import StoreId
from schemas.responses.connections import (
    Connected,
    ConnectionReport,
    ConnectionsReport,
    Disconnected,
    Resealed,
    SecretReport,
    SecretsKey,
    SubscriptionReport,
    Synced,
)
from starter.commands.terminal.acting import Yes, who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import clock, length, say
from starter.services import Services
from starter.shops.connection_status import in_words
from starter.shops.platform_answers import fits, is_to_be_asked

FROM_ENVIRONMENT = "SHELFTALK_CONNECT_"
"""And the question's name in capitals: an answer, for whoever connects stores by script."""

_KEY_BEGINS, _KEY_ENDS = "-----BEGIN", "-----END"

Store = Annotated[str, typer.Argument(metavar="STORE", help="The store's id.")]


@command
def connect(
    terminal: Terminal,
    source: Annotated[str, typer.Argument(metavar="PLATFORM", help="As in docs/storefronts.")],
    told: Annotated[
        list[str] | None, typer.Option("--set", help="An answer that is no secret, NAME=VALUE; once for each.")
    ] = None,
) -> None:
    """Connect a store: ask what its platform needs, ask the shop who it is, subscribe its webhooks."""
    answers = _told(told or [])

    async def question(services: Services) -> Connected:
        sits = not terminal.as_json and sys.stdin.isatty()
        for each in services.connections.questions(source):
            asks = sits and is_to_be_asked(each, answers)
            if (answer := _answer(each, answers, asks=asks)) is not None:
                answers[each.name] = answer
        with Console(stderr=True).status("Asking the shop who it is, and for its webhooks") if sits else nullcontext():
            return await services.connections.connect(source, answers, who())

    terminal.answer(question, _connected)


@command
def status(
    terminal: Terminal,
    store_id: Annotated[str | None, typer.Argument(metavar="STORE", help="Only this one. [default: all]")] = None,
) -> None:
    """Show how connections are: what was last heard and asked, what is wrong, and what to do."""
    one = None if store_id is None else StoreId(store_id)
    terminal.answer(lambda services: services.connection_status.show(one), _status)


@command
def sync(
    terminal: Terminal,
    store_id: Store,
    accept_gone: Annotated[
        bool, typer.Option("--accept-gone", help="Products that are missing are gone, however many.")
    ] = False,
) -> None:
    """Read a store's whole catalogue, with its stock; what it has no more is gone."""

    async def question(services: Services) -> Synced:
        console = Console(stderr=True)
        columns = TextColumn("Reading"), BarColumn(), MofNCompleteColumn(), TextColumn("products")
        with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
            task = bar.add_task("Reading", total=None)
            return await services.connections.sync(
                StoreId(store_id),
                lambda read, total: bar.update(task, completed=read, total=total),
                who(),
                accept_gone=accept_gone,
            )

    terminal.answer(question, lambda one: f"{one.store}: {one.products:,} products read, {one.gone:,} are gone.")


@command
def webhooks(terminal: Terminal, store_id: Store) -> None:
    """Ask the platform how a store's webhooks are, and subscribe again what is missing or switched off."""

    async def question(services: Services) -> ConnectionsReport:
        await services.connections.webhooks(StoreId(store_id), who())
        return await services.connection_status.show(StoreId(store_id))

    terminal.answer(question, lambda found: _webhooks(found.stores[0]))


@command
def secret(
    terminal: Terminal,
    store_id: Store,
    make: Annotated[bool, typer.Option("--make", help="Make one here, and show it once.")] = False,
) -> None:
    """Give a store another secret for its webhooks. The one before counts for a day more."""
    question = Question("webhook_secret", "The new secret, as the platform shows it.", secret=True)
    given = None if make else _answer(question, {}, asks=not terminal.as_json and sys.stdin.isatty())
    if given is None and not make:
        raise typer.BadParameter(f"set {FROM_ENVIRONMENT}WEBHOOK_SECRET, or say --make", param_hint="--make")

    async def rotate(services: Services) -> SecretReport:
        return await services.connections.rotate(StoreId(store_id), given, who())

    terminal.answer(rotate, _rotated)


@command
def disconnect(terminal: Terminal, store_id: Store, yes: Yes = False) -> None:
    """Remove a store's webhooks and forget its secrets. What is known of the store stays, and nobody leaves a line."""
    if not yes and not (
        not terminal.as_json and sys.stdin.isatty() and typer.confirm(f"Disconnect {store_id}?", err=True)
    ):
        raise typer.BadParameter("say --yes to disconnect it", param_hint="--yes")

    async def question(services: Services) -> Disconnected:
        return await services.connections.disconnect(StoreId(store_id), who())

    terminal.answer(question, _disconnected)


@command
def key(terminal: Terminal) -> None:
    """Print a new key for SHELFTALK_SECRETS_KEYS, which encrypts what stores' platforms are spoken to with."""
    terminal.tell(SecretsKey(key=new_key()), lambda made: made.key)


@command
def reseal(terminal: Terminal) -> None:
    """Encrypt all secrets with the first of SHELFTALK_SECRETS_KEYS; then the others can go."""

    async def question(services: Services) -> Resealed:
        of_stores = await services.connections.reseal(who())
        return Resealed(secrets=of_stores.secrets + await services.second_factors.reseal(who()))

    terminal.answer(question, lambda done: f"{done.secrets} encrypted anew; the other keys are not needed any more.")


def _told(pairs: Sequence[str]) -> dict[str, str]:
    answers: dict[str, str] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise typer.BadParameter(f"{name} is not NAME=VALUE", param_hint="--set")
        answers[name.strip().replace("-", "_")] = value
    return answers


def _answer(question: Question, told: dict[str, str], *, asks: bool) -> str | None:
    """From --set, the environment or whoever sits there; None: nobody says it."""
    if question.name in told:
        if question.secret:
            raise typer.BadParameter(
                f"{question.name} is a secret, and others can read the command line: set "
                f"{FROM_ENVIRONMENT}{question.name.upper()}, or leave it out to be asked",
                param_hint="--set",
            )
        return told[question.name]
    if (found := os.environ.get(FROM_ENVIRONMENT + question.name.upper())) is not None:
        return found
    if not asks:
        return None
    while True:
        say(f"\n{question.text}.")
        answer = _typed(question)
        if fits(question, answer):
            return answer
        say(f"That is not of the form that {question.name} has.")


def _typed(question: Question) -> str:
    shown = bool(question.default) and not question.secret
    typed: str = typer.prompt(
        question.name, default=question.default, show_default=shown, hide_input=question.secret, err=True
    )
    # A key that is pasted has several lines.
    while typed.count(_KEY_BEGINS) > typed.count(_KEY_ENDS):
        typed += "\n" + typer.prompt("", default="", show_default=False, prompt_suffix="", err=True)
    return typed


def _connected(one: Connected) -> Group | str:
    lines = [f"{one.store} is connected: {one.name or one.store}, prices in {one.currency or 'a currency not told'}."]
    if one.address:
        lines.append(f"Its webhooks go to {one.address}")
    if one.by_hand:
        lines.append(one.by_hand)
    if one.made_secret:
        lines.append(f"They are signed with this secret, which is not shown again:\n{one.made_secret}")
    lines += one.notes
    if one.made_secret is None:
        lines.append(f"Read its catalogue now: `shelftalk store sync {one.store}`.")
    return Group(*lines, _subscriptions(one.subscriptions)) if one.subscriptions else "\n".join(lines)


def _status(found: ConnectionsReport) -> Group | str:
    if not found.stores:
        return "No store is connected: `shelftalk store connect PLATFORM`."
    names = ("store", "platform", "heard", "answered", "asked", "catalogue")
    table = Table(*(Column(name, overflow="fold") for name in names), "", box=None, pad_edge=False)
    for one in found.stores:
        moments = (one.heard_at, one.answered_at, one.polled_at, one.synced_at)
        table.add_row(one.store, one.source, *map(_ago, moments), "PROBLEM" if one.problems else "well")
    if len(found.stores) == 1:
        return Group(table, "", *_of_one(found.stores[0]))
    return Group(table, "", *(f"{one.store}: {problem}" for one in found.stores for problem in one.problems))


def _ago(moment: datetime | None) -> str:
    """How long ago it was: what counts of these moments is whether they are fresh."""
    return "never" if moment is None else f"{length(max(timedelta(), datetime.now(UTC) - moment))} ago"


def _of_one(one: ConnectionReport) -> list[RenderableType]:
    shown: list[RenderableType] = [_webhooks(one)]
    if one.limits is not None:
        shown += ["", "Its platform:", *(f"  {line}" for line in in_words(one.limits))]
    if one.orders_asked_at is not None:
        shown.append(f"Its orders were asked for {_ago(one.orders_asked_at)}.")
    if one.hints:
        shown.append(f"{one.hints:,} things are to be asked for, by the word of its webhooks.")
    if one.old_secret_until is not None:
        shown.append(f"The secret before the present one counts until {clock(one.old_secret_until)} UTC.")
    return [*shown, *(line for problem in one.problems for line in ("", problem))]


def _webhooks(one: ConnectionReport) -> Group | str:
    if one.address is None:
        return "It sends no webhooks here: what is waited for is asked for at intervals."
    where = f"Its webhooks go to {one.address}"
    if not one.subscriptions:
        return Group(where, "Which it sends is set in its platform's dashboard, and no API tells.")
    return Group(where, "", _subscriptions(one.subscriptions))


def _subscriptions(subscriptions: Sequence[SubscriptionReport]) -> Table:
    table = Table(Column("webhooks", overflow="fold"), "", Column("", overflow="fold"), box=None, pad_edge=False)
    for each in subscriptions:
        table.add_row(each.topic, each.health if each.health == "alive" else each.health.upper(), each.why or "")
    return table


def _rotated(done: SecretReport) -> str:
    until = f"The secret before it counts until {clock(done.old_secret_until)} UTC."
    if done.made_secret is None:
        return f"{done.store} has its new secret. {until}"
    say(f"{until} Give this one to its platform until then; it is not shown again:")
    return done.made_secret


def _disconnected(done: Disconnected) -> str:
    if done.unsubscribed:
        return f"{done.store} is disconnected, and its webhooks are removed."
    return (
        f"{done.store} is disconnected. No webhooks were removed: what its platform may still send is refused with "
        "401. Remove there what was set by hand."
    )
