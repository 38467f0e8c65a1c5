"""Why a contact was told or not, and how journeys end: the closed sets shared by ledger, path, API and console."""

from datetime import UTC, datetime
from enum import StrEnum


class Reason(StrEnum):
    """Why a message did not leave, or why a journey ended without one (promise P7)."""

    SOLD_OUT_AGAIN = "sold_out_again"
    PRICE_BACK_UP = "price_back_up"
    NOT_LOW_ANY_MORE = "not_low_any_more"
    CURRENCY_CHANGED = "currency_changed"
    DISCONTINUED = "discontinued"
    PURCHASED = "purchased"
    FILTERED = "filtered"
    CONVERSATION_PAUSED = "conversation_paused"
    ALERT_PAUSED = "alert_paused"
    OFFER_LAPSED = "offer_lapsed"
    INACTIVE = "inactive"
    OTHER_PRODUCT = "other_product"
    PRICE_UNKNOWN = "price_unknown"
    FREE = "free"
    TOO_CHEAP = "too_cheap"
    NO_CONSENT = "no_consent"
    NO_ADDRESS = "no_address"
    SUPPRESSED = "suppressed"
    QUIET_HOURS = "quiet_hours"
    UNLAWFUL_HOUR = "unlawful_hour"
    TOO_FREQUENT = "too_frequent"
    TOLD_TOGETHER = "told_together"
    WINDOW_ENDED = "window_ended"
    NOT_NEXT_IN_LINE = "not_next_in_line"
    FEWER_THAN_WANTED = "fewer_than_wanted"
    MESSAGE_DRAFT = "message_draft"
    MESSAGE_BROKEN = "message_broken"
    NO_MESSAGE = "no_message"
    ERASED = "erased"
    PROVIDER_REFUSED = "provider_refused"
    BAD_ADDRESS = "bad_address"
    SENDER_AT_FAULT = "sender_at_fault"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    PROVIDER_UNKNOWN = "provider_unknown"
    CANCELLED = "cancelled"
    IN_STOCK = "in_stock"
    NO_VARIANT = "no_variant"
    AWAITING_APPROVAL = "awaiting_approval"
    DECLINED = "declined"
    SKIPPED = "skipped"
    ALREADY_SAID = "already_said"
    WEBHOOK_FAILED = "webhook_failed"
    GOAL_REACHED = "goal_reached"
    EXIT_RULE = "exit_rule"
    CONVERSATION_CHANGED = "conversation_changed"
    THERE_ALREADY = "there_already"
    TOO_LATE = "too_late"
    OTHER_STORE = "other_store"
    TOLD_ALREADY = "told_already"
    SAME_MAILBOX = "same_mailbox"
    NOT_IN_CART = "not_in_cart"
    HELD_OUT = "held_out"
    NOT_CONFIRMED = "not_confirmed"
    ASKED_ALREADY = "asked_already"
    CONTACT_PAUSED = "contact_paused"
    LEFT_BY_THEMSELVES = "left_by_themselves"
    MOVED = "moved"

    @property
    def passes_by_itself(self) -> bool:
        """Whether time alone may do away with it, so that trying again makes sense though nothing has changed."""
        return self in (
            Reason.PROVIDER_UNAVAILABLE,
            Reason.QUIET_HOURS,
            Reason.UNLAWFUL_HOUR,
            Reason.TOO_FREQUENT,
            Reason.TOLD_TOGETHER,
        )

    @property
    def sentence(self) -> str:
        """What support can say to the contact."""
        return _SENTENCES[self]

    @property
    def holding_up(self) -> str:
        """What support can say while it holds a journey up, and what to do about it."""
        if self in STOPPING:
            again = f"Once that is mended, `shelftalk repair resume --cause {self}` lets it try again."
            return f"It is stopped: {self.sentence} {again}"
        if self is Reason.AWAITING_APPROVAL:
            return f"{self.sentence} `shelftalk message held` has it."
        return f"It is held up: {self.sentence}"

    def put_off(self, until: datetime | None) -> str:
        """The same, with the moment that it is put off until, where that is known."""
        if until is None:
            return self.holding_up
        return f"It is put off until {until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC: {self.sentence}"


