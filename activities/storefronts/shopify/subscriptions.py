"""Webhook subscriptions at Shopify: those that are needed, how they are, and how they are made.

Source: https://shopify.dev/docs/api/admin-graphql/latest/objects/WebhookSubscription. Shopify deletes one that was made
through the API after 8 failures in a row, without a word: so one that is missing is made again. What an app's own
configuration file subscribes is not listed here, and the three topics about privacy can be subscribed there only.
"""

from collections.abc import Sequence

from activities.storefronts.payload import Payload, PlainText
from activities.storefronts.shop_api import Health, Subscription
from activities.storefronts.shopify.admin import Admin, UserError, in_its_words, refuse_user_errors
from activities.storefronts.shopify.objects import PageInfo

TOPICS = (
    "products/create",
    "products/update",
    "products/delete",
    "inventory_levels/update",
    "inventory_levels/connect",
    "inventory_levels/disconnect",
    "orders/create",
    "orders/paid",
    "orders/updated",
    "orders/cancelled",
    "checkouts/create",
    "checkouts/update",
    "checkouts/delete",
    "shop/update",
)
MOST_PAGES = 20
"""An app has a few subscriptions for each of some hundred topics."""

LIST = """
query subscriptions($after: String) {
  webhookSubscriptions(first: 100, after: $after) {
    nodes { id topic uri format filter includeFields }
    pageInfo { hasNextPage endCursor }
  }
}
"""
CREATE = """
mutation subscribe($topic: WebhookSubscriptionTopic!, $webhookSubscription: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $webhookSubscription) { userErrors { field message } }
}
"""
UPDATE = """
mutation mend($id: ID!, $webhookSubscription: WebhookSubscriptionInput!) {
  webhookSubscriptionUpdate(id: $id, webhookSubscription: $webhookSubscription) { userErrors { field message } }
}
"""
DELETE = """
mutation unsubscribe($id: ID!) { webhookSubscriptionDelete(id: $id) { userErrors { field message } } }
"""


class _Subscription(Payload):
    id: str
    topic: str
    uri: str
    format: str
    filter: PlainText = None
    includeFields: tuple[str, ...] = ()  # noqa: N815 - Shopify's name

    @property
    def why_of_no_use(self) -> str | None:
        """It would send what cannot be read, or not everything; None: it is right."""
        if self.format != "JSON":
            return f"it sends {self.format}, and not JSON"
        if self.includeFields:
            return "it sends some fields only"
        return "a filter leaves some out" if self.filter else None


class _Connection(Payload):
    nodes: tuple[_Subscription, ...] = ()
    pageInfo: PageInfo = PageInfo()  # noqa: N815 - Shopify's name


class _Listed(Payload):
    webhookSubscriptions: _Connection  # noqa: N815 - Shopify's name


class _Done(Payload):
    userErrors: tuple[UserError, ...] = ()  # noqa: N815 - Shopify's name


class _Created(Payload):
    webhookSubscriptionCreate: _Done  # noqa: N815 - Shopify's name


class _Updated(Payload):
    webhookSubscriptionUpdate: _Done  # noqa: N815 - Shopify's name


class _Deleted(Payload):
    webhookSubscriptionDelete: _Done  # noqa: N815 - Shopify's name


async def subscriptions(admin: Admin, address: str) -> Sequence[Subscription]:
    """See `ShopApi.subscriptions`."""
    return _told(await _at(admin, address), {})


async def subscribe(admin: Admin, address: str) -> Sequence[Subscription]:
    """See `ShopApi.subscribe`. A topic that Shopify refuses is missing still, and says why."""
    there = await _at(admin, address)
    refused: dict[str, str] = {}
    wanted: dict[str, object] = {"uri": address, "format": "JSON"}
    whole: dict[str, object] = {"includeFields": (), "filter": ""}
    for topic in TOPICS:
        found = there.get(topic)
        if found is None:
            asked: dict[str, object] = {"topic": _named(topic), "webhookSubscription": wanted}
            errors = (await admin.ask(CREATE, _Created, asked)).data.webhookSubscriptionCreate.userErrors
        elif found.why_of_no_use:
            asked = {"id": found.id, "webhookSubscription": wanted | whole}
            errors = (await admin.ask(UPDATE, _Updated, asked)).data.webhookSubscriptionUpdate.userErrors
        else:
            continue
        if errors:
            refused[topic] = in_its_words(errors)
    return _told(await _at(admin, address), refused)


async def unsubscribe(admin: Admin, address: str) -> None:
    """See `ShopApi.unsubscribe`."""
    for found in await _all_at(admin, address):
        done = await admin.ask(DELETE, _Deleted, {"id": found.id})
        refuse_user_errors("delete a subscription", done.data.webhookSubscriptionDelete.userErrors)


def _told(there: dict[str, _Subscription], refused: dict[str, str]) -> Sequence[Subscription]:
    return tuple(_health(topic, there.get(topic), refused.get(topic)) for topic in TOPICS)


def _health(topic: str, found: _Subscription | None, refused: str | None) -> Subscription:
    if found is None:
        return Subscription(topic, Health.MISSING, refused)
    why = found.why_of_no_use
    return Subscription(topic, Health.OFF, refused or why) if why else Subscription(topic, Health.ALIVE)


async def _at(admin: Admin, address: str) -> dict[str, _Subscription]:
    """Those to this address by topic: one that is right, where there is one."""
    found: dict[str, _Subscription] = {}
    for each in await _all_at(admin, address):
        topic = next((topic for topic in TOPICS if _named(topic) == each.topic), None)
        if topic is not None and (topic not in found or found[topic].why_of_no_use):
            found[topic] = each
    return found


async def _all_at(admin: Admin, address: str) -> list[_Subscription]:
    found: list[_Subscription] = []
    after: str | None = None
    for _ in range(MOST_PAGES):
        page = (await admin.ask(LIST, _Listed, {"after": after})).data.webhookSubscriptions
        found += [each for each in page.nodes if each.uri == address]
        after = page.pageInfo.onward
        if after is None:
            break
    return found


def _named(topic: str) -> str:
    """A topic as GraphQL names it."""
    return topic.upper().replace("/", "_")
