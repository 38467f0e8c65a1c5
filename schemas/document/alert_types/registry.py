"""The registry of alert types: a line for each."""

from collections.abc import Mapping
from typing import Annotated, TypeAlias, get_args

from pydantic import Field, TypeAdapter

from schemas.document.alert_types.back_in_stock import BackInStock
from schemas.document.alert_types.low_inventory import LowInventory
from schemas.document.alert_types.price_drop import PriceDrop
from schemas.document.alert_types.vocabulary import Action, AlertEvent, AlertType

AnyAlert: TypeAlias = BackInStock | PriceDrop | LowInventory
"""An alert of any type."""
AlertSection = Annotated[AnyAlert, Field(discriminator="type")]
"""An alert in a document."""


def _types() -> Mapping[AlertType, type[AnyAlert]]:
    models: tuple[type[AnyAlert], ...] = get_args(AnyAlert)
    return {AlertType(get_args(model.model_fields["type"].annotation)[0]): model for model in models}


ALERT_TYPES: Mapping[AlertType, type[AnyAlert]] = _types()
"""The class of each type."""

_SECTION: TypeAdapter[AnyAlert] = TypeAdapter(AlertSection)
_FILTERS = {"trigger_filter", "profile_filter"}


def store_alert(alert: AnyAlert) -> dict[str, object]:
    """What PostgreSQL keeps of an alert, as JSON: all but its filters, which have columns of their own."""
    return alert.model_dump(mode="json", exclude=_FILTERS)


def read_alert(stored: object) -> AnyAlert:
    """The inverse of `store_alert`."""
    return _SECTION.validate_python(stored)


def raised_events(alert: AnyAlert) -> tuple[AlertEvent, ...]:
    """The events this alert can raise."""
    only_if = {
        AlertEvent.SUBSCRIPTION: alert.action is Action.SIGN_UP,
        AlertEvent.FOLLOW_UP: alert.queue.reminders is not None,
    }
    return tuple(event for event in alert.may_raise if only_if.get(event, True))
