"""Importing a waiting list from a file. Everyone keeps the time at which they signed up, and with it their place.

A preview does what the import does and is rolled back. An import can stop anywhere: importing the same file again
enters nobody twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import assert_never

from activities.intake.clock import CLOCK_TOLERANCE
from activities.postgres.audit import write_audit
from activities.postgres.pool import Pool
from activities.waitlist.interest import Interest
from activities.waitlist.late import LateEntry, NewContact, enter_new_contacts
from activities.waitlist.late_alerts import AlertDraft, AlertOfOtherStores, LateAlert, NoSuchAlert
from schemas.ids import StoreId
from schemas.responses.waitlists import ImportMistake, ImportReport, LateCounts, LeftOut
from starter.waitlists.files.cells import RowStatus
from starter.waitlists.files.files import WaitlistFile, WaitlistRow
from starter.waitlists.late_entries import Progress, Total, enter_in_batches
from starter.waitlists.rows import Catalogue, LeftOutRows


@dataclass
class _Plan:
    """What is to be imported: each person's entries in the order of their sign-up, and the rows that are left out."""

    people: dict[str, list[LateEntry]] = field(default_factory=dict[str, list[LateEntry]])
    phones: dict[str, str] = field(default_factory=dict[str, str])
    repeated: int = 0
    left_out: LeftOutRows = field(default_factory=LeftOutRows)

    def add(self, row: WaitlistRow, late_entry: LateEntry) -> None:
        if row.phone is not None:
            self.phones[row.contact] = row.phone
        late_entries = self.people.setdefault(row.contact, [])
        self.repeated += any(each.line == late_entry.line for each in late_entries)
        late_entries.append(late_entry)

    def new_contacts(self) -> Iterator[NewContact]:
        return (
            NewContact(address, tuple(late_entries), self.phones.get(address))
            for address, late_entries in self.people.items()
        )


class WaitlistImports:
    """The imports into one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def of(self, file: WaitlistFile, store_id: StoreId, alert: str | None = None) -> "WaitlistImport":
        """The import of one file; `run` looks at what it would do, or does it."""
        return WaitlistImport(self._pool, file, store_id, alert)


class WaitlistImport:
    """One file, for one store."""

    def __init__(self, pool: Pool, file: WaitlistFile, store_id: StoreId, alert: str | None = None) -> None:
        """`alert`: the one to enter; by default the one that each row names, or else that of sign-ups in this store."""
        self._pool = pool
        self._file = file
        self._store_id = store_id
        self._code = alert
        self._alerts: dict[str, LateAlert | None] = {}

    async def run(self, total: Total, progress: Progress, *, keep: bool, actor: str) -> ImportReport:
        """Import it or, without `keep`, find out exactly what that would do.

        Args:
            total, progress: called with how many people there are, and how many more have been looked at.
            actor: who does it, for the audit.

        Raises:
            NoSuchAlert, AlertOfOtherStores, AlertDraft, NoAlert, ListNotNamed: as they say.
        """
        plan = await self._plan()
        total(len(plan.people))
        counts = await enter_in_batches(self._pool, plan.new_contacts(), enter_new_contacts, progress, keep=keep)
        if keep:
            details = {"store": self._store_id, "rows": len(self._file.rows), **counts.model_dump(mode="json")}
            await write_audit(self._pool, actor, "import waiting list", details)
        return self._report(plan, counts, done=keep)

    async def _plan(self) -> _Plan:
        alert = await self._default_alert()
        catalogue = await Catalogue.of(self._pool, self._store_id, self._file.rows)
        latest = datetime.now(UTC) + CLOCK_TOLERANCE
        plan = _Plan()
        # Sorted like this the rows of one moment keep the file's order.
        for row in sorted(self._file.rows, key=lambda row: (row.signed_up_at, row.line)):
            match await self._late_entry(row, alert, catalogue, latest):
                case LateEntry() as late_entry:
                    plan.add(row, late_entry)
                case LeftOut() as why:
                    plan.left_out.add(row, why)
        return plan

    async def _default_alert(self) -> LateAlert:
        """The alert of every row that names none."""
        if self._code is None:
            return await LateAlert.of_sign_ups(self._pool, self._store_id)
        return await LateAlert.named(self._pool, self._code, self._store_id)

    async def _late_entry(
        self, row: WaitlistRow, alert: LateAlert, catalogue: Catalogue, latest: datetime
    ) -> LateEntry | LeftOut:
        if row.store is not None and row.store != self._store_id:
            return LeftOut.OTHER_STORE
        if row.alert is not None and row.alert != alert.code:
            named = None if self._code is not None else await self._named(row.alert)
            if named is None:
                return LeftOut.OTHER_ALERT
            alert = named
        if row.signed_up_at > latest:
            return LeftOut.IN_THE_FUTURE
        found = catalogue.find(row, alert.level)
        if isinstance(found, LeftOut):
            return found
        wanted = Interest(self._store_id, found.product_id, found.variant_id, row.signed_up_at, row.quantity)
        return LateEntry(alert, wanted)

    async def _named(self, code: str) -> LateAlert | None:
        """The alert of this code, if anyone can enter it."""
        if code not in self._alerts:
            try:
                self._alerts[code] = await LateAlert.named(self._pool, code, self._store_id)
            except (NoSuchAlert, AlertOfOtherStores, AlertDraft):
                self._alerts[code] = None
        return self._alerts[code]

    def _report(self, plan: _Plan, counts: LateCounts, *, done: bool) -> ImportReport:
        file, left_out = self._file, plan.left_out
        for skip in file.skipped:
            left_out.counts[_left_out(skip.status)] += skip.count
        if file.mistake_count:
            left_out.counts[LeftOut.UNREADABLE] += file.mistake_count
        left_out.add_mistakes(
            [
                ImportMistake(line=each.line, column=each.column, message=each.message, advice=each.advice)
                for each in file.diagnostics
            ],
            file.mistake_count,
        )
        return ImportReport(
            store_id=self._store_id,
            format=file.format,
            columns={
                str(column): tuple(read.header for read in file.columns if read.column is column)
                for column in dict.fromkeys(read.column for read in file.columns)
            },
            unread=file.unread,
            notes=file.notes,
            rows=len(file.rows) + file.mistake_count + sum(skip.count for skip in file.skipped),
            counts=counts,
            repeated=plan.repeated,
            left_out=dict(left_out.counts),
            diagnostics=left_out.first_mistakes(),
            mistake_count=left_out.mistake_count,
            done=done,
        )


def _left_out(status: RowStatus) -> LeftOut:
    match status:
        case RowStatus.TOLD:
            return LeftOut.TOLD
        case RowStatus.LEFT:
            return LeftOut.UNSUBSCRIBED
        case RowStatus.UNCONFIRMED:
            return LeftOut.UNCONFIRMED
        case RowStatus.OTHER_CHANNEL:
            return LeftOut.OTHER_CHANNEL
        case RowStatus.WAITING:
            raise ValueError("who waits is not skipped")
        case _:
            assert_never(status)
