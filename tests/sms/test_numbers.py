"""Phone numbers as people write them, in one way of writing, and each by one contact."""

import pytest
from asyncpg import CheckViolationError, UniqueViolationError
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumberFormat, example_number, format_number
from pydantic_core import PydanticCustomError

from activities.postgres.pool import Pool
from schemas.addresses import address, phone_number

COUNTRIES = sorted({country for each in COUNTRY_CODE_TO_REGION_CODE.values() for country in each if len(country) == 2})


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("+1 202-555-0123", None, "+12025550123"),
        ("(202) 555-0123", "US", "+12025550123"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "US", "+33612345678"),
        ("0151 23456789", "DE", "+4915123456789"),
        ("00 49 151 23456789", "DE", "+4915123456789"),
        ("＋４９１５１２３４５６７８９", None, "+4915123456789"),
        (" +44 7400 123456 ", None, "+447400123456"),
    ],
)
def test_a_number_is_read_as_people_write_it(text: str, country: str | None, number: str) -> None:
    assert phone_number(text, country) == number


@pytest.mark.parametrize(
    ("text", "country", "why"),
    [
        ("202-555-0123", None, "the country's code"),
        ("hello", "US", "digits"),
        ("", "US", "digits"),
        ("+1 202 555", None, "no such number"),
        ("+1 202 555 01234", None, "no such number"),
        ("+1 900 555 0123", None, "service"),
        ("+999 123 456 789", None, "country's code"),
    ],
)
def test_what_is_no_number_says_what_to_do(text: str, country: str | None, why: str) -> None:
    with pytest.raises(PydanticCustomError) as refused:
        phone_number(text, country)
    assert why in refused.value.message()
    assert text == "" or text not in refused.value.message()


@given(st.sampled_from(COUNTRIES), st.sampled_from((PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL)))
def test_however_it_is_written_it_is_the_same_number(country: str, how: int) -> None:
    number = example_number(country)
    assert number is not None
    written = phone_number(format_number(number, how), country)
    assert written == format_number(number, PhoneNumberFormat.E164)
    assert phone_number(written) == written == address(written)


def test_an_address_is_told_from_a_number() -> None:
    assert address("Ada@Example.com") == "ada@example.com"
    assert address("+tag@example.com") == "+tag@example.com"
    assert address("+1 (202) 555-0123") == "+12025550123"


async def test_a_contact_has_an_address_or_a_number_or_both_and_each_is_nobody_elses(pool: Pool) -> None:
    insert = "insert into contacts (id, email, phone) values ($1, $2, $3)"
    await pool.execute(insert, "c-1", "ada@example.com", "+12025550123")
    await pool.execute(insert, "c-2", None, "+12025550124")
    with pytest.raises(UniqueViolationError):
        await pool.execute(insert, "c-3", None, "+12025550123")
    for wrong in ("2025550123", "+02025550123", "+1 202 555 0125", "+1202555012345678"):
        with pytest.raises(CheckViolationError):
            await pool.execute(insert, "c-3", None, wrong)
    with pytest.raises(CheckViolationError):
        await pool.execute(insert, "c-3", None, None)
    with pytest.raises(CheckViolationError):
        await pool.execute("update contacts set phone = null where id = 'c-2'")
    await pool.execute("update contacts set phone = null, erased_at = now() where id = 'c-2'")


@pytest.mark.parametrize(
    ("there", "found", "email", "phone"),
    [
        ([], "new", "ada@example.com", "+12025550123"),
        ([("c-e", "ada@example.com", None)], "c-e", "ada@example.com", "+12025550123"),
        ([("c-p", None, "+12025550123")], "c-p", "ada@example.com", "+12025550123"),
        ([("c-e", "ada@example.com", None), ("c-p", None, "+12025550123")], "c-e", "ada@example.com", None),
        ([("c-e", "ada@example.com", "+12025550124")], "c-e", "ada@example.com", "+12025550124"),
        ([("c-p", "bo@example.com", "+12025550123")], "new", "ada@example.com", None),
    ],
)
async def test_two_addresses_are_one_persons_unless_another_has_one(
    pool: Pool, there: list[tuple[str, str | None, str | None]], found: str, email: str, phone: str | None
) -> None:
    await pool.executemany("insert into contacts (id, email, phone) values ($1, $2, $3)", there)
    query = "select contact_of_both('new', 'ada@example.com', '+12025550123')"

    assert await pool.fetchval(query) == found
    assert await pool.fetchval(query) == found

    row = await pool.fetchrow("select email, phone from contacts where id = $1", found)
    assert row is not None
    assert tuple(row) == (email, phone)
