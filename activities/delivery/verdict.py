"""The check before every message (promise P3): facts in, verdict out. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from activities.delivery.channel_facts import ChannelFacts
from activities.delivery.residence import Residence
from activities.delivery.sending_hours import next_lawful
from activities.waitlist.allocation import trigger_holds
from schemas.document.alert_types.registry import ALERT_TYPES
from schemas.document.alert_types.vocabulary import AlertEvent, AlertType
from schemas.journey.outcome import AfterRefusal, Deferred, Refused
from schemas.reasons import Reason

PAUSE_CHECK = timedelta(minutes=15)
"""How soon a message of a paused alert or conversation is looked at again."""
OWN_PAUSE_CHECK = timedelta(days=1)
"""How soon a message is looked at again whose contact asked for a pause: they may end it before its time."""
TELLING = (AlertEvent.ALERT, AlertEvent.FOLLOW_UP)
"""The events whose messages use the place; a confirmation or a farewell does not."""


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """What is true now of one message's journey.

    Attributes:
        event: the alert's event that the thread was entered on; None for a broadcast to the waiting list, and without
            an alert.
        type: of the alert that the journey waits for; None: the conversation has no alert.
        left: why the journey left the waiting list; None while it has not.
        paused: `conversation_paused` or `alert_paused`; None: neither.
        filtered: the alert's filters on product or contact do not hold.
        bought: the contact bought the product, since entering or in the time the alert names.
        claim: `given`: not told yet; `used`: told before; `lapsed`: told, and the place went to the next; None: none.
        on_sale, in_stock: true for a journey that is about no product. In stock for an alert: an episode is open, and
            for a claim not used yet it is the one the claim was given in; without an alert: it can be bought now.
        fewer_than_wanted: there are units for sale, or a claim not used yet is for some; fewer than the contact wants.
        other_product: the variant's id is told for two products at once, and means the one they did not ask for.
        measure, trigger: the price or quantity now, and the bound it must not exceed; None: the alert has none.
        already_sent: this message was sent, or may have been, before the journey moved to another version.
        emptied: nothing is left of the cart that the conversation was entered on.
        quiet_from, quiet_until: the list's quiet hours in its own time zone; both or neither.
        turn: when the caps of list and store allow the message; None: they do now, or there are none.
        together_until: until then it waits for what else comes back for them; None: it is told by itself.
        follows: another waits already, to be told in one message with it.
        unreachable: the contact has no address on the message's channel.
        beside: the conversation says something on another channel than e-mail, too.
        lives_in: where the contact lives, whose hours a text message keeps to; None: it is no text message.
        held_out: the conversation's experiment tells this contact nothing; it asks them all the same.
        refused: their newest word is a no.
        transactional: the message may go to somebody who has said nothing yet, and is outside all caps.
        asks_first: the list asks whoever signs up first, so that nobody who has said nothing is written to.
        question: the message asks whether it was them who signed up, and so needs no consent.
        asked_already: they have said yes, or of the last day there is another such question to them by this store,
            which they can still answer.
        paused_until: they asked for no messages until then.
        still: the message says that what they wait for in line is not back; then what can be bought is in stock.
    """

    event: AlertEvent | None
    type: AlertType | None
    draft: bool
    left: Reason | None
    erased: bool
    consented: bool
    suppressed: bool
    paused: Reason | None
    filtered: bool
    bought: bool
    on_sale: bool
    claim: Literal["given", "used", "lapsed"] | None
    in_stock: bool
    fewer_than_wanted: bool = False
    other_product: bool = False
    same_currency: bool = True
    measure: Decimal | None = None
    trigger: Decimal | None = None
    time_zone: str = "UTC"
    quiet_from: time | None = None
    quiet_until: time | None = None
    already_sent: bool = False
    emptied: bool = False
    turn: datetime | None = None
    together_until: datetime | None = None
    follows: bool = False
    unreachable: bool = False
    beside: bool = False
    lives_in: Residence | None = None
    held_out: bool = False
    refused: bool = False
    transactional: bool = False
    asks_first: bool = False
    question: bool = False
    asked_already: bool = False
    paused_until: datetime | None = None
    still: bool = False


@dataclass(frozen=True, slots=True)
class Go:
    """The message may be sent."""


def judge(facts: MessageFacts, now: datetime) -> Go | Deferred | Refused:
    """Whether the message may leave at `now` (aware).

    Checks the contact first, then the message, the product and the hour: so the reason on record is the most lasting
    one.
    """
    if (reason := _about_the_person(facts)) is not None:
        return Refused(reason=reason, then=AfterRefusal.LEAVE)
    if (reason := _about_the_channel(facts)) is not None:
        # Where other channels speak as well, what is missing on this one passes over its message, never the contact;
        # but what is not asked is never answered.
        goes_on = facts.beside and not facts.question
        return Refused(reason=reason, then=AfterRefusal.GO_ON if goes_on else AfterRefusal.LEAVE)
    if facts.draft:
        return Refused(reason=Reason.MESSAGE_DRAFT, then=AfterRefusal.GO_ON)
    if facts.already_sent:
        return Refused(reason=Reason.ALREADY_SAID, then=AfterRefusal.GO_ON)
    if facts.asked_already:
        return Refused(reason=Reason.ASKED_ALREADY, then=AfterRefusal.GO_ON)
    if facts.paused is not None:
        # What nobody's place depends on can wait for the next day.
        return Deferred(until=now + (OWN_PAUSE_CHECK if facts.still else PAUSE_CHECK), reason=facts.paused)
    if (silent := _by_their_own_pause(facts, now)) is not None:
        return silent
    if facts.type is None:
        refused = _about_the_product(facts)
    elif facts.still:
        refused = _about_the_wait(facts)
    elif facts.event in TELLING:
        refused = _about_the_offer(facts, facts.type)
    else:
        refused = None
    if refused is not None:
        return refused
    if facts.together_until is not None and now < facts.together_until:
        return Deferred(until=facts.together_until, reason=Reason.TOLD_TOGETHER)
    if (until := _quiet_until(facts, now)) is not None:
        return Deferred(until=until, reason=Reason.QUIET_HOURS)
    if facts.lives_in is not None and (until := next_lawful(facts.lives_in, now)) > now:
        return Deferred(until=until, reason=Reason.UNLAWFUL_HOUR)
    if facts.turn is not None and is_capped(facts.event, transactional=facts.transactional):
        return Deferred(until=facts.turn, reason=Reason.TOO_FREQUENT)
    if facts.held_out and not facts.question:
        # Last of all, so that whoever is on record as held out would have been told at this moment.
        return Refused(reason=Reason.HELD_OUT, then=_after_holding_out(facts))
    return Go()


def _by_their_own_pause(facts: MessageFacts, now: datetime) -> Deferred | Refused | None:
    """They asked for no messages for a while: a place they were given goes to the next, and theirs in line is kept."""
    if facts.paused_until is None or facts.paused_until <= now or facts.question:
        return None
    if facts.claim == "given" and facts.event is AlertEvent.ALERT:
        return Refused(reason=Reason.CONTACT_PAUSED, then=AfterRefusal.BACK_IN_LINE)
    return Deferred(until=min(facts.paused_until, now + OWN_PAUSE_CHECK), reason=Reason.CONTACT_PAUSED)


def is_capped(event: AlertEvent | None, *, transactional: bool = False) -> bool:
    """Whether caps are for a message of a thread on this event: not for what answers a sign-up, or is owed anyway."""
    return event is not AlertEvent.SUBSCRIPTION and not transactional


def _after_holding_out(facts: MessageFacts) -> AfterRefusal:
    """Their turn ends their journey; what comes before it, or is said to everyone in line, is passed over."""
    at_their_turn = facts.event in TELLING or (facts.type is None and facts.event is None)
    return AfterRefusal.LEAVE if at_their_turn else AfterRefusal.GO_ON


def _about_the_person(facts: MessageFacts) -> Reason | None:
    """Why the contact may not be written to any more."""
    being_dismissed = facts.event is AlertEvent.DISCONTINUED and facts.left is Reason.DISCONTINUED
    if facts.left is not None and not being_dismissed:
        return facts.left
    return Reason.ERASED if facts.erased else None


def _about_the_channel(facts: MessageFacts) -> Reason | None:
    """Why nothing may be sent to the contact on the message's channel."""
    return ChannelFacts(
        unreachable=facts.unreachable,
        consented=facts.consented,
        refused=facts.refused,
        suppressed=facts.suppressed,
        unasked=(facts.transactional and not facts.asks_first) or facts.question,
    ).silenced_by


