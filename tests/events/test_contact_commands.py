"""`shelftalk contact`: people exported, erased, suppressed and set from the command line."""

import json

from activities.postgres.pool import Pool
from schemas.responses.people import ContactErased, ContactReport, StoreErased, SuppressionReport
from starter.commands.terminal.output import ExitCode
from tests.cli.command import Shelftalk

ANN = "ann@example.com"


async def test_a_person_is_set_exported_suppressed_and_erased(shelftalk: Shelftalk, pool: Pool) -> None:
    await pool.execute("insert into contacts (id, email) values ('c-ann', $1)", ANN)
    wishes = ("--tag", "vip", "--attribute", "size=M", "--attribute", "points=3", "--consent", "--source", "form")
    known = (await shelftalk.run("contact", "set", "Ann@Example.com", *wishes, "--json")).answer(ContactReport)
    assert (known.attributes, known.tags, known.consent) == ({"size": "M", "points": 3}, ("vip",), True)
    shown = await shelftalk.run("contact", "set", "c-ann", "--untag", "vip", "--attribute", "size=")
    assert "c-ann has agreed to mails" in shown.out
    assert "tags        –" in shown.out
    suppressed = await shelftalk.run("contact", "suppress", ANN, "--by", "ben", "--json")
    assert suppressed.answer(SuppressionReport).contact == "c-ann"
    held = json.loads((await shelftalk.run("contact", "export", ANN)).out)
    assert (held["contact"]["email"], len(held["suppressions"]), len(held["consents"])) == (ANN, 1, 1)
    unsure = await shelftalk.run("contact", "erase", ANN, "--json")
    assert unsure.failure.code == "not_confirmed"
    assert (await shelftalk.run("contact", "erase", ANN, "--yes", "--json")).answer(ContactErased).contact == "c-ann"
    assert (await shelftalk.run("contact", "unsuppress", ANN)).out == "Its suppression is lifted.\n"
    actions = [row["action"] for row in await pool.fetch("select action from audit order by id")]
    assert actions == [
        *("contact set", "contact set", "address suppressed"),
        *("contact exported", "contact erased", "suppression lifted"),
    ]
    for word in ("export", "set"):
        gone = await shelftalk.run("contact", word, ANN, "--json")
        assert (gone.failure.code, gone.failure.exit) == ("unknown_contact", ExitCode.FAILED)
    assert (await shelftalk.run("contact", "unsuppress", ANN, "--json")).failure.code == "not_suppressed"


async def test_an_address_that_nobody_is_known_by_is_forgotten_before_what_is_told_late(
    shelftalk: Shelftalk, pool: Pool
) -> None:
    said = await shelftalk.run("contact", "erase", "Ann@Example.com", "--yes")
    assert said.out.startswith("Nobody is known by this address.")
    late = "select contact_then('c-new', $1, now() - interval '1 hour', 's', null)"
    assert await pool.fetchval(late, ANN) is None
    gone = await shelftalk.run("contact", "erase", "c-nobody", "--yes", "--json")
    assert gone.failure.code == "unknown_contact"


async def test_what_a_store_told_is_erased_by_hand(shelftalk: Shelftalk, pool: Pool) -> None:
    await pool.execute("insert into stores (id, source) values ('s', 'api')")
    await pool.execute("insert into contacts (id, email) values ('c-ann', $1)", ANN)
    ordered = "insert into orders (store_id, order_id, contact_id, product_id, ordered_at, observed_at)"
    await pool.execute(f"{ordered} values ('s', 'o', 'c-ann', 'p', now(), now())")
    unsure = await shelftalk.run("contact", "erase-store", "s", "--json")
    assert unsure.failure.code == "not_confirmed"
    done = await shelftalk.run("contact", "erase-store", "s", "--yes", "--by", "ben", "--json")
    assert done.answer(StoreErased).store == "s"
    assert await pool.fetchval("select erased_at is not null from contacts")
    assert await pool.fetchval("select actor from audit where action = 'shop erased'") == "ben"
    unknown = await shelftalk.run("contact", "erase-store", "nowhere", "--yes", "--json")
    assert unknown.failure.code == "unknown_store"


async def test_a_person_is_named_by_an_address_as_people_write_it(shelftalk: Shelftalk, pool: Pool) -> None:
    await pool.execute("insert into contacts (id, email) values ('c-ann', $1)", ANN)
    wide = "ａｎｎ@example.com"
    assert (await shelftalk.run("contact", "suppress", wide, "--json")).answer(SuppressionReport).contact == "c-ann"
    assert (await shelftalk.run("contact", "set", wide, "--json")).answer(ContactReport).contact == "c-ann"
    named = await shelftalk.run("contact", "erase", f"Ann <{ANN}>", "--yes", "--json")
    assert (named.failure.code, "without a name" in named.failure.message) == ("usage", True)


async def test_what_cannot_be_set_is_said_by_option(shelftalk: Shelftalk) -> None:
    for wrong in (("--attribute", "size"), ("--attribute", f"size={'x' * 1001}"), ("--tag", "x" * 101)):
        said = await shelftalk.run("contact", "set", ANN, *wrong, "--json")
        assert (said.failure.code, said.failure.exit) == ("usage", ExitCode.USAGE)
        assert wrong[0] in said.failure.message
