"""The standing rule: what is gone for good is waited for as its successor, and nobody is told that it is gone."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from activities.postgres.pool import Pool, transaction
from activities.stock.products import UnknownVariant
from activities.waitlist.claims import Waitlist, return_to_line
from activities.waitlist.entrances import Entrances
from activities.waitlist.entry import Entered, NotEntered
from activities.waitlist.line_moves import LineMoves
from schemas.ids import JourneyId, Level, StoreId, Subject
from schemas.incoming.facts import ProductFact, ProductGoneFact, VariantFact
from schemas.reasons import Reason
from starter.support.journeys import Journeys
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from starter.waitlists.line_moves import LineMoving
from starter.waitlists.move_refusals import OtherLevel, SameSubject
from starter.waitlists.successors import NoSuccessor, SuccessorRefused, Successors
from starter.waitlists.waitlists import Lines, Waitlists
from tests.allocation.rules import broken_rules
from tests.product import STORE, Shop, address, starter_document, subject
from tests.story.documents import nearly_gone, programme

V, W = subject("v"), subject("w")
P, Q = (Subject(store_id=STORE, level=Level.PRODUCT, id=each) for each in "pq")


@pytest.fixture
async def shop(pool: Pool) -> Shop:
    shop = await Shop.opened(pool)
    await shop.sells("v", "w")
    return shop


async def _q_comes(shop: Shop, *variants: VariantFact) -> None:
    fact = ProductFact(
        product_id="q", title="Green kettle", on_sale=True, variants=variants, observed_at=datetime.now(UTC)
    )
    await shop.intake.observe(STORE, "shopify", [fact])


def _variant(id_: str, title: str, sku: str | None = None) -> VariantFact:
    return VariantFact(variant_id=id_, inventory_item_id=f"item-{id_}", title=title, sku=sku, quantity=0)


async def _v_goes(shop: Shop) -> None:
    await shop.tells(VariantFact(variant_id="w", inventory_item_id="item-w", title="w", quantity=0), only=True)


async def _looks(pool: Pool, *at: Subject, at_once: int = 2) -> None:
    """As the shelves do, until they have nothing more to do."""
    for each in at or (V,):
        for _ in range(20):
            more = await LineMoves(pool, at_once).move_next(each)
            given = await Waitlist(pool).give_places(each)
            assert await broken_rules(pool) == []
            if not more and not given.more:
                break
        else:
            raise AssertionError("the shelf never comes to rest")


async def _line(pool: Pool, variant: str) -> list[JourneyId]:
    return [each.journey_id for each in (await Waitlists(pool).show(Lines(STORE, variant), None)).waiting]


async def _told_gone(pool: Pool) -> list[JourneyId]:
    return [row[0] for row in await pool.fetch("select journey_id from waiting where reason = 'discontinued'")]


async def test_once_it_is_gone_its_line_waits_for_the_successor_and_nobody_is_told_that_it_is_gone(
    shop: Shop, pool: Pool
) -> None:
    ada, bob, cy = await shop.signs_up("ada", "bob", "cy")
    (dee,) = await shop.signs_up("dee", for_="w")
    named = await Successors(pool).set(V, W, "shopkeeper")
    assert (named.gone, named.successor_gone, named.without) == (False, False, ())
    await _looks(pool)
    assert await _line(pool, "v") == [ada, bob, cy], "it is not gone yet"
    assert (await Journeys(pool).show(ada)).successor == "variant/w"
    assert (await Waitlists(pool).show(Lines(STORE, "v"), None)).successor == "variant/w"
    (entry,) = (await Why(pool).contact(address("ada"), About(STORE, "v"))).entries
    assert entry.sentence.endswith("Once it is gone for good, they wait for its successor, variant/w.")
    await _v_goes(shop)
    (entry,) = (await Why(pool).contact(address("ada"), About(STORE, "v"))).entries
    assert entry.sentence == "The product was discontinued; they are being moved to its successor, variant/w."
    await _looks(pool)
    assert (await _line(pool, "v"), await _line(pool, "w")) == ([], [ada, bob, cy, dee])
    assert await _told_gone(pool) == []
    (report,) = (await LineMoving(pool).latest()).moves
    assert (report.moved, report.standing, report.requested_by) == (3, True, "shopkeeper")
    assert report.finished_at is not None
    (move,) = (await Journeys(pool).show(ada)).moves
    assert (move.from_subject, move.to_subject, move.by) == ("variant/v", "variant/w", "shopkeeper")


async def test_who_signs_up_for_what_is_gone_waits_for_its_successor_and_it_is_on_record(
    shop: Shop, pool: Pool
) -> None:
    (ada,) = await shop.signs_up("ada")
    await Successors(pool).set(V, W, "test")
    await _v_goes(shop)
    sign_up = Entrances(pool).sign_up
    again, new = [await sign_up(address(name), STORE, "v", "test") for name in ("ada", "bob")]
    assert isinstance(again, Entered)
    assert isinstance(new, Entered)
    assert (again.journey_id, again.entered, new.entered) == (ada, False, True), "hers is moved in a moment"
    assert again.successor == new.successor == "Blue kettle", "the answer tells nobody who is in line"
    await _looks(pool)
    assert await _line(pool, "w") == [ada, new.journey_id]
    same = await sign_up(address("bob"), STORE, "v", "test", datetime.now(UTC) - timedelta(days=1))
    assert isinstance(same, Entered)
    assert (same.journey_id, same.entered) == (new.journey_id, False)
    (entry,) = (await Why(pool).contact(address("bob"), About(STORE, "v"))).entries
    assert entry.sentence.endswith("They asked for variant/v, which was gone for good, and wait for its successor.")
    (move,) = (await Journeys(pool).show(new.journey_id)).moves
    assert (move.from_subject, move.to_subject, move.by) == ("variant/v", "variant/w", None)


async def test_a_variant_whose_product_is_succeeded_has_the_one_of_its_sku_or_title_and_else_is_told(
    shop: Shop, pool: Pool
) -> None:
    by_sku, by_title, twice, like_none = (_variant(*each) for each in (
        ("v", "v", "K-1"), ("w", "small"), ("x", "large"), ("y", "huge")
    ))  # fmt: skip
    await shop.tells(by_sku, by_title, twice, like_none)
    await _q_comes(
        shop, _variant("q1", "other", "K-1"), _variant("q2", "small"), _variant("q3", "large"), _variant("q4", "large")
    )
    lines = {each: (await shop.signs_up(f"of-{each}", for_=each))[0] for each in "vwxy"}
    named = await Successors(pool).set(P, Q, "test")
    assert named.without == ("x", "y")
    await shop.discontinues()
    await _looks(pool, *(subject(each) for each in "vwxy"))
    assert (await _line(pool, "q1"), await _line(pool, "q2")) == ([lines["v"]], [lines["w"]])
    assert sorted(await _told_gone(pool)) == sorted([lines["x"], lines["y"]])
    (entry,) = (await Why(pool).contact(address("of-x"), About(STORE, "x"))).entries
    assert entry.sentence.endswith("The successor of its product, product/q, has no variant like it, or several.")
    (audit,) = await pool.fetch("select details from audit where action = 'name successor'")
    assert audit["details"]["without"] == ["x", "y"]
    refused = await Entrances(pool).sign_up(address("late"), STORE, "x", "test")
    assert isinstance(refused, NotEntered)
    assert (refused.reason, refused.successor) == (Reason.DISCONTINUED, None)


async def test_what_cannot_be_told_of_the_successor_is_told_that_it_is_gone_and_who_is_called_follows_later(
    pool: Pool,
) -> None:
    shop = await Shop.opened(pool, starter_document(contacts_per_unit=1))
    await publish(pool, programme("carted", nearly_gone()))
    await shop.sells("v", "w")
    (carted,) = await shop.carts("ada")
    called, waits = await shop.signs_up("called", "waits")
    await shop.has("v", 1)
    await Waitlist(pool).give_places(V)
    await Successors(pool).set(V, W, "test")
    await _v_goes(shop)
    await _looks(pool)
    assert (await _line(pool, "v"), await _line(pool, "w")) == ([called], [waits])
    assert await _told_gone(pool) == [carted]
    async with transaction(pool) as connection:
        await return_to_line(connection, called, Reason.SOLD_OUT_AGAIN)
    assert await pool.fetchval("select count(*) from outbox where kind = 'look_again' and subject = 'variant/v'") > 0
    await _looks(pool)
    assert (await _line(pool, "w"), await _told_gone(pool)) == ([called, waits], [carted])


async def test_a_line_that_follows_stays_where_it_is_once_what_was_gone_is_there_again(shop: Shop, pool: Pool) -> None:
    journeys = await shop.signs_up("ada", "bob", "cy")
    await Successors(pool).set(V, W, "test")
    await _v_goes(shop)
    moves = LineMoves(pool, 1)
    assert await moves.move_next(V)
    assert await moves.move_next(V)
    await shop.sells("v", "w")
    await _looks(pool)
    assert (await _line(pool, "w"), await _line(pool, "v")) == (journeys[:1], journeys[1:])
    assert await _told_gone(pool) == []


async def test_a_successor_that_is_gone_itself_is_none_and_a_product_that_is_gone_already_is_followed_at_once(
    shop: Shop, pool: Pool
) -> None:
    (ada,) = await shop.signs_up("ada")
    await shop.discontinues()
    named = await Successors(pool).set(V, W, "test")
    assert (named.gone, named.successor_gone) == (True, True)
    await _q_comes(shop, _variant("q1", "v"))
    await pool.execute("delete from outbox")
    named = await Successors(pool).set(P, Q, "test")
    assert await pool.fetchval("select count(*) from outbox where kind = 'look_again' and subject = 'variant/v'") == 1
    await _looks(pool)
    assert await _line(pool, "q1") == [ada], "the variant's own is gone, and the product's is there"


async def test_a_successor_that_is_there_again_while_the_shelf_looks_is_followed(shop: Shop, pool: Pool) -> None:
    """Nobody asks the shelf of the one to look when the other comes back."""
    (ada,) = await shop.signs_up("ada")
    await _q_comes(shop, _variant("q1", "q1"))
    await Successors(pool).set(V, subject("q1"), "test")
    goes = ProductGoneFact(product_id="q", observed_at=datetime.now(UTC))
    await shop.intake.observe(STORE, "shopify", [goes])
    await _v_goes(shop)
    assert not await LineMoves(pool).move_next(V)
    await _q_comes(shop, _variant("q1", "q1"))
    assert (await Waitlist(pool).give_places(V)).more
    await _looks(pool)
    assert (await _line(pool, "q1"), await _told_gone(pool)) == ([ada], [])


async def test_who_is_called_forward_for_what_is_gone_keeps_no_shelf_looking(pool: Pool) -> None:
    shop = await Shop.opened(pool, starter_document(contacts_per_unit=1))
    await shop.sells("v", "w")
    (called,) = await shop.signs_up("called")
    await shop.has("v", 1)
    await Waitlist(pool).give_places(V)
    await Successors(pool).set(V, W, "test")
    await _v_goes(shop)
    await _looks(pool)
    assert await _line(pool, "v") == [called]


async def test_chains_circles_unknown_things_and_those_of_another_store_are_refused(shop: Shop, pool: Pool) -> None:
    successors, x = Successors(pool), subject("x")
    await shop.sells("v", "w", "x")
    other = StoreId("other.example")
    await shop.intake.observe(other, "shopify", [ProductFact(
        product_id="o", title="Other", on_sale=True, variants=(_variant("ov", "o"),), observed_at=datetime.now(UTC)
    )])  # fmt: skip
    await successors.set(V, W, "test")
    for line, to, words in (
        (W, V, "variant/v names variant/w as its own successor: that would lead around in a circle"),
        (W, x, "variant/w is the successor of variant/v: let that name variant/x first"),
        (x, V, "variant/v has a successor itself, variant/w: name that one"),
    ):
        with pytest.raises(SuccessorRefused, match=words):
            await successors.set(line, to, "test")
    for line, to, error in ((V, V, SameSubject), (V, P, OtherLevel), (V, subject("nothing"), UnknownVariant)):
        with pytest.raises(error):
            await successors.set(line, to, "test")
    write = "insert into successors (store_id, subject, successor, named_by) values ($1, $2, $3, 'test')"
    for to, words in (("variant/nothing", "has no variant/nothing"), ("variant/ov", "is of another store")):
        with pytest.raises(asyncpg.CheckViolationError, match=words):
            await pool.execute(write, STORE, "variant/x", to)
    assert [each.successor for each in (await successors.of_store(STORE)).successors] == ["variant/w"]
    await successors.set(V, x, "test")
    await successors.clear(V, "test")
    assert (await successors.of_store(STORE)).successors == ()
    with pytest.raises(NoSuccessor):
        await successors.clear(Subject(store_id=other, id="v"), "test")
