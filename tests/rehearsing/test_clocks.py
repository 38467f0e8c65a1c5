"""The virtual clock of a rehearsal shows what the list's and the contact's clocks would."""

from datetime import UTC, datetime

import pytest

from schemas.document.scenarios import ScenarioSection
from starter.documents import load_document
from starter.rehearsing.run import RunTester
from tests.documents.starters import BACK, FOLDER

NIGHT = "  quiet_hours:\n    from: 21:00\n    until: 08:00\n"
WELCOME = (FOLDER / "welcome.yaml").read_text(encoding="utf-8")


def _sent(text: str, **scenario: object) -> list[datetime]:
    section = ScenarioSection.model_validate({"name": "S", **scenario})
    return [said.at for said in RunTester(load_document(text, "f.yaml")).run(section).messages]


@pytest.mark.parametrize(
    ("evening", "morning"),
    [
        ("2026-03-28 23:30", datetime(2026, 3, 29, 6, 0, tzinfo=UTC)),
        ("2026-10-24 23:30", datetime(2026, 10, 25, 7, 0, tzinfo=UTC)),
    ],
    ids=["forward", "back"],
)
def test_the_night_ends_by_the_wall_clock_also_when_the_clocks_change(evening: str, morning: datetime) -> None:
    text = BACK.replace("  time_zone: UTC  ", f"{NIGHT}  time_zone: Europe/Berlin  ")
    happens = [{"at": evening, "stock": 1}]
    assert _sent(text, enters=f"{evening[:8]}20 09:00", happens=happens)[0] == morning


def test_a_contact_has_a_clock_of_their_own() -> None:
    there = _sent(WELCOME, profile={"time_zone": "America/New_York"})
    assert there[1] == datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
    assert there[2] == datetime(2026, 3, 9, 14, 0, tzinfo=UTC), "summer time began the day before"
