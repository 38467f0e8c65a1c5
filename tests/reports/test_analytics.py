"""What happened at each place of a conversation: counted twice, by the report and by replay of every journey."""

from collections import Counter as Count
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from schemas.document.conversation import ConversationDocument
from schemas.ids import ContactId, JourneyId, StoreId
from schemas.journey.outcome import Refused
from schemas.journey.path import PASSING, JourneyPath
from schemas.reasons import Reason
from schemas.responses.analytics import ENTRANCE, CountedContact, Measured
from starter.documents import load_document
from starter.reporting.analytics import Analytics, BadPlaceCursor, Chosen, NothingPublished, Number
from starter.reporting.reports import Period
from starter.versioning.publishing import publish
from tests.product import Product
from workflows.interpreter.journey import WAITING_LIST

INSIGHT = """
conversation: insight
name: Insight
list: {code: seen, name: Seen, time_zone: Europe/Berlin, only_by_name: true}
alerts:
  back: {type: back-in-stock, action: sign-up}
threads:
  - name: Signed up
    on: back.subscription
    steps:
      - {send: hello, id: hello}
      - id: halves
        split:
          - {name: tagged, steps: [{add_tag: curious, id: curious}]}
          - {name: plain}
  - name: Back
    on: back.alert
    steps:
      - {send: told, id: told}
      - id: known
        decide: [{name: regulars, when: {orders.count: {at_least: 3}}, steps: [{send: thanks, id: thanks}]}]
      - {wait: 3 days, id: pause}
      - {send: reminder, id: reminder}
messages:
  hello: {channel: email, subject: Hello, text: Hello}
  told: {channel: email, subject: Back, text: Back}
  thanks: {channel: email, subject: Thanks, text: Thanks}
  reminder: {channel: email, subject: Still, text: Still}
"""
NAMES = ("ann", "ben", "cleo", "dora", "eve", "finn", "gus", "hal", "ida", "jon")
EVER = Period(date(2020, 1, 1), date(2200, 1, 1))
BY = "test"
LINE = f"{WAITING_LIST}/back"


def insight() -> ConversationDocument:
    return load_document(INSIGHT.encode(), "insight.yaml")


@dataclass
class Replayed:
    """The figures of one place, by replay."""

    entries: int = 0
    people: set[ContactId] = field(default_factory=set[ContactId])
    now: int = 0
    why_not: Count[Reason] = field(default_factory=Count[Reason])

    def add(self, path: JourneyPath, contact: ContactId, place: str) -> None:
        at_place = [each for each in path.entries if each.step == place]
        self.entries += 1 if place == WAITING_LIST else len(at_place)
        self.people.add(contact)
        self.now += sum(each.left_at is None for each in at_place)
        self.why_not.update(each.outcome.reason for each in at_place if isinstance(each.outcome, Refused))


async def by_replay(product: Product, journeys: dict[JourneyId, ContactId]) -> dict[str, Replayed]:
    places: defaultdict[str, Replayed] = defaultdict(Replayed)
    for journey, contact in journeys.items():
        path = await product.path(journey)
        assert path.entries
        for place in {each.step for each in path.entries if each.kind not in PASSING}:
            places[LINE if place == WAITING_LIST else place].add(path, contact, place)
    return dict(places)


async def everyone(analytics: Analytics, chosen: Chosen, number: Number, limit: int = 3) -> list[CountedContact]:
    found: list[CountedContact] = []
    cursor: str | None = None
    while True:
        page = await analytics.people(chosen, number, BY, cursor, limit)
        found += page.contacts
        cursor = page.next
        if cursor is None:
            return found


