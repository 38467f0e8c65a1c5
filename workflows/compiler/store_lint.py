"""Lint warnings about stores: a filter that asks for stores that the list is not for lets nobody enter."""

from collections.abc import Iterator

from schemas.criteria import All, Condition, Node, Operator
from schemas.document.conversation import ConversationDocument
from workflows.compiler.diagnostics import Diagnostic, listed

STORE = "store.id"


def find_store_warnings(document: ConversationDocument) -> Iterator[Diagnostic]:
    """Filters that hold in none of the list's stores."""
    stores = document.list.stores
    if stores is None:
        return
    for code, alert in document.alerts.items():
        for name, criteria in (("trigger_filter", alert.trigger_filter), ("profile_filter", alert.profile_filter)):
            wanted = [each for each in _needed(criteria) if not any(_holds_in(each, store) for store in stores)]
            if wanted:
                yield Diagnostic(
                    ("alerts", code, name),
                    f"nobody enters '{code}': this asks for a '{STORE}' that the list is not for",
                    f"The list's stores are {listed(stores)}. Name one of them, or add the store to 'list.stores'",
                )


def _needed(criteria: Node | None) -> Iterator[Condition]:
    """The conditions on the store without which the criteria do not hold."""
    match criteria:
        case Condition(field=field, operator=Operator.EQUALS | Operator.IN) if field == STORE:
            yield criteria
        case All(parts):
            for part in parts:
                yield from _needed(part)
        case _:
            pass


def _holds_in(condition: Condition, store: str) -> bool:
    return store in condition.value if isinstance(condition.value, tuple) else store == condition.value
