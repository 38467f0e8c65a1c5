"""Messages as somebody would read them, before anybody does."""

from schemas.model import Model


class PreviewedMessage(Model):
    """A message, rendered.

    Attributes:
        message: its name in the conversation.
        language: which of its wordings this is.
        subject: of an e-mail; None: it is a text message.
    """

    message: str
    language: str
    subject: str | None
    text: str
    html: str | None


class PreviewedMessages(Model):
    """Messages of one conversation; with `files`, where they were written."""

    conversation: str
    messages: tuple[PreviewedMessage, ...]
    files: tuple[str, ...] = ()


class SentTest(Model):
    """A test message that the provider took. Nobody's journey knows of it; `subject` None: it is a text message."""

    message: str
    language: str
    subject: str | None
    message_id: str
