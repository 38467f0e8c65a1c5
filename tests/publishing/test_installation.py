"""What an installation says of a document: a check asks it, scenarios hold, a conversation retires."""

import asyncio
import threading
from pathlib import Path

import pytest

from activities.postgres.pool import Pool
from activities.waitlist.alerts import NoAlert
from activities.waitlist.claims import Waitlist
from activities.waitlist.entrances import Entrances
from schemas.document.conversation import ConversationDocument
from schemas.responses.operations import RetireChoice, Retired
from starter.commands.conversations import PublishedReport
from starter.documents import CheckReport, load_document
from starter.rehearsing.expecting import ScenariosFail
from starter.runtime.one_thread import DOCUMENTS, MOST_AT_ONCE, Busy
from starter.versioning.live_settings import AlertTaken
from starter.versioning.publishing import Publishing, publish
from starter.versioning.retiring import Retiring
from starter.versioning.trying_out import try_out
from starter.versioning.which import NoSuchVersion
from tests.cli.command import Shelftalk
from tests.documents.starters import BACK
from tests.product import STORE, Shop, address, subject

MINE = """
conversation: mine
name: Mine
alerts:
  mine: {type: back-in-stock, action: sign-up}
threads:
  - {name: Back, on: mine.alert, steps: [{send: back}]}
messages:
  back: {channel: email, subject: It is back, text: It is back.}
"""
DISAPPOINTED = MINE + "scenarios: [{name: Told, happens: [{after: 1 day, stock: 5}], expect: [{ends: expired}]}]\n"


def mine(text: str = MINE) -> ConversationDocument:
    return load_document(text, "mine.yaml")


async def test_a_document_whose_scenarios_fail_is_not_published_unless_that_is_asked_for(pool: Pool) -> None:
    publishing = Publishing(pool)
    with pytest.raises(ScenariosFail, match=r"scenarios\[0\].*expected") as refused:
        await publishing.publish(mine(DISAPPOINTED))
    assert "--despite-scenarios, by the API `despite_scenarios`" in refused.value.advice
    assert [each.path.startswith("scenarios[0].expect") for each in refused.value.fields] == [True, True]
    assert await pool.fetchval("select count(*) from versions") == 0
    await publishing.publish(mine(DISAPPOINTED), despite_scenarios=True)
    assert await pool.fetchval("select published from conversations") == "mine@1"


async def test_rehearsals_wait_for_their_turn_with_other_long_work(pool: Pool) -> None:
    begun = threading.Event()
    before = [asyncio.create_task(DOCUMENTS.run(begun.wait)) for _ in range(MOST_AT_ONCE)]
    await asyncio.sleep(0)  # each asks for its turn
    with pytest.raises(Busy):
        await Publishing(pool).publish(mine(DISAPPOINTED))
    begun.set()
    await asyncio.gather(*before)
    with pytest.raises(ScenariosFail):
        await Publishing(pool).publish(mine(DISAPPOINTED))


async def test_a_check_says_what_the_installation_would_refuse_and_changes_nothing(
    shelftalk: Shelftalk, pool: Pool, tmp_path: Path
) -> None:
    await publish(pool, load_document(BACK, "back-in-stock.yaml"))
    file = tmp_path / "mine.yaml"
    file.write_text(MINE, encoding="utf-8")
    checked = await shelftalk.run("conversation", "check", str(file))
    assert checked.code == 1
    assert "list 'default' has an alert of the type 'back-in-stock' already" in checked.out
    assert "`shelftalk conversation retire back-in-stock`" in checked.out
    assert checked.out.endswith("This installation would refuse it.\n")
    assert await pool.fetchval("select count(*) from alerts") == 1
    file.write_text(f"{MINE}list: {{code: other, name: Other, only_by_name: true}}\n", encoding="utf-8")
    report = (await shelftalk.run("conversation", "check", str(file), "--json")).answer(CheckReport)
    assert report.installation is not None
    assert (report.ok, report.installation.refused) == (True, None)
    assert await pool.fetch("select code from lists") == [("default",)]


async def test_a_retired_conversation_makes_room_on_its_list_and_comes_back_when_published(
    shelftalk: Shelftalk, pool: Pool, tmp_path: Path
) -> None:
    shop = await Shop.opened(pool)
    with pytest.raises(AlertTaken):
        await publish(pool, mine())
    retired = (await shelftalk.run("conversation", "retire", "back-in-stock", "--yes", "--json")).answer(Retired)
    assert (retired.alerts, retired.journeys, retired.operation) == (("back-in-stock",), 0, None)
    with pytest.raises(NoAlert):
        await shop.signs_up("ada")
    file = tmp_path / "mine.yaml"
    file.write_text(MINE, encoding="utf-8")
    assert (await shelftalk.run("conversation", "publish", str(file), "--json")).answer(PublishedReport).new
    await shop.signs_up("ada")
    with pytest.raises(AlertTaken):
        await publish(pool, load_document(BACK, "back-in-stock.yaml"))
    again = await shelftalk.run("conversation", "retire", "back-in-stock", "--yes", "--json")
    assert again.failure.code == "no_such_version"


