"""Alerts, paused or active, and what pausing and resuming them does."""

from typing import Literal

from pydantic import AwareDatetime

from schemas.document.alert_types.vocabulary import Action, AlertType
from schemas.model import Model


class AlertState(Model):
    """An alert and whether it is paused; `stores`: its list is for these alone, None: for all."""

    alert: str
    name: str | None
    type: AlertType
    action: Action
    list_code: str
    stores: tuple[str, ...] | None
    conversation: str
    live: bool
    retired: bool
    paused_at: AwareDatetime | None
    conversation_paused_at: AwareDatetime | None
    waiting: int


class AlertStates(Model):
    """Every alert in force, and those retired that someone still waits for."""

    alerts: tuple[AlertState, ...]


class ResumedSubject(Model):
    """How many of one subject's waiting list a resume notifies; `places` None: as many as there are."""

    alert: str
    store_id: str
    subject: str
    product_title: str
    places: int | None
    told_now: int


class PauseReport(Model):
    """An alert or conversation after a pause; `changed` is false when it was paused already."""

    kind: Literal["alert", "conversation"]
    code: str
    changed: bool
    paused_at: AwareDatetime


class ResumeReport(Model):
    """What a resume sets off, or did.

    Attributes:
        paused_at: since when it was paused; None: it was not, and there is nothing to resume.
        resumed: it is active again; false when this only shows what would happen.
        also_paused: its conversation is still paused, so nothing is sent yet.
        told_now: those in line who are notified at once.
        held_up: messages that the pause has deferred and that are sent at their next check: alerts of claims notified
            before it, confirmations, and messages about discontinued products.
        going_on: those told before whose thread goes on; a later message may have fallen due, of each one at most.
        subjects: where `told_now` comes from, the largest first; at most 100 of `subject_count`.
    """

    kind: Literal["alert", "conversation"]
    code: str
    paused_at: AwareDatetime | None
    resumed: bool
    also_paused: bool
    told_now: int
    held_up: int
    going_on: int
    subjects: tuple[ResumedSubject, ...]
    subject_count: int

    @property
    def at_most(self) -> int:
        """The most messages that are sent because of it."""
        return self.told_now + self.held_up + self.going_on
