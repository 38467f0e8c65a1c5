"""What a publication means for who can enter: refused where a sign-up could mean two lists, said where nobody can."""

from dataclasses import dataclass

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from schemas.document.alert_types.offer import Measure
from schemas.document.conversation import ConversationDocument
from schemas.errors import DomainError, ErrorKind
from schemas.ids import AlertId
from workflows.compiler.control_flow import Flow
from workflows.compiler.diagnostics import format_path

SQL = load_queries("starter.versioning", "entering_checks.sql")


class SignUpsMeanTwoLists(DomainError):
    """A sign-up that names no list could mean this one or another of the same store."""

    code = "sign_ups_mean_two_lists"
    kind = ErrorKind.CONFLICT


@dataclass(frozen=True, slots=True)
class OtherSignUps:
    """An alert by sign-up of another list; `stores` are those that both lists are for, None: all."""

    id: AlertId
    conversation: str
    list_code: str
    stores: list[str] | None


@dataclass(frozen=True, slots=True)
class OtherCurrency:
    """A store that sells in another currency than the list says."""

    id: str
    currency: str


@dataclass(frozen=True, slots=True)
class NarrowerList:
    """A list that is for some stores only."""

    code: str
    stores: list[str]


async def refuse_two_lists_by_sign_up(connection: Connection, list_code: str) -> None:
    """After list and alerts are written: whoever signs up in a store enters one list, or names it.

    Raises:
        SignUpsMeanTwoLists: as it says.
    """
    other = await SQL.other_sign_ups.row(connection, OtherSignUps, list_code=list_code)
    if other is None:
        return
    where = "every store" if other.stores is None else ", ".join(f"'{store}'" for store in other.stores)
    raise SignUpsMeanTwoLists(
        f"list: a sign-up in {where} would mean two lists, this one, '{list_code}', and '{other.list_code}' with the "
        f"alert '{other.id}' of conversation '{other.conversation}'. Say with 'stores' in the section 'list' which "
        "stores each is for, or write 'only_by_name: true' there in one of the two: then only sign-ups that name it "
        "enter it."
    )


async def entering_warnings(connection: Connection, document: ConversationDocument) -> tuple[str, ...]:
    """Where nobody can enter, as the installation is now.

    Each says where in the document, what, and what to do.
    """
    return (
        *await _unknown_stores(connection, document),
        *await _other_currencies(connection, document),
        *await _narrower_lists(connection, document),
        *await _lists_without_codes(connection, document),
    )


async def _unknown_stores(connection: Connection, document: ConversationDocument) -> list[str]:
    named = document.list.stores or ()
    known: list[str] = await SQL.known_stores.values(connection)
    there_are = f"The stores known here: {', '.join(known[:20])}" if known else "No store is known here yet"
    return [
        f"list.stores[{index}]: '{store}' is not known here, and nobody enters there before it is. {there_are}. "
        "If it is a slip, correct it; if not, connect the store, or put a product of it in."
        for index, store in enumerate(named)
        if store not in known
    ]


async def _other_currencies(connection: Connection, document: ConversationDocument) -> list[str]:
    section = document.list
    prices = [code for code, alert in document.alerts.items() if alert.measure is Measure.PRICE]
    if section.currency is None or not prices:
        return []
    others = await SQL.other_currencies.rows(
        connection, OtherCurrency, stores=section.stores, currency=section.currency
    )
    alerts = ", ".join(f"'{code}'" for code in prices)
    return [
        f"list.currency: store '{each.id}' sells in {each.currency}, not in {section.currency}, so nobody enters "
        f"{alerts} there. Give that store a list of its own, or remove 'currency'."
        for each in others
    ]


async def _narrower_lists(connection: Connection, document: ConversationDocument) -> list[str]:
    """Steps that put contacts on a list which is not for all stores that this conversation is for."""
    steps = [(path, spot.section.list_code) for path, spot in Flow(document).spots.items()]
    codes = sorted({code for _, code in steps if code is not None})
    narrower = {each.code: each for each in await SQL.lists_for_some.rows(connection, NarrowerList, codes=codes)}
    return [
        f"{format_path(path)}: list '{code}' is for {', '.join(narrower[code].stores)} only; contacts of other stores "
        "are not put on it. Say with 'stores' in the section 'list' that this conversation is for these stores too."
        for path, code in steps
        if code in narrower and not _covers(narrower[code].stores, document.list.stores)
    ]


async def _lists_without_codes(connection: Connection, document: ConversationDocument) -> list[str]:
    """Alerts that give codes of a list which has none."""
    named = {code: alert.coupons for code, alert in document.alerts.items() if alert.coupons is not None}
    empty: list[str] = await SQL.lists_without_codes.values(connection, lists=sorted({*named.values()}))
    return [
        f"alerts.{code}.coupons: list '{name}' has no free code, so the messages leave without one. Put codes in: "
        f"`shelftalk coupon add {name} FILE`."
        for code, name in named.items()
        if name in empty
    ]


def _covers(stores: list[str], wanted: tuple[str, ...] | None) -> bool:
    return wanted is not None and {*wanted} <= {*stores}
