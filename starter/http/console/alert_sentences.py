"""What a conversation of one alert will do, in sentences of the reader's language: before it is made, and for whoever
wants to know what was chosen.
"""

from collections.abc import Iterator
from datetime import timedelta

from schemas.document.alert_types.alert import Alert
from schemas.document.alert_types.registry import AnyAlert
from schemas.document.alert_types.vocabulary import AlertEvent, Order
from schemas.document.conversation import ConversationDocument, ListSection
from schemas.ids import Level
from starter.http.console.said_values import said
from starter.http.console.words import Words


def sentences_of(document: ConversationDocument, t: Words) -> tuple[str, ...]:
    """Each option that is not at its default, and what holds without it where people ask for that."""
    found: list[str] = []
    for code, alert in document.alerts.items():
        found += _entering(alert, t)
        found += _telling(alert, t)
        found += _afterwards(document, code, alert, t)
    return (*found, *_list(document.list, t))


def _entering(alert: AnyAlert, t: Words) -> Iterator[str]:
    yield t(f"alert_setup.say_{_name(alert.type)}_{_name(alert.action)}")
    if alert.level is Level.PRODUCT:
        yield t("alert_setup.say_product")
    if alert.trigger_filter is not None:
        yield t("alert_setup.say_products", criteria=said(t, alert.trigger_filter))
    if alert.profile_filter is not None:
        yield t("alert_setup.say_contacts", criteria=said(t, alert.profile_filter))
    yield t("alert_setup.say_window", length=t.length(alert.relevancy_window))


def _telling(alert: AnyAlert, t: Words) -> Iterator[str]:
    for name, values in alert.terms():
        yield t(f"alert_setup.say_{name}", **{key: _value(value, t) for key, value in values.items()})


def _value(value: int | str | timedelta, t: Words) -> int | str:
    match value:
        case timedelta():
            return t.length(value)
        case Order():
            return t("alert_setup.say_newest" if value is Order.FIRST_IN_LAST_OUT else "alert_setup.say_longest")
        case _:
            return value


def _afterwards(document: ConversationDocument, code: str, alert: Alert, t: Words) -> Iterator[str]:
    answered = {thread.on for thread in document.threads}
    queue = alert.queue
    yield t(f"alert_setup.say_{next(iter(document.messages.values())).channel}")
    if alert.coupons is not None:
        yield t("alert_setup.say_coupons", coupons=alert.coupons)
    if f"{code}.{AlertEvent.SUBSCRIPTION}" in answered:
        yield t("alert_setup.say_confirmation")
    for each in queue.while_waiting:
        yield t("alert_setup.say_waiting", length=t.length(each.after), message=each.send, count=each.times)
    if queue.reminders is not None:
        yield t("alert_setup.say_reminders", length=t.length(queue.reminders.after), count=queue.reminders.times)
    if queue.stay_until_bought is not None:
        yield t("alert_setup.say_again", count=queue.stay_until_bought)
    if f"{code}.{AlertEvent.DISCONTINUED}" in answered:
        yield t("alert_setup.say_farewell")


def _list(of: ListSection, t: Words) -> Iterator[str]:
    yield t("alert_setup.say_stores", stores=", ".join(of.stores)) if of.stores else t("alert_setup.say_every_store")
    if of.only_by_name:
        yield t("alert_setup.say_by_name", list=of.code)
    if of.double_opt_in is not None:
        yield t("alert_setup.say_question", message=of.double_opt_in)
    if of.quiet_hours is not None:
        quiet = {"begin": f"{of.quiet_hours.starts:%H:%M}", "end": f"{of.quiet_hours.ends:%H:%M}"}
        yield t("alert_setup.say_quiet", zone=of.time_zone, **quiet)
    else:
        yield t("alert_setup.say_never_quiet", zone=of.time_zone)
    if of.at_most is not None:
        yield t("alert_setup.say_at_most", count=of.at_most.messages, length=t.length(of.at_most.per))
    if of.together_within is not None:
        yield t("alert_setup.say_together", length=t.length(of.together_within))
    if of.locations:
        yield t("alert_setup.say_locations", locations=", ".join(of.locations))
    if of.currency is not None:
        yield t("alert_setup.say_currency", currency=of.currency)
    if of.tell_when_waiting is not None:
        yield t("alert_setup.say_long", count=of.tell_when_waiting)
    if of.track_clicks:
        yield t("alert_setup.say_clicks")
    if of.track_opens_in:
        yield t("alert_setup.say_opens", countries=", ".join(of.track_opens_in))
    yield t("alert_setup.say_sender", sender=of.sender) if of.sender else t("alert_setup.say_usual_sender")


def _name(of: str) -> str:
    return of.replace("-", "_")
