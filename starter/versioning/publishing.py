"""Publishing a conversation: an immutable version, hashed by its content, and the alerts it makes."""

from dataclasses import dataclass
from datetime import timedelta

from pydantic import ValidationError

from activities.postgres.pool import Connection, Pool, Row, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.stock.products import load_product
from activities.waitlist.episodes import update_episodes
from schemas.criteria import Criteria, write_criteria
from schemas.document.alert_types.registry import AnyAlert, store_alert
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.conversation import ConversationDocument, ListSection
from schemas.document.steps import SendStep, Status, every_step
from schemas.errors import DomainError, ErrorKind, FieldError
from schemas.ids import StoreId, VersionId
from schemas.journey.program import Program
from schemas.names import is_shop_event
from schemas.responses.operations import InFlight
from schemas.responses.versions import GivenId
from starter.versioning.bulk import Decision, begin, hold_unfinished
from starter.versioning.contents import content_hash, same_content
from starter.versioning.in_flight import in_flight
from starter.versioning.step_ids import NamedSteps, name_steps
from workflows.compiler.compile import compile_document, compile_questions
from workflows.compiler.control_flow import Flow
from workflows.compiler.diagnostics import format_path

SQL = load_queries("starter.versioning", "publishing.sql")

UNNAMED = "unknown"
"""Who published, where nobody said."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_LOCK = 0x5E1F7A1D
"""Publishing is rare and done one at a time."""


class AlertTaken(DomainError):
    """Another conversation has an alert of this type and action on the same list already."""

    code = "alert_taken"
    kind = ErrorKind.CONFLICT


class ListUnknown(DomainError):
    """A step adds to a list that there is not; `path` says which step, the text says what to do."""

    code = "no_such_list"
    kind = ErrorKind.INVALID

    def __init__(self, path: str, message: str) -> None:
        told = f"{path}: {message}"
        super().__init__(told, fields=(FieldError(path, told),))


@dataclass(frozen=True, slots=True)
class Published:
    """A published version; `new` is false when this very content was published before."""

    version_id: VersionId
    conversation: str
    number: int
    new: bool
    operation: int | None = None
    """What carries out the decision about those under way; None where they stay."""
    given_ids: tuple[GivenId, ...] = ()
    """To the steps of a new version that had none."""


class Publishing:
    """Publishing into one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def publish(
        self,
        document: ConversationDocument,
        decision: Decision | None = None,
        *,
        source: str | None = None,
        again: VersionId | None = None,
    ) -> Published:
        """Publish a document, see `publish`; without a decision those under way stay on their version."""
        return await publish(self._pool, document, decision, source=source, again=again)

    async def in_flight(self, document: ConversationDocument) -> InFlight:
        """Who is under way on another version than this document's, and what publishing it would do to them."""
        return await in_flight(self._pool, document.conversation, await program_of(self._pool, document))

    async def anything_published(self) -> bool:
        """Whether any conversation is published."""
        return bool(await self._pool.fetchval(SQL["anything_published"]))


async def publish(
    pool: Pool,
    document: ConversationDocument,
    decision: Decision | None = None,
    *,
    by: str | None = None,
    note: str | None = None,
    source: str | None = None,
    again: VersionId | None = None,
) -> Published:
    """Publish a document. Those who enter from now on get this version; those under way keep theirs, unless decided
    otherwise. A working version of the same content has served its purpose and is cleared. Steps without an id are
    given one, or keep that which they had in the version published before.

    Args:
        by, note: who and why, for the list of versions; the decision's when left out.
        source: the document as it was written, comments and all; kept with a new version.
        again: the past version that this document is; found by its content when left out.

    Raises:
        AlertTaken: the list has this type and action already, from another conversation.
        ListUnknown: a step adds to a list that neither the database nor the document knows.
    """
    by = by or (decision.by if decision else UNNAMED)
    note = note or (decision.note if decision else None)
    published = await _write(pool, document, decision, by, note, source, again)
    for row in await pool.fetch(SQL["waited_for"], [*document.alerts]):
        await _reshelve_line(pool, StoreId(row["store_id"]), row["product_id"])
    return published


