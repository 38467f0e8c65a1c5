"""Which build of the workers gets the work: Temporal's worker deployments, for upgrades by day.

Where `SHELFTALK_DEPLOYMENT` names a deployment, workers of two builds may run side by side: Temporal gives all work to
the build that is current. A journey goes on with whichever that is when it wakes, for every released history replays on
newer code, and never with an older one that nobody made current again.
"""

import asyncio
from datetime import UTC

from temporalio.api.enums.v1 import WorkerDeploymentVersionStatus as Status
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.postgres.audit import write_audit
from activities.postgres.pool import Pool
from activities.temporal import RPC_LIMIT
from schemas.errors import DomainError, ErrorKind
from schemas.responses.builds import Build, BuildStatus, Deployment

_STATUS = {
    Status.WORKER_DEPLOYMENT_VERSION_STATUS_CURRENT: BuildStatus.CURRENT,
    Status.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINING: BuildStatus.DRAINING,
    Status.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINED: BuildStatus.DRAINED,
}
_AGAIN_SECONDS = 0.2
"""Until Temporal is asked again whether it has heard of a worker that has just begun to poll."""
HEARD_WITHIN_SECONDS = 60.0
"""A worker that polls has been heard of by then; else something is wrong with it or with Temporal."""


class NotDeployed(DomainError):
    """Workers are not deployed by builds here."""

    code = "not_deployed"
    kind = ErrorKind.CONFLICT
    advice = "Set SHELFTALK_DEPLOYMENT to a name, and start the workers anew with it."


class UnknownBuild(DomainError):
    """No worker of this build has been heard of; the text names those that were."""

    code = "unknown_build"
    kind = ErrorKind.NOT_FOUND
    advice = "Start a worker of it first; it waits until the build is promoted."


async def find_deployment(client: Client, name: str) -> Deployment:
    """What Temporal knows of one; no build, where it has not heard of any."""
    try:
        answer = await client.workflow_service.describe_worker_deployment(
            DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=name), timeout=RPC_LIMIT
        )
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return Deployment(name=name)
        raise
    found = [
        Build(
            build=each.deployment_version.build_id,
            status=_STATUS.get(each.status, BuildStatus.WAITING),
            heard_at=each.create_time.ToDatetime(tzinfo=UTC),
            current_since=each.current_since_time.ToDatetime(tzinfo=UTC)
            if each.HasField("current_since_time")
            else None,
        )
        for each in answer.worker_deployment_info.version_summaries
    ]
    return Deployment(name=name, builds=tuple(sorted(found, key=lambda each: each.heard_at, reverse=True)))


class Builds:
    """Those of one deployment of one namespace; `name`: the deployment, None where workers have none."""

    def __init__(self, pool: Pool, client: Client, name: str | None) -> None:
        self._pool = pool
        self._client = client
        self._name = name

    async def show(self) -> Deployment:
        """The builds that were heard of, newest first, and which of them has the work.

        Raises:
            NotDeployed: see there.
        """
        if self._name is None:
            raise NotDeployed("Workers are not deployed by builds: SHELFTALK_DEPLOYMENT is not set.")
        return await find_deployment(self._client, self._name)

    async def promote(self, build: str, by: str) -> Deployment:
        """Make it the current one: it gets all work from now on, and the others finish what they have begun.

        Raises:
            NotDeployed, UnknownBuild: see there.
        """
        shown = await self.show()
        if build not in (known := [each.build for each in shown.builds]):
            raise UnknownBuild(
                f"No worker of build {build} has been heard of in deployment {shown.name}; of these there were: "
                f"{', '.join(known) or 'none'}."
            )
        await write_audit(self._pool, by, "promote_build", {"deployment": shown.name, "build": build})
        await self._make_current(shown.name, build)
        return await self.show()

    async def begin(self, build: str) -> BuildStatus:
        """What has become of a build that has just begun to poll. Where none is current it is from now on, for else
        nobody would get any work.

        Raises:
            NotDeployed: see there.
            TimeoutError: Temporal has not heard of it.
        """
        async with asyncio.timeout(HEARD_WITHIN_SECONDS):
            while build not in (known := {each.build: each.status for each in (await self.show()).builds}):
                await asyncio.sleep(_AGAIN_SECONDS)
        if BuildStatus.CURRENT in known.values():
            return known[build]
        assert self._name is not None  # `show` has refused.
        await self._make_current(self._name, build)
        return BuildStatus.CURRENT

    async def _make_current(self, name: str, build: str) -> None:
        await self._client.workflow_service.set_worker_deployment_current_version(
            SetWorkerDeploymentCurrentVersionRequest(
                namespace=self._client.namespace, deployment_name=name, build_id=build
            ),
            timeout=RPC_LIMIT,
        )
