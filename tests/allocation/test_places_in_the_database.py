"""How many places there are and whose trigger holds: said once for rows and once for memory, and always the same."""

from dataclasses import replace
from decimal import Decimal
from itertools import product
from pathlib import Path

from activities.postgres.pool import Pool
from activities.waitlist.allocation import Episode, Supply, observe_supply, share_of, trigger_holds

PRODUCT = Path(__file__).parents[2]
ROWS = [
    (per_unit, available, arrived, claimed, units)
    for per_unit, available, arrived, claimed, units in product(
        (None, 1, 2, 3), (0, 1, 4, 9), (0, 1, 4, 9), (0, 1, 3, 7, 12), (1, 2, 3)
    )
    if (per_unit is None or claimed <= per_unit * arrived) and (units == 1 or per_unit == 1)
]
NUMBERS = (None, Decimal(0), Decimal("2.5"), Decimal("2.5001"), Decimal(9))


async def test_the_database_counts_the_places_that_a_rehearsal_counts(pool: Pool) -> None:
    counted = await pool.fetch(
        "select places_earned(e) as places "
        "from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) with ordinality as r ("
        "contacts_per_unit, available, arrived, claimed, units_per_contact, number), "
        "lateral jsonb_populate_record(null::episodes, to_jsonb(r)) e order by number",
        *(list(column) for column in zip(*ROWS, strict=True)),
    )
    assert [row["places"] for row in counted] == [Episode(*row).places for row in ROWS]


async def test_the_database_counts_the_supply_that_a_rehearsal_counts(pool: Pool) -> None:
    """Whatever units are seen one after the other, and as much as may be of them is taken in between."""
    await pool.execute("insert into stores (id, source) values ('s', 'api')")
    for number, seen in enumerate(product((0, 1, 3, 4), repeat=4)):
        item, supply = f"item-{number}", Supply()
        for units in seen:
            await pool.execute(
                "insert into stock (store_id, inventory_item_id, location_id, available, observed_at) "
                "values ('s', $1, 'here', $2, now()) "
                "on conflict (store_id, inventory_item_id, location_id) do update set available = excluded.available",
                item,
                units,
            )
            await pool.execute("select observe_units('s', array[$1])", item)
            supply = observe_supply(supply, units)
            row = await pool.fetchrow("select available, arrived, taken from supplies where item = $1", item)
            assert row is not None
            assert tuple(row) == (supply.available, supply.arrived, supply.taken), (seen, units)
            take = Decimal("0.5") if supply.places(Decimal("0.5")) else Decimal(0)
            await pool.execute("update supplies set taken = taken + $2 where item = $1", item, take)
            supply = replace(supply, taken=supply.taken + take)


async def test_the_database_takes_the_shares_that_a_rehearsal_takes(pool: Pool) -> None:
    shares = await pool.fetch(
        "select share_of(k, m) as share from generate_series(1, 12) k, generate_series(1, 5) m order by k, m"
    )
    assert [row["share"] for row in shares] == [share_of(k, m) for k in range(1, 13) for m in range(1, 6)]


async def test_the_database_lets_the_triggers_hold_that_a_rehearsal_lets_hold(pool: Pool) -> None:
    cases = list(product(NUMBERS, (True, False), NUMBERS))
    held = await pool.fetch(
        "select coalesce(trigger_holds(w, r.measure), false) as held "
        "from unnest($1::numeric[], $2::boolean[], $3::numeric[]) with ordinality "
        "as r (trigger_at, armed, measure, number), "
        "lateral jsonb_populate_record(null::waiting, to_jsonb(r)) w order by number",
        *(list(column) for column in zip(*cases, strict=True)),
    )
    expected = [trigger_holds(trigger, measure, armed=armed) for trigger, armed, measure in cases]
    assert [row["held"] for row in held] == expected


def test_no_query_counts_places_or_compares_triggers_by_itself() -> None:
    queries = [
        path
        for package in ("activities", "starter")
        for path in (PRODUCT / package).rglob("*.sql")
        if path.parent.name != "migrations"
    ]
    assert queries
    by_itself = ("contacts_per_unit *", "trigger_at >=")
    assert [str(path) for path in queries if any(each in path.read_text(encoding="utf-8") for each in by_itself)] == []
