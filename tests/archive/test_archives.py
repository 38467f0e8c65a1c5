"""What every archive keeps to, over each back end; and what is the back ends' own."""

import asyncio

import httpx
import pytest

from activities.archive.archive import Archive, ArchiveUnavailable, SealedHistory
from activities.archive.both import BothArchives
from activities.archive.postgres import PostgresArchive
from activities.archive.s3 import Bucket, S3Archive
from activities.postgres.pool import Pool, open_pool
from schemas.ids import JourneyId, new_journey_id
from schemas.settings import Settings
from starter.runtime.ports import free_port
from tests.archive.conftest import SECRET
from tests.simulated.archive import SimulatedArchive
from worker import history_archive

ANY_BYTES = bytes(range(256)) * 40


def sealed(content: bytes = ANY_BYTES, journey_id: JourneyId | None = None) -> SealedHistory:
    return SealedHistory(journey_id or new_journey_id(), "run-1", 7, content)


async def test_what_was_put_is_got_byte_by_byte(archive: Archive) -> None:
    history = sealed()
    await archive.put(history)
    assert await archive.get(history.journey_id) == ANY_BYTES


async def test_a_journey_that_was_never_put_is_not_there(archive: Archive) -> None:
    await archive.put(sealed())
    assert await archive.get(JourneyId("j-unheard-of")) is None


async def test_put_again_the_later_one_stands(archive: Archive) -> None:
    first = sealed(b"first")
    await archive.put(first)
    await archive.put(first)
    assert await archive.get(first.journey_id) == b"first"
    await archive.put(sealed(b"second", first.journey_id))
    assert await archive.get(first.journey_id) == b"second"


async def test_histories_do_not_disturb_one_another(archive: Archive) -> None:
    histories = [sealed(f"history {number}".encode()) for number in range(30)]
    await asyncio.gather(*(archive.put(history) for history in histories))
    got = await asyncio.gather(*(archive.get(history.journey_id) for history in histories))
    assert got == [history.content for history in histories]


async def test_a_history_of_several_megabytes_is_kept_whole(archive: Archive) -> None:
    history = sealed(ANY_BYTES * 400)
    await archive.put(history)
    assert await archive.get(history.journey_id) == history.content


async def test_an_archive_says_where_it_keeps_histories(archive: Archive) -> None:
    assert archive.name
    assert SECRET not in archive.name


# Away ------------------------------------------------------------------------------------------------------------


async def both_fail(archive: Archive) -> list[str]:
    said: list[str] = []
    for call in (archive.put(sealed()), archive.get(new_journey_id())):
        with pytest.raises(ArchiveUnavailable) as failed:
            await call
        said.append(str(failed.value))
    return said


async def test_a_store_that_is_away_is_told_apart_from_a_history_that_is_not_there() -> None:
    bucket = Bucket("histories", "us-east-1", f"http://127.0.0.1:{free_port()}", "key-of-tests", SECRET)
    for said in await both_fail(S3Archive(bucket)):
        assert "SHELFTALK_ARCHIVE_" in said
        assert SECRET not in said
    assert SECRET not in repr(bucket)


async def test_a_bucket_that_is_not_there_is_told_apart_from_a_history_that_is_not_there(s3_endpoint: str) -> None:
    missing = S3Archive(Bucket("nobody-made-me", "us-east-1", s3_endpoint, "key-of-tests", SECRET))
    for said in await both_fail(missing):
        assert "NoSuchBucket" in said
        assert "nobody-made-me" in said


async def test_postgresql_that_is_away_is_told_apart_from_a_history_that_is_not_there(database_url: str) -> None:
    pool = await open_pool(database_url, 4)
    await pool.close()
    for said in await both_fail(PostgresArchive(pool)):
        assert "PostgreSQL" in said


async def test_the_simulated_archive_is_away_when_it_is_told_to_be() -> None:
    archive = SimulatedArchive()
    history = sealed()
    await archive.put(history)
    archive.go_away()
    await both_fail(archive)
    archive.come_back()
    assert await archive.get(history.journey_id) == history.content


# Of each its own -------------------------------------------------------------------------------------------------


async def test_the_name_of_an_object_is_the_journeys_id_and_nothing_more(bucket: Bucket) -> None:
    history = sealed()
    await S3Archive(bucket).put(history)
    async with httpx.AsyncClient() as web:
        listed = (await web.get(f"{bucket.endpoint}/{bucket.name}")).text
    assert listed.count("<Key>") == 1
    assert f"<Key>histories/{history.journey_id}</Key>" in listed


async def test_what_was_kept_before_there_was_a_bucket_is_still_read(pool: Pool, bucket: Bucket) -> None:
    before, after = sealed(b"before"), sealed(b"after")
    await PostgresArchive(pool).put(before)
    archive = history_archive(settings_for(bucket), pool)
    assert isinstance(archive, BothArchives)
    await archive.put(after)
    assert [await archive.get(each.journey_id) for each in (before, after)] == [b"before", b"after"]
    assert await PostgresArchive(pool).get(after.journey_id) is None


async def test_postgresql_keeps_the_size_and_the_hash_of_what_it_has(pool: Pool) -> None:
    await PostgresArchive(pool).put(sealed())
    row = await pool.fetchrow("select run_id, bytes, sha256 = sha256(content) as whole from histories")
    assert row is not None
    assert tuple(row) == ("run-1", len(ANY_BYTES), True)


def test_without_a_bucket_postgresql_is_the_archive(pool: Pool) -> None:
    assert isinstance(history_archive(Settings(), pool), PostgresArchive)


def test_a_key_without_its_secret_and_an_address_without_its_scheme_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHELFTALK_ARCHIVE_KEY_ID", "key-of-tests")
    with pytest.raises(ValueError, match="go together"):
        Settings()
    monkeypatch.setenv("SHELFTALK_ARCHIVE_SECRET", SECRET)
    assert SECRET not in repr(Settings())
    monkeypatch.setenv("SHELFTALK_ARCHIVE_ENDPOINT", "store.internal:9000")
    with pytest.raises(ValueError, match="with https://"):
        Settings()


def settings_for(bucket: Bucket) -> Settings:
    return Settings.model_validate(
        {
            "archive_bucket": bucket.name,
            "archive_endpoint": bucket.endpoint,
            "archive_key_id": bucket.key_id,
            "archive_secret": bucket.secret,
        }
    )
