"""A code is one person's: reserved with their claim by the database, returned with it, and known when redeemed."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.waitlist.claims import Waitlist
from schemas.document.conversation import ConversationDocument
from schemas.ids import JourneyId
from schemas.incoming.message_events import MessageEventKind
from schemas.journey.outcome import Refused, Sent, Unknown
from schemas.reasons import Ending, Reason
from schemas.responses.coupons import CouponList, CouponLists, CouponsAdded
from starter.ops.findings import Health
from starter.ops.sending_checkup import examine_coupons
from starter.shops.coupons import BadCoupons, Coupons, read_codes
from starter.versioning.publishing import publish
from tests.cli.command import Shelftalk
from tests.delivery.counter import Counter
from tests.feedback.told import of, tell
from tests.http.web import Web
from tests.product import STORE, Shop, starter_document
from tests.simulated.sender import Answer

WORDS = "{% if coupon.code %}Your code: {{ coupon.code }}.{% else %}No code.{% endif %} {{ product.url }}"


def gives_codes() -> ConversationDocument:
    document = starter_document(coupons="spring")
    with_code = document.messages["it-is-back"].model_copy(update={"text": WORDS})
    return document.model_copy(update={"messages": document.messages | {"it-is-back": with_code}})


@pytest.fixture
async def counter(pool: Pool) -> Counter:
    await publish(pool, gives_codes())
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    return Counter(pool, shop)


async def has_codes(pool: Pool, *codes: str) -> None:
    await Coupons(pool).add("spring", codes, "test")


async def spring(pool: Pool) -> CouponList:
    (found,) = (await Coupons(pool).lists()).lists
    return found


async def code_of(pool: Pool, journey: JourneyId) -> str | None:
    return await pool.fetchval(
        "select code from coupons c join claims cl on cl.id = c.claim_id where cl.journey_id = $1", journey
    )


async def test_each_of_those_who_are_told_gets_a_code_of_their_own_in_the_order_of_the_file(
    counter: Counter, pool: Pool
) -> None:
    await has_codes(pool, "B-1", "A-2", "C-3")
    journeys = await counter.calls("ann", "ben", units=2)
    assert [await code_of(pool, journey) for journey in journeys] == ["B-1", "A-2"]
    for journey in journeys:
        assert isinstance(await counter.tells(journey), Sent)
    assert [mail.text.split(".")[0] for mail in counter.sender.taken] == ["Your code: B-1", "Your code: A-2"]
    assert (await spring(pool)).free == 1


async def test_a_place_that_passes_on_gives_its_code_back(counter: Counter, pool: Pool) -> None:
    await has_codes(pool, "ONE")
    ann, ben = await counter.calls("ann", "ben", units=1)
    await counter.hears_no_from(ann)
    assert isinstance(await counter.tells(ann), Refused)
    assert await code_of(pool, ann) is None
    await counter.looks()
    assert await code_of(pool, ben) == "ONE"


async def test_a_claim_that_goes_back_in_line_gives_its_code_back_too(counter: Counter, pool: Pool) -> None:
    await has_codes(pool, "ONE")
    (ann,) = await counter.calls("ann")
    await counter.shop.has("v", 0)
    assert await counter.tells(ann) == Refused.model_validate({"reason": Reason.SOLD_OUT_AGAIN, "then": "back_in_line"})
    assert (await spring(pool)).free == 1
    await counter.shop.has("v", 1)
    await counter.looks()
    assert await code_of(pool, ann) == "ONE"


async def test_a_claim_that_lapses_unused_gives_its_code_back_and_one_that_was_told_keeps_it(
    counter: Counter, pool: Pool
) -> None:
    await has_codes(pool, "ONE", "TWO")
    ann, ben = await counter.calls("ann", "ben", units=2)
    await counter.tells(ann)
    for journey in (ann, ben):
        await Waitlist(pool).close(journey, Ending.EXITED, None)
    assert (await code_of(pool, ann), await code_of(pool, ben)) == ("ONE", None)


async def test_where_no_code_is_left_the_message_leaves_without_and_it_is_on_record(
    counter: Counter, pool: Pool
) -> None:
    await has_codes(pool, "ONE")
    journeys = await counter.calls("ann", "ben", "cat", units=3)
    for journey in journeys:
        assert isinstance(await counter.tells(journey), Sent)
    assert [mail.text.startswith("No code.") for mail in counter.sender.taken] == [False, True, True]
    found = await spring(pool)
    assert (found.free, found.reserved, found.missing, found.alerts) == (0, 1, 2, ("back-in-stock",))
    assert (await examine_coupons(pool)).health is Health.BAD
    await has_codes(pool, *(f"NEW-{number}" for number in range(60)))
    await pool.execute("update coupons_missing set missed_at = now() - interval '2 days'")
    assert (await examine_coupons(pool)).health is Health.GOOD


async def test_publishing_says_that_a_list_has_no_code_left(pool: Pool) -> None:
    published = await publish(pool, gives_codes())
    assert [text for text in published.warnings if "coupon add spring" in text]
    await has_codes(pool, "ONE")
    assert not (await publish(pool, gives_codes())).warnings


async def test_one_claim_has_one_code_and_a_code_is_there_once_in_any_letter_case(counter: Counter, pool: Pool) -> None:
    await has_codes(pool, "ONE", "TWO")
    await counter.calls("ann")
    with pytest.raises(asyncpg.UniqueViolationError):
        await pool.execute("update coupons set claim_id = (select max(id) from claims)")
    added = await Coupons(pool).add("autumn", ["one", "THREE"], "test")
    assert (added.added, added.known, added.free) == (1, 1, 1)


async def test_an_order_with_a_messages_code_redeems_it_and_is_credited_to_the_message_whoever_ordered(
    counter: Counter, pool: Pool, web: Web
) -> None:
    await has_codes(pool, "ONE")
    (ann,) = await counter.calls("ann")
    await counter.tells(ann)
    order = {"id": "o-1", "store": STORE, "kind": "ordered", "email": "ben@example.com", "order": "1", "product": "p"}
    money = {"currency": "EUR", "total": "49.00"}
    told = order | {"money": money, "codes": ["OTHER", " one "], "happened_at": datetime.now(UTC).isoformat()}
    answer = await web.keyed.post("/v1/events", json=told)
    assert answer.json()["outcomes"][0]["status"] == "accepted", answer.text
    row = await pool.fetchrow("select send_key, touch from credits")
    assert row is not None
    assert (row["send_key"].split("/")[0], row["touch"]) == (ann, "coupon")
    assert (await spring(pool)).redeemed == 1


async def test_a_code_whose_message_reached_nobody_goes_to_the_next_in_line(counter: Counter, pool: Pool) -> None:
    await has_codes(pool, "ONE")
    ann, ben = await counter.calls("ann", "ben", units=1)
    counter.sender.answer_next(Answer.LOSE)
    assert await counter.tells(ann) == Unknown()
    assert await code_of(pool, ann) == "ONE", "which may have arrived"
    await tell(pool, of(ann, MessageEventKind.BOUNCED, name="ann"))
    assert await code_of(pool, ann) is None
    await counter.looks()
    assert await code_of(pool, ben) == "ONE"


async def test_a_code_that_was_used_while_it_was_free_is_given_to_nobody(
    counter: Counter, pool: Pool, web: Web
) -> None:
    await has_codes(pool, "ONE", "TWO")
    order = {"id": "o-1", "store": STORE, "kind": "ordered", "email": "ben@example.com", "order": "1", "product": "p"}
    money = {"currency": "EUR", "total": "49.00"}
    told = order | {"money": money, "codes": ["one"], "happened_at": datetime.now(UTC).isoformat()}
    await web.keyed.post("/v1/events", json=told)
    (ann,) = await counter.calls("ann")
    assert await code_of(pool, ann) == "TWO"
    assert (await spring(pool)).free == 0


async def test_codes_are_put_in_and_listed_from_the_command_line(
    counter: Counter, shelftalk: Shelftalk, tmp_path: Path
) -> None:
    file = tmp_path / "codes.csv"
    file.write_text("SAVE-1\n\nSAVE-2,used elsewhere\nsave-1\n", encoding="utf-8-sig")
    added = (await shelftalk.run("coupon", "add", "spring", str(file), "--json")).answer(CouponsAdded)
    assert (added.added, added.free) == (2, 2)
    listed = (await shelftalk.run("coupon", "list", "--json")).answer(CouponLists)
    assert [(each.coupon_list, each.codes) for each in listed.lists] == [("spring", 2)]
    assert "spring" in (await shelftalk.run("coupon", "list")).out
    assert (await shelftalk.run("coupon", "add", "No List", str(file), "--json")).failure.code == "coupons_malformed"
    file.write_text("SAVE-3\nnot a code\n", encoding="utf-8")
    refused = (await shelftalk.run("coupon", "add", "spring", str(file), "--json")).failure
    assert "Line 2" in refused.message


@given(st.lists(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=20)))
def test_every_code_is_read_once(codes: list[str]) -> None:
    read = [*read_codes(codes)]
    assert [each.upper() for each in read] == list(dict.fromkeys(code.upper() for code in codes))


@given(st.lists(st.text(max_size=120)))
def test_whatever_is_in_a_file_it_is_codes_or_refused(lines: list[str]) -> None:
    with suppress(BadCoupons):
        assert all(code and code.isprintable() and " " not in code for code in read_codes(lines))
