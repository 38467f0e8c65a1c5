"""Which message of a conversation is meant, in which language, and what a test of it is sent to."""

from dataclasses import replace

from activities.rendering.facts import MessageContext
from schemas.addresses import email_address, phone_number
from schemas.channels import Channel
from schemas.document.conversation import ConversationDocument, MessageSection
from schemas.errors import DomainError, ErrorKind, FieldError


class NoSuchMessage(DomainError):
    """The conversation has no message of this name, or none in this language."""

    code = "no_such_message"
    kind = ErrorKind.NOT_FOUND


class NoAddress(DomainError):
    """What a test is to be sent to is no address on the message's channel."""

    code = "no_address"
    kind = ErrorKind.INVALID
    advice = "Give your own with --to."


def section_of(document: ConversationDocument, message: str) -> MessageSection:
    """Raises NoSuchMessage: it has none of this name."""
    if message not in document.messages:
        known = ", ".join(document.messages)
        raise NoSuchMessage(f"'{document.conversation}' has no message '{message}'. It has: {known}.")
    return document.messages[message]


def first_mail(document: ConversationDocument) -> str:
    """The name of its first message by e-mail.

    Raises:
        NoSuchMessage: it has none.
    """
    found = next((code for code, each in document.messages.items() if each.channel is Channel.EMAIL), None)
    if found is None:
        raise NoSuchMessage(f"'{document.conversation}' has no message by e-mail.")
    return found


def address_for_test(document: ConversationDocument, message: str, to: str) -> str:
    """What a test of this message goes to, in its one way of writing.

    Raises:
        NoSuchMessage, NoAddress: as they say.
    """
    texts = section_of(document, message).channel is Channel.SMS
    try:
        return phone_number(to, document.list.country) if texts else email_address(to)
    except ValueError:
        kind = "phone number, like +12025550123" if texts else "e-mail address"
        told = f"'to' is no {kind}."
        raise NoAddress(told, fields=(FieldError("$.to", told),)) from None


def speaking(context: MessageContext, language: str | None) -> MessageContext:
    """The same for somebody who reads this language; None: their own."""
    return context if language is None else replace(context, attributes={**context.attributes, "language": language})
