"""The rules that must hold are constraints first: PostgreSQL itself refuses what would break a promise."""

import asyncpg
import pytest

from activities.postgres.pool import Pool
from activities.waitlist.claims import Waitlist
from schemas.ids import JourneyId
from starter.versioning.publishing import publish
from tests.product import Shop, starter_document, subject


@pytest.fixture
async def called(pool: Pool) -> JourneyId:
    """The first of two in line, called for the only unit."""
    shop = await Shop.opened(pool)
    first, _ = await shop.signs_up("first", "second")
    await shop.has("v", 1)
    await Waitlist(pool).give_places(subject("v"))
    return first


async def test_a_claim_too_many_is_refused(pool: Pool, called: JourneyId) -> None:
    """Promise P2, by whatever hand."""
    with pytest.raises(asyncpg.CheckViolationError, match="p2_claims_never_exceed_what_arrived"):
        await pool.execute(
            "insert into claims (episode_id, journey_id) "
            "select e.id, j.id from episodes e, journeys j where j.id <> $1",
            called,
        )


async def test_a_claim_too_many_of_another_alert_on_the_same_units_is_refused(pool: Pool, called: JourneyId) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="p2_no_more_is_taken_than_arrived"):
        await pool.execute(
            """
            with another as (
                insert into episodes (alert_id, store_id, subject, contacts_per_unit, available, arrived)
                select alert_id, store_id, 'product/p', 1, 1, 1 from episodes returning id
            )
            insert into claims (episode_id, journey_id, item, share)
            select a.id, j.id, 'item-v', 1 from another a, journeys j where j.id <> $1""",
            called,
        )


async def test_a_refused_claim_cannot_come_back_to_life_once_its_place_has_passed_on(
    pool: Pool, called: JourneyId
) -> None:
    await pool.execute("update claims set state = 'refused', settled_at = now() where journey_id = $1", called)
    await Waitlist(pool).give_places(subject("v"))
    with pytest.raises(asyncpg.CheckViolationError, match="p2_claims_never_exceed_what_arrived"):
        await pool.execute("update claims set state = 'used' where journey_id = $1", called)


async def test_a_journey_holds_one_claim_at_a_time(pool: Pool, called: JourneyId) -> None:
    await pool.execute("update episodes set arrived = 5, available = 5")
    with pytest.raises(asyncpg.UniqueViolationError, match="one_claim_at_a_time"):
        await pool.execute("insert into claims (episode_id, journey_id) select id, $1 from episodes", called)


@pytest.mark.usefixtures("called")
async def test_a_contact_stands_in_a_line_once(pool: Pool) -> None:
    with pytest.raises(asyncpg.UniqueViolationError, match="waiting_once"):
        await pool.execute(
            """
            with again as (
                insert into journeys
                    (id, contact_id, store_id, subject, product_id, alert_id, conversation, version_id, entered_at,
                     window_ends_at)
                select 'again', contact_id, store_id, subject, product_id, alert_id, conversation, version_id,
                    entered_at, window_ends_at
                from journeys limit 1
                returning *
            )
            insert into waiting (journey_id, alert_id, type, contact_id, store_id, subject, entered_at)
            select id, alert_id, 'back-in-stock', contact_id, store_id, subject, entered_at from again"""
        )


async def test_a_list_has_one_alert_of_each_type(pool: Pool) -> None:
    """By whatever action: who looked and who put it in the cart are in two lists."""
    await publish(pool, starter_document())
    another = (
        "insert into alerts "
        "(id, list_code, conversation, type, measure, action, quantity_threshold, window_days, section) "
        "select 'another', list_code, conversation, type, measure, 'browse', 1, 1, section from alerts"
    )
    with pytest.raises(asyncpg.UniqueViolationError, match="one_alert_per_type_and_list"):
        await pool.execute(another)
    await pool.execute("update alerts set retired = true")
    await pool.execute(another)


@pytest.mark.usefixtures("called")
async def test_a_subject_has_one_open_episode_for_each_alert(pool: Pool) -> None:
    with pytest.raises(asyncpg.UniqueViolationError, match="one_open_episode"):
        await pool.execute(
            "insert into episodes (alert_id, store_id, subject, contacts_per_unit, available, arrived) "
            "select alert_id, store_id, subject, 1, 1, 1 from episodes"
        )


@pytest.mark.usefixtures("called")
@pytest.mark.parametrize("change", ["update versions set number = number + 1", "delete from versions"])
async def test_a_published_version_never_changes(pool: Pool, change: str) -> None:
    with pytest.raises(asyncpg.RaiseError, match="versions rows are never changed"):
        await pool.execute(change)


@pytest.mark.usefixtures("called")
@pytest.mark.parametrize("change", ["update consents set granted = false", "delete from consents"])
async def test_what_was_consented_to_is_only_ever_added_to(pool: Pool, change: str) -> None:
    with pytest.raises(asyncpg.RaiseError, match="consents rows are never changed"):
        await pool.execute(change)


async def test_the_ledger_has_one_entry_for_each_message_of_a_round(pool: Pool, called: JourneyId) -> None:
    entry = "insert into sends (key, journey_id, step, round, message, state) values ($1, $2, 's', 1, 'm', 'ready')"
    await pool.execute(entry, f"{called}/s/1", called)
    with pytest.raises(asyncpg.UniqueViolationError, match="sends_pkey"):
        await pool.execute(entry, f"{called}/s/1", called)
    with pytest.raises(asyncpg.CheckViolationError, match="sends_check"):
        await pool.execute(entry, "another key for the same", called)


async def test_a_settled_entry_has_an_outcome_and_a_held_one_a_lease(pool: Pool, called: JourneyId) -> None:
    entry = "insert into sends (key, journey_id, step, round, message, state) values ($1, $2, 's', 1, 'm', $3)"
    for state in ("sending", "sent", "refused", "unknown"):
        with pytest.raises(asyncpg.CheckViolationError, match="sends_check"):
            await pool.execute(entry, f"{called}/s/1", called, state)


@pytest.mark.usefixtures("called")
async def test_an_address_is_kept_in_small_letters_and_goes_when_its_contact_is_erased(pool: Pool) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.execute("update contacts set email = upper(email)")
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.execute("update contacts set erased_at = now()")


@pytest.mark.usefixtures("called")
async def test_the_same_delivery_is_kept_once(pool: Pool) -> None:
    delivery = "insert into inbox (store_id, source, topic, key, state) values ('s', 'shopify', 't', 'k', 'applied')"
    await pool.execute(delivery)
    with pytest.raises(asyncpg.UniqueViolationError):
        await pool.execute(delivery)
