"""What of a conversation needs the installation's public address: refused, or said, where there is none."""

import re
from collections.abc import Iterator

from schemas.document.conversation import ConversationDocument, MessageSection
from schemas.errors import DomainError, ErrorKind

SETTING = "SHELFTALK_PUBLIC_URL"
_LINK = re.compile(r"\blinks\s*\.\s*(unsubscribe|page|confirm)\b")


class NoPublicAddress(DomainError):
    """The list asks who signs up first, and no address would lead to the answer."""

    code = "no_public_address"
    kind = ErrorKind.CONFLICT

    def __init__(self) -> None:
        super().__init__(
            "list.double_opt_in: whoever signs up is asked first, and without a public address nobody can answer: "
            f"everyone would wait for nothing. Set {SETTING} here and for the workers, or remove 'double_opt_in'."
        )


def require_public_address(document: ConversationDocument, public_url: str | None) -> None:
    """Refuse to publish what nobody could answer.

    Raises:
        NoPublicAddress: as it says.
    """
    if document.list.double_opt_in is not None and public_url is None:
        raise NoPublicAddress


def public_address_notes(document: ConversationDocument, public_url: str | None) -> tuple[str, ...]:
    """Where the document uses a link that leads through the installation, and there is none."""
    return () if public_url is not None else tuple(_notes(document))


def _notes(document: ConversationDocument) -> Iterator[str]:
    what_to_do = f"Set {SETTING} here and for the workers, or leave it out."
    if document.list.track_clicks:
        yield f"list.track_clicks: no click is known without a public address. {what_to_do}"
    if document.list.track_opens_in:
        yield f"list.track_opens_in: no open is known without a public address. {what_to_do}"
    for code, message in document.messages.items():
        if named := sorted(_links(message)):
            links = ", ".join(f"'links.{name}'" for name in named)
            are = "is" if len(named) == 1 else "are"
            yield f"messages.{code}: {links} {are} absent, for there is no public address. {what_to_do}"


def _links(message: MessageSection) -> set[str]:
    texts = (
        text
        for wording in message.wordings.values()
        for text in (wording.subject, wording.text, wording.mjml, wording.html)
        if text is not None
    )
    return {name for text in texts for name in _LINK.findall(text)}
