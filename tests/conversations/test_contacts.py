"""What journeys note about their contacts, and whose clock they go by."""

from datetime import UTC, datetime, timedelta

import pytest

from activities.intake.contacts import Contacts
from activities.intake.erasure import erase_contact
from activities.intake.profile import LARGEST_ATTRIBUTES
from activities.postgres.pool import Pool
from schemas.document.steps import AddTag, AddToList, ContactChange, SetAttribute
from schemas.ids import JourneyId, StepId, VersionId
from schemas.incoming.facts import ContactErasureFact
from schemas.journey.activities import ChangeContact, FindMoment
from schemas.time.moments import Until, parse_until
from starter.versioning.publishing import publish
from tests.conversations.told import agrees, calls, did, entered, heard, talk, thread
from tests.product import STORE, address

SUMMER = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
async def journey(pool: Pool) -> JourneyId:
    """Ann's, in a conversation whose list is in Berlin."""
    berlin = {"code": "quiz", "name": "quiz", "time_zone": "Europe/Berlin"}
    await publish(pool, talk("quiz", thread("custom.quiz"), list=berlin))
    return entered(await did(pool, "custom", name="quiz"))


async def change(pool: Pool, journey: JourneyId, step: ContactChange, at: datetime | None = None) -> None:
    request = ChangeContact(
        journey_id=journey, version=VersionId("quiz@1"), step=step, round=1, at=at or datetime.now(UTC)
    )
    await Contacts(pool).change_contact(request)


@pytest.mark.parametrize(
    ("zone", "hour"),
    [
        (None, 7),
        ("America/New_York", 13),
        ("america/new_york", 13),
        (" America/New_York ", 13),
        ("Mars/Olympus", 7),
        ("", 7),
        (3, 7),
        ("../../etc/passwd", 7),
    ],
)
async def test_the_clock_is_the_contacts_own_if_it_is_known_and_else_the_lists(
    pool: Pool, journey: JourneyId, zone: object, hour: int
) -> None:
    await did(pool, "custom", name="told", attributes={"time_zone": zone})
    until = parse_until("09:00")
    assert isinstance(until, Until)
    asked = FindMoment(journey_id=journey, until=until, after=SUMMER)
    found = (await Contacts(pool).find_moment(asked)).at
    assert found == SUMMER.replace(hour=hour) + timedelta(days=hour <= SUMMER.hour)


async def test_an_attribute_is_set_as_an_event_does_it_and_what_is_newer_wins(pool: Pool, journey: JourneyId) -> None:
    now = datetime.now(UTC)
    await did(pool, "custom", name="told", attributes={"stage": "new", "city": "Bonn"})
    await change(pool, journey, SetAttribute(id=StepId("s"), name="stage", value="welcomed"))
    await change(pool, journey, SetAttribute(id=StepId("s"), name="city", value="Ulm"), at=now - timedelta(days=1))
    assert await pool.fetchval("select attributes from contacts") == {"stage": "welcomed", "city": "Bonn"}


async def test_attributes_do_not_grow_without_end(pool: Pool, journey: JourneyId) -> None:
    for number in range(20):
        await change(pool, journey, SetAttribute(id=StepId("s"), name=f"a{number}", value="x" * 1000))
    size = await pool.fetchval("select octet_length(attributes::text) from contacts")
    assert LARGEST_ATTRIBUTES - 1100 < size <= LARGEST_ATTRIBUTES


async def test_a_tag_is_given_once(pool: Pool, journey: JourneyId) -> None:
    for _ in range(2):
        await change(pool, journey, AddTag(id=StepId("t"), tag="quizzed"))
    assert [row["tag"] for row in await pool.fetch("select tag from contact_tags")] == ["quizzed"]


async def test_joining_a_list_is_an_event_that_enters_and_is_heard_once(pool: Pool, journey: JourneyId) -> None:
    await publish(pool, talk("club", thread("joined_list")))
    waits = {"wait_for": ["joined_list"], "within": "2 days"}
    await publish(pool, talk("patient", thread("custom.wait", waits, {"send": "hello"})))
    entered(await did(pool, "custom", name="wait"))
    for _ in range(3):
        await change(pool, journey, AddToList(id=StepId("l"), list_code="club"))
    assert await pool.fetchval("select source from list_members") == f"event/{STORE}"
    assert await pool.fetchval("select count(*) from journeys where conversation = 'club'") == 1
    assert await heard(pool) == ["joined_list"]


async def test_a_list_that_is_not_there_is_left_out_and_the_journey_goes_on(pool: Pool, journey: JourneyId) -> None:
    await change(pool, journey, AddToList(id=StepId("l"), list_code="nowhere"))
    assert await pool.fetchval("select count(*) from list_members") == 0


async def test_nothing_is_noted_of_who_was_erased(pool: Pool, journey: JourneyId) -> None:
    await agrees(pool, "ann")
    async with pool.acquire() as connection:
        await erase_contact(connection, STORE, ContactErasureFact(email=address("ann"), observed_at=None))
    for step in (
        SetAttribute(id=StepId("s"), name="stage", value="welcomed"),
        AddTag(id=StepId("t"), tag="quizzed"),
        AddToList(id=StepId("l"), list_code="quiz"),
    ):
        await change(pool, journey, step)
    assert await pool.fetchval("select attributes from contacts") == {}
    assert await pool.fetchval("select count(*) from contact_tags") == 0
    assert await pool.fetchval("select count(*) from list_members") == 0
    assert [call["reason"] for call in await calls(pool, "leave")] == ["erased"]
