"""Why not: the reason on record, or where they stand and what decides; never an address."""

import json
from datetime import UTC, datetime

import pytest

from activities.delivery.ledger import Ledger
from activities.delivery.send_context import SendContexts
from activities.delivery.verdict import judge
from activities.intake.events import Events
from activities.postgres.pool import Pool
from activities.stock.products import UnknownProduct
from schemas.document.alert_types.vocabulary import Action, Order
from schemas.document.steps import SendStep
from schemas.ids import VersionId
from schemas.incoming.events import Event
from schemas.journey.outcome import AfterRefusal, Refused, Sent
from schemas.reasons import Ending, Reason
from schemas.responses.journeys import JourneyStatus
from schemas.responses.why import NotYet
from starter.ops.pausing import Pausing
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from tests.delivery.counter import message
from tests.product import STORE, address, starter_document
from tests.reports.shop import BACK, Counter, watches


async def test_one_who_stands_behind_others_hears_how_many_and_for_how_many_there_are_places(
    counter: Counter, pool: Pool
) -> None:
    await counter.shop.signs_up("first", "second", "third")
    assert await counter.not_yet("first") is NotYet.NOT_ENOUGH_UNITS
    await counter.shop.has("v", 1)
    await counter.looks()
    assert await counter.not_yet("first") is NotYet.CALLED_FORWARD
    entry = await counter.why("third")
    assert entry.standing is not None
    assert (entry.standing.not_yet, entry.standing.ahead, entry.standing.places) == (NotYet.NOT_NEXT_IN_LINE, 1, 0)
    assert entry.sentence == "1 stands before them, and there are places for 0 now."


async def test_newest_first_counts_those_ahead_from_the_other_end(pool: Pool) -> None:
    await publish(pool, starter_document(order=Order.FIRST_IN_LAST_OUT))
    counter = Counter.over(pool)
    await counter.shop.sells("v")
    await counter.shop.signs_up("first", "second", "third")
    standings = [(await counter.why(name)).standing for name in ("first", "second", "third")]
    assert [standing.ahead for standing in standings if standing] == [2, 1, 0]
    asked = await Why(pool).product(STORE, About(variant_id="v"))
    assert [entry.standing.ahead for entry in asked.entries if entry.standing] == [0, 1, 2]


async def test_the_next_ones_and_a_threshold_not_reached(pool: Pool) -> None:
    await publish(pool, starter_document(quantity_threshold=5))
    counter = Counter.over(pool)
    await counter.shop.sells("v")
    await counter.shop.signs_up("first")
    await counter.shop.has("v", 4)
    assert (await counter.why("first")).sentence == "4 units to sell that the list counts; the alert waits for 5."
    await counter.shop.has("v", 5)
    assert await counter.not_yet("first") is NotYet.NEXT


async def test_a_pause_a_draft_and_a_product_off_sale_are_said(counter: Counter, pool: Pool) -> None:
    await counter.shop.signs_up("ada")
    await Pausing(pool).pause(BACK, "test")
    assert await counter.not_yet("ada") is NotYet.PAUSED
    assert (await counter.why("ada")).sentence == "The alert is paused; everyone keeps their place."
    await Pausing(pool).resume(BACK, "test")
    await counter.shop.sells("v", on_sale=False)
    assert await counter.not_yet("ada") is NotYet.NOT_ON_SALE
    await pool.execute("update alerts set live = false")
    assert await counter.not_yet("ada") is NotYet.DRAFT


async def test_price_and_quantity_now_stand_beside_what_they_wait_for(counter: Counter) -> None:
    await counter.prices("100.00", 5)
    await counter.shows_interest(Action.BROWSE, "looker")
    await counter.shows_interest(Action.CART, "carter")
    await counter.prices("95.50", 4)
    looker, carter = await counter.why("looker"), await counter.why("carter")
    assert looker.sentence == "It costs 95.50 now; they are told at 90 or less."
    assert carter.sentence == "4 units left; they are told when it falls to 3 or fewer."
    await counter.prices("95.50", 2)
    await counter.shows_interest(Action.CART, "late")
    assert (await counter.why("late")).sentence == (
        "2 units left, and it was as low when they entered: they are told when it falls to 3 from above."
    )
    assert await counter.not_yet("carter") is NotYet.NEXT


