"""Versions from the command line, as processes of their own on a database of the test's own."""

from importlib.resources import files
from pathlib import Path

from schemas.responses.versions import ConversationList, DifferenceReport, SavedWorking, ShownVersion, VersionList
from tests.cli.command import Shelftalk

TEXT = files("starter").joinpath("conversations/welcome.yaml").read_text(encoding="utf-8")
CHANGED = TEXT.replace("name: Welcome", "name: Welcome, welcome  # twice", 1)


async def test_a_conversation_is_saved_compared_published_and_rolled_back(shelftalk: Shelftalk, tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text(TEXT, encoding="utf-8")
    second.write_text(CHANGED, encoding="utf-8")
    assert CHANGED != TEXT
    assert (await shelftalk.run("conversation", "publish", str(first), "--yes")).code == 0
    saved = await shelftalk.run("conversation", "save", str(second), "--by", "ada", "--json")
    assert saved.answer(SavedWorking).changed
    asked = await shelftalk.run("conversation", "diff", "welcome", "--json")
    assert [each.sentence for each in asked.answer(DifferenceReport).differences] == [
        "The name is 'Welcome, welcome' instead of 'Welcome'."
    ]
    assert "Nothing differs." in (await shelftalk.run("conversation", "diff", "welcome", str(first))).out
    assert (await shelftalk.run("conversation", "show", "welcome@working")).out == CHANGED
    # The working version, by the conversation's code: from then on there is none.
    assert (await shelftalk.run("conversation", "publish", "welcome", "--yes")).code == 0
    assert (await shelftalk.run("conversation", "publish", "welcome", "--yes")).code == 1
    rolled = await shelftalk.run("conversation", "rollback", "welcome@1", "--note", "too loud", "--yes")
    assert "welcome@1 is published again" in rolled.out
    again = await shelftalk.run("conversation", "rollback", "welcome@1", "--note", "once more")
    assert again.out == "welcome@1 is the published version already; nothing has changed.\n"
    versions = (await shelftalk.run("conversation", "versions", "welcome", "--json")).answer(VersionList)
    assert [(each.number, each.published) for each in versions.versions] == [(2, False), (1, True)]
    assert versions.versions[1].publications[-1].note == "too loud"
    shown = (await shelftalk.run("conversation", "versions", "welcome")).out
    assert "too loud" in shown
    assert len(shown.splitlines()) == 4, "a heading, one publication of the second version, and two of the first"
    shown = (await shelftalk.run("conversation", "show", "welcome@2", "--json")).answer(ShownVersion)
    assert shown.source == CHANGED


async def test_work_of_somebody_else_is_not_written_over_or_lost_without_a_yes(
    shelftalk: Shelftalk, tmp_path: Path
) -> None:
    file = tmp_path / "welcome.yaml"
    file.write_text(TEXT, encoding="utf-8")
    saved = (await shelftalk.run("conversation", "save", str(file), "--by", "ada", "--json")).answer(SavedWorking)
    file.write_text(CHANGED, encoding="utf-8")
    refused = await shelftalk.run("conversation", "save", str(file), "--by", "bob", "--json")
    assert refused.failure.code == "saved_meanwhile"
    assert "saved by ada" in refused.failure.message
    based = ("--by", "bob", "--based-on", saved.content_hash, "--json")
    assert (await shelftalk.run("conversation", "save", str(file), *based)).answer(SavedWorking).saved_by == "bob"
    assert (await shelftalk.run("conversation", "discard", "welcome", "--json")).failure.code == "not_confirmed"
    listed = (await shelftalk.run("conversation", "list", "--json")).answer(ConversationList)
    assert [each.working is not None for each in listed.conversations] == [True]
    assert "bob" in (await shelftalk.run("conversation", "list")).out
    assert (await shelftalk.run("conversation", "discard", "welcome", "--yes")).code == 0
    assert (await shelftalk.run("conversation", "show", "welcome", "--json")).failure.code == "no_such_version"
