"""Opens and clicks, as a mail provider tells of them: what criteria know as the last of each."""

from itertools import permutations

import pytest

from activities.decisions.facts import CriteriaFacts
from activities.decisions.filters import criteria_facts
from activities.postgres.pool import Pool
from starter.versioning.publishing import publish
from tests.events.test_enlisting import back
from tests.events.told import ago, considered, conversation, event, only, tell
from tests.http.web import Web, product_message
from tests.storefronts.shop import SHOP

READERS = {"any": [{"engagement.last_open": {"within": "2 days"}}, {"engagement.last_click": {"within": "30 days"}}]}


async def known_of(pool: Pool, who: str = "ann") -> CriteriaFacts:
    contact_id = await pool.fetchval("select id from contacts where email = $1", f"{who}@example.com")
    facts = await criteria_facts(pool, contact_id, SHOP, None, None, None)
    assert facts is not None
    return facts


async def test_an_open_is_recorded_with_its_message_and_needs_no_product(web: Web, pool: Pool) -> None:
    opened = event("opened_message", message="<j-1.tell.0@shop.example>")
    (first,) = await tell(web, opened)
    (again,) = await tell(web, opened | {"happened_at": ago(days=1)})
    assert (first["status"], again["status"]) == ("accepted", "repeated")
    row = await only(pool, "select message_id, product_id, quantity, outcome from events")
    assert tuple(row) == ("j-1.tell.0@shop.example", None, None, {})


async def test_who_opened_may_be_named_by_id(web: Web, pool: Pool) -> None:
    (known,) = await tell(web, event("custom", name="a"))
    (clicked,) = await tell(web, event("clicked_message", email=None, contact=known["contact"]))
    assert clicked["contact"] == known["contact"]
    assert (await known_of(pool)).engagement_last_click is not None


@pytest.mark.parametrize("arrival", list(permutations(range(3))))
async def test_in_any_order_of_arrival_the_latest_counts(web: Web, pool: Pool, arrival: tuple[int, ...]) -> None:
    opens = [event("opened_message", happened_at=ago(days=days)) for days in (9, 1, 5)]
    click = event("clicked_message", happened_at=ago(days=3))
    await tell(web, *(opens[number] for number in arrival), click, event("opened_message", "ben"))
    facts = await known_of(pool)
    assert facts.engagement_last_open is not None
    assert facts.engagement_last_open.isoformat() == opens[1]["happened_at"]
    assert facts.engagement_last_click is not None
    assert facts.engagement_last_click.isoformat() == click["happened_at"]


async def test_who_never_opened_nor_clicked_is_unknown(web: Web, pool: Pool) -> None:
    await tell(web, event("clicked_message"), event("opened_message", "ben"))
    assert (await known_of(pool)).engagement_last_open is None, "a click is not counted as an open"
    assert (await known_of(pool, "ben")).engagement_last_click is None


async def test_an_alert_may_be_for_those_who_still_read(web: Web, pool: Pool) -> None:
    await publish(pool, conversation({"back": back(profile_filter=READERS)}))
    await web.webhook("products/update", product_message())
    await tell(web, event("opened_message", "ann"), event("clicked_message", "ben", happened_at=ago(days=20)))
    await tell(web, event("opened_message", "cat", happened_at=ago(days=20)))
    stands = {who: (await considered(web, event(who=who)))["back"] for who in ("ann", "ben", "cat", "dan")}
    assert stands == {"ann": "entered", "ben": "entered", "cat": "filtered", "dan": "filtered"}
