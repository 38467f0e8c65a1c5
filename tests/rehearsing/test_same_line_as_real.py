"""The same story of a line in a rehearsal and on everything that runs: the same are told, in the same order."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from schemas.document.conversation import ConversationDocument
from schemas.document.scenarios import ScenarioSection
from starter.rehearsing.run import RunTester
from tests.product import Product
from tests.story.conftest import in_time
from tests.story.documents import back, programme
from tests.workflows.conftest import hours, test_server

__all__ = ["hours", "in_time", "test_server"]
"""Fixtures that are shared with tests/story and tests/workflows."""

InTime = Callable[[ConversationDocument], AbstractAsyncContextManager[Product]]
Story = list[tuple[str, Any]]
"""What happens, one after the other: `enters` or `says no` of a name, `stock` of a number, `on sale` of yes or no. A
name may say how many units they want: `bob × 3`."""
SEVERAL: Story = [("enters", name) for name in ("ada", "bob × 3", "cy × 5", "dee", "eve × 2")]
WAITING: Story = [("enters", name) for name in ("ada", "bob", "cy", "dee", "eve")]


@pytest.mark.parametrize(
    ("terms", "story"),
    [
        ({}, [*WAITING, ("says no", "bob"), ("stock", 2), ("stock", 0), ("stock", 1)]),
        ({"contacts_per_unit": 2}, [*WAITING, ("stock", 1), ("enters", "fay"), ("stock", 2), ("stock", 1)]),
        ({"order": "first-in-last-out"}, [*WAITING, ("says no", "eve"), ("stock", 2), ("enters", "fay"), ("stock", 3)]),
        ({"units_per_contact": 2}, [*WAITING, ("stock", 3), ("stock", 5), ("on sale", False), ("on sale", True)]),
        ({"quantity_threshold": 2}, [*WAITING, ("stock", 1), ("stock", 2), ("stock", 0), ("stock", 1), ("stock", 3)]),
        (
            {"level": "product"},
            [*WAITING, ("stock", 1), ("on sale", False), ("says no", "bob"), ("on sale", True), ("stock", 2)],
        ),
        ({}, [*SEVERAL, ("stock", 3), ("stock", 5), ("says no", "cy"), ("stock", 9)]),
        ({}, [*SEVERAL, ("stock", 2), ("stock", 0), ("stock", 6), ("stock", 5), ("stock", 12)]),
        ({"contacts_per_unit": 2}, [*SEVERAL, ("stock", 4), ("stock", 6), ("stock", 8)]),
        ({"contacts_per_unit": "all"}, [*SEVERAL, ("stock", 2), ("stock", 4), ("stock", 5)]),
        ({"units_per_contact": 2}, [*SEVERAL, ("stock", 5), ("stock", 7), ("stock", 14)]),
        ({"order": "first-in-last-out"}, [*SEVERAL, ("stock", 3), ("enters", "fay × 4"), ("stock", 8)]),
    ],
    ids=[
        "a place passes on",
        "two per unit",
        "the newest first",
        "two for each",
        "a threshold",
        "a whole product",
        "several units",
        "several units that come and go",
        "several of which two share each",
        "several for all",
        "several and two for each",
        "several and the newest first",
    ],
)
async def test_the_same_people_are_told_in_the_same_order(
    in_time: InTime, terms: dict[str, object], story: Story
) -> None:
    document = programme("line", back(**terms), only_by_name=False)
    rehearsed = await asyncio.to_thread(RunTester(document).run, _as_scenario(story))
    async with in_time(document) as product:
        await product.shop.sells("v")
        for what, value in story:
            await _happens(product, what, value)
            await product.at_rest()
        told = await product.pool.fetch(
            "select ct.email from claims c join journeys j on j.id = c.journey_id "
            "join contacts ct on ct.id = j.contact_id where c.state = 'used' order by c.id"
        )
    assert told
    assert tuple(row["email"].removesuffix("@example.com") for row in told) == rehearsed.told


def _as_scenario(story: Story) -> ScenarioSection:
    """An hour lies between what happens."""
    entering = [(*_named(name), f"{hour} hours") for hour, (what, name) in enumerate(story) if what == "enters"]
    first, *others = entering
    happens: list[dict[str, object]] = []
    for hour, (what, value) in enumerate(story):
        match what:
            case "stock":
                happens.append({"after": f"{hour} hours", "stock": value})
            case "on sale":
                happens.append({"after": f"{hour} hours", "on_sale": value})
            case "says no":
                happens.append({"after": f"{hour} hours", "who": value, "consent": False})
            case _:
                pass
    return ScenarioSection.model_validate(
        {
            "name": "S",
            "profile": {"id": first[0], "wants": first[1]},
            "others": [{"name": name, "profile": {"wants": wants}, "after": after} for name, wants, after in others],
            "happens": happens,
        }
    )


def _named(told: str) -> tuple[str, int]:
    """A name, and how many units they want."""
    name, _, wants = told.partition(" × ")
    return name, int(wants or 1)


async def _happens(product: Product, what: str, value: Any) -> None:
    match what:
        case "enters":
            name, wants = _named(value)
            await product.shop.signs_up(name, wants=wants)
        case "stock":
            await product.shop.has("v", value)
        case "says no":
            await product.shop.opts_out(value)
        case _:
            await (product.shop.publishes() if value else product.shop.unpublishes())
