"""A no outlives its person's erasure: who asked for no mail and then to be forgotten is not mailable again (P8)."""

import pytest

from activities.postgres.pool import Pool
from starter.versioning.publishing import publish
from tests.events.test_erasure import ALERTS, everywhere, redact
from tests.events.told import conversation, event, line, only, tell
from tests.http.web import Web, product_message

SUPPRESS = "insert into suppressions (channel, address, reason) values ('email', $1, 'complaint')"
MAILABLE = """
    select coalesce((select granted from consents where contact_id = c.id order by id desc limit 1), false)
       and not exists (select from suppressions where address = c.email)
    from contacts c where email = 'ann@example.com'"""


async def opened(web: Web, pool: Pool) -> None:
    await publish(pool, conversation(ALERTS))
    await web.webhook("products/update", product_message())


@pytest.mark.parametrize("known", [True, False], ids=["a contact", "an address alone"])
async def test_a_suppression_outlives_erasure_and_the_answer_to_a_sign_up_tells_nothing(
    web: Web, pool: Pool, known: bool
) -> None:
    await opened(web, pool)
    if known:
        await web.sign_up("ann@example.com")
    await pool.execute(SUPPRESS, "ann@example.com")
    await redact(web)
    assert await everywhere(pool, "ann@") == []
    answers = [await web.sign_up(f"{who}@example.com") for who in ("Ann", "ben")]
    first, second = (
        {**answer.json(), "device": "at random", "place_at_most": "one more each time"} for answer in answers
    )
    assert ([answer.status_code for answer in answers], second) == ([202, 202], first)
    assert await line(pool, "back") == ["ann", "ben"]
    assert await pool.fetchval(MAILABLE) is False


async def test_so_does_a_consent_that_was_taken_back(web: Web, pool: Pool) -> None:
    await opened(web, pool)
    await web.sign_up("ann@example.com")
    wish = {"email": "ann@example.com", "source": "footer"}
    await web.keyed.post("/v1/consents", json=wish | {"granted": False})
    await redact(web)
    await web.sign_up("ann@example.com")
    assert await pool.fetchval(MAILABLE) is False
    await web.keyed.post("/v1/consents", json=wish | {"granted": True})
    assert await pool.fetchval(MAILABLE), "until they say themselves that they want mail again"


async def test_who_agreed_and_was_forgotten_may_sign_up_as_anybody(web: Web, pool: Pool) -> None:
    await opened(web, pool)
    await web.sign_up("ann@example.com")
    await redact(web)
    await web.sign_up("ann@example.com")
    assert await pool.fetchval(MAILABLE)


async def test_a_second_erasure_forgets_no_refusal(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    await pool.execute(SUPPRESS, "ann@example.com")
    for _ in range(3):
        await redact(web)
        await tell(web, event())
    assert await pool.fetchval("select count(*) from suppressions") == 1
    assert await pool.fetchval("select count(*) from kept_refusals") == 0, "once they are known again by address"


async def test_a_new_key_makes_new_digests_and_the_old_ones_hold(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    await pool.execute(SUPPRESS, "ann@example.com")
    await redact(web)
    old = await only(pool, "select digest from kept_refusals")
    await pool.execute("insert into digest_keys default values")
    await tell(web, event())
    assert await pool.fetchval("select count(*) from suppressions") == 1
    await redact(web)
    assert await only(pool, "select digest from kept_refusals") != old


async def test_the_digest_is_hmac_sha_256(pool: Pool) -> None:
    """As RFC 4231 has it, test case 2."""
    keys = "select padded('Jefe', 54) as inner_key, padded('Jefe', 92) as outer_key"
    said = "what do ya want for nothing?"
    found = await pool.fetchval(
        f"select encode(sha256(outer_key || sha256(inner_key || '{said}'::bytea)), 'hex') from ({keys}) keys"
    )
    assert found == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
