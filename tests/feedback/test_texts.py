"""Stop, start and help by text message: what follows of them for the number and its person."""

from activities.postgres.pool import Pool
from schemas.incoming.message_events import MessageEventKind as Kind
from tests.delivery.counter import Counter
from tests.feedback.told import PHONE, suppressed, tell, text
from tests.feedback.told import counter as counter
from tests.product import address


async def has_number(pool: Pool, name: str = "first", number: str = PHONE) -> str:
    """They have this number, and agreed to texts."""
    contact_id: str = await pool.fetchval(
        "update contacts set phone = $2 where email = $1 returning id", address(name), number
    )
    await pool.execute(
        "insert into consents (contact_id, channel, granted, source) values ($1, 'sms', true, 'checkout')", contact_id
    )
    return contact_id


async def texts_allowed(pool: Pool, contact_id: str) -> bool:
    return await pool.fetchval(
        "select granted from consents where contact_id = $1 and channel = 'sms' order by id desc limit 1", contact_id
    )


async def test_stop_ends_texts_and_start_lets_them_go_on(counter: Counter, pool: Pool) -> None:
    await counter.calls("first")
    contact_id = await has_number(pool)
    await tell(pool, text(Kind.SAID_STOP, "Stop"))
    assert await suppressed(pool) == {PHONE: "stop"}
    assert not await texts_allowed(pool, contact_id)
    assert await pool.fetchval("select granted from consents where channel = 'email'"), "mails are another matter"
    await tell(pool, text(Kind.SAID_START, "UNSTOP"))
    assert await suppressed(pool) == {}
    assert await texts_allowed(pool, contact_id)


async def test_start_is_no_yes_of_who_never_said_one(counter: Counter, pool: Pool) -> None:
    await counter.calls("first")
    await pool.execute("update contacts set phone = $2 where email = $1", address("first"), PHONE)
    await tell(pool, text(Kind.SAID_STOP), text(Kind.SAID_START))
    assert not await pool.fetchval("select bool_or(granted) from consents where channel = 'sms'")


async def test_start_lifts_no_suppression_but_that_of_their_stop(counter: Counter, pool: Pool) -> None:
    await counter.calls("first")
    await has_number(pool)
    await tell(pool, text(Kind.BOUNCED))
    await tell(pool, text(Kind.SAID_START))
    assert await suppressed(pool) == {PHONE: "bounced"}


async def test_the_stop_of_a_number_that_nobody_has_holds_for_whoever_gives_it(counter: Counter, pool: Pool) -> None:
    await tell(pool, text(Kind.SAID_STOP))
    assert await suppressed(pool) == {}
    everywhere = await pool.fetchval("select (select count(*) from message_events where contact_id is null)")
    assert everywhere == 1
    await counter.calls("first")
    await pool.execute("update contacts set phone = $2 where email = $1", address("first"), PHONE)
    assert await suppressed(pool) == {PHONE: "stop"}


async def test_help_changes_nothing(counter: Counter, pool: Pool) -> None:
    await counter.calls("first")
    contact_id = await has_number(pool)
    await tell(pool, text(Kind.SAID_HELP, "HELP"))
    assert await texts_allowed(pool, contact_id)
    assert await suppressed(pool) == {}