def _about_the_product(facts: MessageFacts) -> Refused | None:
    """Why a message of a conversation without an alert would not be true of its product any more."""
    if facts.bought:
        return Refused(reason=Reason.PURCHASED, then=AfterRefusal.LEAVE)
    if facts.emptied:
        return Refused(reason=Reason.NOT_IN_CART, then=AfterRefusal.LEAVE)
    if not facts.on_sale:
        return Refused(reason=Reason.INACTIVE, then=AfterRefusal.GO_ON)
    if not facts.in_stock:
        return Refused(reason=Reason.SOLD_OUT_AGAIN, then=AfterRefusal.GO_ON)
    return None


def _about_the_wait(facts: MessageFacts) -> Refused | None:
    """Why it is not true, or not for this contact, that what they wait for is still not back."""
    if facts.bought:
        return Refused(reason=Reason.PURCHASED, then=AfterRefusal.LEAVE)
    if facts.filtered:
        return Refused(reason=Reason.FILTERED, then=AfterRefusal.GO_ON)
    if facts.other_product:
        return Refused(reason=Reason.OTHER_PRODUCT, then=AfterRefusal.GO_ON)
    if not facts.on_sale:
        return Refused(reason=Reason.INACTIVE, then=AfterRefusal.GO_ON)
    if facts.in_stock:
        return Refused(reason=Reason.IN_STOCK, then=AfterRefusal.GO_ON)
    return None


