"""Lines as people look after them: their numbers, in pages, with the arithmetic of one and those who are next in it."""

import pytest

from activities.postgres.pool import Pool
from activities.stock.products import UnknownVariant
from activities.waitlist.claims import Waitlist
from activities.waitlist.entrances import Entrances
from schemas.document.alert_types.vocabulary import Order
from schemas.ids import Level, StoreId
from schemas.reasons import Reason
from starter.ops.pausing import Pausable, Pausing
from starter.reporting.reports import Period, Reports
from starter.versioning.publishing import publish
from starter.waitlists.lines import LineSort, LinesShown, WaitingLines, WantedLines
from tests.product import STORE, Shop, address, starter_document, subject


@pytest.fixture
async def shop(pool: Pool) -> Shop:
    shop = await Shop.opened(pool, starter_document(contacts_per_unit=1))
    await shop.sells("v", "w", "x")
    await shop.signs_up("ada", "bob", "cy")
    await shop.signs_up("dora", for_="w")
    await Entrances(pool).sign_up(address("eve"), STORE, "x", "test", quantity=9)
    return shop


async def test_lines_come_in_pages_by_how_many_wait_or_how_many_units_they_want(shop: Shop, pool: Pool) -> None:
    lines = WaitingLines(pool)
    for sort, expected in (
        (LineSort.WAITING, ["v", "w", "x"]),
        (LineSort.UNITS, ["x", "v", "w"]),
        (LineSort.TITLE, ["v", "w", "x"]),
    ):
        shown: list[str] = []
        after = None
        for _ in expected:
            page = await lines.page(WantedLines(sort=sort), after, 1)
            assert (page.totals.lines, page.totals.waiting, page.totals.units) == (3, 5, 13)
            shown += [line.subject.removeprefix("variant/") for line in page.lines]
            after = page.next
        assert (shown, after) == (expected, None)


async def test_a_line_has_as_many_units_to_order_as_the_report_of_what_is_wanted(shop: Shop, pool: Pool) -> None:
    await shop.has("v", 2)
    assert (await Waitlist(pool).give_places(subject("v"))).to_notify == 2
    wanted = (await Reports(pool).wanted(None, Period(), Level.VARIANT)).products
    lines = (await WaitingLines(pool).page(WantedLines())).lines
    assert {line.subject: (line.waiting, line.units, line.to_order) for line in lines} == {
        f"variant/{row.variant_id}": (row.waiting, row.units, row.to_order) for row in wanted
    }
    (first,) = [line for line in lines if line.subject == "variant/v"]
    assert (first.called, first.offered, first.to_order) == (2, 2, 1)


async def test_lines_are_found_by_store_alert_words_and_what_is_so_of_them(shop: Shop, pool: Pool) -> None:
    lines = WaitingLines(pool)

    async def found(wanted: WantedLines) -> set[str]:
        return {line.subject for line in (await lines.page(wanted)).lines}

    assert await found(WantedLines(text="KETTLE")) == {"variant/v", "variant/w", "variant/x"}
    assert await found(WantedLines(text="w")) == {"variant/w"}
    assert await found(WantedLines(text="%")) == set()
    assert await found(WantedLines(stores=[StoreId("another.example")])) == set()
    assert await found(WantedLines(alert="price-drop")) == set()
    assert await found(WantedLines(show=LinesShown.LONG)) == set()
    assert await found(WantedLines(show=LinesShown.OFFERED)) == set()
    await shop.has("w", 1)
    assert await found(WantedLines(show=LinesShown.OFFERED)) == {"variant/w"}
    await Pausing(pool).pause(Pausable("alert", "back-in-stock"), "test")
    assert len(await found(WantedLines(show=LinesShown.PAUSED))) == 3


async def test_one_line_says_who_is_next_and_why_the_others_are_not(shop: Shop, pool: Pool) -> None:
    lines = WaitingLines(pool)
    await Entrances(pool).sign_up(address("fay"), STORE, "v", "test", quantity=5)
    await shop.has("v", 2)
    await pool.execute("update waiting set passed_over_for = 'purchased' where place = 2")
    report = await lines.show(subject("v"))
    (terms,) = report.alerts
    assert (terms.waiting, terms.units, terms.available, terms.places, terms.next_told) == (4, 8, 2, 2, 2)
    first = await lines.people(subject("v"), terms, limit=2)
    rest = await lines.people(subject("v"), terms, first.next, 2)
    people = [*first.people, *rest.people]
    assert [(each.place, each.would_be_called, each.why_not) for each in people] == [
        (1, True, None),
        (2, False, Reason.PURCHASED),
        (3, True, None),
        (4, False, Reason.FEWER_THAN_WANTED),
    ]
    assert (rest.next, {each.address for each in people}) == (None, {None})
    assert await pool.fetchval("select count(*) from audit where action = 'show addresses of waiting list'") == 0
    seen = await lines.people(subject("v"), terms, seen_by="somebody")
    assert seen.people[0].address == address("ada")
    assert await pool.fetchval("select count(*) from audit where action = 'show addresses of waiting list'") == 1
    with pytest.raises(UnknownVariant):
        await lines.show(subject("nothing"))


async def test_the_newest_come_first_where_the_alert_says_so(pool: Pool) -> None:
    shop = await Shop.opened(pool, starter_document(contacts_per_unit=1, order=Order.FIRST_IN_LAST_OUT))
    await shop.signs_up("ada", "bob", "cy")
    lines = WaitingLines(pool)
    (terms,) = (await lines.show(subject("v"))).alerts
    first = await lines.people(subject("v"), terms, limit=2, seen_by="somebody")
    rest = await lines.people(subject("v"), terms, first.next, 2, seen_by="somebody")
    shown = [each.address for each in (*first.people, *rest.people)]
    assert shown == [address("cy"), address("bob"), address("ada")]


async def test_an_episode_says_what_became_of_the_places_that_its_units_made(shop: Shop, pool: Pool) -> None:
    await shop.has("v", 2)
    assert (await Waitlist(pool).give_places(subject("v"))).to_notify == 2
    (episode,) = await WaitingLines(pool).episodes(subject("v"))
    assert (episode.arrived, episode.places, episode.given, episode.called, episode.told) == (2, 2, 2, 2, 0)
    assert (episode.closed_at, [part.given for part in episode.parts]) == (None, [2])
    assert await WaitingLines(pool).episodes(subject("w")) == ()


async def test_a_cursor_that_is_none_begins_anew(shop: Shop, pool: Pool) -> None:
    for cursor in ("", "nonsense", "W10", "WzEsMl0"):
        assert len((await WaitingLines(pool).page(WantedLines(), cursor)).lines) == 3


async def test_a_list_that_is_published_again_keeps_its_lines(shop: Shop, pool: Pool) -> None:
    await publish(pool, starter_document(contacts_per_unit=2))
    (terms,) = (await WaitingLines(pool).show(subject("v"))).alerts
    assert (terms.contacts_per_unit, terms.waiting) == (2, 3)
