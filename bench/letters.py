"""The messages that are written and sent: a starter's mail, with all its links and in two languages, and a text."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import jinja2

from activities.rendering.compile import compile_message
from activities.rendering.facts import MessageContext
from activities.rendering.formats import FORMATTERS
from activities.rendering.messages import write_message
from activities.rendering.samples import FULL
from activities.rendering.templates import names_in_templates
from activities.revenue.links import LINKS
from activities.revenue.rewriting import host_of, links_to, with_links
from activities.senders.sender import Mail, Sms
from schemas.channels import Channel
from schemas.document.compiled_message import CompiledMessage
from schemas.document.conversation import MessageSection
from starter.documents import STARTER_CONVERSATION, load_document

LANGUAGES = ("en", "de-AT")
"""Those of the readers, in turn."""
PUBLIC_URL = "https://alerts.example"
PHONE = "+46701740605"
TEXT = "{{ product.title }} is back, for {{ variant.price|money }}: {{ product.url }} Reply STOP to end."


def _section() -> MessageSection:
    """The starter's mail, and the same with a German subject."""
    document = load_document(STARTER_CONVERSATION.read_bytes(), STARTER_CONVERSATION.name)
    written = document.messages["it-is-back"].model_dump(exclude_unset=True, by_alias=True)
    words = {part: written[part] for part in ("mjml", "text")}
    other = {"de": {"subject": "{{ product.title }} ist wieder da", **words}}
    return MessageSection.model_validate({**written, "language": "en", "locales": other})


@dataclass(slots=True)
class Letters:
    """Writes messages, each to another reader; compiled once, as a published version is."""

    _mail: CompiledMessage = field(default_factory=lambda: compile_message(_section()))
    _text: CompiledMessage = field(
        default_factory=lambda: compile_message(MessageSection(channel=Channel.SMS, text=TEXT))
    )
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def mail(self) -> Mail:
        """The next mail, its links to the shop's pages in the place of which are ours."""
        number = next(self._numbers)
        mail = self._written(self._mail, number, f"b{number}@example.com")
        assert isinstance(mail, Mail)
        host = host_of(FULL.shop.url)
        assert host is not None
        targets = links_to([host], mail.text, mail.html)
        instead = {target: f"{PUBLIC_URL}{LINKS}{number:016x}{place}" for place, target in enumerate(targets)}
        text, html = with_links(mail.text, mail.html, instead)
        return replace(mail, text=text, html=html)

    def text(self) -> Sms:
        """The next text message."""
        sms = self._written(self._text, next(self._numbers), PHONE)
        assert isinstance(sms, Sms)
        return sms

    def _written(self, compiled: CompiledMessage, number: int, recipient: str) -> Mail | Sms:
        context = _reader(number)
        return write_message(
            compiled, context, f"j-{number}@example.com", recipient, None, f"{number:032x}", "default.alerts.example"
        )


def _reader(number: int) -> MessageContext:
    return replace(FULL, attributes={"language": LANGUAGES[number % len(LANGUAGES)]})


class BareLetters:
    """The same mails by Jinja alone: no sandbox, no limits, and all names made beforehand."""

    def __init__(self) -> None:
        plain, marked = _environment(html=False), _environment(html=True)
        compiled = compile_message(_section())
        self._ready: list[tuple[list[jinja2.Template], dict[str, object]]] = []
        for number in range(len(LANGUAGES)):
            context = _reader(number)
            language, wording = compiled.wording_for(context.language)
            assert wording.subject is not None
            assert wording.html is not None
            templates = [*map(plain.from_string, (wording.subject, wording.text)), marked.from_string(wording.html)]
            self._ready.append((templates, names_in_templates(context, language)))
        self._numbers = itertools.count()

    def write(self) -> list[str]:
        """Subject, text and HTML of the next mail."""
        templates, names = self._ready[next(self._numbers) % len(self._ready)]
        return [each.render(names) for each in templates]


def _environment(*, html: bool) -> jinja2.Environment:
    environment = jinja2.Environment(autoescape=html, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(FORMATTERS)  # pyright: ignore[reportArgumentType, reportCallIssue] as in the product
    return environment
