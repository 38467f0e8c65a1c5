"""What is answered about what became of messages."""

from datetime import date
from enum import StrEnum

from schemas.ids import StoreId
from schemas.model import Model


class ActivityBy(StrEnum):
    """What one line of the report is of."""

    MESSAGE = "message"
    STEP = "step"
    VERSION = "version"
    CONVERSATION = "conversation"
    ALERT = "alert"
    LIST = "list"


class MessageFigures(Model):
    """What became of messages that were sent in a period. But for `told` all count messages, each once.

    Attributes:
        list_code, conversation, version, step, message: what they are of; None where the line is of more than one.
        alert: what their people waited for, in a report by alert; None: they entered without one.
        sent: handed over to a provider, or perhaps: `unknown` of them nobody knows.
        told: journeys that they told something; more than `sent` where one message told of several things together.
        delivered: the receiver took it, by what was told; what was opened or clicked has arrived.
        bounced: it came back for good, or was not sent or delivered for another cause.
        opened, clicked: by people; `machine_opened` and `machine_clicked` by proxies and scanners alone.
    """

    list_code: str
    conversation: str | None = None
    alert: str | None = None
    version: str | None = None
    step: str | None = None
    message: str | None = None
    sent: int
    told: int
    unknown: int
    delivered: int
    bounced: int
    opened: int
    machine_opened: int
    clicked: int
    machine_clicked: int
    complained: int
    unsubscribed: int


class MessageActivity(Model):
    """Those with most messages first. Days are the list's own, UTC's when no list is named; both ends count.

    Attributes:
        list_code, conversation, alert, store: only what was sent of these; None: of all.
    """

    list_code: str | None
    conversation: str | None
    alert: str | None
    store: StoreId | None
    since: date | None
    until: date | None
    by: ActivityBy
    messages: tuple[MessageFigures, ...]
