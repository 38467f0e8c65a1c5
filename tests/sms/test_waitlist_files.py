"""Phone numbers in waiting lists: read with their consent, imported once, and exported as they are read."""

import pytest

from activities.postgres.pool import Pool
from starter.versioning.publishing import publish
from starter.waitlists.files.files import read_waitlist
from starter.waitlists.waitlists import Lines, Waitlists
from tests.sms.told import NUMBER, document
from tests.waitlist.conftest import shop
from tests.waitlist.late import RED, LateShop

__all__ = ["shop"]

HEADER = "email,phone,sms_consent,channel,variant_id,created_at"
DAY = "2026-11-0"


def lines(*rows: str) -> bytes:
    return "\n".join((HEADER, *(f"{row},{RED},{DAY}{number}" for number, row in enumerate(rows, 1)))).encode()


@pytest.mark.parametrize(
    ("row", "email", "phone"),
    [
        ("a@example.com,0151 23456789,yes,", "a@example.com", NUMBER),
        ("a@example.com,0151 23456789,SUBSCRIBED,email", "a@example.com", NUMBER),
        ("a@example.com,0151 23456789,,", "a@example.com", None),
        ("a@example.com,0151 23456789,NEVER_SUBSCRIBED,", "a@example.com", None),
        ("a@example.com,not one,no,", "a@example.com", None),
        (",+49 151 23456789,yes,", None, NUMBER),
        ("a@example.com,0151 23456789,,sms", None, NUMBER),
        ("0151 23456789,,,text", None, NUMBER),
    ],
)
def test_a_number_is_read_with_its_consent_alone(row: str, email: str | None, phone: str | None) -> None:
    file = read_waitlist(lines(row), country="DE")
    (read,) = file.rows
    assert (read.email, read.phone) == (email, phone)


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        ("a@example.com,not one,yes,", "phone", "not a phone number"),
        ("a@example.com,,,sms", "email", "not a phone number"),
        (",0151 23456789,,", "email", "no e-mail address"),
        (",,,sms", "email", "no phone number"),
    ],
)
def test_what_cannot_be_read_for_certain_is_a_mistake(row: str, column: str, said: str) -> None:
    file = read_waitlist(lines(row), country="DE")
    (mistake,) = file.diagnostics
    assert (mistake.column, said in mistake.message) == (column, True)
    assert "151" not in mistake.message


def test_without_its_country_a_number_needs_its_code() -> None:
    (mistake,) = read_waitlist(lines("a@example.com,0151 23456789,yes,")).diagnostics
    assert "--country" in mistake.advice


async def test_who_waits_by_number_is_imported_once_and_exported_as_they_are_read(shop: LateShop, pool: Pool) -> None:
    await publish(pool, document())
    file = read_waitlist(lines("a@shop.example,0151 23456789,yes,", ",+12025550123,yes,"), country="DE")
    assert (await shop.imports(file)).counts.entered == 2
    again = await shop.imports(file)
    assert (again.counts.entered, again.counts.there_already) == (0, 2)
    said = "select channel, granted, source from consents order by contact_id, channel"
    rows = sorted(tuple(row) for row in await pool.fetch(said))
    assert rows == [("email", True, "import"), ("sms", True, "import"), ("sms", True, "import")]

    exported = read_waitlist((await Waitlists(pool).export(Lines(None, None, None, None), "test")).text)

    assert [(row.email, row.phone) for row in exported.rows] == [
        ("a@shop.example", NUMBER),
        (None, "+12025550123"),
    ]
