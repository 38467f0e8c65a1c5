"""A line that is moved, over HTTP: shown first, done with a yes, and refused in words that say where."""

from activities.postgres.pool import Pool
from activities.waitlist.entrances import Entrances
from activities.waitlist.line_moves import LineMoves
from schemas.incoming.facts import VariantFact
from starter.versioning.publishing import publish
from tests.http.web import Web, problem
from tests.product import STORE, Shop, address, starter_document, subject

MOVES = f"/v1/stores/{STORE}/moves"
ASKED = {"variant": "v", "to_variant": "w"}


async def test_it_is_shown_then_done_and_told_how_far_it_has_come(web: Web, pool: Pool) -> None:
    shop = await Shop.opened(pool, starter_document())
    await shop.sells("v", "w")
    await Entrances(pool).sign_up(address("ada"), STORE, "v", "test")
    shown = (await web.keyed.post(MOVES, json=ASKED)).json()
    assert (shown["move"], shown["moved"], shown["told_now"], shown["done"]) == (None, 1, 0, False)
    asked = (await web.keyed.post(MOVES, json=ASKED | {"confirm": True, "tells_at_most": 0})).json()
    assert (asked["move"], asked["moved"], asked["finished_at"], asked["done"]) == (1, 0, None, True)
    while await LineMoves(pool).move_next(subject("v")):
        pass
    done = (await web.keyed.get(f"{MOVES}/1")).json()
    assert (done["moved"], done["finished_at"] is not None) == (1, True)
    assert (await web.keyed.get(MOVES)).json() == {"moves": [done]}
    problem(await web.keyed.get(f"/v1/stores/other.example/moves/{done['move']}"), 404, "not-found")


async def test_what_is_wrong_with_it_is_said(web: Web, pool: Pool) -> None:
    await publish(pool, starter_document())
    for body in (
        {"variant": "v"},
        {"variant": "v", "to_product": "p"},
        {"variant": "v", "to_variant": "w", "product": "p"},
    ):
        said = problem(await web.keyed.post(MOVES, json=body), 422, "invalid")
        assert "name 'variant' and 'to_variant'" in said.detail
    problem(await web.keyed.post(MOVES, json=ASKED), 404, "not-found")
    assert problem(await web.keyed.post(MOVES, json={"variant": "v", "to_variant": "v"}), 422, "invalid").path == "$.to"


async def test_a_successor_is_named_by_a_key_and_the_shopper_who_asks_for_what_is_gone_is_told_of_it(
    web: Web, pool: Pool
) -> None:
    shop = await Shop.opened(pool, starter_document())
    await shop.sells("v", "w")
    path = f"/v1/stores/{STORE}/variants/v/successor"
    named = (await web.keyed.put(path, json={"successor": "w"})).json()
    assert (named["subject"], named["successor"], named["gone"]) == ("variant/v", "variant/w", False)
    around = await web.keyed.put(f"/v1/stores/{STORE}/variants/w/successor", json={"successor": "v"})
    said = problem(around, 409, "conflict")
    assert "around in a circle" in said.detail
    problem(await web.keyed.put(path, json={"successor": "nothing"}), 404, "not-found")
    assert (await web.keyed.get(f"/v1/stores/{STORE}/successors")).json() == {"successors": [named]}
    await shop.tells(VariantFact(variant_id="w", title="w", inventory_item_id="item-w", quantity=0), only=True)
    asked = {"store": STORE, "variant": "v", "email": address("ada")}
    answers = [(await web.open.post("/v1/signups", json=asked | more)).json() for more in ({}, {}, {"homepage": "x"})]
    for answer in answers:
        assert answer["successor"] == "Blue kettle"
        assert answer["detail"].startswith("It is gone for good; its successor is Blue kettle. We have noted it")
        assert answer["detail"].endswith("you will get an e-mail when that is there.")
    assert await pool.fetchval("select subject from waiting") == "variant/w"
    assert (await web.keyed.delete(path)).status_code == 204
    problem(await web.keyed.delete(path), 404, "not-found")
    products = f"/v1/stores/{STORE}/products/p/successor"
    problem(await web.keyed.put(products, json={"successor": "p"}), 422, "invalid")
    problem(await web.keyed.delete(products), 404, "not-found")
