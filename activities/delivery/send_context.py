"""What is known of a message that is to be sent: the facts for the verdict, the template, and what fills it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from activities.decisions.filters import pass_each, passes
from activities.delivery.address_change import ADDRESS_CHANGE, find_address_change, in_language
from activities.delivery.items import items_of
from activities.delivery.send_facts import asks_offer, message_context, of_new_address, offer_of, verdict_facts
from activities.delivery.send_rows import SendRow
from activities.delivery.shopper_links import CONFIRM, LinkedMessage
from activities.delivery.stored_message import StoredMessage, StoredMessages, recorded_outcome
from activities.delivery.verdict import MessageFacts
from activities.postgres.asked_together import AskedTogether
from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from activities.rendering.facts import ItemPart, MessageContext
from activities.revenue.links import Tracking
from activities.stock.offers import Product
from activities.stock.products import load_product, load_products
from schemas.channels import Channel
from schemas.journey.activities import Deliver
from schemas.journey.outcome import Outcome

SQL = load_queries("activities.delivery", "send_context.sql")
FACTS_OF_EACH = SQL.facts.of_each(
    journey_id="text",
    key="text",
    step="text",
    round="integer",
    version="text",
    message="text",
    channel="text",
    question="boolean",
)

LONGEST_LINE_TOLD = 100
"""Places in line that are counted for a message; who stands further back is told of none. Each message that says a
place walks so far along the line, so a confirmation for each of a million costs what it costs for a hundred."""


@dataclass(frozen=True, slots=True)
class SendContext:
    """Everything deliver needs to know about one message.

    Attributes:
        message: its template; None when the version has none of this name.
        sender: the From address of the list; None: the installation's.
        gathers: it is told with what else waits for the same person.
        tracking: what is to be known of the message.
        recorded: the outcome, if it is settled already.
        lease_left: another attempt may be sending it for so long, by PostgreSQL's clock.
        declined: somebody looked at it and said no.
        ended: its journey is over.
        sender_stopped: its sender is at fault, and stopped until somebody has mended that.
        list_code: of the list whose message it is.
        linked: what its links are made of.
    """

    facts: MessageFacts
    message: StoredMessage | None
    recipient: str | None
    sender: str | None
    gathers: bool
    tracking: Tracking
    context: MessageContext
    recorded: Outcome | None
    lease_left: timedelta | None
    declined: bool
    ended: bool
    sender_stopped: bool
    list_code: str
    linked: LinkedMessage


class UnknownJourney(Exception):
    """There is no such journey in the database."""


class SendContexts:
    """Looks up what is known of messages; keeps the templates that it has read."""

    def __init__(self, database: Pool | Connection) -> None:
        self._database = database
        self._messages = StoredMessages(database)
        self._facts = AskedTogether(self._rows)

    async def look_up(self, request: Deliver) -> SendContext:
        """All that is known of a message; of an alert's, mostly in one query.

        Raises:
            UnknownJourney: its journey is not in this database.
        """
        step = request.step
        asks_address = step.message.startswith(ADDRESS_CHANGE)
        change = await find_address_change(self._database, step.message) if asks_address else None
        message = in_language(None) if asks_address else await self._messages.find(request.version, step.message)
        row = await self._facts.ask(_asked(request, message))
        if row is None:
            raise UnknownJourney(f"journey {request.journey_id} is not in the database this worker uses")
        passed = row.outcome is not None or await passes(
            self._database, row, row.contact_id, row.store_id, row.product_id, row.variant_id
        )
        product = await self._product(row, message, still=request.says_still) if row.outcome is None else None
        known = await self._known(request, row, message, product, passed=passed)
        if not asks_address:
            return known
        facts = of_new_address(known.facts, there_is=change is not None)
        if change is None:
            return replace(known, facts=facts)
        linked = replace(known.linked, confirmation=change.link)
        return replace(known, facts=facts, message=change.message, recipient=change.email, linked=linked)

    async def look_ahead(self, request: Deliver, measure: Decimal | None) -> SendContext:
        """What would be known of the message of an alert, if its journey in line had been given a place.

        Args:
            measure: the price or quantity then.

        Raises:
            UnknownJourney: its journey is not in this database.
        """
        message = await self._messages.find(request.version, request.step.message)
        row = await self._facts.ask(_asked(request, message))
        if row is None:
            raise UnknownJourney(f"journey {request.journey_id} is not in the database that is asked")
        gathers = row.together_until is not None
        then = replace(row, claim="given", in_stock=True, fewer_than_wanted=False, measure=measure, gathers=gathers)
        passed = await passes(self._database, row, row.contact_id, row.store_id, row.product_id, row.variant_id)
        return await self._known(request, then, message, None, passed=passed, told_in_another=True)

    async def look_up_together(self, own: Deliver, others: Sequence[Deliver]) -> list[SendContext]:
        """What is known of a message and of those that are to be told in it, its own first, as one statement sees them.

        As many statements as for one of them, however many there are.

        Args:
            others: of the same alert and version, by the same message, to the same contact of the same store.

        Raises:
            UnknownJourney: a journey of them is not in this database.
        """
        message = await self._messages.find(own.version, own.step.message)
        requests = [own, *others]
        rows = [row for row in await self._rows([_asked(each, message) for each in requests]) if row is not None]
        if len(rows) < len(requests):
            raise UnknownJourney("a journey is not in the database this worker uses")
        first = rows[0]
        passed = await pass_each(
            self._database, first, first.contact_id, first.store_id, [(row.product_id, row.variant_id) for row in rows]
        )
        products = await self._products(rows, message)
        return [
            await self._known(request, row, message, product, passed=passes_it, told_in_another=request is not own)
            for request, row, product, passes_it in zip(requests, rows, products, passed, strict=True)
        ]

    async def _known(
        self,
        request: Deliver,
        row: SendRow,
        message: StoredMessage | None,
        product: Product | None,
        *,
        passed: bool,
        told_in_another: bool = False,
    ) -> SendContext:
        """What these rows mean for a message; one that is told in another shows neither a place in line nor items."""
        recorded = recorded_outcome(row.outcome)
        shows = recorded is None and not told_in_another
        offer = offer_of(row, product)
        place = await self._place(row, message, request) if shows else None
        items = await self._items(row) if shows else ()
        facts = verdict_facts(row, request, offer, message, filtered=not passed)
        confirm = None if row.confirmation is None else f"{CONFIRM}{row.confirmation}"
        return SendContext(
            facts=facts,
            message=message,
            recipient=row.address,
            sender=row.sender,
            gathers=facts.together_until is not None,
            tracking=row.tracking,
            context=message_context(row, items, offer, place),
            recorded=recorded,
            lease_left=row.lease_left,
            declined=row.declined,
            ended=row.ended,
            sender_stopped=row.sender_stopped,
            list_code=row.list_code,
            linked=LinkedMessage(row.contact_id, row.store_id, row.link, confirm),
        )

    async def _rows(self, asked: Sequence[Mapping[str, object]]) -> list[SendRow | None]:
        """What `facts` says to each of these; None: there is no such journey."""
        return [next(iter(rows), None) for rows in await FACTS_OF_EACH.rows(self._database, SendRow, asked)]

    async def _product(self, row: SendRow, message: StoredMessage | None, *, still: bool) -> Product | None:
        """What a journey is about, where its offer is asked for."""
        if not asks_offer(row, message, still=still) or row.product_id is None:
            return None
        return await load_product(self._database, row.store_id, row.product_id)

    async def _products(self, rows: Sequence[SendRow], message: StoredMessage | None) -> list[Product | None]:
        """Likewise of several, of one store."""
        asked = sorted({row.product_id for row in rows if row.product_id is not None and asks_offer(row, message)})
        if not asked:
            return [None] * len(rows)
        loaded = await load_products(self._database, rows[0].store_id, asked)
        products = dict(zip(asked, loaded, strict=True))
        return [None if row.product_id is None else products.get(row.product_id) for row in rows]

    async def _place(self, row: SendRow, message: StoredMessage | None, request: Deliver) -> int | None:
        """The contact's place in line, where the message says it."""
        if row.alert_id is None or message is None or not message.shows("wait.place"):
            return None
        ahead: int | None = await SQL.ahead.value(self._database, journey_id=request.journey_id, most=LONGEST_LINE_TOLD)
        return ahead + 1 if ahead is not None and ahead < LONGEST_LINE_TOLD else None

    async def _items(self, row: SendRow) -> tuple[ItemPart, ...]:
        if row.event_id is None:
            return ()
        return await items_of(self._database, row.store_id, row.event_id, row.page, row.currency)


def _asked(request: Deliver, message: StoredMessage | None) -> dict[str, object]:
    """The parameters of `facts`."""
    return {
        "journey_id": request.journey_id,
        "key": request.key,
        "step": request.step.id,
        "round": request.round,
        "version": request.version,
        "message": request.step.message,
        # Without a template the verdict is taken all the same, as for an e-mail; deliver stops after it.
        "channel": Channel.EMAIL if message is None else message.channel,
        "question": request.is_question,
    }
