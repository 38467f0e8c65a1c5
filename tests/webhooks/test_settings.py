"""The secrets that sign calls are some, or the process ends with what to write and without what was written."""

import base64

import pytest
from pydantic import SecretStr, ValidationError

from schemas.settings import Settings
from starter.commands.terminal.failures import said as said_of


def written(size: int, prefix: str = "whsec_") -> str:
    return prefix + base64.b64encode(bytes(range(size))).decode()


def taken(text: str) -> tuple[tuple[str, SecretStr], ...]:
    return Settings.model_validate({"webhook_secrets": text}).webhook_secrets


@pytest.mark.parametrize("size", [24, 32, 64])
def test_a_secret_of_the_standards_sizes_is_taken(size: int) -> None:
    assert taken(written(size)) == (("", SecretStr(written(size))),)


def test_several_are_taken_each_of_all_hosts_or_of_one() -> None:
    assert taken(f"{written(32)}, ERP.shop.example={written(24)},erp.shop.example={written(25)}") == (
        ("", SecretStr(written(32))),
        ("erp.shop.example", SecretStr(written(24))),
        ("erp.shop.example", SecretStr(written(25))),
    )


def test_an_empty_secret_is_none() -> None:
    assert taken("") == taken(" , ") == ()
    assert Settings().webhook_secrets == ()


@pytest.mark.parametrize(
    "wrong",
    [
        *(written(23), written(65), written(32, prefix=""), written(32, prefix="whpk_")),
        *("whsec_", "whsec_what?", "whsec_" + "é" * 40, "hunter2", "erp.shop.example=hunter2", "a=whsec_hunter2"),
    ],
    ids=range(10),
)
def test_what_is_no_secret_is_told_how_to_make_one_and_not_repeated(wrong: str) -> None:
    with pytest.raises(ValidationError) as refused:
        taken(f"{written(32)},{wrong}")
    said = said_of(refused.value)
    assert "echo whsec_$(head -c 32 /dev/urandom | base64)" in said
    assert wrong.removeprefix("whsec_") not in said or wrong == "whsec_"
    assert "hunter2" not in said
