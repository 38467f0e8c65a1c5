"""What people say of a store, by API and CLI: how shoppers know it, and how many messages of it one person gets."""

from dataclasses import dataclass
from datetime import timedelta

from activities.intake.silence import expect_nothing
from activities.postgres.audit import write_audit
from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from schemas.document.conversation import Cap
from schemas.ids import StoreId
from schemas.responses.stock import StoreHeard, StoreReport, StoresHeard
from starter.shops.people import UnknownStore

SQL = load_queries("starter.shops", "stores.sql")

MOST_STORES = 1000


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of `store`; `cap_messages` in `cap_length`: its cap; None: it has none."""

    store: str
    name: str | None
    url: str | None
    currency: str | None
    cap_messages: int | None
    cap_length: timedelta | None

    def report(self) -> StoreReport:
        """As it is shown."""
        cap = self.cap_messages is not None and self.cap_length is not None
        return StoreReport(
            store=self.store,
            name=self.name,
            url=self.url,
            currency=self.currency,
            at_most=Cap(messages=self.cap_messages or 0, per=self.cap_length or timedelta()) if cap else None,
        )


class Stores:
    """The stores of one database. `by`: who does it, for the audit."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def name(
        self,
        store_id: StoreId,
        name: str,
        url: str,
        by: str,
        currency: str | None = None,
        at_most: Cap | None = None,
        *,
        cap_told: bool = False,
    ) -> StoreReport:
        """How shoppers know the shop: its name and front page, as messages show them. Returns all that is known of it.

        Args:
            cap_told: `at_most` is meant, also where it is None: no cap any more. Else that stays as it is.
        """
        async with transaction(self._pool) as connection:
            row = await SQL.name.row(
                connection,
                _Row,
                store_id=store_id,
                name=name,
                url=url,
                currency=currency,
                cap_told=cap_told,
                **_cap(at_most),
            )
            assert row is not None, "it is made where it is new"
            report = row.report()
            await write_audit(connection, by, "name store", {"store": store_id} | report.model_dump(mode="json"))
        return report

    async def heard(self) -> StoresHeard:
        """When each was heard last, and whether it has fallen silent; of the first thousand."""
        return StoresHeard(stores=tuple(await SQL.heard.rows(self._pool, StoreHeard, most=MOST_STORES)))

    async def expect_nothing(self, store_id: StoreId, by: str) -> None:
        """Its webhooks are meant to end: nothing is expected of it until it is heard for two weeks anew.

        Raises:
            UnknownStore: as it says.
        """
        async with transaction(self._pool) as connection:
            if not await expect_nothing(connection, store_id):
                raise UnknownStore(store_id)
            await write_audit(connection, by, "expect nothing of store", {"store": store_id})

    async def show(self, store_id: StoreId) -> StoreReport:
        """What is known of a store.

        Raises:
            UnknownStore: as it says.
        """
        row = await SQL.show.row(self._pool, _Row, store_id=store_id)
        if row is None:
            raise UnknownStore(store_id)
        return row.report()

    async def cap(self, store_id: StoreId, at_most: Cap | None, by: str) -> StoreReport:
        """How many messages one contact gets of it in how much time, by all lists together; None: as many as there are.

        Raises:
            UnknownStore: as it says.
        """
        async with transaction(self._pool) as connection:
            row = await SQL.cap.row(connection, _Row, store_id=store_id, **_cap(at_most))
            if row is None:
                raise UnknownStore(store_id)
            report = row.report()
            await write_audit(connection, by, "cap store", {"store": store_id, "at_most": _written(at_most)})
        return report


def _cap(at_most: Cap | None) -> dict[str, object]:
    """As parameters of the queries."""
    if at_most is None:
        return {"cap_messages": None, "cap_length": None}
    return {"cap_messages": at_most.messages, "cap_length": at_most.per}


def _written(at_most: Cap | None) -> object:
    return None if at_most is None else at_most.model_dump(mode="json")