@retry_on_deadlock
async def _write(
    pool: Pool,
    document: ConversationDocument,
    decision: Decision | None,
    by: str,
    note: str | None,
    source: str | None,
    again: VersionId | None,
) -> Published:
    code = document.conversation
    async with transaction(pool) as connection:
        await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
        if decision is not None:
            await hold_unfinished(connection, code)
        await connection.execute(SQL["name_conversation"], code, document.name)
        named = await _named(connection, document, source)
        document = named.document
        row = await _find_version(connection, document, again)
        new = row is None
        if row is None:
            number = await connection.fetchval(SQL["next_number"], code)
            version_id = VersionId(f"{code}@{number}")
            await connection.execute(
                SQL["add_version"],
                version_id,
                code,
                number,
                content_hash(document),
                document.model_dump(mode="json", by_alias=True),
                compile_document(document, version_id).model_dump(mode="json"),
                compile_questions(document).model_dump(mode="json"),
                named.source,
                by,
            )
        else:
            number, version_id = row["number"], VersionId(row["id"])
        await _set_list(connection, document.list)
        await _check_lists(connection, document)
        await connection.execute(SQL["retire_alerts_but"], code, list(document.alerts))
        for alert_code, alert in document.alerts.items():
            await _set_alert(connection, document, alert_code, alert)
        events = sorted(
            {thread.on for thread in document.threads if thread.on is not None and is_shop_event(thread.on)}
        )
        await connection.execute(SQL["drop_entry_triggers_but"], code, events)
        await connection.execute(SQL["add_entry_triggers"], code, events)
        await connection.execute(SQL["publish"], code, version_id)
        await connection.execute(SQL["record_publication"], code, version_id, by, note)
        await connection.execute(SQL["clear_working"], code, content_hash(document))
        operation = await begin(connection, code, version_id, decision) if decision else None
    return Published(version_id, code, number, new, operation, named.given if new else ())


async def program_of(pool: Pool, document: ConversationDocument) -> Program:
    """What publishing this document would have journeys live by, with the version's name as it would be."""
    async with transaction(pool) as connection:
        document = (await _named(connection, document, None)).document
        row = await _find_version(connection, document, None)
        if row is not None:
            return compile_document(document, VersionId(row["id"]))
        number = await connection.fetchval(SQL["next_number"], document.conversation)
    return compile_document(document, VersionId(f"{document.conversation}@{number}"))


async def with_kept_ids(pool: Pool, document: ConversationDocument) -> ConversationDocument:
    """The document with the ids that its steps would have if it were published."""
    async with transaction(pool) as connection:
        return (await _named(connection, document, None)).document


async def _named(connection: Connection, document: ConversationDocument, source: str | None) -> NamedSteps:
    published = await connection.fetchrow(SQL["published_document"], document.conversation)
    return name_steps(document, source, stored_document(published))


def stored_document(row: Row | None) -> ConversationDocument | None:
    """The document in a row; None where there is no row, or another release wrote what this one cannot read."""
    try:
        return ConversationDocument.model_validate(row["document"]) if row is not None else None
    except ValidationError:
        return None


async def _find_version(connection: Connection, document: ConversationDocument, again: VersionId | None) -> Row | None:
    """The version that has this content already."""
    if again is not None:
        return await connection.fetchrow(SQL["version_named"], again)
    row = await connection.fetchrow(SQL["find_version"], document.conversation, content_hash(document))
    if row is not None:
        return row
    # Versions of the first releases were hashed with every default written out, as those releases had them.
    hashed_otherwise = await connection.fetch(SQL["versions_of_first_releases"], document.conversation)
    return next((row for row in hashed_otherwise if same_content(row["document"], document)), None)


