"""A store's subscriptions to its platform's webhooks: looked at, made again where one is missing or off, and noted."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from activities.connections.shops import OpenShop, Shops
from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from activities.storefronts.shop_api import Health, Subscription

SQL = load_queries("activities.connections", "subscribing.sql")


@dataclass(frozen=True, slots=True)
class Tended:
    """What a look at subscriptions came to.

    Attributes:
        found: all of them, as they are now.
        made_again: the topics of those that were missing or off.
    """

    found: Sequence[Subscription]
    made_again: Sequence[str]


def webhook_address(public_url: str | None, source: str, store_id: str) -> str | None:
    """Where a platform sends the webhooks of a store; None: this installation has no public address."""
    if public_url is None:
        return None
    return f"{public_url}/v1/webhooks/{source}?store={quote(store_id, safe='')}"


class PublicAddress:
    """Where platforms reach this installation: as this process was told, or else the web server when it started last.

    Args:
        told: None: this process was told nothing.
    """

    def __init__(self, pool: Pool, told: str | None) -> None:
        self._pool, self._told = pool, told

    async def note(self) -> None:
        """Write down what this process was told, for others; nothing, where it was told nothing."""
        if self._told is not None:
            await SQL.note_public_address.run(self._pool, url=self._told)

    async def url(self) -> str | None:
        """None: nobody was told any."""
        if self._told is not None:
            return self._told
        found: str | None = await SQL.public_address.value(self._pool)
        return found


async def tend_subscriptions(
    pool: Pool, shops: Shops, shop: OpenShop, address: str, secret: str, *, anew: bool = False
) -> Tended:
    """Ask the platform how the subscriptions of a store are, and make again those that are missing or off.

    What the platform signs them with is learnt, where it makes that itself.

    Args:
        secret: what its webhooks are to be signed with.
        anew: whatever they are: those that are there may be signed with a secret that is not known any more.

    Raises:
        AccessRefused, ShopAway, ShopAnswerOdd, SecretsKeyMissing: as they say.
    """
    found = () if anew else await shop.api.subscriptions(address)
    broken = [each.topic for each in found if each.health is not Health.ALIVE]
    if anew or broken:
        found = await shop.api.subscribe(address, secret)
    await shops.learn_webhook_secret(shop, found)
    async with transaction(pool) as connection:
        await SQL.forget_subscriptions.run(connection, store_id=shop.store_id, topics=[each.topic for each in found])
        for each in found:
            await SQL.note_subscription.run(
                connection, store_id=shop.store_id, topic=each.topic, health=each.health, why=each.why
            )
    return Tended(found, broken)
