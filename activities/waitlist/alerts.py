"""The alerts that a contact may enter."""

from collections.abc import Sequence
from dataclasses import dataclass

from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from schemas.document.alert_types.offer import Measure
from schemas.document.alert_types.vocabulary import Action
from schemas.ids import AlertId, Level, VersionId

SQL = load_queries("activities.waitlist", "alerts.sql")


@dataclass(frozen=True, slots=True)
class AlertInForce:
    """An alert of a published conversation, with the settings of its list that concern entering.

    Attributes:
        quantity_threshold: an episode opens when this much is available; ≥ 1.
        section: the alert as the document has it; `read_alert` reads it.
        triggers, profile: the conditions on product and contact, as they are stored; None: there are none.
        live: not every message behind the alert is a draft.
        locations: those whose units count; None: all.
        currency: the list's, for which alone prices are compared; None: any.
        published: the version that those who enter now get.
    """

    alert_id: AlertId
    action: Action
    level: Level
    window_days: int
    measure: Measure
    quantity_threshold: int
    section: object
    triggers: object
    profile: object
    live: bool
    list_code: str
    time_zone: str
    locations: Sequence[str] | None
    currency: str | None
    published: VersionId


async def alerts_in_force(
    database: Pool | Connection,
    *,
    action: Action | None = None,
    list_code: str | None = None,
    alert_id: str | None = None,
) -> list[AlertInForce]:
    """The alerts fed by this action, of this list or with this code (None: any); those of the default list first.

    Inside a transaction their conversations stay locked against a publication until it ends.
    """
    return await SQL.alerts_in_force.rows(database, AlertInForce, action=action, list_code=list_code, alert_id=alert_id)
