"""Whether the contact of a scenario may enter, by the rules of production over the scenario's facts. Pure."""

from dataclasses import replace

from activities.decisions.evaluate import evaluate
from activities.waitlist.admission import EntryFacts, why_closed, why_not_admitted
from activities.waitlist.window import window_end
from schemas.document.alert_types.alert import Sight
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import Send
from schemas.journey.compiled_criteria import CompiledCriteria
from schemas.journey.program import Program, thread_criteria_id
from schemas.reasons import Reason
from starter.rehearsing.simulated_journey import SimulatedJourney
from starter.rehearsing.timeline import Timeline


def why_not_entered(
    document: ConversationDocument,
    program: Program,
    compiled: CompiledCriteria,
    timeline: Timeline,
    journey: SimulatedJourney,
) -> Reason | None:
    """Why they are not entered; None: they are."""
    now = journey.entrance.at
    sends = [step for step in program.steps.values() if isinstance(step, Send)]
    closed = why_closed(
        for_store=document.list.is_for(journey.entrance.store),
        watched=True,
        live=not sends or not all(step.draft for step in sends),
    )
    if closed is not None:
        return closed
    alert, product, line = journey.entrance.alert, timeline.product, timeline.line(journey)
    if alert is None or product is None or line is None:
        entry_criteria = compiled.criteria.get(thread_criteria_id(journey.entrance.event), (None,))
        facts = journey.facts(product)
        enters = any(criteria is None or evaluate(criteria, facts, now) for criteria in entry_criteria)
        return None if enters else Reason.FILTERED
    entry = EntryFacts(
        sight=Sight(
            replace(product.offer, price=product.price if product.for_sale else None),
            line.is_open,
            never_away=product.on_sale and not product.section.counted,
            for_sale=product.for_sale,
        ),
        window_ends_at=window_end(now, alert.relevancy_window.days, document.list.time_zone),
        gone=product.discontinued,
        bought=journey.has_bought(now),
        told=False,
        filtered=journey.is_filtered(product, now),
    )
    return why_not_admitted(alert, entry, now)
