"""The alerts that a contact may enter, and which of them a sign-up means."""

from collections.abc import Sequence
from dataclasses import dataclass

from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from schemas.document.alert_types.offer import Measure
from schemas.document.alert_types.vocabulary import Action
from schemas.errors import DomainError, ErrorKind, FieldError
from schemas.ids import AlertId, Level, StoreId, VersionId

SQL = load_queries("activities.waitlist", "alerts.sql")


@dataclass(frozen=True, slots=True)
class AlertInForce:
    """An alert of a published conversation, with the settings of its list that concern entering.

    Attributes:
        quantity_threshold: an episode opens when this much is available; ≥ 1.
        section: the alert as the document has it; `read_alert` reads it.
        triggers, profile: the conditions on product and contact, as they are stored; None: there are none.
        live: not every message behind the alert is a draft.
        stores: those whose contacts enter; None: all.
        only_by_name: of those who sign up, only those enter who name the list.
        locations: those whose units count; None: all.
        currency: the list's, for which alone prices are compared; None: any.
        country: whose phone numbers may be written as people there write them; None: nobody's.
        published: the version that those who enter now get.
        double_opt_in: who signs up is asked first whether it was them.
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
    stores: Sequence[str] | None
    only_by_name: bool
    time_zone: str
    locations: Sequence[str] | None
    currency: str | None
    country: str | None
    published: VersionId
    double_opt_in: bool

    def is_for(self, store_id: str) -> bool:
        """Whether contacts of this store enter it."""
        return self.stores is None or store_id in self.stores


class NoAlert(DomainError):
    """No published conversation takes sign-ups in this store."""

    code = "no_alert"
    kind = ErrorKind.NOT_OPEN
    advice = "Publish one: `shelftalk conversation publish FILE`."

    def __init__(self, store_id: StoreId) -> None:
        super().__init__(
            f"No published conversation has an alert by 'sign-up' on a list for store '{store_id}'.",
            public="Sign-ups are not open yet. Please try again later.",
        )


class ListNotNamed(DomainError):
    """A sign-up in this store has to name the list it means, and did not."""

    code = "list_not_named"
    kind = ErrorKind.INVALID
    advice = "Name one: `--list CODE`, or `list` in what is sent."

    def __init__(self, store_id: StoreId, lists: Sequence[str]) -> None:
        public = "A sign-up in this store has to say which list it is for: 'list' is missing."
        super().__init__(
            f"A sign-up in store '{store_id}' has to name its list. Those that take sign-ups there: {_quoted(lists)}.",
            public=public,
            fields=(FieldError("$.list", public),),
        )


class ListTakesNoSignUps(DomainError):
    """The list that a sign-up names takes none in this store."""

    code = "list_takes_no_sign_ups"
    kind = ErrorKind.INVALID
    advice = "Name a list that does, or publish it with this store in its `stores` and an alert by 'sign-up'."

    def __init__(self, store_id: StoreId, list_code: str, lists: Sequence[str]) -> None:
        public = "The list that 'list' names takes no sign-ups in this store."
        super().__init__(
            f"List '{list_code}' takes no sign-ups in store '{store_id}'. "
            f"Those that do: {_quoted(lists) if lists else 'none'}.",
            public=public,
            fields=(FieldError("$.list", public),),
        )


async def alerts_in_force(
    database: Pool | Connection,
    *,
    action: Action | None = None,
    store_id: StoreId | None = None,
    alert_id: str | None = None,
) -> list[AlertInForce]:
    """The alerts fed by this action, of the lists for this store, or with this code (None: any).

    Inside a transaction their conversations stay locked against a publication until it ends.
    """
    return await SQL.alerts_in_force.rows(database, AlertInForce, action=action, store_id=store_id, alert_id=alert_id)


async def sign_up_alert(database: Pool | Connection, store_id: StoreId, list_code: str | None = None) -> AlertInForce:
    """The alert that a sign-up in this store enters: of the list that it names, or of the only one it can mean.

    Raises:
        NoAlert, ListNotNamed, ListTakesNoSignUps: as they say.
    """
    alerts = await alerts_in_force(database, action=Action.SIGN_UP, store_id=store_id)
    lists = [alert.list_code for alert in alerts]
    if list_code is None:
        meant = [alert for alert in alerts if not alert.only_by_name]
    else:
        meant = [alert for alert in alerts if alert.list_code == list_code]
    if len(meant) == 1:
        return meant[0]
    if list_code is not None:
        raise ListTakesNoSignUps(store_id, list_code, lists)
    raise ListNotNamed(store_id, lists) if lists else NoAlert(store_id)


def _quoted(lists: Sequence[str]) -> str:
    return ", ".join(f"'{code}'" for code in lists)
