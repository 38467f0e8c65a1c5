"""`shelftalk message preview`, `test` and `convert`: messages while they are written."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from activities.rendering.facts import MessageContext
from activities.rendering.samples import FULL
from schemas.model import Model
from schemas.responses.previews import PreviewedMessage, PreviewedMessages, SentTest
from starter.authoring.converting import convert
from starter.commands.chosen_document import chosen_document
from starter.commands.conversations import name_of, read_file
from starter.commands.terminal.acting import Actor, who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.failures import CommandFailed
from starter.commands.terminal.output import ExitCode, say
from starter.ops.chosen_message import address_for_test, speaking
from starter.ops.previews import About, previews_of

Conversation = Annotated[
    str, typer.Argument(help="A conversation as YAML, or the short name of one that is there: cart, cart@published.")
]
Contact = Annotated[str | None, typer.Option("--contact", help="A contact's id. [default: made up]")]
Store = Annotated[str | None, typer.Option("--store", help="The store of the product.")]
Product = Annotated[str | None, typer.Option("--product", help="A product's id. [default: made up]")]
Variant = Annotated[str | None, typer.Option("--variant", help="A variant's id. [default: made up]")]
Language = Annotated[str | None, typer.Option("--language", help="In this language. [default: each that it has]")]


@command
def preview(
    terminal: Terminal,
    conversation: Conversation,
    message: Annotated[str | None, typer.Argument(metavar="[MESSAGE]", help="Its name. [default: all]")] = None,
    contact: Contact = None,
    store: Store = None,
    product: Product = None,
    variant: Variant = None,
    language: Language = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the HTML of one message to this file.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write text and HTML of each into this folder.")] = None,
) -> None:
    """Show messages as a contact would read them; of a file, made up, nothing need be running."""
    _, document = chosen_document(terminal, conversation)
    context = _facts(terminal, About(contact, store, product, variant))
    found = previews_of(document, context, message, language)
    if html is not None:
        _write(html, _one_html(found))
    files = [str(html)] if html is not None else []
    if out is not None:
        files += [str(file) for each in found.messages for file in _write_out(out, each)]
    terminal.tell(found.model_copy(update={"files": tuple(files)}), _shown)


@command
def send_test(
    terminal: Terminal,
    conversation: Conversation,
    message: Annotated[str, typer.Argument(help="Its name.")],
    to: Annotated[str, typer.Option("--to", help="Your own address or, of a text message, your phone number.")],
    contact: Contact = None,
    store: Store = None,
    product: Product = None,
    variant: Variant = None,
    language: Language = None,
    actor: Actor = None,
) -> None:
    """Send one message to yourself, marked as a test, by the provider of the settings."""
    _, document = chosen_document(terminal, conversation)
    address = address_for_test(document, message, to)
    context = speaking(_facts(terminal, About(contact, store, product, variant)), language)
    by = who(actor)
    terminal.answer(lambda services: services.previews.send_test(document, message, address, context, by), _sent)


class ConvertedReport(Model):
    """A template in our language; `unconverted`: what has no counterpart, or not the same, by line."""

    text: str
    unconverted: tuple[str, ...]


@command
def convert_(
    terminal: Terminal,
    file: Annotated[Path, typer.Argument(help="A template of Liquid or Klaviyo; - for standard input.")],
) -> None:
    """Turn a template of Liquid or Klaviyo into ours, and list what could not be converted. Needs nothing running."""
    found = convert(read_file(file).decode("utf-8-sig", errors="replace"))
    lines = tuple(
        f"{name_of(file)}:{each.line}:{each.column}: {each.text + ': ' if each.text else ''}{each.why}"
        for each in found.unconverted
    )
    report = ConvertedReport(text=found.text, unconverted=lines)
    if terminal.as_json:
        terminal.tell(report, lambda _: "")
    else:
        sys.stdout.write(found.text)
        for line in lines:
            say(line)
    if lines:
        raise typer.Exit(ExitCode.FAILED)


def _facts(terminal: Terminal, about: About) -> MessageContext:
    """What is known of them; asked only where something real is meant."""
    if about == About(store_id=about.store_id):
        return FULL
    return terminal.ask(lambda services: services.previews.facts(about))


def _one_html(found: PreviewedMessages) -> str:
    """Raises CommandFailed where there is not one."""
    pages = [each.html for each in found.messages if each.html is not None]
    if len(pages) != 1:
        told = "has no HTML" if not pages else "is not the only one: name it, and its --language; or use --out"
        raise CommandFailed("not_one_html", f"What you asked for {told}.", exit_=ExitCode.USAGE)
    return pages[0]


def _write_out(folder: Path, each: PreviewedMessage) -> list[Path]:
    stem = folder / f"{each.message}.{each.language}"
    written = [stem.with_name(f"{stem.name}.txt")]
    _write(written[0], f"{_subject(each)}{each.text}")
    if each.html is not None:
        written.append(stem.with_name(f"{stem.name}.html"))
        _write(written[1], each.html)
    return written


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandFailed("cannot_write", f"{file} cannot be written: {error.strerror}.") from None


def _shown(found: PreviewedMessages) -> str:
    if found.files:
        return "\n".join(f"Written: {file}" for file in found.files)
    return "\n\n".join(
        f"{each.message} ({each.language})\n\n{_subject(each)}{each.text.rstrip()}" for each in found.messages
    )


def _subject(each: PreviewedMessage) -> str:
    """The first lines of an e-mail; a text message has none."""
    return "" if each.subject is None else f"Subject: {each.subject}\n\n"


def _sent(sent: SentTest) -> str:
    what = "a text message" if sent.subject is None else f"'{sent.subject}'"
    return f"Sent {what}, message '{sent.message}' in {sent.language}. No journey knows of it."