async def test_the_reason_on_record_comes_with_its_sentence(counter: Counter, pool: Pool) -> None:
    told, refused, expired = await counter.shop.signs_up("told", "refused", "expired")
    await counter.shop.has("v", 2)
    await counter.looks()
    ledger = Ledger(pool)
    await ledger.settle(message(told), Sent(message_id="m", at=(await pool.fetchval("select now()"))))
    await ledger.settle(message(refused), Refused(reason=Reason.SUPPRESSED, then=AfterRefusal.LEAVE))
    await counter.waitlist.close(refused, Ending.EXITED, Reason.SUPPRESSED)
    await counter.waitlist.leave_waitlist(expired, Reason.WINDOW_ENDED)
    await counter.waitlist.close(expired, Ending.EXPIRED, Reason.WINDOW_ENDED)
    entries = {name: await counter.why(name) for name in ("told", "refused", "expired")}
    assert entries["told"].sentence == "They were told."
    assert (entries["refused"].reason, entries["refused"].sentence) == (
        Reason.SUPPRESSED,
        Reason.SUPPRESSED.sentence,
    )
    assert (entries["expired"].status, entries["expired"].reason) == (JourneyStatus.ENDED, Reason.WINDOW_ENDED)
    asked = await Why(pool).product(STORE, About(variant_id="v"))
    assert (asked.waiting, asked.told) == (0, 1)
    assert {(each.reason, each.count) for each in asked.not_told} == {
        (Reason.SUPPRESSED, 1),
        (Reason.WINDOW_ENDED, 1),
    }
    assert {entry.journey_id for entry in asked.entries} == {refused, expired}


async def test_one_who_may_not_be_written_to_hears_it_while_they_wait(counter: Counter, pool: Pool) -> None:
    await counter.shop.signs_up("ada")
    await counter.shop.bounces("ada")
    entry = await counter.why("ada")
    assert entry.would_refuse is Reason.SUPPRESSED
    assert Reason.SUPPRESSED.sentence in entry.sentence


@pytest.mark.parametrize(
    ("transactional", "says_no", "reason"),
    [
        ({"nearly-gone"}, False, None),
        ({"nearly-gone"}, True, Reason.NO_CONSENT),
        ({"gone"}, False, Reason.NO_CONSENT),
        (set[str](), False, Reason.NO_CONSENT),
    ],
)
async def test_who_said_nothing_hears_what_the_check_before_the_message_will_find(
    counter: Counter, pool: Pool, transactional: set[str], says_no: bool, reason: Reason | None
) -> None:
    document = watches()
    farewell = document.threads[1].model_copy(
        update={"name": "Gone for good", "on": "nearly-gone.discontinued", "steps": (SendStep(send="gone"),)}
    )
    messages = document.messages | {"gone": document.messages["cheaper"]}
    told = {name: each.model_copy(update={"transactional": name in transactional}) for name, each in messages.items()}
    await publish(pool, document.model_copy(update={"threads": (*document.threads, farewell), "messages": told}))
    await counter.prices("10.00", 2)
    added = {"id": "e", "store": STORE, "kind": "added_to_cart", "email": address("ada"), "variant": "v"}
    effect = (await Events(pool).take(Event.model_validate(added))).effect
    if says_no:
        await counter.shop.opts_out("ada")
    entry = await counter.why("ada")
    assert entry.would_refuse is reason
    assert (effect.note is None) == ("nearly-gone" in transactional)
    assert entry.journey_id is not None
    asked = message(entry.journey_id, "nearly-gone").model_copy(update={"version": VersionId("watches@2")})
    verdict = judge((await SendContexts(pool).look_up(asked)).facts, datetime.now(UTC))
    found = verdict.reason if isinstance(verdict, Refused) else None
    assert (found is Reason.NO_CONSENT) == (reason is Reason.NO_CONSENT), "both ask one rule"


async def test_those_who_were_considered_and_never_entered_are_told_apart(counter: Counter, pool: Pool) -> None:
    (entered,) = await counter.shop.signs_up("entered")
    await pool.execute("insert into contacts (id, email) values ('c-looked', 'looked@example.com')")
    effect = {
        "alerts": [
            {"alert": "cheaper", "product": "p", "variant": "v", "result": "not_entered", "reason": "inactive"},
            {"alert": "nearly-gone", "product": "p", "variant": "v", "result": "entered", "journey": "j-1"},
        ]
    }
    for number in range(2):
        await pool.execute(
            """
            insert into events (store_id, id, kind, contact_id, product_id, variant_id, happened_at, outcome)
            values ($1, $2, 'viewed_product', 'c-looked', 'p', 'v', now(), $3)""",
            STORE,
            f"e-{number}",
            effect,
        )
    entry = await counter.why("looked")
    assert (entry.journey_id, entry.alert, entry.reason) == (None, "cheaper", Reason.INACTIVE)
    asked = await Why(pool).product(STORE, About(variant_id="v"))
    assert [(each.reason, each.count) for each in asked.never_entered] == [(Reason.INACTIVE, 1)]
    assert [each.journey_id for each in asked.entries] == [entered, None]


async def test_no_answer_holds_an_address(counter: Counter, pool: Pool) -> None:
    await counter.shop.signs_up("ada", "bob")
    why = Why(pool)
    contact, product = await why.contact(address("Ada"), About()), await why.product(STORE, About(product_id="p"))
    assert (contact.known, len(contact.entries), len(product.entries)) == (True, 1, 2)
    assert "@" not in json.dumps([contact.model_dump(mode="json"), product.model_dump(mode="json")])


async def test_nobody_and_nothing_are_said_as_such(counter: Counter, pool: Pool) -> None:
    assert not (await Why(pool).contact(address("nobody"), About())).known
    with pytest.raises(UnknownProduct):
        await Why(pool).product(STORE, About(product_id="none"))
