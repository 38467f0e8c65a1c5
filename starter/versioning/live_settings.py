"""What a publication makes live beside its version: the settings of its list, its alerts, and its entry triggers."""

from dataclasses import dataclass
from datetime import timedelta

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from schemas.criteria import Criteria, write_criteria
from schemas.document.alert_types.registry import AnyAlert, store_alert
from schemas.document.alert_types.vocabulary import Action, AlertEvent
from schemas.document.conversation import ConversationDocument, ListSection
from schemas.document.steps import SendStep, Status, every_step
from schemas.errors import DomainError, ErrorKind, FieldError
from schemas.ids import AlertId
from schemas.names import is_shop_event
from starter.versioning.entering_checks import refuse_two_lists_by_sign_up
from workflows.compiler.control_flow import Flow
from workflows.compiler.diagnostics import format_path

SQL = load_queries("starter.versioning", "live_settings.sql")

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_LOCK = 0x5E1F7A1D
"""Of PostgreSQL's advisory locks: publishing is rare, and done one at a time."""


class AlertTaken(DomainError):
    """The list has an alert of this type already."""

    code = "alert_taken"
    kind = ErrorKind.CONFLICT


class ListUnknown(DomainError):
    """A step adds to a list that does not exist; `path` says which step, the text what to do."""

    code = "no_such_list"
    kind = ErrorKind.INVALID

    def __init__(self, path: str, message: str) -> None:
        told = f"{path}: {message}"
        super().__init__(told, fields=(FieldError(path, told),))


@dataclass(frozen=True, slots=True)
class TakenBy:
    """The alert that a list has already of a type, or the one that has this code already."""

    id: AlertId
    conversation: str
    action: Action


@dataclass(frozen=True, slots=True)
class OtherLine:
    """The line of another alert of the same list and type."""

    id: AlertId
    conversation: str
    contacts: int


async def lock_publishing(connection: Connection) -> None:
    """Until the transaction ends, nobody else publishes or retires a conversation."""
    await SQL.lock_publishing.run(connection, lock=_LOCK)


async def write_live_settings(connection: Connection, document: ConversationDocument) -> None:
    """Write list, alerts and entry triggers of a document, in the transaction that publishes it.

    Raises:
        AlertTaken: the list has an alert of this type already, or another conversation one of this code.
        ListUnknown: a step adds to a list that neither the database nor the document knows.
        SignUpsMeanTwoLists: another list of one of its stores takes sign-ups already.
    """
    code = document.conversation
    await _set_list(connection, document.list)
    await _check_lists(connection, document)
    await SQL.retire_alerts_but.run(connection, conversation=code, alerts=[*document.alerts])
    for alert_code, alert in document.alerts.items():
        await _check_alert(connection, document, alert_code, alert)
        await _set_alert(connection, document, alert_code, alert)
    await refuse_two_lists_by_sign_up(connection, document.list.code)
    events = sorted({thread.on for thread in document.threads if thread.on is not None and is_shop_event(thread.on)})
    await SQL.drop_entry_triggers_but.run(connection, conversation=code, events=events)
    await SQL.add_entry_triggers.run(connection, conversation=code, events=events)


async def _set_list(connection: Connection, section: ListSection) -> None:
    quiet = section.quiet_hours
    await SQL.set_list.run(
        connection,
        code=section.code,
        name=section.name,
        stores=section.stores,
        only_by_name=section.only_by_name,
        time_zone=section.time_zone,
        quiet_from=quiet.starts if quiet else None,
        quiet_until=quiet.ends if quiet else None,
        locations=sorted(set(section.locations)) if section.locations is not None else None,
        currency=section.currency,
        country=section.country,
        sender=section.sender,
        cap_messages=section.at_most.messages if section.at_most else None,
        cap_length=section.at_most.per if section.at_most else None,
        together_within=section.together_within,
        track_clicks=section.track_clicks,
        track_opens_in=section.track_opens_in,
        tell_when_waiting=section.tell_when_waiting,
        attribution=section.attribution.model_dump(mode="json") if section.attribution else None,
    )


