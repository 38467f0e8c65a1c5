"""Why nothing may be sent on a channel: one rule, asked by the verdict, by "why not" and by events' notes."""

from hypothesis import given
from hypothesis import strategies as st

from activities.delivery.channel_facts import ChannelFacts, silenced_on_all
from schemas.reasons import Reason

FACTS = st.builds(
    ChannelFacts,
    unreachable=st.booleans(),
    consented=st.booleans(),
    refused=st.booleans(),
    suppressed=st.booleans(),
    unasked=st.booleans(),
)


@given(FACTS)
def test_a_no_and_a_suppression_hold_against_every_message(facts: ChannelFacts) -> None:
    if facts.refused or facts.suppressed or facts.unreachable:
        assert facts.silenced_by is not None
    assert (facts.silenced_by is None) == (
        not (facts.unreachable or facts.refused or facts.suppressed) and (facts.consented or facts.unasked)
    )


@given(st.lists(FACTS, max_size=3))
def test_one_channel_that_may_be_used_is_enough(channels: list[ChannelFacts]) -> None:
    silent = silenced_on_all(channels)
    assert (silent is None) == (not channels or any(each.silenced_by is None for each in channels))
    if silent is not None:
        assert silent is channels[0].silenced_by


def test_where_nothing_was_said_only_what_needs_no_word_goes() -> None:
    silence = ChannelFacts(unreachable=False, consented=False, refused=False, suppressed=False, unasked=False)
    assert silence.silenced_by is Reason.NO_CONSENT
