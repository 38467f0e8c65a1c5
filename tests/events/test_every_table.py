"""Every column that may hold words about a person is in their export, and empty of them after erasure (P8).

Found in the schema itself: a table or column that is added, and that neither export nor erasure knows, fails here.
"""

import json
from dataclasses import dataclass

import asyncpg
import pytest

from activities.postgres.pool import Connection, Pool
from schemas.ids import StoreId
from schemas.responses.retention import Kept
from starter.shops.coupons import Coupons
from starter.versioning.publishing import publish
from tests.events.test_erasure import ALERTS, ELSEWHERE, everywhere, redact
from tests.events.told import conversation, event, tell
from tests.http.web import Web, product_message
from tests.revenue.told import did, ordered, sent
from tests.storefronts.shop import SHOP

ABOUT_PEOPLE = {
    "contacts": "contact",
    "consents": "consents",
    "suppressions": "suppressions",
    "list_members": "lists",
    "contact_tags": "tags",
    "events": "events",
    "orders": "orders",
    "order_totals": "order_totals",
    "credits": "order_totals",
    "journeys": "journeys",
    "waiting": "sign_ups",
    "claims": "places",
    "coupons": "places",
    "links": "clicks",
    "link_uses": "clicks",
    "sends": "messages",
    "calls": "calls",
    "message_events": "message_events",
    "revocations": "texts",
    "confirmations": "confirmations",
    "shopper_links": "links",
    "address_changes": "address_changes",
    "devices": "devices",
    "moved_places": "moves",
}
"""Tables with rows of a person, and under what their export has them."""
IDS_ALONE = {
    "counted_messages",
    "messages_to_count",
    "archivings",
    "coupons_missing",
    "histories",
    "operation_journeys",
    "outbox",
    "path_entries",
    "told_late",
    "yields",
}
"""Tables with ids of a person's journeys and claims, and nothing that is said of them: histories hold ids only."""
DIGESTS = {"forgotten_addresses", "forgotten_ids", "kept_refusals", "replies"}
"""What stays of who was erased, on purpose. Of replies the number goes: tests/sms/test_replies.py."""
OF_NOBODY = {
    "alerts",
    "api_keys",
    "audit",
    "connections",
    "conversation_stretches",
    "conversation_sums",
    "conversations",
    "digest_keys",
    "entry_triggers",
    "feed_layouts",
    "feed_rows",
    "feeds",
    "episodes",
    "hints",
    "inbox",
    "line_counts",
    "line_moves",
    "message_sums",
    "lists",
    "long_lines",
    "migrations",
    "operations",
    "product_sums",
    "products",
    "public_address",
    "publications",
    "reconciliations",
    "retention_runs",
    "rises",
    "sending_turns",
    "sign_up_counts",
    "stock",
    "stopped_senders",
    "store_days",
    "store_secrets",
    "stores",
    "successors",
    "subscriptions",
    "supplies",
    "used_challenges",
    "variants",
    "variants_named_twice",
    "versions",
    "working_revisions",
    "working_versions",
}
"""Tables about shops, conversations and upkeep. Bodies about people are never kept in inbox (test_no_words_left.py)."""
OF_STAFF = {
    "authenticators",
    "grants",
    "identities",
    "identity_requests",
    "passkey_challenges",
    "passkeys",
    "pending_sign_ins",
    "recovery_codes",
    "sessions",
    "sign_in_attempts",
    "sign_in_links",
    "users",
}
"""Tables about who signs in to the console, and no contact: tests/accounts."""
HOW_LONG: dict[str, Kept | str] = {
    "contacts": "until they are erased: who waits must be reached",
    "consents": Kept.PROOF,
    "suppressions": "for good, or until it is lifted: it holds for whoever has the address",
    "list_members": "until they are erased: what criteria ask",
    "contact_tags": "until they are erased: what criteria ask",
    "events": Kept.EVENT,
    "orders": "until they are erased: who has bought a thing is not told of it",
    "order_totals": "until they are erased, then of nobody: what messages earned does not change",
    "credits": "as the sums that they are of",
    "journeys": "until they are erased: why somebody was told or not (P7)",
    "waiting": "as journeys",
    "path_entries": "as journeys",
    "claims": "as journeys",
    "coupons": "of the shop: whose code was used does not change",
    "links": Kept.LINK,
    "link_uses": Kept.CLICK,
    "sends": Kept.SUBJECT,
    "calls": "our own words for how a call ended, by which it is not made again",
    "message_events": "kinds and ids alone: what has become of a message, and by which one told again is known",
    "revocations": Kept.TEXT,
    "confirmations": Kept.QUESTION,
    "shopper_links": "for good: they unsubscribe for ever, and hold random bits",
    "address_changes": "until they are decided, seven days at most: activities/waitlist/up_to_them.py",
    "moved_places": "as journeys",
    "devices": "digests of tokens, for half a year, or until they are erased: activities/waitlist/devices.py",
    "sign_up_counts": "digests, until the end of the day: starter/runtime/dispatcher.py",
    "inbox": Kept.INBOX,
}
"""Of each table about people, and of what leads to them without saying so: its retention, or why it has none."""
PERSON = {"contact_id", "journey_id", "claim_id", "send_key"}
"""Columns that lead to a person."""
OURS = {
    "calls.last_error": "our own words for how a call ended, by status and kind of error",
    "claims.item": "of the shop's stock",
    "claims.lapsed_reason": "of a closed set",
    "claims.locations": "of the shop's stock",
    "address_changes.store_id": "a shop",
    "confirmations.purpose": "of a closed set",
    "consents.channel": "of a closed set",
    "coupons.coupon_list": "the shop's name for it",
    "events.list_code": "of a list",
    "events.outcome": "our own words for what came of it, by ids",
    "events.product_id": "of the shop's things",
    "events.variant_id": "of the shop's things",
    "events.items": "of the shop's things",
    "journeys.at_step": "of the document",
    "path_entries.step": "of the document",
    "journeys.cart": "made by us",
    "journeys.entered_on": "of the document",
    "journeys.entered_product_id": "of the shop's things",
    "journeys.held_up_by": "of a closed set",
    "journeys.leaving": "of a closed set",
    "journeys.reason": "of a closed set",
    "kept_refusals.channel": "of a closed set",
    "kept_refusals.suppressed_for": "kept with the digest on purpose, so that the refusal holds again",
    "links.target": "of the shop's pages",
    "message_events.code": "of a closed set of each provider",
    "message_events.event_id": "the provider's, or made by us of what identifies it",
    "message_events.link": "a digest",
    "message_events.provider": "of a closed set",
    "message_events.channel": "of a closed set",
    "revocations.channel": "of a closed set",
    "revocations.decided_by": "who works here",
    "moved_places.from_subject": "of the shop's things",
    "moved_places.to_subject": "of the shop's things",
    "moved_places.reason": "of a closed set",
    "sends.approved_by": "who works here",
    "sends.channel": "of a closed set",
    "sends.declined_by": "who works here",
    "sends.event": "of a closed set",
    "sends.message": "of the document",
    "sends.outcome": "our own words for what came of it",
    "sends.put_off_until": "a time",
    "sends.step": "of the document",
    "waiting.currency": "of the shop",
    "waiting.passed_over_for": "of a closed set",
    "waiting.reason": "of a closed set",
    "waiting.type": "of a closed set",
    "credits.model": "of the list",
}
"""What may stay after an erasure: nobody's words about a person can get there."""


