"""Makes a channel's message from a template and the facts of the moment."""

from typing import assert_never

from activities.rendering.templates import MessageContext, render
from activities.senders.sender import Mail, Message
from schemas.channels import Channel
from schemas.document.conversation import MessageSection


def write_message(
    section: MessageSection,
    context: MessageContext,
    message_id: str,
    recipient: str,
    sender: str | None,
    reference: str,
    list_id: str | None = None,
) -> Message:
    """The rendered message, ready for the channel's sender.

    Args:
        message_id, recipient, sender, reference, list_id: as in the channel's message.

    Raises:
        CannotRender: a template is at fault.
    """
    match section.channel:
        case Channel.EMAIL:
            rendered = render(section, context)
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
        case _:
            assert_never(section.channel)
