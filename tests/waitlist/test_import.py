"""Importing waiting lists: the sample exports of other systems, and who stands where afterwards."""

from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from activities.postgres.pool import Pool
from activities.waitlist.entrances import Entrances
from activities.waitlist.late_alerts import AlertDraft, NoSuchAlert
from schemas.ids import Level
from schemas.reasons import Reason
from schemas.responses.waitlists import LeftOut
from starter.versioning.publishing import publish
from starter.waitlists.files.files import read_waitlist
from starter.waitlists.waitlists import Lines
from tests.allocation.rules import broken_rules
from tests.product import starter_document
from tests.story.documents import cheaper, programme
from tests.waitlist.late import BLUE, HAT, LONG_BLUE, ONE_SIZE, RED, SCARF, SHOP, LateShop, all_draft, days_ago, rows

SAMPLES = Path(__file__).parents[1] / "waitlist_files" / "files"
LONG_WINDOW = timedelta(days=3650)
"""The samples are some years old."""


@pytest.mark.parametrize(
    ("name", "columns", "lines", "left_out"),
    [
        ("back_in_stock", {}, {RED: ["ada", "cy"], BLUE: []}, {LeftOut.TOLD: 1}),
        ("klaviyo_events", {}, {RED: ["ada"], LONG_BLUE: ["bo"], ONE_SIZE: ["cy"]}, {}),
        ("klaviyo_profiles", {}, {RED: ["ada"], LONG_BLUE: ["cy"]}, {LeftOut.UNSUBSCRIBED: 1}),
        ("restock_supporter", {}, {RED: ["ada"], LONG_BLUE: ["bo"]}, {LeftOut.UNREADABLE: 1}),
        ("spreadsheet_semicolons", {"signed_up_at": "Requested"}, {RED: ["ada"]}, {LeftOut.TOLD: 1}),
        (
            "stoq",
            {},
            {RED: ["ada", "di", "+12025550123"]},
            {LeftOut.TOLD: 1, LeftOut.UNSUBSCRIBED: 1},
        ),
        ("swym", {}, {RED: ["ada"]}, {LeftOut.UNREADABLE: 1}),
    ],
)
async def test_an_export_of_another_system_becomes_our_line_and_nothing_more_the_second_time(
    shop: LateShop,
    name: str,
    columns: dict[str, str],
    lines: dict[str, list[str]],
    left_out: dict[LeftOut, int],
) -> None:
    await publish(shop.pool, starter_document(relevancy_window=LONG_WINDOW))
    file = read_waitlist((SAMPLES / f"{name}.csv").read_bytes(), columns=columns)
    before = await shop.everything()
    looked = await shop.imports(file, keep=False)
    assert await shop.everything() == before, "a look changes nothing"
    done = await shop.imports(file)
    assert done == looked.model_copy(update={"done": True})
    assert {variant: await shop.line(variant) for variant in lines} == lines
    assert done.counts.entered == sum(map(len, lines.values()))
    assert done.left_out == left_out
    after = await shop.pool.fetchval("select count(*) from journeys")
    again = await shop.imports(file)
    assert (again.counts.entered, again.counts.there_already) == (0, done.counts.entered)
    assert await shop.pool.fetchval("select count(*) from journeys") == after
    assert await broken_rules(shop.pool) == []


async def test_how_many_somebody_wants_means_nothing_to_an_alert_at_a_bound(shop: LateShop) -> None:
    await publish(shop.pool, programme("cheap", cheaper("10%")))
    await shop.sells(SCARF, RED)
    await shop.pool.execute("update variants set price = 20")
    file = rows(("ada@shop.example", RED, days_ago(1), 3), columns="email,variant_id,signed_up_at,quantity")
    assert (await shop.imports(file, "cheap")).counts.entered == 1
    assert await shop.pool.fetchval("select quantity from waiting where trigger_at is not null") == 1


async def test_everyone_keeps_the_place_and_the_window_of_their_sign_up(shop: LateShop) -> None:
    await Entrances(shop.pool).sign_up("today@shop.example", SHOP, RED, "test")
    file = rows(("second@shop.example", RED, days_ago(10)), ("first@shop.example", RED, days_ago(20)))
    await shop.imports(file)
    assert await shop.line() == ["first", "second", "today"]
    first = (await shop.waitlists.show(Lines(SHOP, RED), 1)).waiting[0]
    assert first.entered_at == days_ago(20)
    assert timedelta(days=180) <= first.window_ends_at - first.entered_at < timedelta(days=181)


