"""Lists know their stores: everyone enters only there, by whatever way, and a sign-up means one list or names it."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from activities.intake.events import Events
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.waitlist.alerts import ListNotNamed, ListTakesNoSignUps, NoAlert
from activities.waitlist.entrances import Entrances
from activities.waitlist.entry import Entered, NotEntered
from activities.waitlist.late_alerts import AlertOfOtherStores
from schemas.document.conversation import ConversationDocument
from schemas.ids import StoreId
from schemas.incoming.events import EntryResult, Event, EventEffect, EventStatus
from schemas.incoming.facts import ProductFact, VariantFact
from schemas.reasons import Reason
from starter.versioning.entering_checks import SignUpsMeanTwoLists
from starter.versioning.publishing import publish
from starter.waitlists.back_population import BackPopulating
from starter.waitlists.importing import WaitlistImport
from tests.conversations.told import talk, thread
from tests.product import address
from tests.story.documents import back, cheaper, programme
from tests.waitlist.late import days_ago, ignore, rows

DE, US = StoreId("de.example"), StoreId("us.example")
BROWSED = back(action="browse")


@pytest.fixture
async def shops(pool: Pool) -> Pool:
    """Two stores, each with a sold-out kettle of the same ids."""
    for store in (DE, US):
        variant = VariantFact(variant_id="v", inventory_item_id="item-v", quantity=0)
        fact = ProductFact(
            product_id="p", title="Kettle", on_sale=True, variants=(variant,), observed_at=datetime.now(UTC)
        )
        await Intake(pool).observe(store, "api", [fact])
    return pool


def of_shop(code: str, terms: Mapping[str, object], store: StoreId) -> ConversationDocument:
    """The conversation of one alert, on the one list of a store."""
    return programme(code, terms, stores=[store], only_by_name=False)


async def signs_up(pool: Pool, store: StoreId, list_code: str | None = None) -> Entered | NotEntered:
    return await Entrances(pool).sign_up(address("ann"), store, "v", "test", list_code=list_code)


async def does(pool: Pool, store: StoreId, kind: str, **said: object) -> EventEffect:
    told = {"id": f"{store} {kind}", "store": store, "kind": kind, "email": address("ann")} | said
    outcome = await Events(pool).take(Event.model_validate(told))
    assert outcome.status is EventStatus.ACCEPTED, outcome
    return outcome.effect


async def test_a_sign_up_enters_the_list_of_its_store(shops: Pool) -> None:
    await publish(shops, of_shop("de", back(), DE))
    await publish(shops, of_shop("us", back(), US))
    assert [(await signs_up(shops, store)).alert_id for store in (US, DE)] == ["us", "de"]


async def test_a_sign_up_in_a_store_without_a_list_is_not_entered_elsewhere(shops: Pool) -> None:
    await publish(shops, of_shop("de", back(), DE))
    with pytest.raises(NoAlert, match=r"for store 'us.example'"):
        await signs_up(shops, US)
    with pytest.raises(ListTakesNoSignUps, match=r"'de' takes no sign-ups in store 'us.example'"):
        await signs_up(shops, US, "de")
    assert await shops.fetchval("select count(*) from contacts") == 0


async def test_a_store_may_have_several_lists_by_sign_up_if_all_but_one_are_named(shops: Pool) -> None:
    await publish(shops, programme("everyone", back(), only_by_name=False))
    await publish(shops, programme("vip", back()))
    await publish(shops, programme("staff", back(), stores=[US]))
    entered = [(await signs_up(shops, DE, code)).alert_id for code in (None, "vip", "everyone")]
    assert entered == ["everyone", "vip", "everyone"]
    with pytest.raises(ListTakesNoSignUps, match=r"Those that do: 'everyone', 'vip'"):
        await signs_up(shops, DE, "staff")


async def test_a_sign_up_that_names_no_list_where_all_are_to_be_named_is_told_so(shops: Pool) -> None:
    await publish(shops, programme("vip", back()))
    await publish(shops, programme("staff", back()))
    with pytest.raises(ListNotNamed, match=r"has to name its list. Those that take sign-ups there: 'staff', 'vip'"):
        await signs_up(shops, DE)


@pytest.mark.parametrize(
    ("first", "second", "where"),
    [(None, None, "every store"), ([DE], None, "'de.example'"), (None, [US], "'us.example'"), ([DE, US], [US], "'us")],
)
async def test_a_sign_up_that_could_mean_two_lists_is_refused_when_the_second_is_published(
    shops: Pool, first: list[str] | None, second: list[str] | None, where: str
) -> None:
    await publish(shops, programme("one", back(), stores=first, only_by_name=False))
    two = programme("two", back(), stores=second, only_by_name=False)
    with pytest.raises(SignUpsMeanTwoLists, match=rf"a sign-up in {where}.* 'stores' .* 'only_by_name: true'"):
        await publish(shops, two)
    assert await shops.fetch("select code from lists") == [("one",)]
    await publish(shops, programme("two", back(), stores=second))


async def test_who_looks_or_carts_enters_the_alerts_of_that_store_alone(shops: Pool) -> None:
    await publish(shops, of_shop("de", BROWSED, DE))
    await publish(shops, of_shop("us", BROWSED, US))
    await publish(shops, programme("both", BROWSED))
    looked = await does(shops, US, "viewed_product", product="p", variant="v")
    assert [each.alert for each in looked.alerts] == ["both", "us"]
    assert await shops.fetch("select alert_id, store_id from journeys order by 1") == [("both", US), ("us", US)]


async def test_an_import_enters_only_a_list_of_its_store(shops: Pool) -> None:
    await publish(shops, of_shop("de", back(), DE))
    await publish(shops, of_shop("us", back(), US))
    file = rows((address("ann"), "v", days_ago(3)))
    report = await WaitlistImport(shops, file, US).run(ignore, ignore, keep=True, actor="test")
    assert report.counts.entered == 1
    assert await shops.fetch("select alert_id from journeys") == [("us",)]
    with pytest.raises(AlertOfOtherStores, match=r"of list 'de', which is not for store 'us.example'"):
        await WaitlistImport(shops, file, US, "de").run(ignore, ignore, keep=True, actor="test")


async def test_a_row_that_names_an_alert_of_another_store_is_left_out(shops: Pool) -> None:
    await publish(shops, of_shop("de", back(), DE))
    await publish(shops, of_shop("us", back(), US))
    columns = "email,variant_id,signed_up_at,alert"
    file = rows((address("ann"), "v", days_ago(3), "de"), (address("ben"), "v", days_ago(3), "us"), columns=columns)
    report = await WaitlistImport(shops, file, US).run(ignore, ignore, keep=True, actor="test")
    assert (report.counts.entered, dict(report.left_out)) == (1, {"other_alert": 1})


async def test_back_population_looks_at_what_was_done_in_the_lists_stores(shops: Pool) -> None:
    for store in (DE, US):
        await does(shops, store, "viewed_product", product="p", variant="v")
    await publish(shops, of_shop("us", BROWSED, US))
    report = await BackPopulating(shops).run("us", None, ignore, ignore, keep=True, actor="test")
    assert (report.contacts, report.counts.entered, report.counts.not_entered) == (1, 1, {})
    assert await shops.fetch("select store_id from journeys") == [(US,)]


async def test_a_conversation_is_entered_on_what_is_done_in_its_lists_stores(shops: Pool) -> None:
    for code, store in (("de", DE), ("us", US)):
        document = talk(code, thread("custom.waved"), list={"code": code, "name": code, "stores": [store]})
        await publish(shops, document)
    waved = await does(shops, US, "custom", name="waved")
    assert [each.conversation for each in waved.conversations] == ["us"]


async def test_a_list_is_joined_only_in_its_stores(shops: Pool) -> None:
    await publish(shops, of_shop("de", BROWSED, DE))
    told = {"id": "1", "store": US, "kind": "joined_list", "email": address("ann"), "list": "de"}
    outcome = await Events(shops).take(Event.model_validate(told))
    assert (outcome.status, outcome.refused) == (
        EventStatus.REFUSED,
        "List 'de' is not for store 'us.example': its 'stores' name the ones that it is for.",
    )
    await does(shops, DE, "joined_list", list="de")
    assert await shops.fetch("select list_code from list_members") == [("de",)]


async def test_the_store_is_a_criterion(shops: Pool) -> None:
    await publish(shops, programme("us", back(action="browse", trigger_filter={"store.id": US})))
    results: list[object] = []
    for store in (DE, US):
        (each,) = (await does(shops, store, "viewed_product", product="p", variant="v")).alerts
        results.append(each.reason or each.result)
    assert results == [Reason.FILTERED, EntryResult.ENTERED]


async def test_publishing_says_of_a_store_that_is_not_known_that_nobody_enters_there(shops: Pool) -> None:
    published = await publish(shops, programme("two", back(), stores=[DE, "ed.example"]))
    (warning,) = published.warnings
    assert warning.startswith("list.stores[1]: 'ed.example' is not known here, and nobody enters there before it is.")
    assert "de.example, us.example" in warning


async def test_publishing_says_where_a_price_drop_is_never_entered_for_its_currency(shops: Pool) -> None:
    in_euros = "update stores set currency_observed_at = now(), currency = case id when $1 then 'EUR' else 'USD' end"
    await shops.execute(in_euros, DE)
    published = await publish(shops, programme("drop", cheaper(), currency="EUR"))
    (warning,) = published.warnings
    assert warning.startswith("list.currency: store 'us.example' sells in USD, not in EUR, so nobody enters 'drop'")
    assert (await publish(shops, programme("drop", cheaper(), currency="EUR", stores=[DE]))).warnings == ()


async def test_publishing_says_that_a_step_adds_contacts_to_a_list_of_other_stores(shops: Pool) -> None:
    await publish(shops, of_shop("de", BROWSED, DE))
    adds = thread("custom.waved", {"add_to_list": "de", "id": "add"}, {"send": "hello", "id": "hello"})
    (warning,) = (await publish(shops, talk("all", adds))).warnings
    assert warning.startswith("threads[0].steps[0]: list 'de' is for de.example only")
    of_de = talk("all", adds, list={"code": "all", "name": "all", "stores": [DE]})
    assert (await publish(shops, of_de)).warnings == ()


async def test_those_in_line_keep_their_place_when_their_store_is_no_longer_the_lists(shops: Pool) -> None:
    await publish(shops, of_shop("us", back(), US))
    assert isinstance(await signs_up(shops, US), Entered)
    await publish(shops, of_shop("us", back(), DE))
    assert await shops.fetch("select state from waiting") == [("waiting",)]
    with pytest.raises(NoAlert):
        await signs_up(shops, US)
