"""What a command is given: the terminal it was called at, where it asks a running Shelftalk and tells the answer.

`@command` gives a function the options that every command has, `--json` and `--data-dir`, as one `Terminal`.
"""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from pydantic import BaseModel

from schemas.settings import Settings
from starter.commands.terminal.output import AsJson, DataDir, show_people, write_json
from starter.runtime.endpoints import resolve, with_profile
from starter.runtime.logs import log_to_stderr
from starter.runtime.process import run_process
from starter.services import Services, open_services

Found = TypeVar("Found")
Answer = TypeVar("Answer", bound=BaseModel)
Options = ParamSpec("Options")

QUIET = "warning"
"""What a single question logs from; its answer is the output."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """How a command was called.

    Attributes:
        as_json: a program reads the answer, and nobody is there to be asked.
        data_dir: the data folder of the command line; None: that of the settings.
    """

    as_json: bool
    data_dir: Path | None

    def ask(self, question: Callable[[Services], Awaitable[Found]]) -> Found:
        """The answer to one question, over database and Temporal, as the API gives it.

        Raises:
            NotConfigured, DatabaseUnavailable: there is nobody to ask.
        """
        settings = self.found_settings()
        log_to_stderr(settings.log_level if settings.log_level == "debug" else QUIET)

        async def main() -> Found:
            async with open_services(settings) as services:
                return await question(services)

        return run_process(main())

    def tell(self, answer: Answer, show: Callable[[Answer], object]) -> None:
        """Give the answer: as JSON, or the way `show` puts it for people."""
        if self.as_json:
            write_json(answer)
        else:
            show_people(show(answer))

    def answer(self, question: Callable[[Services], Awaitable[Answer]], show: Callable[[Answer], object]) -> None:
        """Ask, and tell what was answered."""
        self.tell(self.ask(question), show)

    def own_settings(self) -> Settings:
        """The settings of the environment, with the data folder of the command line.

        Raises:
            ValidationError: a variable holds what its setting does not take.
        TemporalMisconfigured: Temporal's own configuration cannot be read.
        """
        settings = with_profile(Settings())
        return (
            settings if self.data_dir is None else settings.model_copy(update={"data_dir": self.data_dir.expanduser()})
        )

    def knows_installation(self) -> bool:
        """Whether the settings name an installation, or one of `up` runs on the data folder."""
        settings = self.found_settings()
        return settings.database_url is not None and settings.temporal_address is not None

    def found_settings(self) -> Settings:
        """The same, with the components of a running `up` where the environment names none."""
        return resolve(self.own_settings())


def command(body: Callable[Concatenate[Terminal, Options], None]) -> Callable[..., None]:
    """A function whose first parameter is a `Terminal`, as typer takes it: with the common options in its place."""
    own = [*inspect.signature(body).parameters.values()][1:]
    common = [
        inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=AsJson),
        inspect.Parameter("data_dir", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=DataDir),
    ]
    signature = inspect.Signature([*own, *common])

    @wraps(body)
    def called(*, as_json: bool, data_dir: Path | None, **options: Any) -> None:
        # typer calls by name, with the options that `signature` tells it of.
        call: Callable[..., None] = body
        call(Terminal(as_json, data_dir), **options)

    called.__signature__ = signature  # pyright: ignore[reportAttributeAccessIssue] inspect and typer look for it there
    called.__annotations__ = {each.name: each.annotation for each in signature.parameters.values()}
    return called