LEFT_ALONE = {
    "contacts.email": "by which she is found",
    "journeys.subject": "a key that is read",
    "waiting.store_id": "a key that is read",
    "waiting.subject": "a key that is read",
}


@dataclass(frozen=True)
class Column:
    """A column that takes any text."""

    table: str
    name: str
    type: str

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"


_TEXTS = """
select c.table_name as table, c.column_name as name, c.data_type as type
from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.is_generated = 'NEVER'
  and c.data_type in ('text', 'jsonb', 'ARRAY')
  and not exists (
      select from information_schema.key_column_usage k
      where k.table_schema = 'public' and k.table_name = c.table_name and k.column_name = c.column_name)
order by 1, 2"""


async def test_every_table_is_known_to_be_about_people_or_about_nobody(pool: Pool) -> None:
    rows = await pool.fetch(
        "select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'"
    )
    known = [*ABOUT_PEOPLE, *IDS_ALONE, *DIGESTS, *OF_NOBODY, *OF_STAFF]
    assert sorted(row["table_name"] for row in rows) == sorted(known)


async def test_every_table_that_leads_to_a_person_is_exported_or_holds_ids_alone(pool: Pool) -> None:
    rows = await pool.fetch(
        "select distinct table_name from information_schema.columns join information_schema.tables "
        "using (table_schema, table_name) where table_schema = 'public' and table_type = 'BASE TABLE' "
        "and column_name = any($1)",
        [*PERSON],
    )
    assert {row["table_name"] for row in rows} <= ABOUT_PEOPLE.keys() | IDS_ALONE