async def test_who_signed_up_at_the_same_moment_stands_in_the_order_of_the_file(shop: LateShop) -> None:
    names = [f"n{number}" for number in range(120)]
    await shop.imports(rows(*((f"{name}@shop.example", RED, days_ago(5)) for name in names)))
    assert await shop.line() == names


async def test_the_consent_is_on_record_as_imported_and_from_then(shop: LateShop) -> None:
    await shop.imports(rows(("ada@shop.example", RED, days_ago(10))))
    (consent,) = await shop.pool.fetch("select granted, source, given_at from consents")
    assert tuple(consent) == (True, "import", days_ago(10))


async def test_who_opted_out_stays_out_and_of_who_does_not_enter_nothing_is_kept(shop: LateShop) -> None:
    await shop.knows("opted-out", granted=False)
    file = rows(("opted-out@shop.example", RED, days_ago(1)), ("too-late@shop.example", RED, days_ago(400)))
    report = await shop.imports(file)
    assert report.counts.not_entered == {Reason.NO_CONSENT: 1, Reason.WINDOW_ENDED: 1}
    assert await shop.pool.fetchval("select count(*) from contacts") == 1
    assert await shop.pool.fetchval("select count(*) from consents where granted") == 0


async def test_who_bought_since_is_left_out_and_who_bought_before_is_not(shop: LateShop) -> None:
    for name, days in (("since", 5), ("before", 15)):
        await shop.knows(name, granted=True)
        await shop.bought(name, at=days_ago(days))
    report = await shop.imports(rows(*((f"{name}@shop.example", RED, days_ago(10)) for name in ("since", "before"))))
    assert report.counts.not_entered == {Reason.PURCHASED: 1}
    assert await shop.line() == ["before"]


@pytest.mark.parametrize("tells", [False, True])
async def test_what_is_in_stock_is_told_at_once_only_if_the_alert_says_so_and_within_what_arrived(
    shop: LateShop, tells: bool
) -> None:
    await publish(shop.pool, starter_document(tells_late_entrants=tells))
    await shop.sells(SCARF, RED, BLUE, units=2)
    file = rows(*((f"{name}@shop.example", RED, days_ago(9 - place)) for place, name in enumerate("abc")))
    report = await shop.imports(file)
    if tells:
        assert (report.counts.entered, report.counts.in_stock_now) == (3, 3)
        assert await shop.looks() == 2, "two units, two people"
        line = await shop.waitlists.show(Lines(SHOP, RED), None)
        assert [each.claimed for each in line.waiting] == [True, True, False]
    else:
        assert report.counts.not_entered == {Reason.IN_STOCK: 3}
        assert await shop.looks() == 0


async def test_who_was_told_or_has_left_since_is_not_entered_again(shop: LateShop) -> None:
    file = rows(("told@shop.example", RED, days_ago(10)), ("left@shop.example", RED, days_ago(9)))
    await shop.imports(file)
    await shop.pool.execute("update waiting set state = 'told' where place = (select min(place) from waiting)")
    await shop.pool.execute("update waiting set state = 'left', reason = 'cancelled' where state = 'waiting'")
    await shop.pool.execute("update journeys set told_at = $1, ended_at = $1, ending = 'completed'", days_ago(5))
    assert (await shop.imports(file)).counts.there_already == 2
    anew = rows(("told@shop.example", RED, days_ago(1)))
    assert (await shop.imports(anew)).counts.entered == 1, "they signed up again after that"


async def test_an_import_that_stops_half_way_is_simply_run_again(shop: LateShop) -> None:
    file = rows(*((f"n{number}@shop.example", RED, days_ago(200 - number)) for number in range(120)))
    whole = await shop.imports(file, keep=False)
    await shop.pool.execute(
        """create function stop() returns trigger language plpgsql as $$ begin
             if (select count(*) from journeys) > 70 then raise exception 'the power is out'; end if; return null;
           end $$"""
    )
    await shop.pool.execute("create trigger stopping after insert on journeys execute function stop()")
    with pytest.raises(asyncpg.RaiseError):
        await shop.imports(file)
    half = await shop.pool.fetchval("select count(*) from journeys")
    assert 0 < half < whole.counts.entered
    await shop.pool.execute("drop trigger stopping on journeys")
    again = await shop.imports(file)
    assert (again.counts.entered, again.counts.there_already) == (whole.counts.entered - half, half)
    everyone = await shop.line()
    assert everyone == [f"n{number}" for number in range(120)][-len(everyone) :]


