"""The settings as this process has them, for whoever looks after it: of what is secret only whether it is set."""

from collections.abc import Iterator
from enum import StrEnum
from typing import cast

from pydantic import SecretStr

from schemas.model import Model
from schemas.settings import Settings


class Shown(StrEnum):
    """How a setting is shown."""

    VALUE = "value"
    SECRET = "secret"
    """It is set, and never shown."""
    UNSET = "unset"


class SettingShown(Model):
    """One setting.

    Attributes:
        variable: of the environment.
        value: empty where it is secret or not set.
        changed: it is not as it would be by itself.
    """

    variable: str
    shown: Shown
    value: str = ""
    changed: bool


class SettingsShown:
    """The settings of one process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def all(self) -> tuple[SettingShown, ...]:
        """Every one, in the order of docs/settings.md."""
        return tuple(self._each())

    def _each(self) -> Iterator[SettingShown]:
        for name, field in Settings.model_fields.items():
            alias = field.validation_alias
            variable = alias if isinstance(alias, str) else f"SHELFTALK_{name.upper()}"
            value: object = getattr(self._settings, name)
            changed = name in self._settings.model_fields_set
            if value is None or value in ((), "", {}):
                yield SettingShown(variable=variable, shown=Shown.UNSET, changed=changed)
            elif _has_secret(value):
                yield SettingShown(variable=variable, shown=Shown.SECRET, changed=changed)
            else:
                yield SettingShown(variable=variable, shown=Shown.VALUE, value=_written(value), changed=changed)


def _has_secret(value: object) -> bool:
    match value:
        case SecretStr():
            return True
        case tuple():
            return any(_has_secret(each) for each in cast("tuple[object, ...]", value))
        case _:
            return False


def _written(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case tuple():
            return ", ".join(_written(each) for each in cast("tuple[object, ...]", value))
        case dict():
            return ", ".join(str(each) for each in cast("dict[str, object]", value))
        case _:
            return str(value)