def test_of_every_table_about_people_it_is_said_how_long_it_is_kept() -> None:
    assert ABOUT_PEOPLE.keys() <= HOW_LONG.keys()
    assert {kind for kind in HOW_LONG.values() if isinstance(kind, Kept)} == set(Kept), "each kind is of a table"


@pytest.fixture
async def ann(web: Web, pool: Pool) -> str:
    """Known in every way there is, with a row in every table about people; her contact id."""
    alerts = {code: alert.model_copy(update={"coupons": "spring"}) for code, alert in ALERTS.items()}
    await publish(pool, conversation(alerts))
    await web.webhook("products/update", product_message())
    await Coupons(pool).add("spring", ["ONE"], "test")
    await web.sign_up("ann@example.com")
    await tell(
        web, event("joined_list", list="default"), event("custom", name="n", properties={"a": "b"}, tags={"t": True})
    )
    journey = await pool.fetchval("select id from journeys")
    key = await sent(pool, journey, 2)
    await did(web, "clicked_message", key, 1)
    await ordered(web, "51", "10.00")
    await pool.execute(
        """
        with episode as (
            insert into episodes (alert_id, store_id, subject, contacts_per_unit, available, arrived)
            select alert_id, store_id, subject, 1, 1, 1 from journeys returning id
        )
        insert into claims (episode_id, journey_id) select episode.id, $1 from episode""",
        journey,
    )
    await pool.execute(
        "insert into links (token, send_key, journey_id, target) values ($1, $2, $3, 'https://a.b/')",
        "a" * 16,
        key,
        journey,
    )
    await pool.execute("insert into link_uses (token) select token from links")
    await pool.execute("insert into calls (key, journey_id, last_error) values ('k', $1, 'e')", journey)
    await pool.execute("insert into suppressions (channel, address, reason) values ('email', 'ann@example.com', 'r')")
    await pool.execute("update contacts set phone = '+12025550123'")
    await pool.execute(
        """
        with told as (
            insert into message_events (provider, event_id, kind, channel, contact_id, happened_at)
            select 'twilio', 'e', 'said_something', 'sms', id, now() from contacts returning id
        )
        insert into revocations (event_id, channel, address, said, likely, due_at)
        select id, 'sms', '+12025550123', 'leave me alone', true, now() + interval '14 days' from told"""
    )
    token = "k" * 22
    await pool.execute(
        "insert into devices (digest, contact_id, store_id) select 'd', contact_id, store_id from journeys limit 1"
    )
    await pool.execute(
        """
        with move as (
            insert into line_moves (store_id, from_subject, to_subject, requested_by)
            select store_id, 'variant/a', 'variant/b', 'test' from journeys limit 1 returning id
        )
        insert into moved_places (journey_id, move_id, from_subject, to_subject)
        select $1, id, 'variant/a', 'variant/b' from move""",
        journey,
    )
    for insert in (
        "confirmations (journey_id, token, source, purpose, ends_at) select id, $1, 'x', 'alerts', now() from journeys",
        "shopper_links (token, contact_id, store_id) select $1, contact_id, store_id from journeys",
        "address_changes (contact_id, store_id, email, token, ends_at) "
        "select contact_id, store_id, 'new@example.com', $1, now() from journeys",
    ):
        await pool.execute(f"insert into {insert} limit 1", token)
    for table in ABOUT_PEOPLE:
        assert await pool.fetchval(f"select exists (select from {table})"), f"{table} has no row of hers"
    return await pool.fetchval("select id from contacts")


