"""Connecting a store: who it is, its secrets, its webhooks, its catalogue; and taking all of that back."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest

from activities.connections import catalogue as catalogue_module
from activities.connections.catalogue import CatalogueShrank
from activities.connections.sealing import SecretsKeyMissing, SecretUnreadable, new_key
from activities.connections.shops import NoShopApi, NotConnected
from activities.intake.intake import Intake
from activities.storefronts.shop_api import Page
from activities.storefronts.shop_http import AccessRefused, ShopAnswerOdd
from schemas.ids import StoreId
from schemas.incoming.facts import ProductFact, ShopErasureFact
from starter.shops.connection_status import ConnectionStatus
from starter.shops.connections import ConnectionUseless, UnknownPlatform
from starter.shops.one_catalogue import FedByAnother
from starter.shops.webhook_secrets import WebhookSecrets
from tests.connections.conftest import APIS, PUBLIC_URL, STORE, Side
from tests.simulated.shop_api import PASSWORD, SimulatedShopApi


async def test_a_store_is_who_its_api_says_and_its_webhooks_are_subscribed(side: Side) -> None:
    done = await side.connect()
    assert (done.store, done.currency, done.made_secret) == (STORE, "EUR", None)
    assert done.address == f"{PUBLIC_URL}/v1/webhooks/simulated?store={STORE}"
    assert side.shop.subscribed == dict.fromkeys(("product", "stock"), done.address)
    assert [each.health for each in done.subscriptions] == ["alive", "alive"]
    row = await side.pool.fetchrow("select source, name, url, currency from stores")
    assert row is not None
    assert tuple(row) == ("simulated", "The simulated shop", "https://simulated.example", "EUR")
    (secret,) = await side.webhook_secrets()
    assert len(secret) >= 32


async def test_no_secret_is_kept_or_put_on_record_as_it_is(side: Side) -> None:
    await side.connect()
    (webhook,) = await side.webhook_secrets()
    kept = b"".join(row["sealed"] for row in await side.pool.fetch("select sealed from store_secrets"))
    written = str(await side.pool.fetch("select * from connections")) + str(
        await side.pool.fetch("select * from audit")
    )
    for secret in (PASSWORD, "token-1", webhook):
        assert secret.encode() not in kept
        assert secret not in written


async def test_what_people_said_of_a_store_by_hand_stays(side: Side) -> None:
    await side.pool.execute("insert into stores (id, source, name) values ($1, 'api', 'Our name')", STORE)
    await side.connect()
    assert await side.pool.fetchval("select name from stores") == "Our name"


async def test_a_wrong_password_leaves_nothing(side: Side) -> None:
    with pytest.raises(AccessRefused, match="does not take the password"):
        await side.connect(password="guessed")
    assert await side.pool.fetchval("select count(*) from stores") == 0


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"url": "shop"}, "'url' is not of the form"),
        ({"lasts": "soon"}, "'lasts' is not of the form"),
        ({"colour": "red"}, "does not ask for 'colour'"),
        ({"password": ""}, "'password' is not of the form"),
    ],
)
async def test_an_answer_that_does_not_fit_is_named(side: Side, answers: dict[str, str], says: str) -> None:
    with pytest.raises(ConnectionUseless, match=says):
        await side.connect(**answers)


async def test_a_question_that_is_not_answered_is_named(side: Side) -> None:
    with pytest.raises(ConnectionUseless, match="'password' is missing"):
        await side.connections.connect("simulated", {"url": side.shop.url}, "test")


async def test_a_second_shop_at_the_same_address_does_not_take_the_place_of_the_first(side: Side) -> None:
    await side.connect()
    with pytest.raises(ConnectionUseless, match="is connected already, with branch 1"):
        await side.connect(branch="2")
    assert await side.pool.fetchval("select settings ->> 'branch' from connections") == "1"
    await side.connect()
    await side.connections.disconnect(STORE, "test")
    await side.connect(branch="2")
    assert await side.pool.fetchval("select settings ->> 'branch' from connections") == "2"


async def test_an_unknown_platform_names_those_there_are(side: Side) -> None:
    with pytest.raises(UnknownPlatform, match="plain, simulated"):
        side.connections.questions("simulatd")


async def test_without_a_key_no_store_is_connected(side: Side) -> None:
    side.keys = []
    with pytest.raises(SecretsKeyMissing):
        await side.connect()
    assert await side.pool.fetchval("select count(*) from connections") == 0


async def test_a_store_without_an_api_has_a_secret_made_for_its_webhooks(side: Side) -> None:
    done = await side.connections.connect("plain", {"store": "own.example"}, "test")
    assert done.made_secret is not None
    assert await side.webhook_secrets("plain", "own.example") == (done.made_secret,)
    with pytest.raises(NoShopApi):
        await side.connections.sync(StoreId("own.example"), lambda _read, _total: None, "test")


async def test_a_catalogue_is_read_whole_and_what_it_has_no_more_is_gone(side: Side) -> None:
    await side.connect()
    told: list[tuple[int, int | None]] = []
    read = await side.connections.sync(STORE, lambda done, total: told.append((done, total)), "test")
    assert (read.products, read.gone, told) == (3, 0, [(2, 3), (3, 3)])
    assert await side.units() == {"a": 3, "b": 0, "c": 7}
    del side.shop.units["c"]
    side.shop.units["b"] = 5
    read = await side.connections.sync(STORE, lambda _done, _total: None, "test")
    assert (read.products, read.gone) == (2, 1)
    assert await side.units() == {"a": 3, "b": 5}
    (shown,) = (await side.status.show(STORE)).stores
    assert (shown.synced_count, shown.problems) == (2, ())


async def test_a_catalogue_that_shrank_loses_nothing_until_somebody_says_so(side: Side) -> None:
    side.shop.units = {f"p{number:02}": number for number in range(40)}
    await side.connect()
    await side.connections.sync(STORE, lambda _done, _total: None, "test")
    side.shop.units = {"p00": 9}
    with pytest.raises(CatalogueShrank, match="39 of 40"):
        await side.connections.sync(STORE, lambda _done, _total: None, "test")
    known = await side.units()
    assert (len(known), known["p00"]) == (40, 9)
    read = await side.connections.sync(STORE, lambda _done, _total: None, "test", accept_gone=True)
    assert read.gone == 39
    assert await side.units() == {"p00": 9}


async def test_while_a_secret_is_rotated_both_count_and_at_most_two(side: Side) -> None:
    await side.connect()
    (first,) = await side.webhook_secrets()
    await side.connections.rotate(STORE, "the second secret", "test")
    assert set(await side.webhook_secrets()) == {first, "the second secret"}
    third = (await side.connections.rotate(STORE, None, "test")).made_secret
    assert set(await side.webhook_secrets()) == {"the second secret", third}
    await side.pool.execute("update store_secrets set ends_at = now() where ends_at is not null")
    assert await side.webhook_secrets() == (third,)


async def test_a_secret_that_is_none_is_refused(side: Side) -> None:
    await side.connect()
    with pytest.raises(ConnectionUseless):
        await side.connections.rotate(STORE, " short ", "test")


async def test_secrets_are_encrypted_anew_with_the_first_key(side: Side) -> None:
    await side.connect()
    (secret,) = await side.webhook_secrets()
    (old,) = side.keys
    side.keys = [type(old)(new_key()), old]
    assert (await side.connections.reseal("test")).secrets == 3
    assert (await side.connections.reseal("test")).secrets == 0
    side.keys = side.keys[:1]
    assert await side.webhook_secrets() == (secret,)
    side.keys = [old]
    with pytest.raises(SecretUnreadable):
        await side.webhook_secrets()


async def test_a_store_that_is_disconnected_is_believed_no_more_and_its_products_stay(side: Side) -> None:
    await side.connect()
    await side.connections.sync(STORE, lambda _done, _total: None, "test")
    assert (await side.connections.disconnect(STORE, "test")).unsubscribed
    assert side.shop.subscribed == {}
    assert await side.webhook_secrets() == ()
    assert await side.pool.fetchval("select count(*) from store_secrets") == 0
    assert len(await side.units()) == 3
    for gone in (side.connections.disconnect(STORE, "test"), side.shops.open(STORE), side.status.show(STORE)):
        with pytest.raises(NotConnected):
            await gone


async def test_a_shop_that_wants_to_be_erased_is_spoken_to_no_more(side: Side) -> None:
    await side.connect()
    await side.connections.sync(STORE, lambda _done, _total: None, "test")
    await side.pool.execute("insert into hints (store_id, order_id) values ($1, '1')", STORE)
    await Intake(side.pool).learn(STORE, "simulated", [ShopErasureFact(observed_at=datetime.now(UTC))])
    for table in ("connections", "store_secrets", "subscriptions", "hints"):
        assert await side.pool.fetchval(f"select count(*) from {table}") == 0, table
    side.shop.asked.clear()
    assert await side.keeping_true.look() == 0
    assert side.shop.asked == []
    with pytest.raises(NotConnected, match="not connected any more: shop erased, 20"):
        await side.status.show(STORE)
    assert len(await side.units()) == 3, "products are nobody's personal data"
    await side.connect()
    assert len((await side.status.show(STORE)).stores) == 1


async def test_a_shop_that_is_away_is_disconnected_all_the_same(side: Side) -> None:
    await side.connect()
    side.shop.refuses = 401
    assert (await side.connections.disconnect(STORE, "test")).unsubscribed is False
    side.shop.refuses = None
    await side.connect()
    side.keys = []
    assert (await side.connections.disconnect(STORE, "test")).unsubscribed is False


async def test_subscriptions_that_a_platform_switched_off_are_shown_and_made_again(side: Side) -> None:
    done = await side.connect()
    side.shop.off.add("stock")
    del side.shop.subscribed["product"]
    assert [each.health for each in await side.connections.webhooks(STORE, "test")] == ["alive", "alive"]
    assert side.shop.subscribed == dict.fromkeys(("product", "stock"), done.address)
    assert not side.shop.off


async def test_status_says_what_is_wrong_and_what_to_do(side: Side) -> None:
    assert (await side.status.show()).stores == ()
    await side.connect()
    (shown,) = (await side.status.show()).stores
    assert shown.limits is not None
    assert shown.limits.last_retry_seconds == timedelta(hours=1).total_seconds()
    assert shown.problems == (f"Its catalogue was never read: `shelftalk store sync {STORE}`.",)


async def test_a_platform_takes_over_no_store_that_another_feeds(side: Side) -> None:
    await side.connections.connect("plain", {"store": STORE}, "test")
    before = await side.webhook_secrets("plain")
    with pytest.raises(FedByAnother, match="'plain'"):
        await side.connect()
    assert (await side.webhook_secrets("plain"), await side.webhook_secrets()) == (before, ())
    assert side.shop.subscribed == {}


async def test_a_store_that_is_connected_again_keeps_the_secret_that_its_webhooks_are_signed_with(side: Side) -> None:
    await side.connect()
    before = await side.webhook_secrets()
    await side.connect()
    assert await side.webhook_secrets() == before, "those that are alive are not subscribed again"


async def test_a_store_without_an_api_that_is_connected_again_has_both_secrets_for_a_day(side: Side) -> None:
    made = [(await side.connections.connect("plain", {"store": "own.example"}, "test")).made_secret for _ in range(2)]
    assert set(await side.webhook_secrets("plain", "own.example")) == set(made)


async def test_a_store_whose_secrets_cannot_be_read_any_more_is_connected_anew(side: Side) -> None:
    await side.connect()
    await side.connections.rotate(STORE, None, "test")
    side.keys = [type(side.keys[0])(new_key())]
    await side.connect()
    assert len(await side.webhook_secrets()) == 1


async def test_an_open_shop_shows_no_secret(side: Side) -> None:
    await side.connect()
    (secret,) = await side.webhook_secrets()
    assert secret not in repr(await side.shops.open(STORE))


async def test_a_secret_that_was_copied_onto_another_store_opens_nothing_though_it_was_opened_before(
    side: Side,
) -> None:
    await side.connect()
    await side.connections.connect("plain", {"store": "own.example"}, "test")
    secrets = WebhookSecrets(side.pool, side.seal, kept_seconds=0)
    await secrets.of("simulated", STORE)
    await side.pool.execute(
        "update store_secrets set sealed = "
        "(select sealed from store_secrets where store_id = $1 and purpose = 'webhook') where store_id = 'own.example'",
        STORE,
    )
    with pytest.raises(SecretUnreadable):
        await secrets.of("plain", "own.example")


async def test_a_store_whose_settings_are_of_no_use_any_more_is_disconnected_all_the_same(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    await side.connect()

    def useless(*_: object) -> None:
        raise ValueError("url: it is none")

    monkeypatch.setattr(SimulatedShopApi, "over", useless)
    assert (await side.connections.disconnect(STORE, "test")).unsubscribed is False


async def test_a_product_that_a_webhook_made_while_the_catalogue_was_read_is_not_gone(side: Side) -> None:
    await side.connect()
    by_a_slow_clock = datetime.now(UTC) - timedelta(minutes=2)

    async def sync_with(advance: Callable[[int, int | None], None]) -> int:
        return (await side.connections.sync(STORE, advance, "test")).gone

    await sync_with(lambda _read, _total: None)
    shown = SimulatedShopApi.catalogue

    async def beside_a_webhook(self: SimulatedShopApi) -> AsyncIterator[Page]:
        async for page in shown(self):
            yield page
        made = ProductFact(product_id="made", title="Made", on_sale=True, variants=(), observed_at=by_a_slow_clock)
        await Intake(side.pool).learn(STORE, "simulated", [made])

    side.shop.units["hidden"] = 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SimulatedShopApi, "catalogue", beside_a_webhook)
        assert await sync_with(lambda _read, _total: None) == 0
    gone = "select product_id from products where discontinued_at is not null"
    assert await side.pool.fetchval(gone) is None


async def test_a_product_that_slipped_between_two_pages_is_not_gone(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    await side.connect()
    await side.connections.sync(STORE, lambda _read, _total: None, "test")
    shown = SimulatedShopApi.catalogue

    async def without_the_last(self: SimulatedShopApi) -> AsyncIterator[Page]:
        async for page in shown(self):
            if page.read < 3:
                yield page

    monkeypatch.setattr(SimulatedShopApi, "catalogue", without_the_last)
    assert (await side.connections.sync(STORE, lambda _read, _total: None, "test")).gone == 0
    assert await side.units() == {"a": 3, "b": 0, "c": 7}


async def test_a_catalogue_whose_pages_repeat_without_end_is_odd(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    await side.connect()
    shown = SimulatedShopApi.catalogue

    async def again_and_again(self: SimulatedShopApi) -> AsyncIterator[Page]:
        for _ in range(5):
            async for page in shown(self):
                yield page

    monkeypatch.setattr(SimulatedShopApi, "catalogue", again_and_again)
    monkeypatch.setattr(catalogue_module, "MOST_REPEATED", 3)
    with pytest.raises(ShopAnswerOdd, match="again and again"):
        await side.connections.sync(STORE, lambda _read, _total: None, "test")
    assert await side.units() == {"a": 3, "b": 0, "c": 7}


async def test_a_shell_that_was_told_no_public_address_goes_by_what_the_web_server_was_told(
    side: Side,
) -> None:
    await side.connect()
    untold = ConnectionStatus(side.pool, APIS, None)
    (before,) = (await untold.show()).stores
    assert before.address is None
    assert any("SHELFTALK_PUBLIC_URL is not set" in problem for problem in before.problems)
    await untold.note_public_address()
    await side.status.note_public_address()
    (after,) = (await untold.show()).stores
    assert after == (await side.status.show()).stores[0]
    assert not any("SHELFTALK_PUBLIC_URL" in problem for problem in after.problems)
