"""`shelftalk contact`: what is held of one person, forgetting them, their suppression, and what criteria ask."""

from collections.abc import Sequence
from typing import Annotated

import typer
from pydantic import ValidationError

from schemas.ids import StoreId
from schemas.incoming.events import Detail, Details, Tags
from schemas.incoming.typed_values import as_typed
from schemas.mistakes import mistake_in_words
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
from starter.commands.terminal.addresses import address_of
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import write_json
from starter.shops.people import Changes

app = typer.Typer(help="Show, export, erase and suppress people, and set what is known of them.", no_args_is_help=True)

Person = Annotated[
    str, typer.Argument(metavar="PERSON", help="Their address, their number, +…, or their contact id, c-….")
]
Address = Annotated[
    str, typer.Argument(metavar="ADDRESS", help="The address, or the number, +…; nobody needs to be known by it.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the suppression.")]
Switch = Annotated[bool | None, typer.Option("--consent/--no-consent", help="Their word on e-mails.")]
Texts = Annotated[bool | None, typer.Option("--sms-consent/--no-sms-consent", help="Their word on text messages.")]


OfStore = Annotated[
    str | None, typer.Option("--store", help="Of this store, with what holds in all. [default: of all]")
]


class Asked(Model):
    """Attributes and tags of the command line, held to the rules of the API."""

    attributes: Details
    tags: Tags


@app.command("export")
@command
def export(terminal: Terminal, person: Person, store: OfStore = None, actor: Actor = None) -> None:
    """Write everything that is held of a person, as one JSON document. That it was read is kept in the audit."""
    named = _named(person)
    of_store = None if store is None else StoreId(store)
    held: ContactExport = terminal.ask(lambda services: services.people.export(named, who(actor), of_store))
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
def suppress(terminal: Terminal, address: Address, reason: Reason = "asked for it", actor: Actor = None) -> None:
    """Send nothing to an address any more, whatever its owner agrees to; it outlives their erasure."""
    named = address_of(address, "ADDRESS")
    terminal.answer(lambda services: services.people.suppress(named, reason, who(actor), suppressed=True), _suppression)


@app.command("unsuppress")
@command
def unsuppress(terminal: Terminal, address: Address, actor: Actor = None) -> None:
    """Lift a suppression. Consent is another matter: see `contact set --consent`."""
    named = address_of(address, "ADDRESS")
    terminal.answer(lambda services: services.people.suppress(named, "", who(actor), suppressed=False), _suppression)


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
    phone: Annotated[str | None, typer.Option(help="Their number, with + and the country's code.")] = None,
    sms_consent: Texts = None,
    source: Annotated[str, typer.Option(help="Where they said so, kept with their consent.")] = "by hand",
    actor: Actor = None,
) -> None:
    """Set attributes, tags, number and consent of a person, and show what is known of them then."""
    tags = dict.fromkeys(tag or (), True) | dict.fromkeys(untag or (), False)
    try:
        asked = Asked(attributes=_attributes(attribute or ()), tags=tags)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise typer.BadParameter(mistake_in_words(first), param_hint=f"--{str(first['loc'][0])[:-1]}") from None
    named = _named(person)
    number = None if phone is None else address_of(f"+{phone.lstrip('+ ')}", "--phone")
    changes = Changes(asked.attributes, asked.tags, consent, source=source, phone=number, sms_consent=sms_consent)
    terminal.answer(lambda services: services.people.change(named, changes, who(actor)), _report)


def _named(person: str) -> str:
    """A contact id, or an address or a number as people give it."""
    return person if person.startswith("c-") and "@" not in person else address_of(person, "PERSON")


def _attributes(given: Sequence[str]) -> dict[str, Detail]:
    found: dict[str, Detail] = {}
    for text in given:
        name, is_there, value = text.partition("=")
        if not is_there:
            raise typer.BadParameter("write NAME=VALUE, or NAME= to remove it", param_hint="--attribute")
        found[name] = as_typed(value)
    return found


def _erased(erased: ContactErased) -> str:
    if erased.contact is None:
        return "Nobody is known by this address. What is told late of before now brings nobody back either."
    return f"{erased.contact} is erased, and nothing told later brings them back."


def _store_erased(erased: StoreErased) -> str:
    return f"What {erased.store} told of people is erased."


def _suppression(report: SuppressionReport) -> str:
    return "Nothing is sent to this address any more." if report.suppressed else "Its suppression is lifted."


def _report(contact: ContactReport) -> str:
    said = {None: "has said nothing of {}", True: "has agreed to {}", False: "has said no to {}"}
    texts = said[contact.sms_consent].format("text messages") if contact.has_phone else "no number is known"
    attributes = ", ".join(f"{name}: {value}" for name, value in sorted(contact.attributes.items()))
    return "\n".join(
        [
            f"{contact.contact} {said[contact.consent].format('mails')}",
            f"phone       {texts}{f'; suppressed: {contact.sms_suppressed}' if contact.sms_suppressed else ''}",
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
