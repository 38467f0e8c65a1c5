"""Any conversation without mistakes, for Hypothesis: alerts of every type or none, threads that answer their events or
what contacts do, and every kind of step, inside one another.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from itertools import count

from hypothesis import strategies as st

from schemas.attribution import Attribution
from schemas.criteria import Criteria, read_criteria
from schemas.document.alert_types.back_in_stock import BackInStock
from schemas.document.alert_types.low_inventory import LowInventory
from schemas.document.alert_types.price_drop import PriceDrop, parse_drop
from schemas.document.alert_types.registry import raised_events
from schemas.document.alert_types.vocabulary import Action, AlertEvent, AlertType, Order, Reminders
from schemas.document.conversation import ConversationDocument, ListSection, ThreadSection
from schemas.document.experiment import Experiment
from schemas.document.steps import (
    STEP_KINDS,
    AddTagStep,
    AddToListStep,
    AnyStep,
    ArmSection,
    BranchSection,
    CallWebhookStep,
    DecideStep,
    ExitStep,
    GoToStep,
    SendStep,
    SetAttributeStep,
    SplitStep,
    Status,
    WaitForStep,
    WaitStep,
    WaitUntilStep,
)
from schemas.ids import Level
from schemas.names import SHOP_EVENTS
from schemas.time.moments import parse_until

MESSAGES = ("m", "n", "o")
MOMENTS = ("09:00", "monday", "weekday 17:30", "saturday, sunday 10:00", "2026-12-24", "2026-12-24 09:00")
Alert = BackInStock | PriceDrop | LowInventory

_codes = st.from_regex(r"[a-z0-9][a-z0-9-]{0,10}", fullmatch=True).filter(lambda code: code != "custom")
_names = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20)
_days = st.integers(1, 400).map(lambda days: timedelta(days=days))
_hours = st.integers(1, 500).map(lambda hours: timedelta(hours=hours))
_units = st.integers(1, 1_000_000)
_criteria = st.sampled_from(
    [
        {"product.price": {"between": [10, 99.5]}},
        {"all": [{"product.vendor": "Acme"}, {"not": {"product.tags": {"contains_any": ["sale", "gift"]}}}]},
        {"any": [{"orders.count": {"at_least": 2}}, {"alert.last_entered": {"not_within": "30 days"}}]},
    ]
).map(read_criteria)
_maybe_criteria = st.none() | _criteria
_heard = st.sampled_from(SHOP_EVENTS) | _names.map("custom.{}".format)
_attributes = st.from_regex(r"[A-Za-z0-9_-]{1,10}", fullmatch=True)
_drops = st.one_of(
    st.decimals("0.01", 100, places=2).map(lambda percent: f"{percent}%"),
    st.decimals("0.0001", 99_999, places=4).map(str),
).map(parse_drop)

_FED_BY = {
    AlertType.BACK_IN_STOCK: (Action.SIGN_UP, Action.BROWSE),
    AlertType.PRICE_DROP: (Action.BROWSE, Action.CART),
    AlertType.LOW_INVENTORY: (Action.BROWSE, Action.CART),
}
_KINDS = tuple((type_, action) for type_, actions in _FED_BY.items() for action in actions)


def _common() -> dict[str, st.SearchStrategy[str | Level | timedelta | Criteria | None]]:
    return {
        "name": st.none() | _names,
        "level": st.sampled_from(Level),
        "relevancy_window": _days,
        "trigger_filter": _maybe_criteria,
        "profile_filter": _maybe_criteria,
        "coupons": st.none() | _codes,
    }


def _behind_those_never_told(alert: BackInStock) -> BackInStock:
    """Who stays cannot stand behind those never told where the newest is told first."""
    newest_first = alert.order is Order.FIRST_IN_LAST_OUT
    return alert.model_copy(update={"stay_until_bought": None}) if newest_first else alert


@cache
def _alert(type_: AlertType, action: Action) -> st.SearchStrategy[Alert]:
    kind = {"type": st.just(type_), "action": st.just(action)}
    match type_:
        case AlertType.BACK_IN_STOCK:
            return st.builds(
                BackInStock,
                **kind,
                **_common(),
                quantity_threshold=_units,
                contacts_per_unit=st.just("all") | st.integers(1, 1000),
                order=st.sampled_from(Order),
                reminders=st.none() | st.builds(Reminders, after=_hours, times=st.integers(1, 10)),
                offer_lapses_after=st.none() | _hours,
                stay_until_bought=st.none() | st.integers(1, 10),
                tells_late_entrants=st.booleans(),
            ).map(_behind_those_never_told)
        case AlertType.PRICE_DROP:
            return st.builds(PriceDrop, **kind, **_common(), drops_by=_drops)
        case AlertType.LOW_INVENTORY:
            return st.builds(LowInventory, **kind, **_common(), low_at=_units, not_if_bought_within=st.none() | _days)


def alerts() -> st.SearchStrategy[Alert]:
    """Any alert of any type."""
    return st.sampled_from(_KINDS).flatmap(lambda kind: _alert(*kind))


@st.composite
def documents(draw: st.DrawFn) -> ConversationDocument:
    """A list has each type of alert once; every alert, and every reminder, is answered; every thread is reached; step
    ids are unique; a way round leads over a wait."""
    kinds = draw(st.lists(st.sampled_from(_KINDS), max_size=3, unique_by=lambda kind: kind[0]))
    codes = draw(st.lists(_codes, min_size=len(kinds), max_size=len(kinds), unique=True))
    alerts = {code: draw(_alert(*kind)) for code, kind in zip(codes, kinds, strict=True)}
    answered = [
        f"{code}.{event}"
        for code, alert in alerts.items()
        for event in raised_events(alert)
        if event in (AlertEvent.ALERT, AlertEvent.FOLLOW_UP) or draw(st.booleans())
    ]
    done = draw(st.lists(_heard, min_size=0 if alerts else 1, max_size=2, unique=True))
    return ConversationDocument.model_validate(
        {
            "conversation": draw(_codes),
            "name": draw(_names),
            "goal_on": draw(st.lists(_heard, max_size=2).map(tuple)),
            "exit_on": draw(st.lists(_heard, max_size=2).map(tuple)),
            "list": ListSection(
                code=draw(_codes),
                time_zone=draw(st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"])),
                stores=draw(st.none() | st.lists(_names, min_size=1, max_size=2).map(tuple)),
                only_by_name=draw(st.booleans()),
                locations=draw(st.none() | st.lists(_names, min_size=1, max_size=3).map(tuple)),
                currency=draw(st.sampled_from([None, "EUR", "USD"])),
                sender=draw(st.sampled_from([None, "Shop <hello@shop.example>", "hello@shop.example"])),
                track_clicks=draw(st.booleans()),
                track_opens_in=draw(st.sampled_from([None, ("US",), ("US", "CA")])),
                attribution=draw(st.none() | st.builds(Attribution, email_open_days=st.integers(0, 90))),
            ),
            "experiment": draw(st.none() | st.builds(Experiment, name=_codes, holdout=st.integers(1, 90))),
            "alerts": alerts,
            "threads": draw(_threads([*answered, *done])),
            "messages": {code: {"channel": "email", "subject": "s", "text": "t"} for code in MESSAGES},
        }
    )


@st.composite
def _threads(draw: st.DrawFn, events: list[str]) -> tuple[ThreadSection, ...]:
    """One on each event, before it perhaps one with criteria; and some that others lead to."""
    ids = (f"step-{number}" for number in count(1))
    entry_triggers: list[tuple[str | None, Criteria | None]] = []
    for event in events:
        if draw(st.booleans()):
            entry_triggers.append((event, draw(_criteria)))
        entry_triggers.append((event, draw(_maybe_criteria)))
    entry_triggers += [(None, None)] * draw(st.integers(0, 2))
    names = draw(st.lists(_names, min_size=len(entry_triggers), max_size=len(entry_triggers), unique=True))
    leads: dict[str, list[str]] = {name: [] for name in names}
    for index, (on, _) in enumerate(entry_triggers):
        if on is None:
            # From an earlier one, so that there is no way round.
            leads[draw(st.sampled_from(names[:index]))].append(names[index])
    around = draw(st.none() | st.sampled_from(names))
    return tuple(
        ThreadSection(
            name=name,
            on=on,
            when=when,
            steps=(*draw(_steps(ids, least=1)), *draw(_tail(ids, leads[name], around if name == names[-1] else None))),
        )
        for name, (on, when) in zip(names, entry_triggers, strict=True)
    )


@st.composite
def _tail(draw: st.DrawFn, ids: Iterator[str], leads: list[str], around: str | None) -> tuple[AnyStep, ...]:
    """The end of a thread: on to those it leads to, round to one before over a wait, or an exit."""
    steps = [
        SplitStep(
            split=(
                ArmSection(name="there", share=3, steps=(GoToStep(go_to=name, id=next(ids)),)),
                ArmSection(name="on"),
            ),
            id=next(ids),
        )
        for name in leads
    ]
    if around is not None:
        wait = WaitStep(wait=draw(_hours), id=next(ids))
        return (*steps, wait, GoToStep(go_to=around, id=next(ids)))
    return (*steps, ExitStep(exit="Enough", id=next(ids))) if draw(st.booleans()) else tuple(steps)


@st.composite
def _steps(draw: st.DrawFn, ids: Iterator[str], *, least: int = 0, depth: int = 2) -> tuple[AnyStep, ...]:
    """Some steps, those inside them included; there is always a way to the end of them."""
    kinds = STEP_KINDS if depth else [kind for kind in STEP_KINDS if kind not in ("wait_for", "decide", "split")]
    kinds = [kind for kind in kinds if kind not in ("go_to", "exit")]
    chosen = draw(st.lists(st.sampled_from(kinds), min_size=least, max_size=3 if least else 2))
    return tuple(draw(_step(kind, ids, depth)) for kind in chosen)


@st.composite
def _step(draw: st.DrawFn, kind: str, ids: Iterator[str], depth: int) -> AnyStep:
    own = next(ids)

    def inside() -> tuple[AnyStep, ...]:
        return draw(_steps(ids, depth=depth - 1))

    def perhaps_leaving() -> tuple[AnyStep, ...]:
        return (*inside(), ExitStep(exit="Enough", id=next(ids))) if draw(st.booleans()) else inside()

    match kind:
        case "send":
            return SendStep(send=draw(st.sampled_from(MESSAGES)), id=own, status=draw(st.sampled_from(Status)))
        case "wait":
            return WaitStep(wait=draw(_hours | st.just(timedelta(0))), id=own)
        case "wait_until":
            return WaitUntilStep(wait_until=parse_until(draw(st.sampled_from(MOMENTS))), id=own)
        case "wait_for":
            events = tuple(draw(st.lists(_heard, min_size=1, max_size=3)))
            return WaitForStep(
                wait_for=events, within=draw(_hours), happened=perhaps_leaving(), did_not=inside(), id=own
            )
        case "decide":
            named = draw(st.lists(_names, min_size=1, max_size=2, unique=True))
            ways = tuple(BranchSection(name=name, when=draw(_criteria), steps=perhaps_leaving()) for name in named)
            return DecideStep(decide=ways, otherwise=inside(), id=own)
        case "split":
            one, other = draw(st.lists(_names, min_size=2, max_size=2, unique=True))
            share = draw(st.integers(1, 1000))
            arms = (ArmSection(name=one, share=share, steps=perhaps_leaving()), ArmSection(name=other, steps=inside()))
            return SplitStep(split=arms, id=own)
        case "set_attribute":
            value = draw(st.booleans() | st.integers(-(2**53), 2**53) | _names)
            return SetAttributeStep(set_attribute=draw(_attributes), to=value, id=own)
        case "add_tag":
            return AddTagStep(add_tag=draw(_names), id=own)
        case "add_to_list":
            return AddToListStep(add_to_list=draw(_codes), id=own)
        case "call_webhook":
            return CallWebhookStep(call_webhook="https://crm.example/hook", required=draw(st.booleans()), id=own)
        case _:
            raise AssertionError(f"there is no way to draw a step '{kind}'")
