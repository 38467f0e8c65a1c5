"""What a product offers as a whole, kept up level by level, is what reading all of it would find."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from activities.stock.offers import Product, Variant
from activities.stock.quantities import Quantities
from schemas.incoming.facts import Policy

START = datetime(2026, 1, 1, tzinfo=UTC)

variants = st.builds(
    Variant,
    item=st.sampled_from(["one", "two", "three"]),
    removed=st.booleans(),
    tracked=st.sampled_from([None, True, False]),
    policy=st.sampled_from(Policy),
    price=st.sampled_from([None, Decimal(5), Decimal(7)]),
    quantities=st.just(Quantities()),
)
levels = st.tuples(
    st.sampled_from(["one", "two", "three"]), st.sampled_from(["a", "b"]), st.sampled_from([None, -1, 0, 1, 2, 5])
)


@given(st.lists(variants, min_size=1, max_size=5), st.lists(levels, max_size=12))
def test_sums_that_are_kept_up_are_those_of_all_variants(
    some: list[Variant], changes: list[tuple[str, str, int | None]]
) -> None:
    whole = Product(True, {str(number): variant for number, variant in enumerate(some)})
    sums = {key: whole.sum(key) for key in (None, ("a",))}
    for number, (item, location, units) in enumerate(changes):
        sells = {id_ for id_, variant in whole.variants.items() if variant.item == item}
        part = Product(True, {id_: whole.variants[id_] for id_ in sells}, whole=False, sums=sums)
        for id_ in sells:
            after = whole.variants[id_].quantities.with_level(location, units, START + timedelta(seconds=number))
            part, whole = part.with_quantities(id_, after), whole.with_quantities(id_, after)
        sums = dict(part.sums)
        assert sums == {key: whole.sum(key) for key in (None, ("a",))}