async def _check_lists(connection: Connection, document: ConversationDocument) -> None:
    """Refuse a step that adds to a list of nobody: contacts would be put nowhere, one by one, when it is too late."""
    named = {
        step.list_code: format_path(("threads", index, "steps", *place, step.kind))
        for index, thread in reversed([*enumerate(document.threads)])
        for place, step in reversed([*every_step(thread.steps)])
        if step.list_code is not None
    }
    unknown = set(await connection.fetchval(SQL["unknown_lists"], sorted(named)))
    # The first in the order of the document.
    for code, path in reversed(named.items()):
        if code in unknown:
            known = ", ".join(await connection.fetchval(SQL["known_lists"]))
            raise ListUnknown(
                path,
                f"there is no list '{code}'. Write one that there is ({known}), or publish a conversation first whose "
                f"section 'list' has the code '{code}'.",
            )


@retry_on_deadlock
async def _reshelve_line(pool: Pool, store_id: StoreId, product_id: str) -> None:
    """Look again at what people wait for: other terms may open an episode where there was none."""
    async with transaction(pool) as connection:
        await connection.execute(SQL["hold_product"], store_id, product_id)
        product = await load_product(connection, store_id, product_id)
        await update_episodes(connection, store_id, product_id, product, product.variants)


async def _set_list(connection: Connection, section: ListSection) -> None:
    quiet = section.quiet_hours
    await connection.execute(
        SQL["set_list"],
        section.code,
        section.name,
        section.time_zone,
        quiet.starts if quiet else None,
        quiet.ends if quiet else None,
        section.locations,
        section.currency,
        section.sender,
    )


async def _set_alert(connection: Connection, document: ConversationDocument, code: str, alert: AnyAlert) -> None:
    taken = await connection.fetchrow(
        SQL["alert_taken"], code, document.conversation, document.list.code, alert.type, alert.action
    )
    if taken is not None:
        raise AlertTaken(
            f"alerts.{code}: list '{document.list.code}' has an alert '{alert.type}' by '{alert.action}' already: "
            f"'{taken['id']}' of conversation '{taken['conversation']}'. A list has one alert per type and action: "
            "change that one, or give this conversation another list code."
        )
    waiting = await connection.fetchrow(
        SQL["line_under_another_code"], code, document.list.code, alert.type, alert.action
    )
    if waiting is not None:
        raise AlertTaken(
            f"alerts.{code}: {waiting['people']} people wait under the alert '{waiting['id']}' of the same list, type "
            f"and action. Two lines for the same units would tell twice as many: keep the code '{waiting['id']}', or "
            "end their journeys first."
        )
    await connection.execute(
        SQL["set_alert"],
        code,
        document.list.code,
        document.conversation,
        alert.type,
        alert.action,
        alert.name,
        alert.level,
        alert.relevancy_window.days,
        _filter(alert.trigger_filter),
        _filter(alert.profile_filter),
        is_live(document, f"{code}.{AlertEvent.ALERT}"),
        alert.measure,
        alert.queue.threshold,
        alert.queue.contacts_per_unit,
        alert.queue.newest_first,
        _in_units_of(HOUR, alert.queue.offer_lapses_after),
        _in_units_of(DAY, alert.queue.not_if_bought_within),
        store_alert(alert),
    )


def is_live(document: ConversationDocument, event: str) -> bool:
    """Whether those for whom this event is raised may come to a message that is not a draft."""
    answering = [index for index, thread in enumerate(document.threads) if thread.on == event]
    reached = (spot.section for spot in Flow(document).reached(answering).values())
    return any(isinstance(step, SendStep) and step.status is not Status.DRAFT for step in reached)


def _in_units_of(unit: timedelta, length: timedelta | None) -> int | None:
    return None if length is None else length // unit


def _filter(criteria: Criteria | None) -> object:
    return write_criteria(criteria) if criteria is not None else None
