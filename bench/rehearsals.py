"""What a rehearsal costs: a year of one contact, every message rendered, against the machine alone on the same year."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from schemas.document.conversation import ConversationDocument
from schemas.document.scenarios import ScenarioSection
from schemas.journey.outcome import Sent
from starter.rehearsing.entrance import Entrance
from starter.rehearsing.run import RunTester, working_version
from workflows.compiler.compile import compile_document
from workflows.worlds.rehearsal import Answering, Rehearsal, rehearse

MONTHS = 12
TEXT = "Hello{% if contact.attributes.first_name %} {{ contact.attributes.first_name }}{% endif %}, this is new."
YEAR = timedelta(days=MONTHS * 31)


class NotAYear(Exception):
    """The rehearsal did not come to the end of its year: the figures would mean nothing."""


@dataclass(frozen=True, slots=True)
class Rehearsals:
    """Seconds of one year, each time.

    Attributes:
        ours: with the simulated shop, criteria, verdicts and rendered messages, as `test-run` shows them.
        bare: the machine on its virtual clock, with every answer given.
    """

    ours: list[float]
    bare: list[float]


def measure_rehearsals(times: int) -> Rehearsals:
    """Rehearse a year so often, in turn with the machine alone.

    Raises:
        NotAYear: as it says.
    """
    document, scenario = _a_year(), ScenarioSection(name="A year")
    tester, entrance = RunTester(document), Entrance.of(document, scenario)
    program = compile_document(document, working_version(document))
    start = entrance.start(document, program)
    outside = Answering(lambda request, now: Sent(message_id=request.key, at=now))
    rehearsed = tester.run(scenario)
    lived = rehearsed.path.entries
    if len(rehearsed.messages) != MONTHS or lived[-1].left_at is None or lived[-1].left_at - entrance.at < YEAR:
        raise NotAYear(f"{len(rehearsed.messages)} messages in {len(lived)} stays")
    _, path = rehearse(start, Rehearsal(entrance.at, (), outside))
    if [(stay.step, stay.left_at) for stay in path.entries] != [(stay.step, stay.left_at) for stay in lived]:
        raise NotAYear("the machine alone lives another year")
    figures = Rehearsals([], [])
    for _ in range(times):
        figures.ours.append(_seconds(lambda: tester.run(scenario)))
        figures.bare.append(_seconds(lambda: rehearse(start, Rehearsal(entrance.at, (), outside))))
    return figures


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _a_year() -> ConversationDocument:
    """Every month a message, a decision, and a wait for something that does not happen."""
    steps: list[dict[str, Any]] = []
    for month in range(MONTHS):
        steps += [
            {"send": "news", "id": f"news-{month}"},
            {"wait": "30 days", "id": f"rest-{month}"},
            {
                "decide": [{"name": "Bought", "when": {"orders.count": {"at_least": 1}}, "steps": []}],
                "id": f"decide-{month}",
            },
            {"wait_for": ["custom.waved"], "within": "1 day", "id": f"wave-{month}"},
        ]
    return ConversationDocument.model_validate(
        {
            "conversation": "a-year",
            "name": "A year",
            "list": {"code": "default", "name": "Everyone"},
            "threads": [{"name": "Year", "on": "custom.begin", "steps": steps}],
            "messages": {
                "news": {
                    "channel": "email",
                    "subject": "News of {{ shop.name }}",
                    "text": TEXT,
                }
            },
        }
    )
