"""Enlisting for alerts: what a contact browsed or carted enters them wherever a published alert is fed by that."""

from datetime import datetime
from typing import assert_never

from activities.delivery.channel_facts import ChannelFacts, silenced_on_all
from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.stock.products import find_product
from activities.waitlist.entrances import Entrances
from activities.waitlist.entry import Entered, NotEntered
from activities.waitlist.interest import Interest
from schemas.document.alert_types.vocabulary import Action
from schemas.ids import ContactId
from schemas.incoming.events import Considered, EntryResult, Event, EventEffect
from schemas.reasons import Reason

SQL = load_queries("activities.intake", "enlisting.sql")

UNKNOWN_THING = "The shop has no such product or variant that we know of: recorded, and nobody is enlisted for it."
NO_CONSENT = (
    "They have not agreed to be written to, so nothing is sent to them unless they do: tell of it by POST /v1/consents."
)
SUPPRESSED = "Their address is suppressed, so nothing is sent to them: `shelftalk contact unsuppress` lifts that."
_NOTES = {Reason.NO_CONSENT: NO_CONSENT, Reason.SUPPRESSED: SUPPRESSED}
NO_ALERT = "No published alert is fed by this: recorded, and nobody is enlisted."


async def enlist(
    connection: Connection, action: Action, event: Event, contact_id: ContactId, at: datetime
) -> EventEffect:
    """Enter a contact for everything that the event is about; with what came of it, or why nothing did."""
    found = [
        (await find_product(connection, event.store, item.product, item.variant), item.variant) for item in event.things
    ]
    # Each thing once, and in a fixed order: every product stays locked until the transaction ends.
    known = sorted({(product, variant or "") for product, variant in found if product is not None})
    considered: list[Considered] = []
    for product_id, variant_id in known:
        interest = Interest(event.store, product_id, variant_id or None, at)
        results = await Entrances.interested(connection, action, contact_id, interest)
        considered.extend(_considered(interest, result) for result in results)
    note = UNKNOWN_THING if any(product is None for product, _ in found) else None
    if note is None and not considered:
        note = NO_ALERT
    return EventEffect(alerts=tuple(considered), note=note)


async def why_silent(connection: Connection, effect: EventEffect) -> str | None:
    """Why nothing will be said to who was entered, as things are; None: it will."""
    journeys = [each.journey for each in (*effect.alerts, *effect.conversations) if each.journey is not None]
    silent = silenced_on_all(await SQL.channels.rows(connection, ChannelFacts, journeys=journeys))
    return _NOTES.get(silent) if silent is not None else None


def _considered(interest: Interest, result: Entered | NotEntered) -> Considered:
    match result:
        case Entered(journey_id=journey_id, entered=entered, alert_id=alert_id):
            return Considered(
                alert=alert_id,
                product=interest.product_id,
                variant=interest.variant_id,
                result=EntryResult.ENTERED if entered else EntryResult.THERE_ALREADY,
                journey=journey_id,
            )
        case NotEntered(alert_id=alert_id, reason=reason):
            return Considered(
                alert=alert_id,
                product=interest.product_id,
                variant=interest.variant_id,
                result=EntryResult.NOT_ENTERED,
                reason=reason,
                why=reason.sentence,
            )
        case _:
            assert_never(result)
