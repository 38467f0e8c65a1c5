"""What a document's criteria ask for and nobody tells of, as the installation is now: such a condition never holds.

Or always, if it is a negative one. Said at publishing, where facts can be looked for; a document by itself cannot know.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.criteria import COMPARISONS, Condition, Node, conditions
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import ChangesContact, NewAttribute, NewTag
from schemas.ids import VersionId
from workflows.compiler.compile import compile_document
from workflows.compiler.control_flow import Flow
from workflows.compiler.diagnostics import format_path

SQL = load_queries("starter.versioning", "unfed_checks.sql")

ATTRIBUTE = "contact.attributes."
TAGS = "contact.tags"
LISTS = "contact.lists"
BY_HAND = "`shelftalk contact set`, PATCH /v1/contacts/{contact}"


class Unfed(NamedTuple):
    """What nobody tells of, and what to do."""

    why: str
    advice: str


@dataclass(frozen=True, slots=True)
class Fed:
    """What is told of, of what was asked for; tags in lower case, `fields` by their full names."""

    attributes: frozenset[str]
    tags: frozenset[str]
    lists: frozenset[str]
    fields: frozenset[str]


async def unfed_warnings(pool: Pool, document: ConversationDocument) -> tuple[str, ...]:
    """Each condition on what nobody tells of: where in the document, what, and what to do.

    It may look at every contact, so it is asked outside of the transaction that publishes.
    """
    asked = [(path, condition) for path, node in _criteria(document) for condition in conditions(node)]
    steps = compile_document(document, VersionId(document.conversation)).steps.values()
    own = [step.change for step in steps if isinstance(step, ChangesContact)]
    own_attributes = {change.name for change in own if isinstance(change, NewAttribute)}
    own_tags = {_folded(change.tag) for change in own if isinstance(change, NewTag)}
    fed = await SQL.fed.one(
        pool,
        Fed,
        attributes=sorted(
            {each.field.removeprefix(ATTRIBUTE) for _, each in asked if each.field.startswith(ATTRIBUTE)}
        ),
        tags=sorted({tag for _, each in asked if each.field == TAGS for tag in _texts(each)}),
        lists=sorted({code for _, each in asked if each.field == LISTS for code in _texts(each)}),
        stores=document.list.stores,
    )
    fed = Fed(fed.attributes | own_attributes, fed.tags | own_tags, fed.lists | {document.list.code}, fed.fields)
    said = ((path, condition, _unfed(condition, fed)) for path, condition in asked)
    return tuple(
        f"{path}: {unfed.why} So '{condition.field}: {{{condition.operator}: …}}' {_meaning(condition)}. {unfed.advice}"
        for path, condition, unfed in said
        if unfed is not None
    )


def _criteria(document: ConversationDocument) -> Iterator[tuple[str, Node]]:
    for code, alert in document.alerts.items():
        for name, node in (("trigger_filter", alert.trigger_filter), ("profile_filter", alert.profile_filter)):
            if node is not None:
                yield f"alerts.{code}.{name}", node
    for index, thread in enumerate(document.threads):
        if thread.when is not None:
            yield f"threads[{index}].when", thread.when
    for path, spot in Flow(document).spots.items():
        for node in spot.section.criteria:
            if node is not None:
                yield format_path(path), node


def _unfed(condition: Condition, fed: Fed) -> Unfed | None:
    """None where somebody tells of it."""
    name = condition.field
    if name.startswith(ATTRIBUTE):
        attribute = name.removeprefix(ATTRIBUTE)
        if attribute in fed.attributes:
            return None
        return Unfed(
            f"no contact has an attribute '{attribute}', and no published step sets it.",
            f"Set it by events ('attributes'), {BY_HAND} or a step 'set_attribute'; or correct the name.",
        )
    if name == TAGS:
        if any(tag in fed.tags for tag in _texts(condition)):
            return None
        return Unfed(
            "no contact has such a tag, and no published step puts it on them.",
            f"Put it on by events ('tags'), {BY_HAND} or a step 'add_tag'; or correct it.",
        )
    if name == LISTS:
        if any(code in fed.lists for code in _texts(condition)):
            return None
        return Unfed("there is no such list.", "Correct its code, or publish a conversation of it first.")
    if name in _FIELDS and name not in fed.fields:
        return _FIELDS[name]
    return None


_FIELDS = {
    "engagement.last_open": Unfed(
        "no open was ever told.",
        "Tell of them by events of kind 'opened_message', or leave the condition out.",
    ),
    "engagement.last_click": Unfed(
        "no click was ever told.",
        "Tell of them by events of kind 'clicked_message', or leave the condition out.",
    ),
    "product.vendor": Unfed("no product here has a vendor.", "Only a storefront's webhooks tell it."),
    "product.tags": Unfed("no product here has tags.", "Only a storefront's webhooks tell them."),
    "product.collections": Unfed("no product here is in a collection.", "Only a storefront's webhooks tell them."),
}
"""What an installation tells of wholly or not at all."""


def _texts(condition: Condition) -> list[str]:
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    return [_folded(value) for value in values if isinstance(value, str)]


def _folded(text: str) -> str:
    return text.strip().lower()


def _meaning(condition: Condition) -> str:
    return "always holds" if COMPARISONS[condition.operator].holds_for_unknown else "never holds"
