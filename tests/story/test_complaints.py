"""The table of complaints names stories that are told."""

import re
from pathlib import Path

import tests.story

HERE = Path(__file__).parent


def test_every_complaint_names_stories_that_exist() -> None:
    table = tests.story.__doc__ or ""
    rows = re.findall(r"^\| (\d+) \|.*\| (.+) \|$", table, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 19))
    told = {name for file in HERE.glob("test_*.py") for name in re.findall(r"def (test_\w+)", file.read_text())}
    for number, stories in rows:
        missing = set(stories.split(", ")) - told
        assert not missing, f"complaint {number}: {missing}"