async def test_retiring_asks_what_becomes_of_those_under_way(shelftalk: Shelftalk, pool: Pool) -> None:
    shop = await Shop.opened(pool)
    await shop.signs_up("ada", "bob")
    undecided = await shelftalk.run("conversation", "retire", "back-in-stock", "--yes", "--json")
    assert undecided.failure.code == "under_way_undecided"
    assert undecided.failure.message == "2 journeys are under way in 'back-in-stock', 2 of them in line."
    assert await pool.fetchval("select published from conversations") == "back-in-stock@1"
    said = await shelftalk.run("conversation", "retire", "back-in-stock", "--in-flight", "end", "--yes")
    assert said.out.startswith("Nobody enters 'back-in-stock' any more; publishing it again brings it back. Of those")
    assert await pool.fetchval("select count(*) from outbox where kind = 'run_bulk'") == 1
    assert (
        await pool.fetchval("select details ->> 'in_flight' from audit where action = 'retire conversation'") == "end"
    )


async def test_those_who_stay_in_line_when_it_is_retired_are_told_as_before(pool: Pool) -> None:
    shop = await Shop.opened(pool)
    await shop.signs_up("ada")
    retired = await Retiring(pool).retire("back-in-stock", RetireChoice.STAY, "test", None)
    assert (retired.journeys, retired.in_line, retired.operation) == (1, 1, None)
    await shop.has("v", 1)
    assert (await Waitlist(pool).give_places(subject("v"))).to_notify == 1
    with pytest.raises(NoAlert):
        await Entrances(pool).sign_up(address("bob"), STORE, "v", "test")


async def test_what_was_retired_with_people_in_line_is_retired_once_more_to_make_room(pool: Pool) -> None:
    shop = await Shop.opened(pool)
    await shop.signs_up("ada")
    retiring = Retiring(pool)
    await retiring.retire("back-in-stock", RetireChoice.STAY, "test", None)
    with pytest.raises(AlertTaken, match="`shelftalk conversation retire back-in-stock --in-flight end`"):
        await publish(pool, mine())
    again = await retiring.retire("back-in-stock", RetireChoice.END, "test", None)
    assert (again.journeys, again.in_line) == (1, 1)
    assert again.operation is not None
    await pool.execute("update waiting set state = 'left', reason = 'conversation_changed'")
    await pool.execute("update journeys set ended_at = now(), ending = 'exited', reason = 'conversation_changed'")
    await publish(pool, mine())
    with pytest.raises(NoSuchVersion):
        await retiring.would_retire("back-in-stock")


async def test_an_alert_that_people_wait_under_keeps_its_code_in_its_own_conversation(pool: Pool) -> None:
    shop = await Shop.opened(pool)
    await shop.signs_up("ada")
    renamed = BACK.replace("  back-in-stock:\n", "  restocked:\n").replace("back-in-stock.alert", "restocked.alert")
    with pytest.raises(AlertTaken, match="keep the code 'back-in-stock'") as refused:
        await publish(pool, load_document(renamed, "renamed.yaml"))
    assert "retire" not in str(refused.value)


async def test_a_check_waits_for_nobody_who_signs_up(pool: Pool) -> None:
    await publish(pool, load_document(BACK, "back-in-stock.yaml"))
    async with pool.acquire() as signing_up, signing_up.transaction():
        await signing_up.execute("select from conversations for share")
        tried = await try_out(pool, load_document(BACK, "back-in-stock.yaml"))
    assert tried.refused is None


async def test_nobody_who_signs_up_waits_while_every_contact_is_looked_at(pool: Pool) -> None:
    asking = BACK.replace(
        "    action: sign-up", "    profile_filter: {contact.tags: {contains: vip}}\n    action: sign-up"
    )
    document = load_document(asking, "back-in-stock.yaml")
    async with asyncio.TaskGroup() as tasks, pool.acquire() as looking, looking.transaction():
        await looking.execute("lock table contact_tags in access exclusive mode")
        looks = [tasks.create_task(publish(pool, document)), tasks.create_task(try_out(pool, document))]
        while await pool.fetchval("select count(*) from pg_locks where not granted") < len(looks):
            assert not any(each.done() for each in looks)
        assert await pool.fetchval("select count(*) from pg_locks where locktype = 'advisory'") == 0