_SENTENCES = {
    Reason.SOLD_OUT_AGAIN: "It was sold out again before the message could leave.",
    Reason.PRICE_BACK_UP: "The price was back up before the message could leave.",
    Reason.NOT_LOW_ANY_MORE: "There are more units again than the alert calls low.",
    Reason.CURRENCY_CHANGED: "The shop's currency changed, so the prices cannot be compared.",
    Reason.DISCONTINUED: "The product was discontinued.",
    Reason.PURCHASED: "The contact has bought it already.",
    Reason.FILTERED: "The alert's or conversation's own conditions do not hold.",
    Reason.CONVERSATION_PAUSED: "The conversation is paused; everyone keeps their place.",
    Reason.ALERT_PAUSED: "The alert is paused; everyone keeps their place.",
    Reason.OFFER_LAPSED: "The offer was not taken up in time, and the place passed on.",
    Reason.INACTIVE: "The product is not on sale: unpublished, archived or removed.",
    Reason.OTHER_PRODUCT: "The shop tells this id for two products, and now means the one they did not ask for.",
    Reason.PRICE_UNKNOWN: "The price is not known, so there is none that could drop.",
    Reason.FREE: "It costs nothing, so its price cannot drop.",
    Reason.TOO_CHEAP: "It costs less than the drop that the alert waits for.",
    Reason.NO_CONSENT: "The contact has not agreed to be written to.",
    Reason.NO_ADDRESS: "The contact has no address for it: no number for a text message, or no e-mail address.",
    Reason.SUPPRESSED: "The address is on the suppression list.",
    Reason.QUIET_HOURS: "The list keeps quiet at this hour.",
    Reason.UNLAWFUL_HOUR: "No text message may reach them at this hour, by the rules of where they live.",
    Reason.TOO_FREQUENT: "They have had as many messages as the cap of the list or the shop allows for now.",
    Reason.TOLD_TOGETHER: "It waits for what else comes back for them, to be told in one message.",
    Reason.WINDOW_ENDED: "The relevancy window ended before there was a unit for them.",
    Reason.NOT_NEXT_IN_LINE: "There were fewer units than people waiting, and others came first.",
    Reason.FEWER_THAN_WANTED: "There are fewer units for them than they want. Others are told; they keep their place.",
    Reason.MESSAGE_DRAFT: "The message is still a draft.",
    Reason.MESSAGE_BROKEN: "The message could not be rendered; its template needs mending.",
    Reason.NO_MESSAGE: "The thread they walked has no message for them.",
    Reason.ERASED: "The contact was erased.",
    Reason.PROVIDER_REFUSED: "The provider refused the message for good.",
    Reason.BAD_ADDRESS: "Nobody is at the address, by the provider's word; nothing is sent to it any more.",
    Reason.SENDER_AT_FAULT: "The provider takes nothing from the shop's sender until that is mended.",
    Reason.PROVIDER_UNAVAILABLE: "The provider could not be reached for a whole day.",
    Reason.PROVIDER_UNKNOWN: "It cannot be known whether the provider took the message; it is not sent again.",
    Reason.CANCELLED: "The journey was cancelled.",
    Reason.IN_STOCK: "It can be bought now, so there is nothing to wait for.",
    Reason.AWAITING_APPROVAL: "The message waits for somebody's approval.",
    Reason.DECLINED: "Somebody looked at the message and declined to send it.",
    Reason.SKIPPED: "Somebody let the journey pass over this step.",
    Reason.ALREADY_SAID: "This very message was sent before the journey moved to another version.",
    Reason.WEBHOOK_FAILED: "The other system could not be told, and the step says that it must be.",
    Reason.GOAL_REACHED: "The conversation's goal was reached.",
    Reason.EXIT_RULE: "What the contact did ends the conversation, by its own rule.",
    Reason.CONVERSATION_CHANGED: "Another version was published, or the conversation retired, and it was ended then.",
    Reason.THERE_ALREADY: "They are in this conversation already.",
    Reason.TOO_LATE: "It was told so long after it happened that to answer it would be odd.",
    Reason.OTHER_STORE: "The list is for other stores.",
    Reason.TOLD_ALREADY: "They were told of it already: one person is told of one thing once.",
    Reason.SAME_MAILBOX: "Other addresses of their mailbox have as many places for it as one mailbox may have.",
    Reason.NOT_IN_CART: "It is not in the contact's cart any more.",
    Reason.HELD_OUT: "Their turn had come, and the conversation's experiment tells them nothing, to compare with.",
    Reason.NOT_CONFIRMED: "They were asked by mail whether they want this, and have not said yes.",
    Reason.ASKED_ALREADY: "They were asked within a day whether they want this; one yes counts for all.",
    Reason.CONTACT_PAUSED: "They asked for no messages until a day of their own choice, and keep their place.",
    Reason.LEFT_BY_THEMSELVES: "They left the line themselves, on their own page.",
    Reason.MOVED: "The line was moved, and they wait for something else instead, with their place.",
    Reason.NO_VARIANT: "The alert watches single variants, and it is not known which one they looked at.",
}


STOPPING = (Reason.MESSAGE_BROKEN, Reason.WEBHOOK_FAILED, Reason.SENDER_AT_FAULT)
"""Causes that stop a journey until somebody mends them. A message that waits for approval is not among them."""

UP_TO_THEM = (Reason.NOT_CONFIRMED, Reason.CONTACT_PAUSED)
"""Why a place is passed over until its contact says otherwise, whatever becomes of the stock."""


class Ending(StrEnum):
    """How a journey ended."""

    COMPLETED = "completed"
    EXPIRED = "expired"
    EXITED = "exited"
    DISCONTINUED = "discontinued"
