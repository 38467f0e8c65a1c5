"""Any conversation without mistakes, for Hypothesis: alerts of every type, and threads that answer their events."""

from datetime import timedelta
from itertools import count, islice

from hypothesis import strategies as st

from schemas.alerts import (
    Action,
    AlertEvent,
    AlertType,
    BackInStock,
    LowInventory,
    Order,
    PriceDrop,
    Reminders,
    parse_drop,
    raised_events,
)
from schemas.conversation import ConversationDocument, ListSection, ThreadSection
from schemas.criteria import Criteria, read_criteria
from schemas.ids import Level
from schemas.steps import ExitStep, SendStep, Status, StepSection, WaitStep

MESSAGES = ("m", "n", "o")
Alert = BackInStock | PriceDrop | LowInventory

_codes = st.from_regex(r"[a-z0-9][a-z0-9-]{0,10}", fullmatch=True)
_names = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20)
_days = st.integers(1, 400).map(lambda days: timedelta(days=days))
_hours = st.integers(1, 500).map(lambda hours: timedelta(hours=hours))
_units = st.integers(1, 1_000_000)
_maybe_criteria = st.sampled_from(
    [
        None,
        {"product.price": {"between": [10, 99.5]}},
        {"all": [{"product.vendor": "Acme"}, {"not": {"product.tags": {"contains_any": ["sale", "gift"]}}}]},
        {"any": [{"orders.count": {"at_least": 2}}, {"alert.last_entered": {"not_within": "30 days"}}]},
    ]
).map(lambda written: None if written is None else read_criteria(written))
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
    }


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
                tells_late_entrants=st.booleans(),
            )
        case AlertType.PRICE_DROP:
            return st.builds(PriceDrop, **kind, **_common(), drops_by=_drops)
        case AlertType.LOW_INVENTORY:
            return st.builds(LowInventory, **kind, **_common(), low_at=_units, not_if_bought_within=st.none() | _days)


@st.composite
def documents(draw: st.DrawFn) -> ConversationDocument:
    """A list has each kind of alert once; every alert, and every reminder, is answered; step ids are unique."""
    kinds = draw(st.lists(st.sampled_from(_KINDS), min_size=1, unique=True))
    codes = draw(st.lists(_codes, min_size=len(kinds), max_size=len(kinds), unique=True))
    alerts = {code: draw(_alert(*kind)) for code, kind in zip(codes, kinds, strict=True)}
    ids = (f"step-{number}" for number in count(1))
    threads = [
        ThreadSection(name=draw(_names), on=f"{code}.{event}", steps=draw(_steps(list(islice(ids, 3)))))
        for code, alert in alerts.items()
        for event in raised_events(alert)
        if event in (AlertEvent.ALERT, AlertEvent.FOLLOW_UP) or draw(st.booleans())
    ]
    return ConversationDocument.model_validate(
        {
            "conversation": draw(_codes),
            "name": draw(_names),
            "list": ListSection(
                code=draw(_codes),
                time_zone=draw(st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"])),
                locations=draw(st.none() | st.lists(_names, min_size=1, max_size=3).map(tuple)),
                currency=draw(st.sampled_from([None, "EUR", "USD"])),
                sender=draw(st.sampled_from([None, "Shop <hello@shop.example>", "hello@shop.example"])),
            ),
            "alerts": alerts,
            "threads": threads,
            "messages": {code: {"channel": "email", "subject": "s", "text": "t"} for code in MESSAGES},
        }
    )


@st.composite
def _steps(draw: st.DrawFn, ids: list[str]) -> tuple[StepSection, ...]:
    """A step for each id or fewer; an exit comes last if at all."""
    ids = ids[: draw(st.integers(1, len(ids)))]
    steps: list[StepSection] = [
        draw(
            st.one_of(
                st.builds(SendStep, send=st.sampled_from(MESSAGES), id=st.just(own), status=st.sampled_from(Status)),
                st.builds(WaitStep, wait=_hours, id=st.just(own)),
            )
        )
        for own in ids
    ]
    if draw(st.booleans()):
        steps[-1] = ExitStep(exit="Enough", id=ids[-1])
    return tuple(steps)
