"""Processor time by part: what a journey costs, whoever else uses the machine at the time."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Processor:
    """Seconds of processor time.

    Attributes:
        engine: the one Python process of the side that is measured.
        others: web server, mail sink, and the other side, which is idle.
    """

    engine: float
    temporal: float
    postgres: float
    others: float

    @property
    def total(self) -> float:
        return self.engine + self.temporal + self.postgres + self.others

    def since(self, before: "Processor", journeys: int) -> "Processor":
        """Milliseconds for each of so many journeys."""
        each = 1000 / journeys
        return Processor(
            (self.engine - before.engine) * each,
            (self.temporal - before.temporal) * each,
            (self.postgres - before.postgres) * each,
            (self.others - before.others) * each,
        )

    def parts(self) -> Mapping[str, float]:
        """By whom it was used."""
        return asdict(self)


def processor_time(engine: int | None = None) -> Processor:
    """What all processes below this one have used so far; `engine` is the number of the one to tell apart."""
    used = {"engine": 0.0, "temporal": 0.0, "postgres": 0.0, "others": 0.0}
    for child in psutil.Process(os.getpid()).children(recursive=True):
        with suppress(psutil.Error):
            times, name = child.cpu_times(), child.name()
            part = "engine" if child.pid == engine else name if name in used else "others"
            used[part] += times.user + times.system
    return Processor(used["engine"], used["temporal"], used["postgres"], used["others"])
