"""A run of the Run Tester is kept in the conversation as a scenario, and gone through by keys."""

from playwright.async_api import Page, expect

from schemas.responses.users import Language, Role
from starter.documents import check
from starter.versioning.which import Which
from tests.console.designing.desk import EVERYTHING, Desk
from tests.console.designing.test_writing import AT, base, differing


async def test_a_run_is_kept_as_a_scenario_that_expects_it_and_is_shown_in_the_designer(desk: Desk) -> None:
    run = await desk.get(f"{AT}/test")
    kept = await desk.post(f"{AT}/test", based_on=base(run.text), keep_as="They come: by")
    assert kept.status_code == 303, kept.text
    document = await desk.services.versions.document(Which("everything", working=True))
    assert [each.name for each in document.scenarios] == ["They come: by"]
    assert document.scenarios[0].expect
    source = await desk.source()
    assert all(line.startswith("+") for line in differing(source)), "nothing else of the text changed"
    assert check(source, "it").differences == ()
    assert "They come: by" in (await desk.get(AT)).text
    shown = await desk.get(f"{AT}/test", scenario="They come: by", kept="yes")
    assert "All went as the scenario expects" in shown.text
    assert "It is kept" in shown.text


async def test_a_scenario_of_the_same_name_expects_what_happens_now(desk: Desk) -> None:
    made = {
        "scenario": "own",
        "name": "Mine",
        "profile-tags": "a",
        "after1": "1 day",
        "what1": "event",
        "value1": "ordered",
    }
    for _ in range(2):
        run = await desk.get(f"{AT}/test", **made)
        assert (await desk.post(f"{AT}/test", based_on=base(run.text), keep_as="Mine", **made)).status_code == 303
    document = await desk.services.versions.document(Which("everything", working=True))
    assert [each.name for each in document.scenarios] == ["Mine"]


async def test_a_run_of_what_somebody_saved_over_is_not_kept_and_who_did_is_told(desk: Desk) -> None:
    first = base((await desk.get(f"{AT}/test")).text)
    await desk.post(AT, based_on=base((await desk.get(AT)).text), place="", act="save", **{"f.name": "Another"})
    told = await desk.post(f"{AT}/test", based_on=first, keep_as="Mine")
    assert told.status_code == 409
    assert "saved something meanwhile" in told.text
    assert "scenarios" not in await desk.source()


async def test_a_run_without_a_name_is_not_kept(desk: Desk) -> None:
    first = base((await desk.get(f"{AT}/test")).text)
    assert (await desk.post(f"{AT}/test", based_on=first, keep_as="")).status_code == 422
    assert await desk.source() == EVERYTHING


async def test_a_run_is_gone_through_by_keys(desk: Desk, seat: Page) -> None:
    await seat.goto(f"{desk.url}{AT}/test?at=1")
    items = seat.locator(".timeline > li")
    await expect(items).to_have_count(1)
    await seat.keyboard.press("ArrowRight")
    await expect(items).to_have_count(2)
    await seat.keyboard.press("ArrowLeft")
    await expect(items).to_have_count(1)
    await seat.keyboard.press("End")
    await expect(seat.get_by_text("Keep it as a scenario")).to_be_visible()
    assert "at=" not in seat.url


async def test_the_tree_is_read_in_german_and_who_saved_is_a_person(desk: Desk) -> None:
    await desk.post(AT, based_on=base((await desk.get(AT)).text), place="", act="save", **{"f.name": "Another"})
    await desk.sign_in(Role.PUBLISHER, language=Language.GERMAN)
    tree = (await desk.get(AT)).text
    for said in ("2 Tage", "Höchstens: 3 Tage", "werktags 10:00", "orders.count ist mindestens 5", "Anteil 3"):
        assert said in tree, said
    assert "editor0" in (await desk.get(f"{AT}/publish")).text
    assert "editor0" in (await desk.get(f"{AT}/versions")).text