async def _check_lists(connection: Connection, document: ConversationDocument) -> None:
    """Refuse a step that adds to a list that does not exist: each contact's change would fail, when it is too late."""
    named = {
        step.list_code: format_path(("threads", index, "steps", *place, step.kind))
        for index, thread in reversed([*enumerate(document.threads)])
        for place, step in reversed([*every_step(thread.steps)])
        if step.list_code is not None
    }
    unknown: set[str] = {*await SQL.unknown_lists.values(connection, codes=sorted(named))}
    # The first one in the order of the document.
    for code, path in reversed(named.items()):
        if code in unknown:
            known = ", ".join(f"'{each}'" for each in await SQL.known_lists.values(connection))
            raise ListUnknown(
                path,
                f"there is no list '{code}'. Write one that there is ({known}), or publish a conversation first whose "
                f"section 'list' has the code '{code}'.",
            )


async def _check_alert(connection: Connection, document: ConversationDocument, code: str, alert: AnyAlert) -> None:
    """Refuse a second alert of the same list and type: while it lives, or while contacts wait for it."""
    list_code, type_ = document.list.code, alert.type
    taken = await SQL.alert_taken.row(
        connection,
        TakenBy,
        id=code,
        conversation=document.conversation,
        list_code=list_code,
        type=type_,
    )
    if taken is not None and taken.id == code:
        raise AlertTaken(
            f"alerts.{code}: conversation '{taken.conversation}' has an alert of this short name already. "
            "Give this one another."
        )
    if taken is not None:
        raise AlertTaken(
            f"alerts.{code}: list '{list_code}' has an alert of the type '{type_}' already: '{taken.id}' of "
            f"conversation '{taken.conversation}', by '{taken.action}'. A list has one alert of each type, with one "
            "action: use a second list by giving this conversation's section 'list' another 'code', change that "
            f"alert instead, or retire the other: `shelftalk conversation retire {taken.conversation}`."
        )
    line = await SQL.line_under_another_code.row(connection, OtherLine, id=code, list_code=list_code, type=type_)
    if line is not None:
        raise AlertTaken(f"alerts.{code}: {_other_line(line, document.conversation)}")


def _other_line(line: OtherLine, conversation: str) -> str:
    """Who waits in it, and what to do: about an alert of this very conversation, or of one that was retired."""
    twice = "Two lines for the same units would tell twice as many"
    if line.conversation == conversation:
        return (
            f"{line.contacts} people wait under '{line.id}', as this conversation's alert of this type was called. "
            f"{twice}: keep the code '{line.id}'; its 'name' may change."
        )
    return (
        f"{line.contacts} people wait under the alert '{line.id}' of conversation '{line.conversation}', on the same "
        f"list and of the same type. {twice}: wait until nobody is left in that line, or end their journeys first: "
        f"`shelftalk conversation retire {line.conversation} --in-flight end`."
    )


async def _set_alert(connection: Connection, document: ConversationDocument, code: str, alert: AnyAlert) -> None:
    await SQL.set_alert.run(
        connection,
        id=code,
        list_code=document.list.code,
        conversation=document.conversation,
        type=alert.type,
        action=alert.action,
        name=alert.name,
        level=alert.level,
        window_days=alert.relevancy_window.days,
        trigger_filter=_filter(alert.trigger_filter),
        profile_filter=_filter(alert.profile_filter),
        live=is_live(document, f"{code}.{AlertEvent.ALERT}"),
        measure=alert.measure,
        quantity_threshold=alert.queue.threshold,
        contacts_per_unit=alert.queue.contacts_per_unit,
        units_per_contact=alert.queue.units_per_contact,
        newest_first=alert.queue.newest_first,
        offer_hours=_in_units_of(HOUR, alert.queue.offer_lapses_after),
        stay_until_bought=alert.queue.stay_until_bought,
        not_if_bought_days=_in_units_of(DAY, alert.queue.not_if_bought_within),
        section=store_alert(alert),
    )


def is_live(document: ConversationDocument, event: str) -> bool:
    """Whether a journey for which this event is raised may reach a message that is not a draft."""
    answering = [index for index, thread in enumerate(document.threads) if thread.on == event]
    reached = (spot.section for spot in Flow(document).reached(answering).values())
    return any(isinstance(step, SendStep) and step.status is not Status.DRAFT for step in reached)


def _in_units_of(unit: timedelta, length: timedelta | None) -> int | None:
    return None if length is None else length // unit


def _filter(criteria: Criteria | None) -> object:
    return write_criteria(criteria) if criteria is not None else None
