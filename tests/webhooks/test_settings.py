"""The secret that signs calls is one, or the process ends with what to write and without what was written."""

import base64

import pytest
from pydantic import SecretStr, ValidationError

from schemas.settings import Settings


def written(size: int, prefix: str = "whsec_") -> SecretStr:
    return SecretStr(prefix + base64.b64encode(bytes(range(size))).decode())


@pytest.mark.parametrize("size", [24, 32, 64])
def test_a_secret_of_the_standards_sizes_is_taken(size: int) -> None:
    assert Settings(webhook_secret=written(size)).webhook_secret == written(size)


def test_an_empty_secret_is_none() -> None:
    assert Settings(webhook_secret=SecretStr("")).webhook_secret is None
    assert Settings().webhook_secret is None


@pytest.mark.parametrize(
    "wrong",
    [
        *(written(23), written(65), written(32, prefix=""), written(32, prefix="whpk_")),
        *(SecretStr("whsec_"), SecretStr("whsec_what?"), SecretStr("whsec_" + "é" * 40), SecretStr("hunter2")),
    ],
    ids=range(8),
)
def test_what_is_no_secret_is_told_how_to_make_one_and_not_repeated(wrong: SecretStr) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(webhook_secret=wrong)

    assert "echo whsec_$(head -c 32 /dev/urandom | base64)" in str(refused.value)
    assert wrong.get_secret_value().removeprefix("whsec_") not in str(refused.value) or wrong == SecretStr("whsec_")
