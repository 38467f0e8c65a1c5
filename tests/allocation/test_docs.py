"""The worked example of docs/allocation.md goes as it says, step by step."""

from decimal import Decimal

import yaml
from pydantic import TypeAdapter

from schemas.document.alert_types.offer import NOTHING, Offer
from schemas.document.alert_types.registry import AlertSection, AnyAlert
from starter.rehearsing.line import Line, PlaceInLine
from tests.markdown import Page, page

TOLD: Page = page("docs/allocation.md")
PRICE = Decimal(40)


def test_the_worked_example_goes_as_it_says() -> None:
    example = TOLD.section("A worked example")
    names = [name for name in example.text.split(".", 1)[0].split("`") if name.isalpha() and name.islower()]
    assert len(names) == 10, "ten people are named"
    line = Line(_alert(), _offer(0), 0)
    people = {name: line.enter(_offer(0)) for name in names}
    units, on_sale = 0, True
    for happens, available, arrived, taken, forward, _ in example.rows:
        what, _, value = happens.strip("`").partition(": ")
        match what:
            case "stock":
                units = int(value)
            case "on_sale":
                on_sale = value == "true"
            case "refused":
                people[value].give_up()
            case _:
                people[value].lapse()
        line.observe(_offer(units) if on_sale else NOTHING, units)
        called = [_name(people, place) for place in line.call_forward()]
        assert called == [name for name in forward.split(", ") if name != "nobody"], happens
        for name in called:
            if name != "bob":
                people[name].told()
        assert (line.supply.available, line.supply.arrived) == (int(available), int(arrived)), happens
        assert line.supply.taken == Decimal(taken), happens


def _alert() -> AnyAlert:
    (text,) = (fence.text for fence in TOLD.fences if fence.language == "yaml")
    section: TypeAdapter[AnyAlert] = TypeAdapter(AlertSection)
    return section.validate_python(yaml.safe_load(text)["alerts"]["back"])


def _offer(units: int) -> Offer:
    return Offer(units, False, PRICE)


def _name(people: dict[str, PlaceInLine], place: PlaceInLine) -> str:
    return next(name for name, each in people.items() if each is place)
