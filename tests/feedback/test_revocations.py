"""Texts that may mean a no wait for a person, with a day by which a no has to be kept to."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.feedback.revocations import due
from activities.postgres.pool import Pool
from schemas.incoming.message_events import MessageEventKind as Kind
from schemas.responses.revocations import OpenRevocations, RevocationDecided
from starter.ops.feedback_checkup import examine_faults, examine_texts
from starter.ops.findings import Health
from tests.cli.command import Shelftalk
from tests.events.conftest import web as web
from tests.feedback.told import PHONE, suppressed, tell, text
from tests.http.web import Web, problem

NO = "please leave me alone"


@pytest.fixture
async def ann(pool: Pool) -> str:
    await pool.execute("insert into contacts (id, email, phone) values ('c-ann', 'ann@example.com', $1)", PHONE)
    return "c-ann"


@given(st.integers(0, 40_000).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)))
def test_ten_business_days_are_two_weeks_and_never_end_on_a_weekend(at: datetime) -> None:
    assert due(at).weekday() < 5
    assert timedelta(days=12) <= due(at) - at <= timedelta(days=14)
    assert due(at).timetz() == at.timetz()


async def test_a_no_in_other_words_is_read_first_and_kept_to_once_confirmed(
    shelftalk: Shelftalk, pool: Pool, ann: str
) -> None:
    await tell(pool, text(Kind.SAID_SOMETHING, "Is it blue?"), text(Kind.SAID_SOMETHING, NO))
    assert await suppressed(pool) == {}
    waiting = (await shelftalk.run("revocation", "list", "--json")).answer(OpenRevocations)
    assert [(each.said, each.likely, each.contact) for each in waiting.revocations] == [
        (NO, True, ann),
        ("Is it blue?", False, ann),
    ]
    no, question = waiting.revocations
    confirmed = await shelftalk.run("revocation", "confirm", str(no.id), "--by", "ben", "--json")
    assert confirmed.answer(RevocationDecided).contact == ann
    assert await suppressed(pool) == {PHONE: "stop"}
    assert not await pool.fetchval("select granted from consents where channel = 'sms'")
    assert "nothing has changed" in (await shelftalk.run("revocation", "dismiss", str(question.id))).out
    assert "No text waits" in (await shelftalk.run("revocation", "list")).out
    again = await shelftalk.run("revocation", "dismiss", str(no.id), "--json")
    assert again.failure.code == "no_such_revocation"
    acted = await pool.fetch("select actor, action from audit order by id")
    assert (acted[0]["actor"], acted[0]["action"]) == ("ben", "revocation confirmed")


async def test_the_api_names_nobodys_number(web: Web, pool: Pool, ann: str) -> None:
    await tell(pool, text(Kind.SAID_SOMETHING, NO), text(Kind.SAID_SOMETHING, NO, number="+447700900001"))
    answer = await web.keyed.get("/v1/revocations")
    assert [each["contact"] for each in answer.json()["revocations"]] == [ann, None]
    assert PHONE not in answer.text
    assert "447700900001" not in answer.text
    first = answer.json()["revocations"][0]["id"]
    decided = await web.keyed.post(f"/v1/revocations/{first}", json={"decision": "confirmed"})
    assert decided.json() == {"id": first, "decision": "confirmed", "contact": ann}
    problem(await web.keyed.post(f"/v1/revocations/{first}", json={"decision": "dismissed"}), 404, "not-found")
    await web.keyed.post(f"/v1/revocations/{first + 1}", json={"decision": "confirmed"})
    kept = await pool.fetch("select address, said from revocations order by id")
    assert [tuple(row) for row in kept] == [(PHONE, NO), (None, None)], "nothing of a stranger once it is decided"
    assert await pool.fetchval("select refused from kept_refusals"), "but their no, by its digest"
    problem(await web.open.get("/v1/revocations"), 401, "key-needed")


async def test_the_check_up_warns_before_a_text_is_due(pool: Pool, ann: str) -> None:
    assert (await examine_texts(pool)).health is Health.GOOD
    await tell(pool, text(Kind.SAID_SOMETHING, NO))
    assert (await examine_texts(pool)).health is Health.NOTE
    await pool.execute(
        "update revocations set received_at = received_at - interval '12 days', due_at = due_at - interval '12 days'"
    )
    late = await examine_texts(pool)
    assert late.health is Health.BAD
    assert "shelftalk revocation list" in late.advice


async def test_the_check_up_says_when_the_sender_is_at_fault(pool: Pool, ann: str) -> None:
    assert (await examine_faults(pool)).health is Health.GOOD
    await tell(pool, text(Kind.SENDER_AT_FAULT, code="30034"))
    assert "30034" in (await examine_faults(pool)).found
    assert await suppressed(pool) == {}


async def test_of_who_is_erased_no_text_and_no_number_is_left_and_what_nobody_had_read_is_a_no(
    shelftalk: Shelftalk, pool: Pool, ann: str
) -> None:
    await tell(pool, text(Kind.SAID_SOMETHING, NO))
    await shelftalk.run("contact", "erase", "ann@example.com", "--yes")
    row = await pool.fetchrow("select address, said, decision, decided_by from revocations")
    assert row is not None
    assert tuple(row) == (None, None, "confirmed", "erasure")
    await pool.execute("insert into contacts (id, email, phone) values ('c-ann-2', 'ann2@example.com', $1)", PHONE)
    assert not await pool.fetchval("select granted from consents where contact_id = 'c-ann-2' and channel = 'sms'")
