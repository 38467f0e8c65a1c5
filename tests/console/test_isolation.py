"""Who is for one store, or some, sees nothing of another: no page of theirs changes, whatever happens there."""

import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from temporalio.client import Client

from activities.intake.events import Events
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.waitlist.entrances import Entrances
from activities.waitlist.entry import Entered
from schemas.ids import JourneyId, StoreId
from schemas.incoming.events import Event, EventStatus
from schemas.incoming.facts import ProductFact, VariantFact
from schemas.responses.analytics import Measured
from schemas.responses.daily import DailyBy
from schemas.responses.message_activity import ActivityBy
from schemas.responses.operations import Choice
from schemas.responses.users import Grant, Role
from starter.http.console.access import ConsoleRoute
from starter.versioning.bulk import Decision
from starter.versioning.contents import as_yaml, content_hash
from starter.versioning.publishing import Publishing, publish
from starter.versioning.versions import Versions
from tests.console.support import Console, console_over, of_all
from tests.console.test_roles import routes
from tests.product import address, starter_document
from tests.revenue.told import sent
from tests.story.documents import back, programme

OURS, THEIRS, THIRD = StoreId("ours.example"), StoreId("theirs.example"), StoreId("third.example")
WHO = {
    "support of one": (Role.SUPPORT, OURS),
    "support of two of three": (Role.SUPPORT, OURS, THIRD),
    "an editor of one": (Role.EDITOR, OURS),
    "a publisher of one": (Role.PUBLISHER, OURS),
    "an admin of one": (Role.ADMIN, OURS),
}
"""By role and stores."""
SHARED = "back-in-stock"
OPERATION = f"/conversations/{SHARED}/operations/1"
"""There is none before one is begun."""
EACH_TIME = re.compile(r'nonce="[^"]*"|>[^<]*</time>')
"""What of a page differs each time that it is opened: its nonce, and how long ago something was."""
ASKED = {
    "/reports": [f"by={by}" for by in DailyBy],
    "/reports/messages": [*(f"by={by}" for by in ActivityBy), f"alert={SHARED}", f"store={THEIRS}"],
    "/reports/delays": [f"store={THEIRS}"],
    "/conversations": ["search=theirs"],
    "/conversations/{name}/analytics": [f"show={each}" for each in Measured],
    "/conversations/{name}/analytics/people": [
        f"place={place}&show={each}" for place, each in product(("entrance", "waiting-list/back-in-stock"), Measured)
    ],
}
"""What else pages are asked for in their addresses."""
NEEDED = {"/journeys/{journey}/repair": "do=retry"}
"""What a page's address has to say."""


@dataclass(frozen=True)
class Of:
    """What a store has, by the names that the routes' paths give it."""

    store: StoreId
    conversation: str
    journey: JourneyId
    contact: str
    send: str

    @property
    def named(self) -> Mapping[str, str]:
        return {
            "name": self.conversation,
            "store": self.store,
            "journey": self.journey,
            "contact": self.contact,
            "message": self.send.replace("/", "%2F"),
            "level": "variant",
            "thing": "v",
            "operation": "1",
        }


async def sells(pool: Pool, store: StoreId) -> None:
    variant = VariantFact(variant_id="v", inventory_item_id="item-v", quantity=0)
    fact = ProductFact(
        product_id="p",
        title=f"Kettle of {store}",
        on_sale=True,
        variants=(variant,),
        all_variant_ids=frozenset({"v"}),
        observed_at=datetime.now(UTC),
    )
    await Intake(pool).observe(store, "api", [fact])


async def happens(pool: Pool, store: StoreId, conversation: str, *names: str) -> Of:
    """These people sign up in a store, are written to, and order."""
    await sells(pool, store)
    made: list[Of] = []
    for name in names:
        entered = await Entrances(pool).sign_up(address(name), store, "v", "test")
        assert isinstance(entered, Entered)
        key = await sent(pool, entered.journey_id, 1)
        contact = await pool.fetchval("select contact_id from journeys where id = $1", entered.journey_id)
        told = {
            "id": f"ordered {name}",
            "store": store,
            "kind": "ordered",
            "email": address(name),
            "order": f"order-of-{name}",
            "items": [{"product": "p", "variant": "v", "quantity": 1}],
            "money": {"currency": "EUR", "total": "77.70"},
            "happened_at": datetime.now(UTC) - timedelta(hours=1),
        }
        assert (await Events(pool).take(Event.model_validate(told))).status is EventStatus.ACCEPTED
        made.append(Of(store, conversation, entered.journey_id, contact, key))
    return made[0]


def addresses(of: Of, role: Role = Role.SUPPORT) -> list[str]:
    """Of every page that whoever has this role for some store may open, as files too."""
    found: list[str] = []
    for name, route in routes().items():
        method, _, path = name.partition(" ")
        if method != "GET" or not isinstance(route, ConsoleRoute) or not role.includes(route.role):
            continue
        if not route.somewhere and "{store" not in path:
            continue
        asked = [NEEDED.get(path, ""), *ASKED.get(path, [])]
        found += [f"{path.replace(':id}', '}').format_map(of.named)}?{each}" for each in asked]
        found += [
            f"{path.replace(':id}', '}').format_map(of.named)}?{each}&format=csv"
            for each in asked
            if path in ASKED and path != "/conversations"
        ]
    return found


