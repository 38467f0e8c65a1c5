"""What events say of a contact for criteria, and what they say back to whom nothing will be sent."""

import pytest

from activities.intake.enlisting import NO_CONSENT, SUPPRESSED
from activities.postgres.pool import Pool
from schemas.document.alert_types.back_in_stock import BackInStock
from starter.versioning.publishing import publish
from tests.events.told import conversation, event, tell
from tests.http.web import Web, problem, product_message

VIPS = {"type": "back-in-stock", "action": "browse", "profile_filter": {"contact.tags": {"contains": "vip"}}}


@pytest.fixture
async def shop(web: Web, pool: Pool) -> Web:
    """Whoever looks and is a vip is told when it is back."""
    await publish(pool, conversation({"back": BackInStock.model_validate(VIPS)}))
    await web.webhook("products/update", product_message())
    return web


async def test_a_tag_of_an_event_counts_for_that_event_already_and_is_taken_off_by_another(shop: Web) -> None:
    outcomes = [
        *await tell(shop, event()),
        *await tell(shop, event(tags={"vip": True, "x": False})),
        *await tell(shop, event("custom", name="left the club", tags={"vip": False})),
    ]
    first, second, _ = (outcome["effect"]["alerts"] for outcome in outcomes)
    assert (first[0]["reason"], second[0]["result"]) == ("filtered", "entered")
    answer = await shop.keyed.post("/v1/contacts/search", json={"email": "ann@example.com"})
    assert answer.json()["tags"] == []


@pytest.mark.parametrize("tags", [{"": True}, {"x" * 101: True}, {"vip": 7}, {str(n): True for n in range(51)}])
async def test_tags_that_are_none_are_refused(shop: Web, tags: dict[str, object]) -> None:
    problem(await shop.keyed.post("/v1/events", json=event(tags=tags)), 422, "invalid")


async def test_an_event_says_where_nothing_will_be_sent_to_whom_it_entered(shop: Web, pool: Pool) -> None:
    vip = {"vip": True}
    notes = [(await tell(shop, event(tags=vip)))[0]["effect"]["note"]]
    await shop.keyed.post("/v1/consents", json={"email": "ben@example.com", "granted": True, "source": "checkout"})
    notes += [(await tell(shop, event(who="ben", tags=vip)))[0]["effect"]["note"]]
    await pool.execute("insert into suppressions (channel, address, reason) values ('email', 'ben@example.com', 'x')")
    notes += [(await tell(shop, event(who="ben", tags=vip)))[0]["effect"]["note"]]
    notes += [(await tell(shop, event(who="cy")))[0]["effect"]["note"]]
    assert notes == [NO_CONSENT, None, SUPPRESSED, None], "who is not entered needs to be told nothing"
