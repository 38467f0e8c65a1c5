"""docker-compose.yml and Dockerfile, checked without an engine: every name in them means something that is there."""

import asyncio
import re
from datetime import timedelta
from importlib import metadata
from pathlib import Path
from typing import Annotated, Literal

import pytest
import typer.main
import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from schemas.settings import Settings
from starter.cli import app
from starter.devstack.temporal import DYNAMIC_CONFIG, RETENTION, SQLITE_PRAGMAS, EmbeddedTemporal
from starter.devstack.temporal_cli import WHEEL, find_temporal
from worker import STOP_LIMIT

ROOT = Path(__file__).parents[2]
ONE_SHOT = {"migrate", "retention"}
EVERYTHING = {"postgres", "temporal", "mailpit", "worker", "web", *ONE_SHOT}


def _seconds(text: object) -> object:
    return timedelta(seconds=int(text.removesuffix("s"))) if isinstance(text, str) and text.endswith("s") else text


class Strict(BaseModel):
    """A part of a compose file; what is not known here is a mistake, or new and to be looked at."""

    model_config = ConfigDict(extra="forbid")


Seconds = Annotated[timedelta, BeforeValidator(_seconds)]


class Healthcheck(Strict):
    test: Annotated[list[str], Field(min_length=2)]
    interval: Seconds
    timeout: Seconds = timedelta(seconds=30)
    retries: int = 3
    start_period: Seconds = timedelta(0)


class Dependency(Strict):
    condition: Literal["service_healthy", "service_completed_successfully"]


class Service(Strict):
    image: str
    build: Literal["."] | None = None
    command: list[str] = []
    environment: dict[str, str] = {}
    depends_on: dict[str, Dependency] = {}
    ports: list[str] = []
    volumes: list[str] = []
    restart: Literal["unless-stopped"] | None = None
    stop_grace_period: Seconds = timedelta(seconds=10)
    healthcheck: Healthcheck | None = None

    @property
    def ours(self) -> bool:
        return self.build is not None


class Compose(BaseModel):
    name: Literal["shelftalk"]
    services: dict[str, Service]
    volumes: dict[str, None]


@pytest.fixture(scope="module")
def compose() -> Compose:
    return Compose.model_validate(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))


def test_every_component_is_a_service_of_its_own(compose: Compose) -> None:
    assert set(compose.services) == EVERYTHING


def test_what_runs_on_is_watched_and_started_again_and_what_ends_is_not(compose: Compose) -> None:
    for name, service in compose.services.items():
        runs_on = name not in ONE_SHOT
        assert (service.healthcheck is not None) is runs_on, name
        assert (service.restart is not None) is runs_on, name


def test_nobody_waits_for_what_can_never_come(compose: Compose) -> None:
    for service in compose.services.values():
        for name, dependency in service.depends_on.items():
            expected = "service_completed_successfully" if name in ONE_SHOT else "service_healthy"
            assert dependency.condition == expected


def test_worker_and_web_start_on_a_migrated_database_only(compose: Compose) -> None:
    assert "migrate" in compose.services["worker"].depends_on
    assert "migrate" in compose.services["web"].depends_on
    assert {"postgres", "retention"} == set(compose.services["migrate"].depends_on)


def test_every_variable_is_a_setting_and_holds_what_it_takes(compose: Compose, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {
        str(field.validation_alias or f"SHELFTALK_{name.upper()}") for name, field in Settings.model_fields.items()
    }
    for service in compose.services.values():
        if service.ours:
            assert set(service.environment) <= known
            with monkeypatch.context() as environment:
                for name, value in service.environment.items():
                    environment.setenv(name, re.sub(r"\$\{\w+:-(.*)\}", r"\1", value))
                settings = Settings()
            assert settings.temporal_address == "temporal:7233"
            assert settings.smtp_host in compose.services


def test_every_command_of_ours_exists(compose: Compose) -> None:
    known = set(typer.main.get_group(app).commands)
    assert {service.command[0] for service in compose.services.values() if service.ours} <= known
    watched = compose.services["worker"].healthcheck
    assert watched is not None
    assert watched.test == ["CMD", "shelftalk", "doctor", "--worker"]


def test_only_this_machine_reaches_it_and_every_image_is_of_a_named_version(compose: Compose) -> None:
    for name, service in compose.services.items():
        assert all(port.startswith("127.0.0.1:") for port in service.ports), name
        assert service.ours or re.search(r":v?\d+", service.image), name
    assert compose.services["web"].ports == [f"127.0.0.1:8080:{Settings.model_fields['http_port'].default}"]


def test_what_must_survive_lies_on_a_volume(compose: Compose) -> None:
    mounted = {volume.split(":")[0] for service in compose.services.values() for volume in service.volumes}
    assert mounted == set(compose.volumes) == {"postgres", "temporal"}
    database = next(part for part in compose.services["temporal"].command if part.startswith("--db-filename="))
    folder = compose.services["temporal"].volumes[0].split(":")[1]
    assert database.removeprefix("--db-filename=").startswith(f"{folder}/")


def test_a_worker_has_the_time_to_finish_what_it_has_begun(compose: Compose) -> None:
    assert compose.services["worker"].stop_grace_period > STOP_LIMIT


def test_temporal_is_the_one_of_the_embedded_stack(compose: Compose) -> None:
    version = metadata.version(WHEEL)
    assert {compose.services[name].image for name in ("temporal", "retention")} == {f"temporalio/temporal:{version}"}
    command = set(compose.services["temporal"].command)
    assert {f"--sqlite-pragma={pragma}" for pragma in SQLITE_PRAGMAS} <= command
    assert {f"--dynamic-config-value={value}" for value in DYNAMIC_CONFIG} <= command


async def test_temporals_commands_are_ones_it_knows(
    compose: Compose, temporal: EmbeddedTemporal, client: Client
) -> None:
    program = await find_temporal(Settings(), print)
    watched = compose.services["temporal"].healthcheck
    assert watched is not None
    assert watched.test[:2] == ["CMD", "temporal"]
    for command in (watched.test[2:], compose.services["retention"].command):
        here = [part if not part.startswith("--address=") else f"--address={temporal.address}" for part in command]
        assert here != command
        process = await asyncio.create_subprocess_exec(program, *here)
        assert await process.wait() == 0
    described = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="default"))
    assert described.config.workflow_execution_retention_ttl.seconds == RETENTION.total_seconds()


def test_the_image_gets_every_part_of_the_product_and_nothing_else_is_sent_to_its_builder() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    copied = {
        source for line in lines if line.startswith("COPY ") and "--from" not in line for source in line.split()[1:-1]
    }
    assert {"schemas", "workflows", "activities", "starter", "worker.py", "pyproject.toml"} <= copied
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == sent
