"""Support asks for a path that only the archive has: by the API, and from the command line."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from activities.archive.archive import Archive
from schemas.ids import JourneyId
from schemas.journey.path import JourneyPath
from schemas.responses.archive import ArchiveReport, ArchiveStatus
from starter.commands.terminal.output import ExitCode
from starter.http.app import create_app
from starter.http.server import serving
from tests.archive.steps import archived, closed, forgotten
from tests.cli.command import Shelftalk
from tests.http.conftest import services_over
from tests.http.web import SETTINGS, Web, open_web
from tests.product import Product
from tests.simulated.archive import SimulatedArchive

DAMAGE = "update histories set content = substr(content, 1, 50), bytes = 50"


@asynccontextmanager
async def web_over(product: Product, archive: Archive) -> AsyncGenerator[Web]:
    services = services_over(product.pool, product.client, archive)
    async with (
        serving(create_app(services, SETTINGS), "127.0.0.1", 0) as served,
        open_web(served.url, services) as web,
    ):
        yield web


async def only_archived(product: Product, archive: Archive) -> tuple[JourneyId, JourneyPath]:
    """A journey that Temporal has forgotten, and the path it told before."""
    (journey,) = await closed(product, "first")
    told = await product.told(journey)
    await archived(product, archive)
    await forgotten(product, journey)
    return journey, told


async def test_the_api_tells_the_path_from_the_archive_and_says_when_that_is_away(product: Product) -> None:
    archive = SimulatedArchive()
    journey, told = await only_archived(product, archive)
    async with web_over(product, archive) as web:
        answer = await web.keyed.get(f"/v1/journeys/{journey}/path")
        assert (answer.status_code, JourneyPath.model_validate(answer.json())) == (200, told)
        archive.go_away()
        answer = await web.keyed.get(f"/v1/journeys/{journey}/path")
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:shelftalk:problem:archive-unavailable")
        assert answer.headers["Retry-After"]


async def test_the_api_says_that_a_history_is_gone_when_the_archive_has_none_either(product: Product) -> None:
    journey, _ = await only_archived(product, SimulatedArchive())
    async with web_over(product, product.archive) as web:
        answer = await web.keyed.get(f"/v1/journeys/{journey}/path")
        assert (answer.status_code, answer.json()["type"]) == (410, "urn:shelftalk:problem:history-gone")


async def test_the_api_says_that_an_archived_history_is_damaged(product: Product) -> None:
    journey, _ = await only_archived(product, product.archive)
    await product.pool.execute(DAMAGE)
    async with web_over(product, product.archive) as web:
        answer = await web.keyed.get(f"/v1/journeys/{journey}/path")
        assert (answer.status_code, answer.json()["type"]) == (500, "urn:shelftalk:problem:history-corrupt")
        assert "SHA-256" in answer.json()["detail"]


async def test_from_the_command_line_histories_are_archived_counted_and_replayed(
    beside: Shelftalk, product: Product
) -> None:
    (journey,) = await closed(product, "first")
    told = await product.told(journey)
    ran = await beside.run("archive", "run", "--older-than", "0 seconds", "--json")
    assert ran.answer(ArchiveReport) == ArchiveReport(kept=1)
    await forgotten(product, journey)
    status = (await beside.run("archive", "status", "--json")).answer(ArchiveStatus)
    assert (status.archive, status.kept, status.to_do) == ("postgres", 1, 0)
    assert "postgres" in (await beside.run("archive", "status")).out
    assert (await beside.run("journey", "replay", journey, "--json")).answer(JourneyPath) == told
    await product.pool.execute(DAMAGE)
    damaged = (await beside.run("journey", "replay", journey, "--json")).failure
    assert (damaged.code, damaged.exit) == ("history_corrupt", ExitCode.FAILED)
    await product.pool.execute("delete from histories")
    gone = (await beside.run("journey", "replay", journey, "--json")).failure
    assert (gone.code, gone.exit) == ("history_gone", ExitCode.FAILED)
