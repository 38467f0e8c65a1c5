"""The decide activity: which branch of a decide step a journey takes now, by the criteria of its version."""

from collections import OrderedDict

import structlog
from temporalio import activity

from activities.decisions.evaluate import evaluate
from activities.decisions.journey_facts import journey_facts
from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from schemas.ids import VersionId
from schemas.journey.activities import Decide, Decided
from schemas.journey.compiled_criteria import CompiledCriteria
from schemas.journey.names import Activity

SQL = load_queries("activities.decisions", "deciding.sql")
log = structlog.get_logger()

KEPT_VERSIONS = 500
"""Versions whose criteria are kept in memory. They never change, so what is kept is never stale."""


class Deciding:
    """decide, with the compiled criteria of the versions it was asked for."""

    def __init__(self, database: Pool | Connection) -> None:
        self._database = database
        self._kept: OrderedDict[VersionId, CompiledCriteria] = OrderedDict()

    @activity.defn(name=Activity.DECIDE)
    async def decide(self, request: Decide) -> Decided:
        """The first of the criteria that hold at `request.at`; safe to repeat, for it changes nothing.

        Of a contact who was erased nothing is known; criteria that need no fact still hold.
        """
        choice = await self.choose(request)
        log.info("decided", journey=request.journey_id, criteria=request.criteria_id, choice=choice)
        return Decided(choice=choice)

    async def choose(self, request: Decide) -> int | None:
        """The index of the first of the criteria that hold; None: none do."""
        compiled = await self._compiled(request.version)
        facts = await journey_facts(self._database, request.journey_id)
        return next(
            (
                index
                for index, criteria in enumerate(compiled.criteria.get(request.criteria_id, ()))
                if criteria is None or evaluate(criteria, facts, request.at)
            ),
            None,
        )

    async def _compiled(self, version: VersionId) -> CompiledCriteria:
        kept = self._kept.get(version)
        if kept is None:
            stored = await SQL.compiled_criteria.value(self._database, version=version)
            kept = self._kept[version] = CompiledCriteria.model_validate(stored or {})
            if len(self._kept) > KEPT_VERSIONS:
                self._kept.popitem(last=False)
        return kept
