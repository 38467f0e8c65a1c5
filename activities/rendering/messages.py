"""Makes a channel's message from a template and the facts of the moment."""

from typing import assert_never

from activities.rendering.facts import MessageContext
from activities.rendering.templates import render
from activities.senders.sender import Mail, Message
from schemas.channels import Channel
from schemas.document.compiled_message import CompiledMessage


def write_message(
    compiled: CompiledMessage,
    context: MessageContext,
    message_id: str,
    recipient: str,
    sender: str | None,
    reference: str | None,
) -> Message:
    """The rendered message, ready for the channel's sender.

    Args:
        message_id, recipient, sender, reference: as in the channel's message.

    Raises:
        CannotRender: a template is at fault.
    """
    match compiled.channel:
        case Channel.EMAIL:
            rendered = render(compiled, context)
            return Mail(message_id, recipient, rendered.subject, rendered.text, rendered.html, sender, reference)
        case _:
            assert_never(compiled.channel)
