"""`shelftalk contact`: what is held of one person, forgetting them, their suppression, and what criteria ask."""

from collections.abc import Sequence
from typing import Annotated

import typer
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from schemas.addresses import email_address
from schemas.ids import StoreId
from schemas.incoming.events import Detail, Details, Tags
from schemas.model import Model
from schemas.responses.people import (
    ConsentReport,
    ContactErased,
    ContactExport,
    ContactReport,
    StoreErased,
    SuppressionReport,
)
from starter.commands.terminal.acting import Actor, Yes, agreed, who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import write_json
from starter.shops.people import Changes

app = typer.Typer(help="Show, export, erase and suppress people, and set what is known of them.", no_args_is_help=True)

Person = Annotated[str, typer.Argument(metavar="PERSON", help="Their address, or their contact id, c-….")]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The address; nobody needs to be known by it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the suppression.")]
Switch = Annotated[bool | None, typer.Option("--consent/--no-consent", help="Their word on being written to.")]


class Asked(Model):
    """Attributes and tags of the command line, held to the rules of the API."""

    attributes: Details
    tags: Tags


@app.command("export")
@command
def export(terminal: Terminal, person: Person, actor: Actor = None) -> None:
    """Write everything that is held of a person, as one JSON document. That it was read is kept in the audit."""
    named = _named(person)
    held: ContactExport = terminal.ask(lambda services: services.people.export(named, who(actor)))
    write_json(held)


@app.command("show")
@command
def show(terminal: Terminal, person: Person, actor: Actor = None) -> None:
    """Show what is known of a person, with each word of theirs on being written to. That they were looked up is kept in
    the audit.
    """
    named = _named(person)
    terminal.answer(lambda services: services.people.find(named, who(actor)), _report)


@app.command("erase")
@command
def erase(terminal: Terminal, person: Person, actor: Actor = None, yes: Yes = False) -> None:
    """Forget a person, in all stores and for good; their places in line pass on."""
    named = _named(person)
    agreed(
        terminal,
        f"All that is known of {person} would be erased, in every store. Nothing would bring it back.",
        yes=yes,
    )
    terminal.answer(lambda services: services.people.erase(named, who(actor)), _erased)


@app.command("erase-store")
@command
def erase_store(
    terminal: Terminal,
    store: Annotated[str, typer.Argument(metavar="STORE", help="The store's id, as its storefront has it.")],
    actor: Actor = None,
    yes: Yes = False,
) -> None:
    """Forget what a store told of people: all whom only it knows, and of the others its own part."""
    agreed(terminal, f"All that {store} told of people would be erased. Nothing would bring it back.", yes=yes)
    terminal.answer(lambda services: services.people.erase_store(StoreId(store), who(actor)), _store_erased)


@app.command("suppress")
@command
def suppress(terminal: Terminal, email: Email, reason: Reason = "asked for it", actor: Actor = None) -> None:
    """Send nothing to an address any more, whatever its owner agrees to; it outlives their erasure."""
    address = _address(email)
    terminal.answer(
        lambda services: services.people.suppress(address, reason, who(actor), suppressed=True), _suppression
    )


@app.command("unsuppress")
@command
def unsuppress(terminal: Terminal, email: Email, actor: Actor = None) -> None:
    """Lift a suppression. Consent is another matter: see `contact set --consent`."""
    address = _address(email)
    terminal.answer(lambda services: services.people.suppress(address, "", who(actor), suppressed=False), _suppression)


@app.command("set")
@command
def set_(
    terminal: Terminal,
    person: Person,
    attribute: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE; true, false and whole numbers are such; NAME= removes.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag to put on them.")] = None,
    untag: Annotated[list[str] | None, typer.Option(help="A tag to take off them.")] = None,
    consent: Switch = None,
    source: Annotated[str, typer.Option(help="Where they said so, kept with their consent.")] = "by hand",
    actor: Actor = None,
) -> None:
    """Set attributes, tags and consent of a person, and show what is known of them then."""
    tags = dict.fromkeys(tag or (), True) | dict.fromkeys(untag or (), False)
    try:
        asked = Asked(attributes=_attributes(attribute or ()), tags=tags)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise typer.BadParameter(first["msg"], param_hint=f"--{str(first['loc'][0])[:-1]}") from None
    named = _named(person)
    changes = Changes(asked.attributes, asked.tags, consent, source=source)
    terminal.answer(lambda services: services.people.change(named, changes, who(actor)), _report)


def _named(person: str) -> str:
    """A contact id, or an address as people give it."""
    return person if person.startswith("c-") and "@" not in person else _address(person, "PERSON")


def _address(email: str, argument: str = "EMAIL") -> str:
    try:
        return email_address(email).lower()
    except PydanticCustomError as error:
        raise typer.BadParameter(error.message(), param_hint=argument) from None


def _attributes(given: Sequence[str]) -> dict[str, Detail]:
    found: dict[str, Detail] = {}
    for text in given:
        name, is_there, value = text.partition("=")
        if not is_there:
            raise typer.BadParameter("write NAME=VALUE, or NAME= to remove it", param_hint="--attribute")
        found[name] = _value(value)
    return found


def _value(text: str) -> Detail:
    match text:
        case "":
            return None
        case "true" | "false":
            return text == "true"
        case _:
            return int(text) if text.removeprefix("-").isdecimal() and len(text) < 18 else text


def _erased(erased: ContactErased) -> str:
    if erased.contact is None:
        return "Nobody is known by this address. What is told late of before now brings nobody back either."
    return f"{erased.contact} is erased, and nothing told later brings them back."


def _store_erased(erased: StoreErased) -> str:
    return f"What {erased.store} told of people is erased."


def _suppression(report: SuppressionReport) -> str:
    return "Nothing is sent to this address any more." if report.suppressed else "Its suppression is lifted."


def _report(contact: ContactReport) -> str:
    said = {None: "has said nothing of mails", True: "has agreed to mails", False: "has said no to mails"}
    attributes = ", ".join(f"{name}: {value}" for name, value in sorted(contact.attributes.items()))
    return "\n".join(
        [
            f"{contact.contact} {said[contact.consent]}",
            f"attributes  {attributes or '–'}",
            f"tags        {', '.join(contact.tags) or '–'}",
            f"lists       {', '.join(contact.lists) or '–'}",
            f"suppressed  {contact.suppressed or 'no'}",
            *([] if contact.paused_until is None else [f"paused      until {contact.paused_until:%Y-%m-%d}"]),
            *(_consent(each) for each in contact.consents),
        ]
    )


def _consent(word: ConsentReport) -> str:
    said = "agreed" if word.granted else "said no"
    parts = [
        f"{said} on {word.given_at:%Y-%m-%d %H:%M} to {word.channel} for {word.purpose} ({word.source})",
        "confirmed from their address" if word.confirmed else "",
        f"on {word.page}" if word.page else "",
        f"shown: {word.text!r}" if word.text else "",
    ]
    return "consent     " + ", ".join(part for part in parts if part)