async def _write_everywhere(connection: Connection, columns: list[Column]) -> list[Column]:
    """Words about her in each of these columns that takes any; which these are."""
    written: list[Column] = []
    # Neither append-only nor kept by another table: what is asked is what the column could hold.
    await connection.execute("set session_replication_role = replica")
    for column in columns:
        word = f"words of {column}"
        value = {
            "text": "$1::text",
            "ARRAY": "array[$1::text]",
            "jsonb": f"case when jsonb_typeof({column.name}) = 'array' then jsonb_build_array($1::text) "
            "else jsonb_build_object('word', $1::text) end",
        }[column.type]
        attempt = connection.transaction()
        await attempt.start()
        try:
            done = await connection.execute(f"update {column.table} set {column.name} = {value}", word)
        except asyncpg.IntegrityConstraintViolationError:  # it takes none but its own words
            await attempt.rollback()
            continue
        await attempt.commit()
        if done != "UPDATE 0":
            written.append(column)
    await connection.execute("set session_replication_role = origin")
    return written


async def test_words_in_any_column_are_in_the_export_and_gone_after_erasure(web: Web, pool: Pool, ann: str) -> None:
    columns = [Column(**row) for row in await pool.fetch(_TEXTS)]
    about_her = [column for column in columns if column.table in ABOUT_PEOPLE and str(column) not in LEFT_ALONE]
    async with pool.acquire() as connection:
        written = await _write_everywhere(connection, about_her)
    assert {"consents.source", "events.properties", "sends.subject", "contacts.attributes"} <= {*map(str, written)}
    exported = await web.services.people.export("ann@example.com", "test")
    document = exported.model_dump(mode="json")
    missing = [
        str(column)
        for column in written
        if f"words of {column}" not in json.dumps(document[ABOUT_PEOPLE[column.table]])
        and str(column) not in ("coupons.coupon_list",)
    ]
    assert missing == [], "these are not exported"
    await web.services.people.erase(ann, "test")
    left = await everywhere(pool, "words of ")
    assert [each for each in left if each not in OURS] == [], "these outlive an erasure"


OF_ALL_STORES = {
    "consents.source": "a word on being written to holds in all stores",
    "consents.text": "likewise",
    "consents.page": "likewise",
    "contact_tags.tag": "what criteria of all stores ask",
    "contacts.attributes": "likewise",
    "list_members.source": "of who joined by hand, or by another store",
    "revocations.said": "written to a number, which is the installation's",
    "revocations.address": "likewise",
    "suppressions.reason": "of an address, in all stores",
}
"""What is of no store alone: in the export of any, and left when one shop forgets somebody whom another knows."""


async def test_stores_are_apart_in_the_export_of_one_and_in_its_erasure(web: Web, pool: Pool, ann: str) -> None:
    columns = [Column(**row) for row in await pool.fetch(_TEXTS)]
    about_her = [column for column in columns if column.table in ABOUT_PEOPLE and str(column) not in LEFT_ALONE]
    async with pool.acquire() as connection:
        # What it goes by stays readable.
        keys = {"address_changes.store_id", "devices.store_id", "events.kind", "list_members.source"}
        written = await _write_everywhere(connection, [column for column in about_her if str(column) not in keys])
    assert {"address_changes.email", "confirmations.text", "sends.subject"} <= {*map(str, written)}
    await tell(web, event("custom", name="n", store=ELSEWHERE))
    await pool.execute("insert into stores (id, source) values ($1, 'api') on conflict do nothing", ELSEWHERE)
    here, there = [
        (await web.services.people.export(ann, "test", StoreId(store))).model_dump_json() for store in (SHOP, ELSEWHERE)
    ]
    names = [str(column) for column in written]
    assert [each for each in names if f"words of {each}" not in here and each != "coupons.coupon_list"] == []
    of_all = {each.partition(".")[0] for each in OF_ALL_STORES} | {"message_events"}  # hers are of no message
    assert {each.partition(".")[0] for each in names if f"words of {each}" in there} <= of_all
    assert (ELSEWHERE in there, ELSEWHERE in here, SHOP in there) == (True, False, False)
    await redact(web)
    assert await pool.fetchval("select email from contacts where id = $1", ann) == "ann@example.com"
    left = await everywhere(pool, "words of ")
    assert [each for each in left if each not in OURS.keys() | OF_ALL_STORES] == [], "these outlive it"
