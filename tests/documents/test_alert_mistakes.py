"""Each mistake a person can make in an alert, its filters or its list: where it is said to be, and the words."""

import re

import pytest

from starter.documents import check
from tests.documents.starters import BACK, LOW, PRICE, REMINDERS, line_of

TWO = PRICE.replace(
    "\nthreads:\n",
    """
  few-left:
    type: low-inventory
    action: browse
    low_at: 3

threads:
  - {name: Few are left, on: few-left.alert, steps: [{send: cheaper-now, id: few-are-left}]}
""",
    1,
)
"""The price drop with a second alert on its list, of another type."""

# ruff: noqa: E501 - a table is read across: one slip, one line

# A starter · a change to it · the text whose line is named · the path · words of the message and advice.
SLIPS = [
    # the type, which decides what else there is
    (PRICE, "type: price-drop\n    action: browse", "type: price-drp\n    action: browse", "type: price-drp", "alerts.looked-at.type", "'price-drp' is no type of alert. Did you mean 'price-drop'? The types are back-in-stock, price-drop, low-inventory"),
    (LOW, "type: low-inventory", "type: Low_Inventory", "type: Low", "alerts.nearly-gone.type", "Did you mean 'low-inventory'?"),
    (LOW, "type: low-inventory", "type: restock", "type: restock", "alerts.nearly-gone.type", "The types are back-in-stock, price-drop, low-inventory"),
    (LOW, "type: low-inventory", "type:", "type:\n", "alerts.nearly-gone.type", "this is empty. The types are"),
    (LOW, "type: low-inventory", "type: [low-inventory]", "type: [", "alerts.nearly-gone.type", "a list is no type"),
    (LOW, "    type: low-inventory\n", "", "nearly-gone:", "alerts.nearly-gone", "'type' is missing. Add a line 'type: low-inventory' here"),
    (BACK, "    type: back-in-stock\n", "", "  back-in-stock:\n", "alerts.back-in-stock", "Add a line 'type: back-in-stock' here"),
    (LOW, "    type: low-inventory\n", "    typ: low-inventory\n", "nearly-gone:", "alerts.nearly-gone", "Did you mean 'type' where it says 'typ'?"),
    (LOW, "    type: low-inventory\n    action: cart                       # or browse: who looked at it\n    low_at: 3  ", "    level: variant\n    action: cart #", "nearly-gone:", "alerts.nearly-gone", "Add a line 'type: low-inventory' here"),
    (LOW, "  nearly-gone:\n    type", "  Nearly Gone:\n    type", "Nearly Gone:", "alerts.'Nearly Gone'", "short name"),
    # a field of another type, of the list, or of none
    (LOW, "low_at: 3", "low_at: 3\n    drops_by: 5%", "drops_by", "alerts.nearly-gone.drops_by", "low-inventory alerts have no 'drops_by'; price-drop alerts do. Write 'low_at', or make this 'type: price-drop'"),
    (LOW, "low_at: 3", "low_at: 3\n    reminders: {after: 2 days}", "reminders", "alerts.nearly-gone.reminders", "back-in-stock alerts do. Remove it"),
    (BACK, "contacts_per_unit: 1", "not_if_bought_within: 7 days", "not_if", "alerts.back-in-stock.not_if_bought_within", "low-inventory alerts do"),
    (PRICE, "drops_by: 10%", "quantity_threshold: 2\n    drops_by: 10%", "quantity_threshold", "alerts.looked-at.quantity_threshold", "Write 'drops_by'"),
    (PRICE, "drops_by: 10%", "drops_by: 10%\n    currency: EUR", "    currency: EUR", "alerts.looked-at.currency", "Move it below 'list:'"),
    (PRICE, "drops_by: 10%", "drop_by: 10%", "drop_by", "alerts.looked-at.drop_by", "Did you mean 'drops_by'?"),
    (PRICE, "drops_by: 10%", "drops_by: 10%\n    remainders: 2", "remainders", "alerts.looked-at.remainders", "back-in-stock alerts have 'reminders'"),
    (PRICE, "drops_by: 10%", "drops_by: 10%\n    colour: red", "colour", "alerts.looked-at.colour", "The fields are: name, level, relevancy_window"),
    # the action
    (LOW, "action: cart", "action: sign-up", "action: sign-up", "alerts.nearly-gone.action", "'sign-up' puts nobody in the queue of this type of alert. Write 'browse' or 'cart'"),
    (BACK, "action: sign-up", "action: cart", "action: cart", "alerts.back-in-stock.action", "Write 'sign-up' or 'browse'"),
    (BACK, "action: sign-up", "action: Sign up", "action: Sign", "alerts.back-in-stock.action", "Did you mean 'sign-up'?"),
    (BACK, "action: sign-up", "action:", "action:", "alerts.back-in-stock.action", "this is empty. Write 'sign-up' or 'browse'"),
    # a drop
    (PRICE, "drops_by: 10%", "drops_by: some", "drops_by: some", "alerts.looked-at.drops_by", "'some' is not a drop. Write a percentage like '10%', or an amount like 5.00"),
    (PRICE, "drops_by: 10%", "drops_by: $5", "drops_by: $5", "alerts.looked-at.drops_by", "an amount like 5.00"),
    (PRICE, "drops_by: 10%", "drops_by: -5", "drops_by: -5", "alerts.looked-at.drops_by", "-5 is not a drop"),
    (PRICE, "drops_by: 10%", "drops_by: 0", "drops_by: 0", "alerts.looked-at.drops_by", "more than nothing"),
    (PRICE, "drops_by: 10%", "drops_by: 101%", "drops_by: 101%", "alerts.looked-at.drops_by", "at most '100%'"),
    (PRICE, "drops_by: 10%", "drops_by: true", "drops_by: true", "alerts.looked-at.drops_by", "true is not a drop"),
    (PRICE, "drops_by: 10%", "drops_by:", "drops_by:  ", "alerts.looked-at.drops_by", "this is empty. Write a percentage"),
    (PRICE, "    drops_by: 10%", "    # drops_by", "looked-at:", "alerts.looked-at", "'drops_by' is missing"),
    # numbers of units and of contacts
    (LOW, "low_at: 3", "low_at: 0", "low_at: 0", "alerts.nearly-gone.low_at", "The least is 1"),
    (LOW, "low_at: 3", "low_at: 2.5", "low_at: 2.5", "alerts.nearly-gone.low_at", "2.5 is not a whole number"),
    (LOW, "low_at: 3", "low_at: true", "low_at: true", "alerts.nearly-gone.low_at", "true is not a whole number"),
    (LOW, "low_at: 3", "low_at: '3'", "low_at: '3'", "alerts.nearly-gone.low_at", "without quotes"),
    (LOW, "    low_at: 3", "    # low_at: 3", "nearly-gone:", "alerts.nearly-gone", "'low_at' is missing"),
    (BACK, "contacts_per_unit: 1", "quantity_threshold: few", "quantity_threshold: few", "alerts.back-in-stock.quantity_threshold", "'few' is not a whole number"),
    (BACK, "contacts_per_unit: 1", "contacts_per_unit: everyone", "contacts_per_unit: e", "alerts.back-in-stock.contacts_per_unit", "or all for everyone"),
    (BACK, "contacts_per_unit: 1", "contacts_per_unit: '2'", "contacts_per_unit: '", "alerts.back-in-stock.contacts_per_unit", "digits without quotes"),
    (BACK, "contacts_per_unit: 1", "contacts_per_unit: true", "contacts_per_unit: t", "alerts.back-in-stock.contacts_per_unit", "true is not a number"),
    (BACK, "contacts_per_unit: 1", "contacts_per_unit:", "contacts_per_unit:", "alerts.back-in-stock.contacts_per_unit", "this is empty. Write digits"),
    # order and level
    (REMINDERS, "order: first-in-first-out", "order: first in last out", "order: first in", "alerts.back-in-stock.order", "Did you mean 'first-in-last-out'?"),
    (REMINDERS, "order: first-in-first-out", "order: fifo", "order: fifo", "alerts.back-in-stock.order", "Write 'first-in-first-out' or 'first-in-last-out'"),
    (LOW, "low_at: 3", "low_at: 3\n    level: products", "level: products", "alerts.nearly-gone.level", "Did you mean 'product'?"),
    (LOW, "low_at: 3", "low_at: 3\n    level: size", "level: size", "alerts.nearly-gone.level", "Write 'variant' or 'product'"),
    # reminders
    (REMINDERS, "      after: 2 days", "      after: 0 days", "after: 0 days", "alerts.back-in-stock.reminders.after", "no time would pass before it"),
    (REMINDERS, "      after: 2 days", "      after: soon", "after: soon", "alerts.back-in-stock.reminders.after", "a whole number and a unit"),
    (REMINDERS, "      after: 2 days", "      # after", "reminders:", "alerts.back-in-stock.reminders", "'after' is missing"),
    (REMINDERS, "      times: 2", "      times: 11", "times: 11", "alerts.back-in-stock.reminders.times", "The most is 10"),
    (REMINDERS, "      times: 2", "      time: 2", "time: 2", "alerts.back-in-stock.reminders.time", "Did you mean 'times'?"),
    (REMINDERS, "      times: 2", "      every: 2 days", "every: 2 days", "alerts.back-in-stock.reminders.every", "The fields are: after, times"),
    (BACK, "contacts_per_unit: 1", "reminders: 2 days", "reminders: 2 days", "alerts.back-in-stock.reminders", "Write 'after: 2 days' below it"),
    (BACK, "contacts_per_unit: 1", "reminders:", "reminders:", "alerts.back-in-stock.reminders", "this is empty"),
    (BACK, "contacts_per_unit: 1", "reminders: {after: 2 days}", "reminders: {", "alerts.back-in-stock.reminders", "Add a thread with 'on: back-in-stock.follow-up'"),
    # lengths of time
    (REMINDERS, "offer_lapses_after: 6 days", "offer_lapses_after: 90 minutes", "offer_lapses_after: 90", "alerts.back-in-stock.offer_lapses_after", "whole hours"),
    (REMINDERS, "offer_lapses_after: 6 days", "offer_lapses_after: 48", "offer_lapses_after: 48", "alerts.back-in-stock.offer_lapses_after", "48 is not a length of time"),
    (LOW, "not_if_bought_within: 30 days", "not_if_bought_within: 30", "not_if_bought_within: 30", "alerts.nearly-gone.not_if_bought_within", "a whole number and a unit"),
    (LOW, "not_if_bought_within: 30 days", "not_if_bought_within: 12 hours", "not_if_bought_within: 12", "alerts.nearly-gone.not_if_bought_within", "whole days"),
    (PRICE, "relevancy_window: 14 days", "relevancy_window: 0 days", "relevancy_window: 0", "alerts.looked-at.relevancy_window", "whole days"),
    (PRICE, "relevancy_window: 14 days", "relevancy_window: [14 days]", "relevancy_window: [", "alerts.looked-at.relevancy_window", "a list is not a length of time"),
    # the list
    (PRICE, "# currency: EUR", "currency: eur", "currency: eur", "list.currency", "'eur' is not the code of a currency. Did you mean 'EUR'?"),
    (PRICE, "# currency: EUR", "currency: €", "currency: €", "list.currency", "three capital letters, like EUR or USD"),
    (PRICE, "# currency: EUR", "currency: 978", "currency: 978", "list.currency", "Put it in quotes"),
    (PRICE, "# currency: EUR", "curency: EUR", "curency: EUR", "list.curency", "Did you mean 'currency'?"),
    (BACK, '# stores: ["shop.example"]', "stores: shop.example", "stores: shop", "list.stores", "this is a list, but here is 'shop.example'"),
    (BACK, '# stores: ["shop.example"]', "stores: []", "stores: []", "list.stores", "Add at least one entry"),
    (BACK, '# stores: ["shop.example"]', "store: shop.example", "store: shop", "list.store", "Did you mean 'stores'?"),
    (BACK, '# stores: ["shop.example"]', "only_by_name: 'yes'", "only_by_name", "list.only_by_name", "true or false"),
    (LOW, '# locations: ["64171"]', "locations: [64171]", "locations: [", "list.locations[0]", "Put it in quotes"),
    (LOW, '# locations: ["64171"]', "locations: []", "locations: []", "list.locations", "Add at least one entry"),
    (LOW, '# locations: ["64171"]', "locations: '64171'", "locations: '", "list.locations", "this is a list, but here is '64171'"),
    (LOW, '# locations: ["64171"]', "locations: ['64171', '']", "locations: [", "list.locations[1]", "this is empty"),
    (REMINDERS, '# sender: "Blue Shop <hello@shop.example>"', "sender: Blue Shop", "sender: Blue", "list.sender", "'Blue Shop' is not an address mail can be sent from"),
    (REMINDERS, '# sender: "Blue Shop <hello@shop.example>"', "sender: a@b.example, c@d.example", "sender: a@b", "list.sender", "Write a name and an address"),
    (REMINDERS, '# sender: "Blue Shop <hello@shop.example>"', r'sender: "a@b.example\nBcc: c@d.example"', "sender: ", "list.sender", "is not an address"),
    (REMINDERS, '# sender: "Blue Shop <hello@shop.example>"', "sender:", "sender:", "list.sender", "this is empty"),
    # filters
    (PRICE, "drops_by: 10%", "trigger_filter: {product.vendr: Acme}\n    drops_by: 10%", "trigger_filter", "alerts.looked-at.trigger_filter.'product.vendr'", "Did you mean 'product.vendor'?"),
    (PRICE, "drops_by: 10%", "trigger_filter:\n      all:\n        - product.vendor: Acme\n        - product.price: {atleast: 5}\n    drops_by: 10%", "- product.price", "alerts.looked-at.trigger_filter.all[1].'product.price'.atleast", "Did you mean 'at_least'?"),
    (PRICE, "drops_by: 10%", "profile_filter:\n      orders.count:\n        at_least: two\n    drops_by: 10%", "at_least: two", "alerts.looked-at.profile_filter.'orders.count'.at_least", "whole number"),
    (PRICE, "drops_by: 10%", "profile_filter: returning\n    drops_by: 10%", "profile_filter", "alerts.looked-at.profile_filter", "this is no condition"),
    (PRICE, "drops_by: 10%", "profile_filter:\n    drops_by: 10%", "profile_filter", "alerts.looked-at.profile_filter", "this is empty"),
    # threads and events
    (LOW, "on: nearly-gone.alert", "on: nearly-gone.alerts", "on: nearly-gone.alerts", "threads[0].on", "Did you mean 'nearly-gone.alert'? The events"),
    (LOW, "on: nearly-gone.alert", "on: nearly-gone.follow-up", "on: nearly", "threads[0].on", "alerts of the type low-inventory raise no event 'follow-up'"),
    (PRICE, "on: looked-at.alert", "on: looked-at.subscription", "on: looked-at", "threads[0].on", "alerts of the type price-drop raise no event 'subscription'"),
    (PRICE, "on: looked-at.alert", "on: looked-at.discontinued", "  looked-at:", "alerts.looked-at", "no thread answers the alert 'looked-at'"),
    (REMINDERS, "    reminders:                         # raises back-in-stock.follow-up\n      after: 2 days                    # after the alert's thread has ended, and after each reminder\n      times: 2\n", "", "on: back-in-stock.follow-up", "threads[2].on", "Give the alert 'reminders'"),
    (REMINDERS, "action: sign-up", "action: browse", "on: back-in-stock.subscription", "threads[0].on", "nobody signs up for the alert 'back-in-stock': its contacts browse"),
    (PRICE, "  looked-at:", "  carted: {type: price-drop, action: cart, drops_by: 5%}\n  looked-at:", "  looked-at:", "alerts.looked-at", "'carted' is of the type price-drop already, and a list has one alert of each type, with one action. Put one of the two into a conversation of its own, with a second list"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("starter", "old", "new", "marker", "path", "words"), SLIPS, ids=[slip[2][:40] or slip[1][:40] for slip in SLIPS]
)
def test_a_slip_in_an_alert_is_named_by_path_line_and_what_to_do(
    starter: str, old: str, new: str, marker: str, path: str, words: str
) -> None:
    assert old in starter
    text = starter.replace(old, new, 1)
    diagnostics = check(text, "f.yaml").diagnostics
    matching = [m for m in diagnostics if m.path == path and words in f"{m.message}. {m.advice}"]
    assert matching, [str(diagnostic) for diagnostic in diagnostics]
    assert matching[0].line == line_of(text, marker), str(matching[0])
    assert len(diagnostics) <= 2, "one slip should not bring a crowd of mistakes: " + str([str(m) for m in diagnostics])


@pytest.mark.parametrize("section", ["alerts.looked-at", "alerts.few-left", "list"])
def test_a_misspelt_field_is_noticed_in_each_alert_by_its_own_path(section: str) -> None:
    anchor, indent = ("  code: price-watch\n", "  ") if section == "list" else (f"  {section[7:]}:\n", "    ")
    (diagnostic,) = check(TWO.replace(anchor, f"{anchor}{indent}zzz: 1\n"), "f").diagnostics
    assert diagnostic.path == f"{section}.zzz"
    assert "The fields are: " in diagnostic.advice


def test_an_alert_may_be_called_like_its_type_or_another_one() -> None:
    text = TWO.replace("looked-at", "low-inventory").replace("few-left", "price-drop")
    assert check(text, "f").ok
    broken = text.replace("drops_by: 10%", "drop: 10%").replace("low_at: 3", "low_at: x")
    paths = {diagnostic.path for diagnostic in check(broken, "f").diagnostics}
    assert paths == {"alerts.low-inventory", "alerts.low-inventory.drop", "alerts.price-drop.low_at"}


def test_all_mistakes_of_a_filter_are_told_in_one_go_each_on_its_line() -> None:
    text = PRICE.replace(
        "    drops_by: 10%",
        "    trigger_filter:\n      any:\n        - product.vendr: A\n        - product.price: {at_least: cheap}\n"
        "        - product.tags: {contains: 7}\n    drops_by: 10%",
        1,
    )
    diagnostics = check(text, "f").diagnostics
    assert [m.line for m in diagnostics] == [
        line_of(text, part) for part in ("- product.vendr", "{at_least", "{contains: 7")
    ]


@pytest.mark.parametrize(
    "sender", ["hello@shop.example", "Blue Shop <hello@shop.example>", "Lädchen <a@lädchen.example>"]
)
def test_a_sender_is_what_a_message_can_be_sent_from(sender: str) -> None:
    text = LOW.replace("  code: cart-watch\n", f"  code: cart-watch\n  sender: {sender}\n")
    assert check(text, "f").diagnostics == ()


def test_several_units_for_each_contact_are_of_a_variant_not_of_a_product() -> None:
    text = BACK.replace("contacts_per_unit: 1", "units_per_contact: 2")
    assert check(text, "f").diagnostics == ()
    (diagnostic,) = check(text.replace("action: sign-up", "action: sign-up\n    level: product"), "f").diagnostics
    assert diagnostic.path == "alerts.back-in-stock.units_per_contact"
    assert "remove 'level: product'" in diagnostic.advice


def test_who_stays_until_bought_is_behind_the_others_so_the_newest_cannot_come_first() -> None:
    text = BACK.replace("contacts_per_unit: 1", "stay_until_bought: 3")
    assert check(text, "f").diagnostics == ()
    newest = "stay_until_bought: 3\n    order: first-in-last-out"
    (diagnostic,) = check(text.replace("stay_until_bought: 3", newest, 1), "f").diagnostics
    assert diagnostic.path == "alerts.back-in-stock.stay_until_bought"
    (too_often,) = check(text.replace("bought: 3", "bought: 11"), "f").diagnostics
    assert too_often.path == "alerts.back-in-stock.stay_until_bought"


@pytest.mark.parametrize("written", ["null", "~"])
def test_a_written_out_nothing_is_the_same_as_leaving_the_field_out(written: str) -> None:
    text = BACK.replace("offer_lapses_after: 72 hours", f"offer_lapses_after: {written}")
    assert check(text, "f").diagnostics == ()


def test_no_mistake_speaks_of_how_the_reader_works() -> None:
    for starter, old, new, *_ in SLIPS:
        for diagnostic in check(starter.replace(old, new, 1), "f").diagnostics:
            text = f"{diagnostic.path} {diagnostic.message} {diagnostic.advice}"
            assert not re.search(r"\b(Input|tag|constrained|literal|None|Action)\b", text), text
