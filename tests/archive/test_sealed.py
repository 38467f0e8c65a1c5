"""The form of an archived history: what was sealed is unsealed, and any damage is told."""

import hashlib
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from activities.archive.archive import HistoryCorrupt
from activities.archive.sealed import HistoryTooLarge, seal, unseal
from schemas.ids import JourneyId
from tests.histories.record import FOLDER

JOURNEY = JourneyId("j-01a20ef427a6433c7269f2a2f6d4")


def recorded() -> WorkflowHistory:
    kept = json.loads((FOLDER / "told_with_reminder.json").read_text(encoding="utf-8"))
    return WorkflowHistory.from_json(f"journey/{JOURNEY}", kept["history"])


def content() -> bytes:
    return seal(JOURNEY, "run-1", recorded()).content


def test_a_real_history_comes_back_event_by_event_and_is_much_smaller_meanwhile() -> None:
    sealed = seal(JOURNEY, "run-1", recorded())
    assert unseal(JOURNEY, sealed.content) == recorded()
    assert (sealed.journey_id, sealed.run_id, sealed.events) == (JOURNEY, "run-1", len(recorded().events))
    assert len(sealed.content) < sum(event.ByteSize() for event in recorded().events) / 2


@given(st.lists(st.tuples(st.integers(1, 2**40), st.integers(0, 50)), max_size=30))
def test_any_history_comes_back(events: list[tuple[int, int]]) -> None:
    history = WorkflowHistory(
        f"journey/{JOURNEY}", [HistoryEvent(event_id=number, version=version) for number, version in events]
    )
    assert unseal(JOURNEY, seal(JOURNEY, "run-1", history).content) == history


@given(st.data())
def test_any_damage_is_told(data: st.DataObject) -> None:
    whole = content()
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = data.draw(
        st.one_of(
            st.just(whole[:at]),
            st.integers(1, 255).map(lambda by: whole[:at] + bytes((whole[at] ^ by,)) + whole[at + 1 :]),
        )
    )
    with pytest.raises(HistoryCorrupt, match=JOURNEY):
        unseal(JOURNEY, damaged)


def test_another_journeys_history_is_not_taken_for_this_ones() -> None:
    with pytest.raises(HistoryCorrupt, match=f"it is the history of {JOURNEY}"):
        unseal(JourneyId("j-another"), content())


def test_a_form_of_a_newer_release_is_named_as_that() -> None:
    with pytest.raises(HistoryCorrupt, match="of form 2, and this release reads form 1"):
        unseal(JOURNEY, b"\x02" + content()[1:])


def test_nothing_at_all_is_damage() -> None:
    with pytest.raises(HistoryCorrupt, match="nothing is left"):
        unseal(JOURNEY, b"")


def test_bytes_that_would_unpack_to_more_than_they_say_are_not_unpacked_further() -> None:
    bomb = zlib.compress(b"\0" * 50_000_000)
    head = {
        "journey_id": JOURNEY,
        "run_id": "r",
        "events": 1,
        "size": 10,
    }
    described = json.dumps(head).encode() + b"\n" + bomb
    with pytest.raises(HistoryCorrupt, match=r"unpacked|events"):
        unseal(JOURNEY, b"\x01" + hashlib.sha256(described).digest() + described)


def test_a_history_larger_than_is_taken_is_refused() -> None:
    with pytest.raises(HistoryTooLarge, match="1000 are taken"):
        seal(JOURNEY, "run-1", recorded(), largest=1000)
