"""What is answered about connected stores: how each one is, and what came of connecting, reading and disconnecting."""

from pydantic import AwareDatetime

from schemas.model import Model


class SubscriptionReport(Model):
    """How the webhooks of one topic were, when the platform was asked last.

    Attributes:
        health: `alive`, `off` (the platform has switched it off) or `missing`.
        why: what the platform says of it, where it is not alive.
    """

    topic: str
    health: str
    why: str | None
    looked_at: AwareDatetime


class LimitsReport(Model):
    """What the platform does and bears, by its documentation.

    Attributes:
        answer_seconds: within which it wants a webhook answered; None: it names none.
        last_retry_seconds: after the first try, when it sends a webhook that was not taken for the last time; None:
            it does not send it again.
        switched_off: its rule for switching webhooks off; None: it never does.
        calls: so many calls of its API in `calls_seconds`.
        heard_within_seconds: so soon a change is known here though its webhook was lost.
    """

    answer_seconds: float | None
    last_retry_seconds: float | None
    switched_off: str | None
    calls: int | None
    calls_seconds: float | None
    heard_within_seconds: float


class ConnectionReport(Model):
    """A store whose platform is spoken to, or whose webhooks are taken.

    Attributes:
        heard_at: its last webhook, as of the last look of a worker.
        answered_at: when its API answered last.
        polled_at: when what is waited for was asked for last.
        orders_asked_at: likewise of orders, on platforms whose webhooks do not tell of all.
        synced_at: when its whole catalogue was read last; it had `synced_count` products.
        token_ends_at: when its token ends; a worker renews it before.
        old_secret_until: until then the secret before the present one counts, too.
        hints: webhooks said that so many things have changed, and they were not asked for yet.
        hints_dropped: so many more were not kept, for there were too many, the last of them within a day.
        address: where its webhooks go; None: it sends none, or this installation has no public address.
        limits: None: its platform has no API that is asked.
        problems: what is wrong and what to do, a sentence each; nothing: all is well.
    """

    store: str
    source: str
    connected_at: AwareDatetime
    heard_at: AwareDatetime | None
    answered_at: AwareDatetime | None
    polled_at: AwareDatetime | None
    orders_asked_at: AwareDatetime | None
    synced_at: AwareDatetime | None
    synced_count: int | None
    token_ends_at: AwareDatetime | None
    old_secret_until: AwareDatetime | None
    hints: int
    hints_dropped: int
    address: str | None
    subscriptions: tuple[SubscriptionReport, ...]
    limits: LimitsReport | None
    problems: tuple[str, ...]


class ConnectionsReport(Model):
    """All connected stores."""

    stores: tuple[ConnectionReport, ...]


class Connected(Model):
    """A store that was connected.

    Attributes:
        address: where its webhooks go; None: this installation has no public address.
        made_secret: what signs its webhooks, where it was made here and the platform is to be told by hand; shown this
            once.
        by_hand: what is left to do in the platform's dashboard, so that webhooks come to that address.
        notes: what to know of how the shop is set up.
    """

    store: str
    source: str
    name: str | None
    currency: str | None
    address: str | None
    made_secret: str | None
    subscriptions: tuple[SubscriptionReport, ...]
    by_hand: str | None
    notes: tuple[str, ...]


class Synced(Model):
    """A catalogue that was read: so many products it has, and so many are gone that were known."""

    store: str
    products: int
    gone: int


class SecretReport(Model):
    """A store's new secret; the one before counts until then.

    Attributes:
        made_secret: where it was made here; shown this once.
    """

    store: str
    made_secret: str | None
    old_secret_until: AwareDatetime


class Disconnected(Model):
    """A store that is not spoken to any more; what is known of it stays.

    Attributes:
        unsubscribed: its webhooks were removed; else there were none, or those that still come are refused.
    """

    store: str
    unsubscribed: bool


class Resealed(Model):
    """How many secrets are encrypted with the first key now that were not before."""

    secrets: int


class SecretsKey(Model):
    """A new key for SHELFTALK_SECRETS_KEYS, shown this once and kept nowhere."""

    key: str
