"""What docs/testing-conversations.md says may happen and be expected is what may."""

import re

from schemas.document.profiles import ProductSection, ProfileSection
from schemas.document.scenarios import EXPECTATIONS, HAPPENINGS, HappeningSection, ScenarioSection
from starter.documents import check
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


def test_everything_that_may_happen_or_be_expected_is_told() -> None:
    assert _fields("What may happen") == [*dict.fromkeys(_fields("What may happen"))]
    assert set(_fields("What may happen")) == set(HAPPENINGS) <= set(HappeningSection.model_fields)
    assert set(_fields("What may be expected")) == set(EXPECTATIONS)


def test_the_example_goes_as_it_says() -> None:
    (example,) = (fence.text for fence in TOLD.fences if fence.text.startswith("scenarios:"))
    report = check(BACK[: BACK.index("\nscenarios:")] + "\n" + example, "f.yaml")
    assert (report.diagnostics, report.scenarios, report.differences) == ((), 1, ())
