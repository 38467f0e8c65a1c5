"""Lines as people look after them: who waits for what, a line's arithmetic, its episodes and who is next."""

from pydantic import AwareDatetime

from schemas.document.alert_types.vocabulary import Action, AlertType
from schemas.ids import AlertId, ContactId, JourneyId, StoreId
from schemas.model import Model
from schemas.reasons import Reason


class LineNow(Model):
    """How many wait for one variant or product, by all the alerts that were asked for.

    Attributes:
        variant_title, sku: None of a whole product.
        units: how many those in `waiting` want together.
        unconfirmed: who has a place that does not count until they say that it was them; none of `waiting`.
        called: who was called forward and is about to be told.
        told, left: since the line began; `left` without being told.
        to_order: units to order so that everyone is told, as in the report of what is wanted most.
        offered: units that are there now and that the line is told of; 0: it is not told now.
        paused: something of it is paused.
        long_since: it has grown past the number of its list since then.
    """

    store_id: StoreId
    subject: str
    product_id: str
    product_title: str
    variant_title: str | None
    sku: str | None
    alerts: tuple[AlertId, ...]
    waiting: int
    units: int
    unconfirmed: int
    called: int
    told: int
    left: int
    to_order: int
    offered: int
    paused: bool
    gone: bool
    long_since: AwareDatetime | None


class LineTotals(Model):
    """Of all lines that were asked for; people count once for each line."""

    lines: int
    waiting: int
    units: int
    unconfirmed: int
    called: int


class LinePage(Model):
    """A page of lines.

    Attributes:
        next: what the next page is asked for by; None: this is the last.
    """

    totals: LineTotals
    lines: tuple[LineNow, ...]
    next: str | None


class LineTerms(Model):
    """One alert in a line: its terms, its numbers, and what it gives of the units that are there.

    Attributes:
        stores: the alert is for these alone; None: for all.
        by_units: it is told of units; else of a price or a quantity, and everyone whose bound it is.
        contacts_per_unit: None: everyone is told.
        paused_by: who paused the alert, or its conversation where that is paused, as the audit has them.
        waiting, units, unconfirmed, called, told, left: as in `LineNow`, by this alert.
        opened_at: there are units that it tells of, since then; None: there are none, or too few.
        available, arrived: units that are there now, and that came since then; less what others bought before a place
            was given for them.
        claimed: the units that places which were given count for.
        places: how many can be called forward now, each for `units_per_contact`; None: everyone.
        next_told, next_units: how many the shelf calls forward now, and for how many units.
    """

    alert: AlertId
    name: str | None
    type: AlertType
    action: Action
    list_code: str
    stores: tuple[StoreId, ...] | None
    conversation: str
    by_units: bool
    live: bool
    retired: bool
    newest_first: bool
    quantity_threshold: int
    contacts_per_unit: int | None
    units_per_contact: int
    offer_hours: int | None
    stay_until_bought: int | None
    paused_at: AwareDatetime | None
    conversation_paused_at: AwareDatetime | None
    paused_by: str | None
    waiting: int
    units: int
    unconfirmed: int
    called: int
    told: int
    left: int
    long_since: AwareDatetime | None
    opened_at: AwareDatetime | None
    available: int
    arrived: int
    claimed: int
    places: int | None
    next_told: int
    next_units: int


class LineReport(Model):
    """One line, by all its alerts; those with most people first.

    Attributes:
        units: that there are, at all locations, to sell or not.
        successor: what those in it wait for once it is gone for good.
    """

    store_id: StoreId
    subject: str
    product_id: str
    product_title: str
    variant_title: str | None
    sku: str | None
    units: int
    on_sale: bool
    gone: bool
    successor: str | None
    alerts: tuple[LineTerms, ...]


class InLine(Model):
    """One who waits.

    Attributes:
        place: from 1 for who is first, without those whose place does not count yet; None: theirs does not.
        address: their e-mail address or number; None: it was not asked for, or they have none.
        would_be_called: the shelf calls them forward with the units that are there.
        why_not: what keeps a place from them; None: nothing but those before them.
    """

    place: int | None
    journey_id: JourneyId
    contact_id: ContactId
    address: str | None
    entered_at: AwareDatetime
    window_ends_at: AwareDatetime
    quantity: int
    told_before: int
    late: bool
    called: bool
    would_be_called: bool
    why_not: Reason | None


class InLinePage(Model):
    """A page of those who wait by one alert, in its order; who is called forward stands before the first page."""

    people: tuple[InLine, ...]
    next: str | None


class EpisodePart(Model):
    """How many places of an episode had been given after so much of it, a share of 1."""

    after: float
    given: int


class EpisodeReport(Model):
    """One time in which there were units for an alert of the line, and what became of the places they made.

    Attributes:
        arrived: units that came in it and could be promised.
        places: how many people these were for, each wanting no more than the alert keeps for them; None: for everyone.
        given: places that were given; of these `called` are about to be told, `told` were, `lapsed` were not taken up
            in time, `returned` were given back unused, and `refused` turned out to have reached nobody.
        took: of those told, who bought it.
    """

    alert: AlertId
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None
    arrived: int
    places: int | None
    given: int
    called: int
    told: int
    lapsed: int
    returned: int
    refused: int
    took: int
    parts: tuple[EpisodePart, ...] = ()
