"""The addresses of a running `shelftalk up`: a file in its data folder, which commands at another terminal read."""

import contextlib
import os
from collections.abc import Generator
from pathlib import Path

from pydantic import SecretStr, ValidationError

from activities.connections.sealing import new_key
from schemas.model import Model
from schemas.settings import Settings


class Endpoints(Model):
    """Where the components of one running `up` listen.

    Attributes:
        pid: of the process that wrote the file; it is valid only while that runs.
        smtp_host: None where mails go to a provider.
    """

    pid: int
    database_url: str
    temporal_address: str
    temporal_namespace: str
    temporal_task_queue: str
    email_provider: str = "smtp"
    smtp_host: str | None
    smtp_port: int
    web_url: str
    temporal_ui_url: str | None = None
    mail_folder: Path | None = None


def endpoints_file(data_dir: Path) -> Path:
    """Where they are written."""
    return data_dir / "endpoints.json"


def write_endpoints(data_dir: Path, endpoints: Endpoints) -> None:
    """Write them in one go, readable by this account only: a database's address holds its password."""
    write_private(endpoints_file(data_dir), endpoints.model_dump_json(indent=2))


def remove_endpoints(data_dir: Path) -> None:
    """Take them back, if they are still those of this process."""
    found = _read(data_dir)
    if found is not None and found.pid == os.getpid():
        endpoints_file(data_dir).unlink(missing_ok=True)


def running_endpoints(data_dir: Path) -> Endpoints | None:
    """Those of an `up` that runs on this data folder now; None when none does."""
    found = _read(data_dir)
    return found if found is not None and _runs(found.pid) else None


class ServedWeb(Model):
    """Where one `shelftalk serve` listens; it is valid only while its process runs."""

    pid: int
    url: str


@contextlib.contextmanager
def web_noted(data_dir: Path, url: str) -> Generator[None]:
    """Note in the data folder where a web server listens, for the check-up; of several the last that started."""
    file = data_dir / "serve.json"
    data_dir.mkdir(parents=True, exist_ok=True)
    write_private(file, ServedWeb(pid=os.getpid(), url=url).model_dump_json())
    try:
        yield
    finally:
        served = _read_served(data_dir)
        if served is not None and served.pid == os.getpid():
            file.unlink(missing_ok=True)


def running_web_url(settings: Settings) -> str | None:
    """Where the web server of these settings listens, as far as the data folder knows: of `up`, or of `serve`."""
    found = running_endpoints(settings.data_dir)
    named = settings.database_url.get_secret_value() if settings.database_url else None
    if found is not None and found.database_url == named:
        return found.web_url
    served = _read_served(settings.data_dir)
    return served.url if served is not None and _runs(served.pid) else None


def _read_served(data_dir: Path) -> ServedWeb | None:
    try:
        return ServedWeb.model_validate_json((data_dir / "serve.json").read_bytes())
    except (OSError, ValidationError):
        return None


def resolve(settings: Settings) -> Settings:
    """The settings, with what they leave open taken from an `up` that runs on their data folder.

    Nothing is taken where they name another database or another Temporal: half of one installation and half of another
    would be neither.
    """
    found = running_endpoints(settings.data_dir)
    if found is None:
        return settings
    named = settings.database_url.get_secret_value() if settings.database_url else None
    if named not in (None, found.database_url) or settings.temporal_address not in (None, found.temporal_address):
        return settings
    update: dict[str, object] = {
        "database_url": SecretStr(found.database_url),
        "temporal_address": found.temporal_address,
        "temporal_namespace": found.temporal_namespace,
        "temporal_task_queue": found.temporal_task_queue,
    }
    if settings.smtp_host is None and found.smtp_host is not None:
        update |= {"smtp_host": found.smtp_host, "smtp_port": found.smtp_port}
    return with_secrets_key(settings.model_copy(update=update))


def with_profile(settings: Settings) -> Settings:
    """The settings, with Temporal's address and namespace from its own configuration where they name none.

    Raises:
        TemporalMisconfigured: it cannot be read.
    """
    if settings.temporal_profile is None:
        return settings
    # Imported here: it loads Temporal's SDK, for which every command would wait.
    from activities.temporal_access import profile

    named = profile(settings.temporal_profile)
    update: dict[str, object] = {}
    if settings.temporal_address is None:
        update["temporal_address"] = named.get("target_host")
    if "temporal_namespace" not in settings.model_fields_set and "namespace" in named:
        update["temporal_namespace"] = named["namespace"]
    return settings.model_copy(update=update)


def with_secrets_key(settings: Settings, *, make: bool = False) -> Settings:
    """The settings, with the key that `up` keeps in its data folder where they name none.

    Args:
        make: it is made where there is none.
    """
    file = settings.data_dir / "secrets-key"
    if settings.secrets_keys:
        return settings
    if make and not file.exists():
        write_private(file, new_key() + "\n")
    try:
        return settings.model_copy(update={"secrets_keys": (SecretStr(file.read_text(encoding="utf-8").strip()),)})
    except OSError:
        return settings


def write_private(file: Path, text: str) -> None:
    """Write a file that only this account can read, whole from its first moment under this name."""
    partial = file.with_name(f"{file.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        partial.unlink()
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    partial.replace(file)


def _read(data_dir: Path) -> Endpoints | None:
    try:
        return Endpoints.model_validate_json(endpoints_file(data_dir).read_bytes())
    except (OSError, ValidationError):
        return None


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
