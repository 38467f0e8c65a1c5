"""Which conversation a command is about: a file, or one that is there, by its short name."""

from pathlib import Path

from schemas.document.conversation import ConversationDocument
from starter.commands.conversations import read_file
from starter.commands.terminal.asking import Terminal
from starter.commands.terminal.failures import CommandFailed
from starter.documents import load_document
from starter.versioning.which import Which


def chosen_document(terminal: Terminal, conversation: str) -> tuple[str, ConversationDocument]:
    """What is chosen, as it is named to people, and its document: a file's, that of `CODE@VERSION`, or of a
    conversation's working or else published version.

    Raises:
        CommandFailed: there is none.
    """
    file = Path(conversation)
    if file.suffix or file.exists():
        return conversation, load_document(read_file(file), conversation)
    if "@" in conversation:
        return conversation, terminal.ask(lambda services: services.versions.document(Which.named(conversation)))
    found = terminal.ask(lambda services: services.versions.latest(conversation))
    if found is None:
        message = f"There is no file and no conversation '{conversation}'."
        raise CommandFailed("no_such_conversation", message)
    which, document = found
    return f"{which}, the {'working' if which.working else 'published'} version", document
