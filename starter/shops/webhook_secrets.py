"""What each store's webhooks are verified by."""

from collections.abc import Iterable

from schemas.settings import Settings


class WebhookSecrets:
    """The secrets of stores.

    Args:
        given: each a source, a store of it and a secret; several of one store while one is rotated.
    """

    def __init__(self, given: Iterable[tuple[str, str, str]]) -> None:
        self._given: dict[tuple[str, str], tuple[str, ...]] = {}
        for source, store, secret in given:
            self._given[source, store] = (*self._given.get((source, store), ()), secret)

    @classmethod
    def from_settings(cls, settings: Settings) -> "WebhookSecrets":
        """Those that the environment names."""
        return cls((source, store, secret.get_secret_value()) for source, store, secret in settings.store_secrets)

    async def of(self, source: str, store: str) -> tuple[str, ...]:
        """Those that are good for a store now; none where it is not connected."""
        return self._given.get((source, store), ())