async def test_every_number_is_what_replay_of_every_journey_says_and_names_the_very_people(product: Product) -> None:
    await publish(product.pool, insight())
    await product.shop.sells("v")
    journeys = await product.shop.signs_up(*NAMES, list_code="seen")
    await product.at_rest()
    await product.shop.opts_out("ben")
    await product.shop.has("v", 4)
    await product.at_rest()
    rows = await product.pool.fetch("select id, contact_id from journeys where conversation = 'insight'")
    contacts = {JourneyId(row["id"]): ContactId(row["contact_id"]) for row in rows}
    assert contacts.keys() == set(journeys)
    replayed = await by_replay(product, contacts)
    analytics, chosen = Analytics(product.pool), Chosen("insight", EVER)
    report = await analytics.figures(chosen)
    assert report.at(ENTRANCE).entries == report.at(ENTRANCE).people == len(NAMES)
    assert {"hello", "halves", "curious", LINE, "told", "known", "pause"} == replayed.keys()
    assert {each.place for each in report.places} == {ENTRANCE, *replayed}
    for place, expected in replayed.items():
        figures = report.at(place)
        assert (figures.entries, figures.people, figures.now) == (
            expected.entries,
            len(expected.people),
            expected.now,
        ), place
        assert Count(figures.why_not) == expected.why_not, place
        named = await everyone(analytics, chosen, Number(place, Measured.PEOPLE))
        assert sorted(each.contact_id for each in named) == sorted(expected.people)
        times = await everyone(analytics, chosen, Number(place, Measured.ENTRIES))
        assert len(times) == figures.entries
        assert len(await everyone(analytics, chosen, Number(place, Measured.NOW))) == figures.now
    assert report.at("told").why_not == {Reason.NO_CONSENT: 1}
    (refused,) = await everyone(analytics, chosen, Number("told", Measured.WHY_NOT, Reason.NO_CONSENT))
    assert refused.reason is Reason.NO_CONSENT


async def test_a_journey_that_is_over_is_counted_to_its_last_step(product: Product) -> None:
    text = INSIGHT.replace("{wait: 3 days, id: pause}", "{add_tag: seen-it, id: tagged-last}").replace(
        "      - {send: reminder, id: reminder}\n", ""
    )
    await publish(product.pool, load_document(text.replace("  reminder: {", "  other: {").encode(), "insight.yaml"))
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up("ann", list_code="seen")
    await product.at_rest()
    await product.shop.has("v", 1)
    await product.until(journey, lambda report: report.ended_at is not None)
    path = await product.path(journey)
    report = await Analytics(product.pool).figures(Chosen("insight", EVER))
    assert {each.step for each in path.entries} - {WAITING_LIST} == {each.place for each in report.places} - {
        ENTRANCE,
        LINE,
    }
    assert report.at("tagged-last").entries == 1
    assert all(each.now == 0 for each in report.places)


async def test_a_period_a_version_and_stores_narrow_what_is_counted(product: Product) -> None:
    await publish(product.pool, insight())
    await product.shop.sells("v")
    await product.shop.signs_up("ann", "ben", list_code="seen")
    await product.at_rest()
    analytics = Analytics(product.pool)
    tomorrow = datetime.now(UTC).date() + timedelta(days=2)
    later = Period(tomorrow, tomorrow + timedelta(days=1))
    assert (await analytics.figures(Chosen("insight", later))).at("hello").entries == 0
    assert (await analytics.figures(Chosen("insight", EVER, "insight@1"))).at("hello").entries == 2
    assert (await analytics.figures(Chosen("insight", EVER, "insight@2"))).at("hello").entries == 0
    assert (await analytics.figures(Chosen("insight", EVER, stores=[StoreId("elsewhere")]))).places == ()


async def test_what_was_never_published_and_a_cursor_of_no_page_are_refused(product: Product) -> None:
    analytics = Analytics(product.pool)
    with pytest.raises(NothingPublished):
        await analytics.figures(Chosen("nowhere", EVER))
    await publish(product.pool, insight())
    for cursor in ("", "x", "2026-01-01T00:00:00", "2026-01-01T00:00:00~k"):
        with pytest.raises(BadPlaceCursor):
            await analytics.people(Chosen("insight", EVER), Number("told", Measured.NOW), BY, cursor)
