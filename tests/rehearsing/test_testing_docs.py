"""docs/testing-conversations.md: its example goes as it says, and no field of a scenario is missing from it."""

import re

from schemas.scenarios import (
    MOST_EXPECTATIONS,
    MOST_HAPPENINGS,
    MOST_SCENARIOS,
    Ends,
    EngagementSection,
    ExpectSection,
    HappeningSection,
    OrdersSection,
    ProductSection,
    ProfileSection,
    ScenarioSection,
)
from starter.documents import check
from starter.rehearsing.world import MOST_RESTS
from tests.markdown import page

PAGE = page("docs/testing-conversations.md")
SECTIONS = (
    ScenarioSection,
    ProfileSection,
    OrdersSection,
    EngagementSection,
    ProductSection,
    HappeningSection,
    ExpectSection,
)


def test_the_example_has_no_mistake_and_goes_as_expected() -> None:
    (example,) = [fence.text for fence in PAGE.fences if fence.language == "yaml"]
    report = check(example, "kettles.yaml")
    assert (report.mistakes, report.notes, report.differences, report.scenarios) == ((), (), (), 3)


def test_a_difference_reads_as_shown() -> None:
    (example,) = [fence.text for fence in PAGE.fences if fence.language == "yaml"]
    (shown,) = [fence.text.strip() for fence in PAGE.fences if fence.language == "text"]
    (difference,) = check(example.replace("after: 5 days", "after: 6 days"), "kettles.yaml").differences
    assert str(difference) == shown


def test_every_field_of_a_scenario_is_told_of() -> None:
    told = set(re.findall(r"`([a-z_]+)`", PAGE.text))
    assert [name for each in SECTIONS for name in each.model_fields if name not in told] == []
    assert {str(each) for each in Ends} <= told


def test_the_bounds_are_as_written() -> None:
    assert {MOST_SCENARIOS, MOST_HAPPENINGS, MOST_EXPECTATIONS} == {50}
    assert f"followed for\n{MOST_RESTS} rests" in PAGE.text
