"""Workers of two builds side by side: journeys go from the old one to the new when that is promoted."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

import pytest
from structlog.testing import capture_logs
from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.ids import JourneyId, journey_workflow_id
from schemas.responses.builds import BuildStatus, Deployment
from schemas.settings import Settings
from starter.commands.terminal.output import ExitCode
from starter.devstack.mailbox import Mailbox
from starter.ops.findings import Checkup, Health
from starter.processes import running_engine
from starter.runtime.builds import Builds, NotDeployed, UnknownBuild
from tests.cli.command import Shelftalk
from tests.conftest import TASK_QUEUE
from tests.history import PATIENCE, settled_history
from tests.product import Shop, addressees, next_change
from tests.strict_mail import PUBLIC_URL
from worker import Running

DEPLOYMENT = "kettles"
OLD, NEW = "shelftalk-1.0.0", "shelftalk-1.1.0"

# Temporal keeps deployments by workflows of its own, as it does schedules.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("scheduling_temporal")]

Workers = Callable[[str], AbstractAsyncContextManager[Running]]


@pytest.fixture
def workers(pool: Pool, client: Client, mailbox: Mailbox) -> Workers:
    """Starts a worker of this build."""

    def of(build: str) -> AbstractAsyncContextManager[Running]:
        settings = Settings(
            temporal_task_queue=TASK_QUEUE,
            smtp_host=mailbox.host,
            smtp_port=mailbox.port,
            public_url=PUBLIC_URL,
            deployment=DEPLOYMENT,
            build=build,
        )
        return running_engine(settings, pool, client)

    return of


@pytest.fixture
def builds(pool: Pool, client: Client) -> Builds:
    return Builds(pool, client, DEPLOYMENT)


async def _dispatched(pool: Pool) -> None:
    """Wait until Temporal has been told all."""
    async with asyncio.timeout(PATIENCE):
        while await pool.fetchval("select exists (select from outbox)"):
            await next_change(pool)


async def _lived_by(client: Client, journey: JourneyId) -> list[str]:
    """The builds that a journey's tasks were done by, one after the other; none of them failed."""
    history = await settled_history(client, journey_workflow_id(journey))
    assert not [each for each in history.events if each.HasField("workflow_task_failed_event_attributes")]
    done = [each.workflow_task_completed_event_attributes for each in history.events]
    return [each.deployment_version.build_id for each in done if each.HasField("deployment_version")]


async def test_the_first_build_has_the_work_and_the_next_waits_until_it_is_promoted(
    workers: Workers, builds: Builds
) -> None:
    assert await builds.show() == Deployment(name=DEPLOYMENT)
    async with workers(OLD):
        assert [(each.build, each.status) for each in (await builds.show()).builds] == [(OLD, BuildStatus.CURRENT)]
        with capture_logs() as logs:
            async with workers(NEW):
                shown = (await builds.show()).builds
                assert [(each.build, each.status) for each in shown] == [
                    (NEW, BuildStatus.WAITING),
                    (OLD, BuildStatus.CURRENT),
                ]
                promoted = await builds.promote(NEW, "test")
        assert {"event": "build not current", "build": NEW, "deployment": DEPLOYMENT, "log_level": "warning"} in logs
    assert promoted.builds[0].status is BuildStatus.CURRENT
    assert promoted.builds[0].current_since is not None
    assert promoted.builds[1].status in (BuildStatus.DRAINING, BuildStatus.DRAINED)


async def test_who_waits_is_told_once_whichever_build_they_began_with(
    pool: Pool, client: Client, mailbox: Mailbox, workers: Workers, builds: Builds
) -> None:
    shop = await Shop.opened(pool)
    async with AsyncExitStack() as old:
        await old.enter_async_context(workers(OLD))
        before = await shop.signs_up(*(f"before-{number}" for number in range(20)))
        await _dispatched(pool)
        assert {build for each in before for build in await _lived_by(client, each)} == {OLD}
        async with workers(NEW):
            beside = await shop.signs_up(*(f"beside-{number}" for number in range(20)))
            await _dispatched(pool)
            assert {build for each in beside for build in await _lived_by(client, each)} == {OLD}

            # Promoted while the first are told; the others wait on.
            await shop.has("v", 15)
            await mailbox.wait_for(lambda _: True, PATIENCE)
            await builds.promote(NEW, "test")
            await old.aclose()
            await shop.has("v", 50)
            after = await shop.signs_up(*(f"after-{number}" for number in range(10)))
            everyone = [*before, *beside, *after]
            async with asyncio.timeout(PATIENCE):
                while len(mailbox.mails) < len(everyone):
                    await next_change(pool)
            lives = [await _lived_by(client, each) for each in everyone]
    assert Counter(addressees(mailbox)) == Counter(
        [
            f"{when}-{number}"
            for when, count in (("before", 20), ("beside", 20), ("after", 10))
            for number in range(count)
        ]
    )
    # Nobody goes back to the old one, and whoever came after it was never there.
    assert all(life == sorted(life) for life in lives)
    assert all(set(life) == {NEW} for life in lives[-len(after) :])
    assert any(set(life) == {OLD, NEW} for life in lives)


async def test_what_cannot_be_promoted_is_refused_and_nothing_changes(
    pool: Pool, client: Client, workers: Workers, builds: Builds
) -> None:
    with pytest.raises(NotDeployed, match="SHELFTALK_DEPLOYMENT is not set"):
        await Builds(pool, client, None).promote(NEW, "test")
    async with workers(OLD):
        with pytest.raises(UnknownBuild, match=rf"{NEW} .* of these there were: {OLD}"):
            await builds.promote(NEW, "test")
        assert [(each.build, each.status) for each in (await builds.show()).builds] == [(OLD, BuildStatus.CURRENT)]
    assert await pool.fetchval("select count(*) from audit where action = 'promote_build'") == 0


async def test_by_command_a_build_is_promoted_and_it_is_on_record(
    pool: Pool, workers: Workers, shelftalk: Shelftalk
) -> None:
    refused = await shelftalk.run("build", "list", "--json")
    assert (refused.failure.code, refused.failure.exit) == ("not_deployed", ExitCode.FAILED)
    deployed = shelftalk.with_settings(SHELFTALK_DEPLOYMENT=DEPLOYMENT)
    assert "No worker has been heard of" in (await deployed.run("build", "list")).out
    async with workers(OLD), workers(NEW):
        shown = (await deployed.run("build", "promote", NEW)).out
        assert shown.splitlines()[1].split()[:2] == [NEW, "current"]
    assert await pool.fetchval("select details ->> 'build' from audit where action = 'promote_build'") == NEW


async def test_the_check_up_finds_work_that_waits_for_a_build_of_which_no_worker_runs(
    client: Client, workers: Workers, shelftalk: Shelftalk
) -> None:
    async with workers(OLD):
        await client.workflow_service.set_worker_deployment_current_version(
            SetWorkerDeploymentCurrentVersionRequest(
                namespace=client.namespace,
                deployment_name=DEPLOYMENT,
                build_id=NEW,
                allow_no_pollers=True,
                ignore_missing_task_queues=True,
            )
        )
        found = Checkup.model_validate_json((await shelftalk.run("doctor", "--json")).out)
    workers_found = next(each for each in found.findings if each.component == "workers")
    assert workers_found.health is Health.BAD
    assert f"waits for build {NEW}, and no worker of it asks" in workers_found.found
    assert workers_found.advice is not None
    assert "shelftalk build promote" in workers_found.advice
