"""The names of workflows, signals and activities. They are in histories: a released one is never changed."""

from enum import StrEnum


class Activity(StrEnum):
    """The activities' names in histories."""

    DELIVER = "deliver"
    LEAVE_WAITLIST = "leave_waitlist"
    CLOSE = "close"
    GIVE_PLACES = "give_places"
    NOTIFY_CLAIMS = "notify_claims"
    RECONCILE = "reconcile"
    ARCHIVE = "archive"
    RETAIN = "retain"
    DECIDE = "decide"
    FIND_MOMENT = "find_moment"
    CHANGE_CONTACT = "change_contact"
    CALL_WEBHOOK = "call_webhook"
    RECORD_POSITION = "record_position"
    MOVED = "moved"
    RUN_BULK = "run_bulk"


class Workflow(StrEnum):
    """The workflows' names in histories."""

    JOURNEY = "Journey"
    SHELF = "Shelf"
    RECONCILE = "Reconcile"
    ARCHIVE = "Archive"
    RETAIN = "Retain"
    BULK = "Bulk"


class Signal(StrEnum):
    """The signals' names in histories."""

    PLACE_GIVEN = "place_given"
    LEAVE = "leave"
    BROADCAST = "broadcast"
    LOOK_AGAIN = "look_again"
    CONTACT_EVENT = "contact_event"
    INTERVENE = "intervene"