def _about_the_offer(facts: MessageFacts, type_: AlertType) -> Refused | None:
    """Why the alert's message is not true any more, or not for this contact.

    One who was not told yet goes back in line where the reason may pass.
    """
    told = facts.claim in ("used", "lapsed")
    if facts.bought:
        return Refused(reason=Reason.PURCHASED, then=AfterRefusal.LEAVE)
    if facts.claim == "lapsed":
        return Refused(reason=Reason.OFFER_LAPSED, then=AfterRefusal.GO_ON)
    if not facts.same_currency:
        return Refused(reason=Reason.CURRENCY_CHANGED, then=AfterRefusal.GO_ON if told else AfterRefusal.LEAVE)
    if facts.filtered:
        return Refused(reason=Reason.FILTERED, then=AfterRefusal.GO_ON if told else AfterRefusal.LEAVE)
    passing = AfterRefusal.GO_ON if told else AfterRefusal.BACK_IN_LINE
    if facts.other_product:
        return Refused(reason=Reason.OTHER_PRODUCT, then=passing)
    if not facts.on_sale:
        return Refused(reason=Reason.INACTIVE, then=passing)
    if not facts.in_stock or facts.claim is None:
        return Refused(reason=Reason.SOLD_OUT_AGAIN, then=passing)
    if facts.fewer_than_wanted:
        return Refused(reason=Reason.FEWER_THAN_WANTED, then=passing)
    if not trigger_holds(facts.trigger, facts.measure):
        return Refused(reason=ALERT_TYPES[type_].over_trigger, then=passing)
    return None


def _quiet_until(facts: MessageFacts, now: datetime) -> datetime | None:
    """When the quiet hours that hold at `now` end; None outside them. By the wall clock, daylight saving included."""
    starts, ends = facts.quiet_from, facts.quiet_until
    if starts is None or ends is None:
        return None
    # A wall-clock time of the settings does not say which of two it is in the night the clocks go back.
    starts, ends = starts.replace(fold=0), ends.replace(fold=0)
    if starts == ends:
        return None
    zone = ZoneInfo(facts.time_zone)
    local = now.astimezone(zone)
    wall = local.time()
    quiet = starts <= wall < ends if starts < ends else wall >= starts or wall < ends
    if not quiet:
        return None
    day = local.date() if wall < ends else local.date() + timedelta(days=1)
    until = datetime.combine(day, ends, zone).astimezone(UTC)
    # In that night the end may come twice; if the first has passed, it is the second.
    return until if until > now else datetime.combine(day, ends.replace(fold=1), zone).astimezone(UTC)
