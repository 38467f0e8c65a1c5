"""A rehearsal that is kept as a scenario expects what was found in it, and reads back as it was written."""

from importlib.resources import files

import pytest

from starter.documents import load_document
from starter.rehearsing.entrance import usual_scenario
from starter.rehearsing.expecting import find_unmet_expectations
from starter.rehearsing.kept import kept_scenario, scenario_as_yaml
from starter.rehearsing.reading import read_scenario
from starter.rehearsing.run import RunTester

CONVERSATIONS = sorted(
    each.name for each in files("starter").joinpath("conversations").iterdir() if each.name.endswith(".yaml")
)


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_what_was_found_is_what_is_expected_from_then_on(name: str) -> None:
    document = load_document(files("starter").joinpath("conversations", name).read_text(encoding="utf-8"), name)
    tester = RunTester(document)
    for scenario in (usual_scenario(document), *document.scenarios):
        kept = kept_scenario(tester.run(scenario), "Kept")
        text = "\n".join(line[2:] for line in scenario_as_yaml(kept).splitlines())
        again = read_scenario(text, "kept.yaml")
        assert again == kept
        assert again.expect
        assert [*find_unmet_expectations(tester.run(again), ())] == []
