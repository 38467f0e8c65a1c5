"""What filters have to choose from: the stores and the alerts that the reader knows, each with its text."""

from starter.accounts.viewer import Viewer
from starter.services import Services

Choices = list[tuple[str, str]]
"""Values and their texts, as a `select` shows them."""


async def known_stores(viewer: Viewer, services: Services, every: str) -> Choices:
    """The stores that anything was heard of, after what stands for all of them."""
    heard = (await services.stores.heard()).stores
    return [("", every), *((each.store, each.store) for each in heard if viewer.knows(each.store))]


async def known_alerts(viewer: Viewer, services: Services, every: str, asked: str) -> Choices:
    """The alerts that are for some store of theirs, after what stands for all of them, and with the one asked for."""
    alerts = (await services.pausing.alerts()).alerts
    known = (each for each in alerts if each.stores is None or any(map(viewer.knows, each.stores)))
    choices = [("", every), *((each.alert, each.name or each.alert) for each in known)]
    return choices if asked in dict(choices) else [*choices, (asked, asked)]
