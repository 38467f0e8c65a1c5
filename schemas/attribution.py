"""How orders are credited to messages: the touches there are, and within how many days each counts."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.channels import Channel
from schemas.model import Model, Section

LONGEST_DAYS = 90
"""After a season nobody buys because of a message."""

AttributionDays = Annotated[int, Field(ge=0, le=LONGEST_DAYS)]
Days = Annotated[AttributionDays, Field(strict=True)]


class Touch(StrEnum):
    """What a contact did with a message before they ordered, from the weakest to the strongest."""

    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    COUPON = "coupon"
    """They ordered with the code that the message gave them."""


class AttributionModel(Model):
    """Within how many days of each touch an order is credited to its message; 0: never. Each credit keeps its own.

    What machines open and click does not count. The last thing they did counts, and a message's own coupon always.
    """

    email_click_days: Days = 5
    email_open_days: Days = 5
    sms_click_days: Days = 5
    delivered_days: Days = 0

    def days(self, channel: str, touch: Touch) -> int:
        """Within how many days such a touch counts; 0: never. A coupon has no window."""
        by_mail = channel == Channel.EMAIL
        match touch:
            case Touch.DELIVERED:
                return self.delivered_days
            case Touch.OPENED:
                return self.email_open_days if by_mail else 0
            case Touch.CLICKED:
                return self.email_click_days if by_mail else self.sms_click_days
            case Touch.COUPON:
                return LONGEST_DAYS


class Attribution(Section, title="Attribution"):
    """Within how many days of what they did with a message an order is credited to it; 0: never.

    What is left out is as the installation has it.
    """

    email_click_days: Days | None = None
    """After a click in an e-mail, from 0 to 90."""
    email_open_days: Days | None = None
    """After an e-mail was opened."""
    sms_click_days: Days | None = None
    """After a click in a text message."""
    delivered_days: Days | None = None
    """After any message, whatever they did with it."""

    def over(self, installation: AttributionModel) -> AttributionModel:
        """What holds for the messages of the list."""
        return installation.model_copy(update=self.model_dump(exclude_none=True))
