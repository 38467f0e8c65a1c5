"""A rehearsal is told in the order of time: every line stands at the moment of what it says."""

from schemas.document.scenarios import ScenarioSection
from starter.documents import load_document
from starter.rehearsing.run import RunTester
from starter.rehearsing.tell import RehearsalReport
from tests.documents.starters import BACK


def _lines(text: str, **scenario: object) -> list[tuple[str, str | None, str]]:
    tester = RunTester(load_document(text, "f.yaml"))
    rehearsed = tester.run(ScenarioSection.model_validate({"name": "S", **scenario}))
    report = RehearsalReport.of("c", rehearsed)
    return [(f"{line.at:%d %H:%M}", line.step, line.what) for line in report.lines]


def test_who_is_called_forward_is_shown_so_at_that_moment_and_in_line_before() -> None:
    assert _lines(BACK, enters="2026-03-02 09:00", happens=[{"after": "3 days", "stock": 5}])[:6] == [
        ("02 09:00", "waiting-list", "in line"),
        ("05 09:00", None, "there are 5 units"),
        ("05 09:00", "waiting-list", "called forward"),
        ("05 09:00", "it-is-back", "answered"),
        ("05 09:00", "pause", "rests here"),
        ("07 09:00", "pause", "the time had passed"),
    ]


def test_a_message_that_is_held_overnight_is_shown_twice_put_off_and_sent() -> None:
    text = BACK.replace("time_zone: UTC", "time_zone: Europe/Berlin\n  quiet_hours: {from: '21:00', until: '08:00'}")
    assert "quiet_hours: {" in text
    tester = RunTester(load_document(text, "f.yaml"))
    scenario = {"name": "S", "enters": "2026-03-02 09:00", "happens": [{"at": "2026-03-02 23:00", "stock": 5}]}
    report = RehearsalReport.of("c", tester.run(ScenarioSection.model_validate(scenario)))
    lines = [line for line in report.lines if line.step == "it-is-back"]
    assert [line.what for line in lines] == ["put off", "answered"]
    assert lines[0].verdict == "deferred until 2026-03-03 08:00:00 CET: The list keeps quiet at this hour."
    assert f"{lines[1].at:%d %H:%M}" == "03 07:00"
