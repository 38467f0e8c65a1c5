"""What the row of facts of one message means: for the verdict, and for the words. Pure."""

from dataclasses import replace

from activities.delivery.items import money
from activities.delivery.residence import residence
from activities.delivery.send_rows import SendRow
from activities.delivery.stored_message import StoredMessage
from activities.delivery.verdict import MessageFacts
from activities.rendering.facts import ItemPart, ListPart, MessageContext, ProductPart, ShopPart, VariantPart, WaitPart
from activities.stock.offers import Product
from schemas.channels import Channel
from schemas.document.alert_types.offer import Offer
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.ids import Subject
from schemas.journey.activities import Deliver
from schemas.reasons import Reason


def asks_offer(row: SendRow, message: StoredMessage | None, *, still: bool = False) -> bool:
    """Whether what is for sale now has to be known: of an alert's only where a message says how much is left.

    Args:
        still: it says that nothing is.
    """
    says_units = message is not None and message.shows("variant.units")
    return (row.alert_id is None or says_units or still) and row.subject is not None


def offer_of(row: SendRow, product: Product | None) -> Offer | None:
    """What is for sale now of what a journey is about."""
    if product is None or row.subject is None:
        return None
    subject = Subject.from_key(row.store_id, row.subject)
    return product.offer(subject.level, subject.id, row.locations)


def verdict_facts(
    row: SendRow, request: Deliver, offer: Offer | None, message: StoredMessage | None, *, filtered: bool
) -> MessageFacts:
    """What the verdict asks."""
    texted = message is not None and message.channel is Channel.SMS
    is_told = request.event is AlertEvent.ALERT and not request.step.manual
    gathers = row.gathers and is_told and message is not None and message.tells_together
    return MessageFacts(
        event=request.event,
        type=row.type,
        draft=request.step.draft,
        already_sent=row.already_sent and not request.says_still,  # whose step is the same in every version
        left=row.left_reason or (Reason.CANCELLED if row.ended else None),
        erased=row.erased,
        consented=row.consented,
        suppressed=row.suppressed,
        paused=row.paused,
        filtered=filtered,
        bought=row.bought,
        emptied=bool(row.emptied),
        on_sale=row.on_sale,
        other_product=row.other_product,
        claim=row.claim,
        in_stock=_in_stock(row, offer, still=request.says_still),
        fewer_than_wanted=row.fewer_than_wanted,
        same_currency=row.same_currency,
        measure=row.measure,
        trigger=row.trigger_at,
        time_zone=row.time_zone,
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
        turn=row.turn,
        together_until=row.together_until if gathers else None,
        follows=gathers and row.follows,
        unreachable=row.address is None,
        beside=message is not None and message.beside,
        lives_in=residence(row.attributes, row.phone) if texted and row.phone is not None else None,
        held_out=row.experiment is not None and row.experiment.holds_out(row.contact_id),
        refused=row.refused,
        transactional=message is not None and message.transactional,
        asks_first=row.asks_first,
        question=request.is_question,
        asked_already=row.asked_already,
        paused_until=row.paused_until,
        still=request.says_still,
    )


def _in_stock(row: SendRow, offer: Offer | None, *, still: bool) -> bool:
    """As the facts have it; an alert may ask for more units than what can be bought already."""
    if still:
        return row.in_stock or (offer is not None and offer.can_be_bought)
    return row.in_stock if row.type is not None else offer is None or offer.can_be_bought


def of_new_address(facts: MessageFacts, *, there_is: bool) -> MessageFacts:
    """It is the new address that is written to, and asked: what stands against the present one is nothing to it."""
    return replace(facts, question=True, unreachable=False, refused=False, suppressed=False, already_sent=not there_is)


def message_context(
    row: SendRow, items: tuple[ItemPart, ...], offer: Offer | None, place: int | None
) -> MessageContext:
    """What a message can show."""
    page, price = row.page(row.product_url, row.handle, row.variant_id), money(row.price, row.currency)
    units = None if offer is None or offer.open_ended else offer.units
    return MessageContext(
        shop=ShopPart(name=row.shop_name, url=row.front_page),
        product=ProductPart(title=row.product_title or "", url=page, image_url=row.image_url),
        variant=VariantPart(
            title=row.variant_title or "", sku=row.sku, price=price, currency=row.currency, units=units
        ),
        list=ListPart(name=row.list_name),
        coupon=row.coupon,
        items=items,
        event=row.properties or {},
        attributes=row.attributes,
        wait=WaitPart(row.entered_at, money(row.entry_price, row.currency), place, row.instead_of),
        time_zone=row.time_zone,
    )
