"""A new user's way to a connected store, by the command line: every platform, over HTTP to its simulated shop."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from activities.connections.sealing import Seal
from activities.postgres.pool import Pool
from activities.storefronts.registry import SHOP_APIS
from activities.storefronts.square.adapter import SIGNATURE, Square, sign
from activities.storefronts.storefront import SignatureWrong, WebhookRequest
from schemas.responses.connections import Connected, ConnectionsReport, Disconnected, Synced
from starter.shops.webhook_secrets import WebhookSecrets
from starter.simulated.bigcommerce import api as bigcommerce
from starter.simulated.magento.api import SimulatedMagento
from starter.simulated.prestashop.api import KEY, SimulatedPrestaShop
from starter.simulated.shopify.admin import ShopifyShop
from starter.simulated.shopify.server import ShopifyServer
from starter.simulated.shopify.things import Product, Variant
from starter.simulated.square.api import MERCHANT, TOKEN, SquareMerchant, item
from starter.simulated.wix.api import APP, INSTANCE, SECRET, WixSite
from starter.simulated.woocommerce import api as woocommerce
from tests.cli.command import Ended, Shelftalk
from tests.storefronts import test_bigcommerce_api, test_wix_api
from tests.storefronts.wix_app import public
from tests.storefronts.woocommerce_shop import product

PUBLIC_URL = "https://alerts.example"
WRONG = "a wrong one 0000000000"


@dataclass(frozen=True)
class Shop:
    """A simulated shop that is served, and what its platform's questions are answered with.

    Attributes:
        products: in its catalogue.
        wrong: the secret that is told wrong, with something of its form.
        topics: how many are subscribed; 0: no API does it.
        by_hand: its webhooks are set in a dashboard.
    """

    settings: Mapping[str, str]
    secrets: Mapping[str, str]
    products: int
    wrong: tuple[str, str]
    topics: int = 0
    by_hand: bool = False

    @property
    def told(self) -> list[str]:
        return [word for name, value in self.settings.items() for word in ("--set", f"{name}={value}")]

    @property
    def in_environment(self) -> dict[str, str]:
        return {f"SHELFTALK_CONNECT_{name.upper()}": value for name, value in self.secrets.items()}


@asynccontextmanager
async def _shopify() -> AsyncGenerator[Shop]:
    shop = ShopifyShop()
    shop.products = [Product(1, [Variant(11, {1: 3})])]
    async with ShopifyServer(shop).serving():
        settings = {"shop": shop.domain, "client_id": shop.client_id, "api_address": shop.url}
        secrets = {"client_secret": shop.client_secret}
        yield Shop(settings, secrets, 1, ("client_secret", WRONG), topics=14)


@asynccontextmanager
async def _bigcommerce() -> AsyncGenerator[Shop]:
    store = bigcommerce.SimulatedBigCommerce()
    store.products = {1: test_bigcommerce_api.product(1, 11)}
    async with store.serving():
        settings = {"store_hash": bigcommerce.STORE, "api": store.url}
        secrets = {"access_token": bigcommerce.TOKEN, "client_secret": "hush, this signs"}
        yield Shop(settings, secrets, 1, ("access_token", WRONG), topics=len(test_bigcommerce_api.SUBSCRIBED))


@asynccontextmanager
async def _woocommerce() -> AsyncGenerator[Shop]:
    shop = woocommerce.SimulatedWooCommerce()
    shop.products = {794: dict(product())}
    async with shop.serving():
        secrets = {"consumer_key": woocommerce.KEY, "consumer_secret": woocommerce.SECRET}
        yield Shop({"shop": shop.url}, secrets, 1, ("consumer_secret", "cs_wrong"), topics=6)


@asynccontextmanager
async def _magento() -> AsyncGenerator[Shop]:
    async with SimulatedMagento().serving() as shop:
        shop.add(21, "mug")
        shop.salable["mug"] = (4, True)
        yield Shop({"url": shop.url}, {"token": shop.token}, 1, ("token", WRONG))


@asynccontextmanager
async def _prestashop() -> AsyncGenerator[Shop]:
    async with SimulatedPrestaShop().serving() as shop:
        shop.add(12, combinations={31: 0, 32: 5})
        yield Shop({"url": shop.url}, {"key": KEY}, 1, ("key", "WRONG" + KEY[5:]))


@asynccontextmanager
async def _wix() -> AsyncGenerator[Shop]:
    site: WixSite = test_wix_api.v3()
    async with site.serving():
        settings = {"app_id": APP, "instance_id": INSTANCE, "public_key": public(), "api": site.url}
        yield Shop(settings, {"app_secret": SECRET}, 3, ("app_secret", WRONG), by_hand=True)


@asynccontextmanager
async def _square() -> AsyncGenerator[Shop]:
    async with SquareMerchant([item(1), item(2)]).serving() as merchant:
        settings = {"front_page": "https://shop.example", "api": merchant.url}
        yield Shop(settings, {"access_token": TOKEN}, 2, ("access_token", WRONG), topics=4)


SHOPS: Mapping[str, Callable[[], AbstractAsyncContextManager[Shop]]] = {
    "shopify": _shopify,
    "bigcommerce": _bigcommerce,
    "woocommerce": _woocommerce,
    "magento": _magento,
    "prestashop": _prestashop,
    "wix": _wix,
    "square": _square,
}


@dataclass
class User:
    """Somebody at the command line."""

    shelftalk: Shelftalk
    key: str = field(default_factory=lambda: Fernet.generate_key().decode())

    def __post_init__(self) -> None:
        self.shelftalk = self.shelftalk.with_settings(
            SHELFTALK_WEBHOOK_PRIVATE_HOSTS="true",
            SHELFTALK_PUBLIC_URL=PUBLIC_URL,
            SHELFTALK_SECRETS_KEYS=self.key,
        )

    async def connect(self, source: str, shop: Shop, *options: str, **others: str) -> Ended:
        command = self.shelftalk.with_settings(**shop.in_environment | others)
        return await command.run("store", "connect", source, *shop.told, *options)

    async def store(self, *words: str) -> Ended:
        return await self.shelftalk.run("store", *words)


@pytest.fixture
def user(shelftalk: Shelftalk) -> User:
    return User(shelftalk)


def test_every_platform_with_an_api_is_tried_here() -> None:
    assert set(SHOPS) == {api.source for api in SHOP_APIS}


@pytest.mark.parametrize("source", SHOPS)
async def test_a_store_is_connected_read_shown_and_disconnected(source: str, user: User) -> None:
    async with SHOPS[source]() as shop:
        connected = (await user.connect(source, shop, "--json")).answer(Connected)
        store = connected.store
        assert [each.health for each in connected.subscriptions] == ["alive"] * shop.topics
        address = f"{PUBLIC_URL}/v1/webhooks/{source}"
        sends = bool(shop.topics) or shop.by_hand
        assert (connected.address or "").startswith(address) == sends
        assert (connected.by_hand is not None) == shop.by_hand
        # Again, as people read it: one that is connected is given its access anew.
        said = await user.connect(source, shop)
        assert said.out.startswith(f"{store} is connected: {connected.name}, prices in ")
        assert (address in said.out) == sends

        unread = await user.store("status", store)
        assert f"shelftalk store sync {store}" in unread.out
        assert (await user.store("sync", store, "--json")).answer(Synced).products == shop.products
        told = f"{store}: {shop.products} products read, 0 are gone."
        assert told in (await user.store("sync", store)).out

        (report,) = (await user.store("status", "--json")).answer(ConnectionsReport).stores
        assert (report.store, report.source, report.synced_count, report.problems) == (
            store,
            source,
            shop.products,
            (),
        )
        shown = await user.store("status", store)
        assert "a lost webhook is made up for within" in shown.out
        assert "well" in shown.out
        looked = await user.store("webhooks", store)
        assert looked.code == 0
        assert ("alive" in looked.out) == bool(shop.topics)
        assert ("It sends no webhooks here" in looked.out) == (not sends)
        for secret in shop.secrets.values():
            assert secret not in said.out + said.err + shown.out + looked.out

        left = (await user.store("disconnect", store, "--yes", "--json")).answer(Disconnected)
        assert left.unsubscribed == bool(shop.topics)
        assert (await user.store("status", store, "--json")).failure.code == "not_connected"


@pytest.mark.parametrize("source", SHOPS)
async def test_a_wrong_secret_keeps_nothing_and_says_what_to_do(source: str, user: User, pool: Pool) -> None:
    async with SHOPS[source]() as shop:
        name, wrong = shop.wrong
        ended = await user.connect(source, shop, "--json", **{f"SHELFTALK_CONNECT_{name.upper()}": wrong})
        assert ended.failure.code == "access_refused"
        assert "shelftalk store connect" in (ended.failure.advice or "")
        assert wrong not in ended.out
        kept = await pool.fetchval("select (select count(*) from stores) + (select count(*) from store_secrets)")
        assert kept == 0


@pytest.mark.parametrize("source", SHOPS)
async def test_a_missing_answer_is_named_with_where_it_is_found(source: str, user: User) -> None:
    ended = await user.store("connect", source, "--json")
    assert ended.failure.code == "connection_useless"
    if source == "wix":
        assert "app_id, app_secret and instance_id" in ended.failure.message
    else:
        first = next(api for api in SHOP_APIS if api.source == source).questions[0]
        assert f"'{first.name}' is missing. {first.text}" in ended.failure.message


async def test_without_a_key_for_secrets_it_is_said_how_one_is_made(user: User) -> None:
    async with _magento() as shop:
        ended = await user.connect("magento", shop, "--json", SHELFTALK_SECRETS_KEYS="")
        assert ended.failure.code == "secrets_key_missing"
        assert "shelftalk store key" in (ended.failure.advice or "")


async def test_who_sits_at_a_terminal_is_asked_and_what_is_hidden_is_not_shown(user: User) -> None:
    async with _magento() as shop:
        said = [
            ("url: ", "shop.example"),
            ("url: ", shop.settings["url"]),
            ("token: ", shop.secrets["token"]),
            ("website [base]: ", ""),
            ("url_suffix [.html]: ", ""),
            ("keys: ", ""),
        ]
        ended = await user.shelftalk.at_a_terminal(said, "store", "connect", "magento")
        assert ended.code == 0, ended.out
        assert "That is not of the form that url has." in ended.out
        assert "Asking the shop who it is" in ended.out
        assert "is connected" in ended.out
        assert "shelftalk store sync" in ended.out, "what is to be done next"
        assert shop.secrets["token"] not in ended.out


async def test_only_what_earlier_answers_leave_open_is_asked_and_keys_may_have_lines(user: User) -> None:
    async with _wix() as shop:
        first, *lines = public().strip().splitlines()
        said = [("app_id: ", APP), ("app_secret: ", SECRET), ("instance_id: ", INSTANCE), ("public_key: ", first)]
        told = "--set", f"api={shop.settings['api']}"
        ended = await user.shelftalk.at_a_terminal([*said, ("", "\n".join(lines))], "store", "connect", "wix", *told)
        assert ended.code == 0, ended.out
        in_one_line = "".join(ended.out.split())
        assert f"{PUBLIC_URL}/v1/webhooks/wix?store={INSTANCE.lower()}" in in_one_line
        assert "api_key" not in ended.out
        assert SECRET not in ended.out


async def test_squares_webhooks_verify_by_the_key_that_it_made_for_the_subscription(user: User, pool: Pool) -> None:
    async with _square() as shop:
        connected = (await user.connect("square", shop, "--json")).answer(Connected)
        secrets = await WebhookSecrets(pool, Seal([SecretStr(user.key)])).of("square", MERCHANT)
        assert connected.address is not None
        body = b'{"merchant_id": "%s", "type": "x.y", "event_id": "e-1"}' % MERCHANT.encode()
        signed = {SIGNATURE: sign(connected.address, body, "key-1").decode()}
        assert Square().verify(WebhookRequest(body, signed, url=connected.address), secrets).store_id == MERCHANT
        signed = {SIGNATURE: sign(connected.address, body, "key-2").decode()}
        with pytest.raises(SignatureWrong):
            Square().verify(WebhookRequest(body, signed, url=connected.address), secrets)


async def test_a_store_that_one_platform_feeds_is_fed_by_no_other_and_by_no_feed(user: User, pool: Pool) -> None:
    async with _magento() as shop:
        store = (await user.connect("magento", shop, "--json")).answer(Connected).store
        another = await user.store("connect", "open", "--set", f"store={store}", "--json")
        assert another.failure.code == "fed_by_another"
        assert "is connected to 'magento'" in another.failure.message
        assert await pool.fetchval("select source from connections") == "magento"
        feed = await user.shelftalk.run("feed", "add", store, "https://shop.example/feed", "--json")
        assert feed.failure.code == "fed_by_another"
        assert f"shelftalk store disconnect {store}" in feed.failure.message
        assert await pool.fetchval("select count(*) from feeds") == 0
        # Once its platform is left, the store is free for another, and is of that from then on.
        assert (await user.store("disconnect", store, "--yes")).code == 0
        assert (await user.store("connect", "open", "--set", f"store={store}")).code == 0
        assert await pool.fetchval("select source from stores") == "open"
        assert (await user.shelftalk.run("feed", "add", store, "https://shop.example/feed")).code == 0


async def test_a_store_that_is_read_from_a_feed_is_fed_by_no_platform(user: User, pool: Pool) -> None:
    async with _magento() as shop:
        store = (await user.connect("magento", shop, "--json")).answer(Connected).store
        assert (await user.store("disconnect", store, "--yes")).code == 0
        assert (await user.shelftalk.run("feed", "add", store, "https://shop.example/feed", "--name", "all")).code == 0
        refused = (await user.connect("magento", shop, "--json")).failure
        assert refused.code == "fed_by_another"
        assert f"shelftalk feed remove {store} --name all" in refused.message
        assert await pool.fetchval("select count(*) from connections") == 0
