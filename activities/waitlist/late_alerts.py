"""The alert that is entered late: in force, of a list for the store, and not all draft."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from activities.postgres.pool import Pool
from activities.waitlist.alerts import AlertInForce, alerts_in_force, sign_up_alert
from schemas.document.alert_types.vocabulary import Action
from schemas.errors import DomainError, ErrorKind
from schemas.ids import Level, StoreId


class NoSuchAlert(DomainError):
    """No alert of this code is in force."""

    code = "no_such_alert"
    kind = ErrorKind.NOT_FOUND
    advice = "`shelftalk alert list` shows them."


class AlertOfOtherStores(DomainError):
    """The alert's list is not for this store, so nobody of it enters."""

    code = "alert_of_other_stores"
    kind = ErrorKind.CONFLICT
    advice = "Name an alert of a list for this store, or publish the list with this store in its `stores`."


class AlertDraft(DomainError):
    """Every message behind the alert is a draft, so nobody enters."""

    code = "alert_draft"
    kind = ErrorKind.CONFLICT
    advice = "Set a message live and publish the conversation: `shelftalk conversation publish FILE`."


@dataclass(frozen=True, slots=True)
class LateAlert:
    """An alert in force, for those who enter it late."""

    alert: AlertInForce

    @property
    def code(self) -> str:
        return self.alert.alert_id

    @property
    def action(self) -> Action:
        return self.alert.action

    @property
    def level(self) -> Level:
        return self.alert.level

    @property
    def list_code(self) -> str:
        return self.alert.list_code

    @property
    def stores(self) -> Sequence[str] | None:
        return self.alert.stores

    @property
    def window_days(self) -> int:
        return self.alert.window_days

    @classmethod
    async def named(cls, pool: Pool, code: str, store_id: StoreId | None = None) -> Self:
        """The alert of this code.

        Args:
            store_id: where they enter; None: in any store that the alert's list is for.

        Raises:
            NoSuchAlert, AlertOfOtherStores, AlertDraft: as they say.
        """
        alerts = await alerts_in_force(pool, alert_id=code)
        if not alerts:
            raise NoSuchAlert(f"No alert '{code}' is in force.")
        if store_id is not None and not alerts[0].is_for(store_id):
            raise AlertOfOtherStores(
                f"Alert '{code}' is of list '{alerts[0].list_code}', which is not for store '{store_id}'."
            )
        return cls._live(alerts[0])

    @classmethod
    async def of_sign_ups(cls, pool: Pool, store_id: StoreId) -> Self:
        """The alert that a sign-up in this store enters where it names no list.

        Raises:
            NoAlert, ListNotNamed, AlertDraft: as they say.
        """
        return cls._live(await sign_up_alert(pool, store_id))

    @classmethod
    def _live(cls, alert: AlertInForce) -> Self:
        if not alert.live:
            raise AlertDraft(f"Every message behind alert '{alert.alert_id}' is a draft, so nobody can enter.")
        return cls(alert)
