"""Whatever a conversation says, it can be rehearsed, and the work that is has a bound."""

from hypothesis import HealthCheck, given, settings

from schemas.document.conversation import ConversationDocument
from schemas.document.scenarios import Ends, ExpectSection, ScenarioSection
from starter.rehearsing.entrance import usual_scenario
from starter.rehearsing.expecting import find_unmet_expectations
from starter.rehearsing.run import RunTester
from tests.conversations.told import talk, thread
from tests.documents.any_document import documents
from tests.markdown import page
from workflows.interpreter.path_recorder import MOST_STAYS

MOST_VERDICTS = 2 * MOST_STAYS
"""A message may be looked at a few times, while it is deferred or held up."""


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_any_conversation_can_be_rehearsed(document: ConversationDocument) -> None:
    rehearsed = RunTester(document).run(usual_scenario(document))
    assert rehearsed.not_entered is not None or rehearsed.path.entries or rehearsed.path.ending is not None
    assert rehearsed.verdicts <= MOST_VERDICTS


def test_a_thread_that_leads_round_and_round_is_not_followed_for_ever() -> None:
    round_and_round = thread("custom.quiz", {"send": "hello"}, {"wait": "1 day"}, {"go_to": "talk 0"})
    document = talk("talk", round_and_round)
    for ends, differs in ((Ends.NEVER, False), (Ends.COMPLETED, True)):
        scenario = ScenarioSection(name="Round", expect=(ExpectSection(ends=ends),))
        rehearsed = RunTester(document).run(scenario)
        assert (rehearsed.path.ending, rehearsed.endless, rehearsed.verdicts) == (None, True, (MOST_STAYS + 3) // 3)
        found = [each.message for each in find_unmet_expectations(rehearsed, ()) if each.path[-1] == "ends"]
        wrong = f"expected completed, got no end: after {MOST_STAYS} steps they still go round"
        assert found == ([wrong] if differs else [])


def test_how_far_it_is_followed_is_as_the_page_says() -> None:
    assert f"is followed for {MOST_STAYS} steps" in page("docs/testing-conversations.md").text
