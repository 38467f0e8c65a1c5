"""What docs/testing-conversations.md says may happen and be expected is what may."""

import re

import pytest

from schemas.document.profiles import OtherSection, ProductSection, ProfileSection
from schemas.document.scenarios import (
    EXPECTATIONS,
    HAPPENINGS,
    MOST_OTHERS,
    OF_SOMEBODY,
    HappeningSection,
    ScenarioSection,
)
from starter.documents import check
from starter.rehearsing.contact_checks import MOST_OTHERS_IN_ALL
from tests.documents.starters import BACK
from tests.markdown import Page, page

TOLD: Page = page("docs/testing-conversations.md")


def _fields(title: str) -> list[str]:
    return [
        name for row in TOLD.section(title).rows if row[0].startswith("`") for name in re.findall(r"`(\w+)", row[0])
    ]


def test_every_field_of_a_scenario_is_told() -> None:
    assert set(_fields("Scenarios")) == set(ScenarioSection.model_fields)
    for name in (*ProfileSection.model_fields, *ProductSection.model_fields):
        assert f"`{name}`" in TOLD.text


def test_what_the_others_are_is_told() -> None:
    assert set(_fields("Several contacts")) == set(OtherSection.model_fields)
    assert f"At most {MOST_OTHERS} of one scenario, and {MOST_OTHERS_IN_ALL} in all" in TOLD.text
    (kinds,) = re.findall(r"happens to one person alone \(([^)]*)\)", TOLD.text.replace("\n", " "))
    assert tuple(re.findall(r"`(\w+)`", kinds)) == OF_SOMEBODY


def test_everything_that_may_happen_or_be_expected_is_told() -> None:
    assert _fields("What may happen") == [*dict.fromkeys(_fields("What may happen"))]
    assert set(_fields("What may happen")) == set(HAPPENINGS) <= set(HappeningSection.model_fields)
    assert set(_fields("What may be expected")) == set(EXPECTATIONS)


@pytest.mark.parametrize("example", [fence.text for fence in TOLD.fences if fence.text.startswith("scenarios:")])
def test_the_examples_go_as_they_say(example: str) -> None:
    report = check(BACK[: BACK.index("\nscenarios:")] + "\n" + example, "f.yaml")
    assert (report.diagnostics, report.scenarios, report.differences) == ((), 1, ())