@pytest.fixture
async def ours(pool: Pool) -> Of:
    """A store's people in a conversation that is for all stores, whose working version says something else."""
    await publish(pool, starter_document())
    ours = await happens(pool, OURS, SHARED, "ann", "anna")
    await happens(pool, THIRD, SHARED, "zora")
    slower = starter_document("3 days")
    await Versions(pool).save(as_yaml(slower), slower, "test", content_hash(starter_document()))
    return ours


@pytest.fixture(params=WHO)
def who(request: pytest.FixtureRequest) -> tuple[Role, *tuple[StoreId, ...]]:
    """Somebody who is not for all stores."""
    return WHO[request.param]


@pytest.fixture
async def console(
    pool: Pool, nowhere: Client, ours: Of, who: tuple[Role, *tuple[StoreId, ...]]
) -> AsyncGenerator[Console]:
    """For them."""
    role, *stores = who
    async with console_over(pool, nowhere, [Grant(role=role, store_id=store) for store in stores]) as console:
        yield console


async def seen(console: Console, of: Of, role: Role = Role.SUPPORT) -> dict[str, str]:
    """All they are shown, and what they find."""
    pages = {each: (await console.client.get(each)) for each in addresses(of, role)}
    failed = {each: page.status_code for each, page in pages.items() if page.status_code >= 500}
    # What of a journey is read from Temporal, which is down here.
    assert failed.items() <= {(f"/journeys/{of.journey}{page}", 503) for page in ("?", "/repair?do=retry")}
    texts = {each: page.text for each, page in pages.items()}
    for asked in ("ann", "bob", of.contact):
        texts[f"found {asked}"] = (await console.post("/contacts", asked=asked)).text
    return {each: EACH_TIME.sub("", text) for each, text in texts.items()}


async def others(pool: Pool) -> Of:
    """What happens in another store: in the conversation that both have, and in one of its own."""
    theirs = await happens(pool, THEIRS, SHARED, "bob", "annette", "bobby")
    await publish(pool, programme("theirs-alone", back(action="browse"), stores=[THEIRS]))
    return replace(theirs, conversation="theirs-alone")


async def test_whatever_happens_in_another_store_no_page_changes(
    pool: Pool, console: Console, ours: Of, who: tuple[Role, *tuple[StoreId, ...]]
) -> None:
    before = await seen(console, ours, who[0])
    await others(pool)
    after = await seen(console, ours, who[0])
    assert {each for each in before if before[each] != after[each]} == set()
    theirs = [THEIRS, "bob@", "annette", "theirs-alone", "order-of-bob"]
    if THIRD not in who:
        theirs += [THIRD, "zora@"]
    assert [(each, word) for each, text in after.items() for word in theirs if word in text] == []


async def test_ids_of_another_store_answer_as_if_they_were_none(
    pool: Pool, console: Console, ours: Of, who: tuple[Role, *tuple[StoreId, ...]]
) -> None:
    theirs = await others(pool)
    of_both = addresses(ours, who[0])
    statuses = {
        each: (await console.client.get(each)).status_code for each in addresses(theirs, who[0]) if each not in of_both
    }
    assert statuses
    assert {each: status for each, status in statuses.items() if status != 404} == {}
    for asked in (theirs.contact, address("bob")):
        assert "Nobody was found" in (await console.post("/contacts", asked=asked)).text


async def test_what_is_done_to_the_journeys_of_all_stores_is_shown_to_nobody_of_one(
    pool: Pool, nowhere: Client, console: Console, ours: Of
) -> None:
    await others(pool)
    await Publishing(pool).publish(
        starter_document("4 days"), Decision(Choice.END, "test"), by="test", despite_scenarios=True
    )
    assert (await console.client.get(OPERATION)).status_code == 404
    assert OPERATION not in (await console.client.get(f"/conversations/{SHARED}/publish")).text
    async with console_over(pool, nowhere, [of_all(Role.VIEWER)]) as everywhere:
        assert (await everywhere.client.get(OPERATION)).status_code == 200
        assert OPERATION in (await everywhere.client.get(f"/conversations/{SHARED}/publish")).text


async def test_who_is_for_all_stores_sees_what_happens_in_each(pool: Pool, nowhere: Client, ours: Of) -> None:
    """By which one knows that pages would change, if they showed it."""
    async with console_over(pool, nowhere, [of_all(Role.SUPPORT)]) as console:
        before = await seen(console, ours)
        await others(pool)
        after = await seen(console, ours)
    changed = {each.partition("?")[0] for each in before if before[each] != after[each]}
    assert {
        "/conversations",
        f"/conversations/{SHARED}/analytics",
        f"/conversations/{SHARED}/analytics/people",
        f"/conversations/{SHARED}/publish",
        "/reports",
        "/reports/messages",
        "found ann",
        "found bob",
    } <= changed
