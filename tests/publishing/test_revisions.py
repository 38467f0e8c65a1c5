"""What was saved is undone and redone, and never over what somebody else saved meanwhile."""

import pytest

from activities.postgres.pool import Pool
from starter.documents import load_document
from starter.versioning import revisions
from starter.versioning.revisions import NothingToUndo, Revisions
from starter.versioning.versions import Versions
from starter.versioning.which import Which
from tests.documents.starters import BACK

CODE = "back-in-stock"


async def save(pool: Pool, name: str) -> str:
    text = BACK.replace("name: Back in stock\n", f"name: {name}\n")
    versions = Versions(pool)
    saved = await versions.save(text, load_document(text, "it"), "anna", None)
    return saved.content_hash


async def name(pool: Pool) -> str:
    return (await Versions(pool).document(Which(CODE, working=True))).name


async def test_saves_are_undone_one_by_one_and_redone(pool: Pool) -> None:
    first, second, third = [await save(pool, each) for each in ("One", "Two", "Three")]
    kept = Revisions(pool)
    assert await kept.around(CODE) == revisions.Around(undo=True, redo=False)
    assert (await kept.undo(CODE, third, "bert")).content_hash == second
    assert (await kept.undo(CODE, second, "bert")).content_hash == first
    assert await name(pool) == "One"
    assert await kept.around(CODE) == revisions.Around(undo=False, redo=True)
    with pytest.raises(NothingToUndo):
        await kept.undo(CODE, first, "bert")
    await kept.redo(CODE, first, "bert")
    assert await name(pool) == "Two"


async def test_what_was_undone_is_gone_once_something_else_is_saved(pool: Pool) -> None:
    await save(pool, "One")
    second = await save(pool, "Two")
    await Revisions(pool).undo(CODE, second, "anna")
    third = await save(pool, "Three")
    with pytest.raises(NothingToUndo):
        await Revisions(pool).redo(CODE, third, "anna")
    await Revisions(pool).undo(CODE, third, "anna")
    assert await name(pool) == "One"


async def test_what_somebody_saved_meanwhile_is_not_undone_unseen(pool: Pool) -> None:
    await save(pool, "One")
    seen = await save(pool, "Two")
    await save(pool, "Three")
    with pytest.raises(NothingToUndo):
        await Revisions(pool).undo(CODE, seen, "anna")
    assert await name(pool) == "Three"


async def test_only_the_latest_revisions_are_kept(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revisions, "MOST_KEPT", 2)
    *_, last = [await save(pool, each) for each in ("One", "Two", "Three")]
    assert await pool.fetchval("select array_agg(number order by number) from working_revisions") == [2, 3]
    document = await Revisions(pool).of_content(CODE, last)
    assert document is not None
    assert document.name == "Three"
