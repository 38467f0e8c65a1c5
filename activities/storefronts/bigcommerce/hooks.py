"""BigCommerce's subscriptions: one webhook for each scope, of the API account whose token makes them.

Source: https://github.com/bigcommerce/docs at 24f580ca, reference/webhooks.v3.yml and
docs/integrations/webhooks/https-webhook-overview.mdx. A store takes up to ten webhooks of an account and scope, one of
them to each destination, over HTTPS on port 443; one is good a minute after it was made. Only the account that made a
webhook sees it, and it is gone when the account is.
"""

from collections.abc import Sequence

from activities.storefronts.bigcommerce.calls import Calls
from activities.storefronts.bigcommerce.hints import SUBSCRIBED
from activities.storefronts.payload import NumericId, Payload, PlainText
from activities.storefronts.shop_api import Health, Subscription

NEEDS = (
    "the OAuth scopes of what its webhooks are about: Products, Store Inventory, Orders, Carts, Information & settings"
)
SWITCHED_OFF = "BigCommerce has switched it off: our server did not answer for two days, or nothing happened for 90"


class _Hook(Payload):
    id: NumericId
    scope: PlainText
    destination: PlainText
    is_active: bool = False


class Hooks:
    """The webhooks of one API account."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def all(self, address: str) -> Sequence[Subscription]:
        """How those to this address are."""
        return _healths(await self._there(address))

    async def make(self, address: str) -> Sequence[Subscription]:
        """Make those that are missing, switch on those that are off."""
        there = {hook.scope: hook for hook in await self._there(address)}
        for scope in SUBSCRIBED:
            hook = there.get(scope)
            wanted = {"scope": scope, "destination": address, "is_active": True}
            if hook is None:
                await self._calls.make("POST", "v3/hooks", json=wanted, needs=NEEDS)
            elif not hook.is_active:
                await self._calls.make("PUT", f"v3/hooks/{hook.id}", json=wanted, needs=NEEDS)
        return await self.all(address)

    async def remove(self, address: str) -> None:
        """Remove all to this address, those of other scopes too."""
        for hook in await self._there(address):
            await self._calls.make("DELETE", f"v3/hooks/{hook.id}", needs=NEEDS)

    async def _there(self, address: str) -> list[_Hook]:
        hooks = await self._calls.rows("v3/hooks", {"destination": address}, _Hook, needs=NEEDS)
        return [hook for hook in hooks if hook.destination == address]


def _healths(there: Sequence[_Hook]) -> Sequence[Subscription]:
    by_scope = {hook.scope: hook for hook in there}
    return tuple(_health(scope, by_scope.get(scope)) for scope in SUBSCRIBED)


def _health(scope: str, hook: _Hook | None) -> Subscription:
    if hook is None:
        return Subscription(scope, Health.MISSING)
    if not hook.is_active:
        return Subscription(scope, Health.OFF, SWITCHED_OFF)
    return Subscription(scope, Health.ALIVE)
