"""Makes a channel's message from a template and the facts of the moment."""

from typing import assert_never

from activities.rendering.facts import MessageContext
from activities.rendering.templates import CannotRender, render
from activities.senders.sender import Mail, Message, Sms
from activities.senders.sms.segments import LONGEST_TEXT
from schemas.channels import Channel
from schemas.document.compiled_message import CompiledMessage


def write_message(
    compiled: CompiledMessage,
    context: MessageContext,
    message_id: str,
    recipient: str,
    sender: str | None,
    reference: str | None,
    list_id: str | None = None,
) -> Message:
    """The rendered message, ready for the channel's sender.

    Args:
        message_id, recipient, sender, reference, list_id: as in the channel's message.

    Raises:
        CannotRender: a template is at fault.
    """
    rendered = render(compiled, context)
    match compiled.channel:
        case Channel.EMAIL:
            if rendered.subject is None:
                raise CannotRender("The message has no subject: write one.")
            return Mail(
                message_id,
                recipient,
                rendered.subject,
                rendered.text,
                rendered.html,
                sender,
                reference,
                list_id,
                context.links.unsubscribe,
            )
        case Channel.SMS:
            if len(rendered.text) > LONGEST_TEXT:
                raise CannotRender(f"The text message is longer than {LONGEST_TEXT} characters: shorten it.")
            return Sms(message_id, recipient, rendered.text, reference)
        case _:
            assert_never(compiled.channel)
