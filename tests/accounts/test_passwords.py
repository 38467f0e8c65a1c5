"""Passwords: which are taken, and how they are compared."""

import pytest

from starter.accounts.passwords import LONGEST, SHORTEST, PasswordRefused, Passwords, require_good

ABOUT = ("ada.lovelace@shop.example", "Ada Lovelace")


@pytest.mark.parametrize(
    "password",
    [
        "",
        "kettle-lan",
        "x" * (LONGEST + 1),
        "passwordpassword",
        "123456789012",
        "qwertyuiop[]",
        "aaaaaaaaaaaaaaaa",
        "Shelftalk2026!",
        "lovelace2026",
        "adalovelace12",
        "\N{ZERO WIDTH SPACE}" * 11,
    ],
)
def test_what_is_short_endless_or_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(PasswordRefused) as refused:
        require_good(password, ABOUT)
    assert refused.value.fields[0].path == "password"


@pytest.mark.parametrize(
    "password",
    ["lantern kettle owl", "löffel würfel dachs", "x9#kQ2!vLp0z", "lantern kettle owl " * 6 + "and so on"],
)
def test_long_ones_of_any_characters_are_taken(password: str) -> None:
    assert SHORTEST <= len(password) <= LONGEST
    require_good(password, ABOUT)


async def test_a_password_is_known_again_however_its_letters_were_typed() -> None:
    passwords = Passwords()
    kept = await passwords.hash("lo\N{COMBINING DIAERESIS}ffel wu\N{COMBINING DIAERESIS}rfel dachs")
    assert kept.startswith("$argon2id$")
    assert await passwords.verify(kept, "löffel würfel dachs")
    assert not await passwords.verify(kept, "löffel würfel dachse")
    assert not passwords.is_outdated(kept)


async def test_nobodys_password_is_none_at_all() -> None:
    passwords = Passwords()
    assert not await passwords.verify(None, "lantern kettle owl")
    assert not await passwords.verify("$argon2id$nonsense", "lantern kettle owl")
    assert passwords.is_outdated("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$R2ZzZGZzZGZzZGZzZGY")
