"""docs/storefronts says of each platform what its code asks for, and its bounds."""

from datetime import timedelta
from pathlib import Path

import pytest

from activities.storefronts.registry import SHOP_APIS, STOREFRONTS
from activities.storefronts.shop_api import Question, ShopApi
from schemas.time.durations import format_duration

DOCS = Path(__file__).parents[2] / "docs" / "storefronts"


def when(question: Question) -> str:
    if question.secret and question.default is None:
        how = "a secret"
    elif question.secret:
        how = "a secret, or nothing"
    elif question.default is None:
        how = "needed"
    else:
        how = f"`{question.default}` if nothing is said" if question.default else "may be left out"
    if question.beside:
        return f"{how}; only with `{question.beside}`"
    if question.instead_of:
        return f"{how}; only without `{question.instead_of}`"
    return how if question.asked else f"{how}; not asked, by `--set` only"


def asked(api: type[ShopApi]) -> str:
    rows = [f"| `{each.name}` | {each.text} | {when(each)} |" for each in api.questions]
    head = f"```sh\nshelftalk store connect {api.source}\n```\n\n| asks for | | |\n|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


def bounds() -> str:
    lines = [
        "| platform | a webhook is answered within | is sent again for | a lost one is made up for within |",
        "|---|---|---|---|",
    ]
    for api in SHOP_APIS:
        limits = api.limits
        answer = "–" if limits.answer_seconds is None else f"{limits.answer_seconds:g} s"
        hours = round(max(limits.retries, default=timedelta()) / timedelta(hours=1))
        again = format_duration(timedelta(hours=hours)) if hours else "–"
        within = format_duration(min(limits.heard_within, timedelta(hours=1)))
        lines.append(f"| [{api.source}]({api.source}.md) | {answer} | {again} | {within} |")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("api", SHOP_APIS, ids=lambda api: api.source)
def test_a_platforms_page_begins_with_its_command_and_questions(api: type[ShopApi]) -> None:
    page = (DOCS / f"{api.source}.md").read_text()
    title, _, rest = page.partition("\n\n")
    assert title.startswith("# Connect ")
    assert rest.startswith(asked(api)), f"this is what it asks for now:\n{asked(api)}"


def test_the_index_has_every_platform_with_its_bounds() -> None:
    index = (DOCS / "README.md").read_text()
    assert bounds() in index, f"these are the bounds now:\n{bounds()}"
    for source in {each.source for each in (*SHOP_APIS, *STOREFRONTS)}:
        assert f"({source}.md)" in index
