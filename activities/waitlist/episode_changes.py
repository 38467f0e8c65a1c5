"""What the changes of a product, one after the other, make of its open episodes; to be written at once. Pure.

Levels of many of its variants may be applied in one transaction. An episode that closes with one of them and opens with
the next is another one: what arrives for it is told anew. So each change is observed by itself, and only what came of
all of them is written.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from activities.stock.offers import Product
from activities.waitlist.allocation import Episode, observe
from schemas.document.alert_types.offer import Offer
from schemas.document.alert_types.registry import ALERT_TYPES
from schemas.document.alert_types.vocabulary import AlertType
from schemas.ids import AlertId, Level, Subject


@dataclass(frozen=True, slots=True)
class Heard:
    """A change that we heard of now.

    Attributes:
        shop_at: when it was, by the shop's own clock, however wrong that goes; None: it was said by hand.
    """

    shop_at: datetime | None


@dataclass(frozen=True, slots=True)
class WatchingAlert:
    """What decides, of an alert, about its episodes; `locations`: those whose units count, None: all."""

    id: AlertId
    type: AlertType
    level: Level
    quantity_threshold: int
    contacts_per_unit: int | None
    units_per_contact: int
    locations: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class KeptEpisode:
    """An episode as it is kept, or is to be.

    Attributes:
        id: None: it is not kept yet.
        locations: those whose units `available` counts; None: all.
        available: 0: it is over.
        measure: the price or quantity that triggers were last compared with.
        gives: a change gave it places that it had not; the last that did was heard (or nobody told of it), and was at
            this time of the shop's. Not read back: by these no two differ.
    """

    id: int | None
    alert_id: AlertId
    subject: str
    contacts_per_unit: int | None
    units_per_contact: int
    locations: Sequence[str] | None
    available: int
    arrived: int
    claimed: int
    measure: Decimal | None
    gives: bool = field(default=False, compare=False)
    heard: bool = field(default=False, compare=False)
    shop_at: datetime | None = field(default=None, compare=False)

    @property
    def episode(self) -> Episode:
        """The part of it that the arithmetic is about."""
        return Episode(self.contacts_per_unit, self.available, self.arrived, self.claimed, self.units_per_contact)


Key = tuple[AlertId, str]
"""An alert and a subject: of both at most one episode is open."""


def look_at(
    product: Product, alert: WatchingAlert, subject: Subject, known: KeptEpisode | None, *, relocated: bool = False
) -> KeptEpisode | None:
    """What an alert makes of a product as it is now.

    Args:
        known: its open episode of the subject; None: none is open.
        relocated: other locations count for it than before: what was there already does not arrive.

    Returns:
        The episode that opened, grew, shrank, ended or changed its measure; None: nothing did.
    """
    measure = ALERT_TYPES[alert.type].measure

    def offer(locations: Sequence[str] | None) -> Offer:
        return product.offer(subject.level, subject.id, locations)

    here = offer(alert.locations)
    available = here.available(measure)
    # Units there now that did not arrive, but count only now; may be negative.
    there_before = available if relocated else 0
    if known is not None:
        there_before = available - offer(known.locations).available(measure)
    episode = observe(
        known.episode if known is not None else None,
        available,
        alert.quantity_threshold,
        alert.contacts_per_unit,
        there_before,
        alert.units_per_contact,
    )
    if episode is None:
        return None
    now = KeptEpisode(
        known.id if known is not None else None,
        alert.id,
        subject.key,
        episode.contacts_per_unit,
        episode.units_per_contact,
        alert.locations,
        episode.available,
        episode.arrived,
        episode.claimed,
        here.measured(measure),
    )
    return None if now == known else now


class EpisodeChanges:
    """The open episodes of a product and its variants, as they become.

    Args:
        alerts: all that watch any of the subjects that are observed.
        known: the open episodes of these.
        relocated: alerts for which other locations count than before: what was there already does not arrive.
    """

    def __init__(
        self, alerts: Sequence[WatchingAlert], known: Iterable[KeptEpisode], relocated: Collection[AlertId] = ()
    ) -> None:
        self._alerts = alerts
        self._relocated = relocated
        self._before: dict[Key, KeptEpisode] = {(row.alert_id, row.subject): row for row in known}
        self._open = dict(self._before)
        self._over: list[KeptEpisode] = []
        self._changed: dict[Key, None] = {}
        self.highest: dict[Key, Decimal] = {}
        """Of alerts that are told of a fall: the highest their measure was when it changed."""

    def observe(self, product: Product, subject: Subject, heard: Heard | None = None) -> bool:
        """Whether an episode of it opens, grows, shrinks, ends or changes its measure, as the product is now.

        Args:
            heard: what told of it; None: nobody told of any change.
        """
        alerts = [alert for alert in self._alerts if alert.level is subject.level]
        changed = [self._observe(product, alert, subject, heard) for alert in alerts]
        return any(changed)

    @property
    def to_write(self) -> list[KeptEpisode]:
        """All that are to be written, those that are over first."""
        kept = [self._open[key] for key in self._changed if key in self._open]
        return self._over + [each for each in kept if each != self._before.get((each.alert_id, each.subject))]

    @property
    def as_before(self) -> list[str]:
        """The subjects of episodes that changed, and are in the end what they were."""
        return sorted({key[1] for key in self._changed if self._open.get(key) == self._before.get(key) is not None})

    def _observe(self, product: Product, alert: WatchingAlert, subject: Subject, heard: Heard | None) -> bool:
        key = alert.id, subject.key
        known = self._open.get(key)
        now = look_at(product, alert, subject, known, relocated=alert.id in self._relocated)
        if now is None:
            return False
        self._keep(key, _with_cause(now, known, heard))
        if ALERT_TYPES[alert.type].crosses and now.measure is not None:
            self.highest[key] = max(now.measure, self.highest.get(key, now.measure))
        return True

    def _keep(self, key: Key, now: KeptEpisode) -> None:
        self._changed[key] = None
        if now.episode.over:
            self._over.append(now)
            self._open.pop(key, None)
        else:
            self._open[key] = now


def _with_cause(now: KeptEpisode, before: KeptEpisode | None, heard: Heard | None) -> KeptEpisode:
    """With the change that gave it places last: units came, or the measure fell, so that more triggers may hold."""
    gives = before is None or now.arrived > before.arrived or _fell(now.measure, before.measure)
    if before is not None and not gives:
        return replace(now, gives=before.gives, heard=before.heard, shop_at=before.shop_at)
    return replace(now, gives=True, heard=heard is not None, shop_at=heard.shop_at if heard is not None else None)


def _fell(now: Decimal | None, before: Decimal | None) -> bool:
    return now is not None and (before is None or now < before)