async def test_a_row_means_the_most_exact_that_it_names_and_what_is_not_known_is_told_by_line(shop: LateShop) -> None:
    when = days_ago(1)
    file = rows(
        ("by-sku@shop.example", "", "", "SCARF RED", when),
        ("by-only-variant@shop.example", "", HAT, "", when),
        ("which-one@shop.example", "", SCARF, "", when),
        ("no-sku@shop.example", "", "", "HAT", when),
        ("no-variant@shop.example", "999", SCARF, "", when),
        ("no-product@shop.example", "", "999", "", when),
        ("tomorrow@shop.example", RED, "", "", days_ago(-1)),
        columns="email,variant_id,product_id,sku,signed_up_at",
    )
    report = await shop.imports(file)
    assert await shop.line(RED) == ["by-sku"]
    assert await shop.line(ONE_SIZE) == ["by-only-variant"]
    assert report.left_out == {
        LeftOut.SEVERAL_VARIANTS: 1,
        LeftOut.UNKNOWN_SKU: 1,
        LeftOut.UNKNOWN_VARIANT: 1,
        LeftOut.UNKNOWN_PRODUCT: 1,
        LeftOut.IN_THE_FUTURE: 1,
    }
    assert [diagnostic.line for diagnostic in report.diagnostics] == [4, 5, 6, 7, 8]
    assert "@" not in report.model_dump_json()


async def test_an_alert_for_whole_products_takes_in_who_asked_for_any_of_their_variants_once(shop: LateShop) -> None:
    await publish(shop.pool, starter_document(level=Level.PRODUCT))
    file = rows(
        ("ada@shop.example", "", SCARF, days_ago(3)),
        ("ada@shop.example", RED, "", days_ago(2)),
        ("bo@shop.example", BLUE, "", days_ago(1)),
        columns="email,variant_id,product_id,signed_up_at",
    )
    report = await shop.imports(file)
    assert (report.counts.entered, report.repeated) == (2, 1)
    assert await shop.line(product=SCARF) == ["ada", "bo"]


async def test_rows_of_another_store_or_alert_are_left_out(shop: LateShop) -> None:
    file = rows(
        ("ada@shop.example", RED, days_ago(1), SHOP, "back-in-stock"),
        ("bo@shop.example", RED, days_ago(1), "other.myshopify.com", "back-in-stock"),
        ("cy@shop.example", RED, days_ago(1), SHOP, "elsewhere"),
        columns="email,variant_id,signed_up_at,store,alert",
    )
    report = await shop.imports(file)
    assert await shop.line() == ["ada"]
    assert report.left_out == {LeftOut.OTHER_STORE: 1, LeftOut.OTHER_ALERT: 1}


async def test_nobody_is_imported_into_an_alert_that_is_not_there_or_all_draft(shop: LateShop) -> None:
    file = rows(("ada@shop.example", RED, days_ago(1)))
    with pytest.raises(NoSuchAlert):
        await shop.imports(file, "elsewhere")
    await publish(shop.pool, all_draft())
    with pytest.raises(AlertDraft):
        await shop.imports(file, "back-in-stock")


async def test_our_own_export_moves_a_list_to_another_installation(shop: LateShop, pool: Pool) -> None:
    await shop.imports(rows(*((f"n{n}@shop.example", RED, days_ago(20 - n)) for n in range(3))))
    written = await shop.waitlists.export(Lines(SHOP), "test")
    assert written.contacts == 3
    await pool.execute("truncate outbox, waiting, claims, journeys cascade")
    await shop.imports(read_waitlist(written.text))
    assert await shop.line() == ["n0", "n1", "n2"]
    assert await pool.fetchval("select count(*) from audit where action = 'export waiting list'") == 1


async def test_who_wants_more_than_there_is_enters_late_and_who_wants_no_more_does_not(shop: LateShop) -> None:
    await shop.sells(SCARF, RED, units=3)
    file = rows(
        *((f"{name}@shop.example", RED, days_ago(2), wants) for name, wants in (("ada", "5"), ("bo", "3"), ("cy", ""))),
        columns="email,variant_id,signed_up_at,quantity",
    )
    report = await shop.imports(file)
    assert (report.counts.entered, report.counts.not_entered) == (1, {Reason.IN_STOCK: 2})
    (waiting,) = (await shop.waitlists.show(Lines(SHOP, RED), None)).waiting
    assert waiting.quantity == 5
