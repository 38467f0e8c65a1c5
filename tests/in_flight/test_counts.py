"""Before a publication: how many stand where, and what each choice does to them."""

import asyncio

from activities.postgres.pool import Pool, transaction
from activities.waitlist.alerts import alerts_in_force
from activities.waitlist.entrances import Entrances
from schemas.document.alert_types.vocabulary import Action
from schemas.document.conversation import ConversationDocument
from schemas.responses.operations import Choice, InFlight, Place
from starter.versioning.in_flight import in_flight
from starter.versioning.publishing import program_of, publish
from tests.conversations.test_story import rests_at
from tests.conversations.told import agrees, did, entered
from tests.in_flight.decided import decide, operation, quiz, settled, waits
from tests.product import STORE, Product, Shop, address, next_change, starter_document
from tests.story.documents import back, programme

LOCKED = """
select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"""


async def counted(pool: Pool, document: ConversationDocument) -> InFlight:
    return await in_flight(pool, document.conversation, await program_of(pool, document), told_now=0)


async def test_those_in_line_move_now_and_their_places_are_given_up_by_an_end(pool: Pool) -> None:
    shop = await Shop.opened(pool)
    await shop.signs_up("ann", "ben")
    shown = await counted(pool, starter_document(wait="3 days"))
    assert shown.places == (
        Place(version="back-in-stock@1", place="waiting-list", journeys=2, moves_now=2, moves_later=0, in_line=2),
    )
    assert (shown.version, shown.journeys, shown.moves_now, shown.in_line) == ("back-in-stock@2", 2, 2, 2)
    assert await pool.fetchval("select count(*) from versions") == 1, "nothing was published by asking"


async def test_those_whose_alert_is_not_answered_any_more_move_later(pool: Pool) -> None:
    shop = await Shop.opened(pool, programme("back", back()))
    await shop.signs_up("ann", list_code="back")
    other = programme("other", back()).model_copy(update={"conversation": "back"})
    shown = await counted(pool, other)
    assert (shown.journeys, shown.moves_now, shown.moves_later) == (1, 0, 1)


async def test_each_step_is_counted_by_whether_the_new_version_has_it(product: Product) -> None:
    await publish(product.pool, quiz(waits("one"), waits("two")))
    for name in ("ann", "ben", "cat"):
        await agrees(product.pool, name)
    journeys = [entered(await did(product.pool, "custom", name, name="quiz")) for name in ("ann", "ben", "cat")]
    for journey in journeys:
        await rests_at(product, journey, "wait-one")
    await did(product.pool, "custom", "cat", name="one")
    await rests_at(product, journeys[2], "wait-two")
    await product.settled()
    shown = await counted(product.pool, quiz(waits("two"), waits("three")))
    assert {(each.place, each.journeys, each.moves_now, each.moves_later) for each in shown.places} == {
        ("wait-one", 2, 0, 2),
        ("wait-two", 1, 1, 0),
    }
    assert (shown.journeys, shown.moves_now, shown.moves_later, shown.in_line) == (3, 1, 2, 0)


async def test_who_is_on_the_version_already_is_not_counted(product: Product) -> None:
    document = quiz(waits("one"))
    await publish(product.pool, document)
    await agrees(product.pool, "ann")
    ann = entered(await did(product.pool, "custom", name="quiz"))
    assert (await counted(product.pool, document)).journeys == 0
    await rests_at(product, ann, "wait-one")
    changed = quiz(waits("two"))
    number = await operation(product.pool, changed, Choice.MOVE)
    await settled(product.pool, number, left_over=1)
    shown = await counted(product.pool, document)
    assert shown.journeys == 1, "they are on their way to another"


async def test_who_enters_at_the_moment_of_a_publication_is_moved_too(pool: Pool) -> None:
    await Shop.opened(pool)
    async with transaction(pool) as entering:
        # Where a sign-up is when it has read which version is published, and has not entered by it yet.
        await alerts_in_force(entering, action=Action.SIGN_UP)
        publishing = asyncio.create_task(decide(pool, starter_document(wait="3 days"), Choice.MOVE))
        while not await pool.fetchval(LOCKED):
            await next_change(pool)
        assert await pool.fetchval("select max(number) from versions") == 1
    assert await publishing is not None
    await Entrances(pool).sign_up(address("ann"), STORE, "v", "test")
    assert await pool.fetchval("select version_id from journeys") == "back-in-stock@2"
