"""What is to be said of a document's messages, each where it stands: mistakes, notes, and what they may do without."""

from collections.abc import Iterator

from pydantic import ValidationError

from activities.rendering.compile import check_message
from activities.rendering.gaps import find_gaps, may_be_absent
from activities.rendering.language import TemplateDiagnostic
from activities.rendering.links import find_links_away
from schemas.document.conversation import ConversationDocument, MessageSection
from schemas.model import Model
from starter.authoring.marked_yaml import Mark, MarkedTree
from starter.authoring.segment_notes import find_segment_notes, find_too_long
from workflows.compiler.diagnostics import Diagnostic, Path


class MessageParts(Model):
    """What not every product or contact has, of all that a message shows or asks for.

    Attributes:
        may_be_absent: as the message names it: `variant.price`.
    """

    message: str
    may_be_absent: tuple[str, ...]


def find_message_errors(tree: MarkedTree) -> Iterator[tuple[Diagnostic, Mark]]:
    """Mistakes in each valid message, even where other parts of the document are invalid."""
    messages = tree.value.get("messages") if isinstance(tree.value, dict) else None
    for code, value in messages.items() if isinstance(messages, dict) else ():
        try:
            message = MessageSection.model_validate(value)
        except ValidationError:
            continue
        for found in (*check_message(message), *find_too_long(message)):
            yield _placed(tree, code, found)


def find_message_notes(tree: MarkedTree, document: ConversationDocument) -> Iterator[tuple[Diagnostic, Mark]]:
    """What messages may read like where a value is missing, and what text messages cost."""
    for code, message in document.messages.items():
        for found in (*find_gaps(message), *find_segment_notes(message)):
            yield _placed(tree, code, found)


def find_message_links(tree: MarkedTree, document: ConversationDocument) -> Iterator[tuple[Diagnostic, Mark]]:
    """The links of messages that lead away from the document's stores."""
    for code, message in document.messages.items():
        for found in find_links_away(message, document.list.stores or ()):
            yield _placed(tree, code, found)


def message_parts(document: ConversationDocument) -> tuple[MessageParts, ...]:
    """What each message may have to do without; of messages without mistakes."""
    return tuple(
        MessageParts(message=code, may_be_absent=absent)
        for code, message in document.messages.items()
        if (absent := may_be_absent(message))
    )


def _placed(tree: MarkedTree, code: str, found: TemplateDiagnostic) -> tuple[Diagnostic, Mark]:
    locale = ("locales", found.language) if found.language is not None else ()
    path: Path = ("messages", code, *locale, found.field)
    return Diagnostic(path, found.message, found.advice), tree.mark_within(path, found.line, found.column)
