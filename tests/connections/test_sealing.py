"""Secrets of stores are kept encrypted, each bound to its store and purpose, under keys that can be rotated."""

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from activities.connections.sealing import Seal, SecretsKeyMissing, SecretUnreadable

OLD, NEW = (SecretStr(Fernet.generate_key().decode()) for _ in range(2))
SECRETS = st.text(st.characters(codec="utf-8"), max_size=300)


@given(secret=SECRETS)
def test_what_is_sealed_opens_as_it_was_and_shows_nothing(secret: str) -> None:
    sealed = Seal([NEW]).seal("shop", "token", secret)
    assert Seal([NEW]).open("shop", "token", sealed) == secret
    assert len(secret) < 4 or secret.encode() not in sealed


@pytest.mark.parametrize(("store", "purpose"), [("other", "token"), ("shop", "webhook")])
def test_a_secret_copied_onto_another_store_or_purpose_opens_nothing(store: str, purpose: str) -> None:
    sealed = Seal([NEW]).seal("shop", "token", "x")
    with pytest.raises(SecretUnreadable):
        Seal([NEW]).open(store, purpose, sealed)


def test_while_keys_are_rotated_both_open_and_the_first_seals() -> None:
    rotating = Seal([NEW, OLD])
    before = Seal([OLD]).seal("shop", "token", "x")
    assert rotating.open("shop", "token", before) == "x"
    after = rotating.seal("shop", "token", "y")
    assert Seal([NEW]).open("shop", "token", after) == "y"
    assert [rotating.is_by_first_key(each) for each in (before, after)] == [False, True]


def test_another_key_opens_nothing_and_says_what_to_do() -> None:
    with pytest.raises(SecretUnreadable, match="of shop") as unreadable:
        Seal([OLD]).open("shop", "token", Seal([NEW]).seal("shop", "token", "x"))
    assert "SHELFTALK_SECRETS_KEYS" in unreadable.value.advice


def test_without_a_key_nothing_is_sealed_or_opened() -> None:
    with pytest.raises(SecretsKeyMissing):
        Seal([]).seal("shop", "token", "x")
    with pytest.raises(SecretsKeyMissing):
        Seal([]).open("shop", "token", b"")


@pytest.mark.parametrize("key", ["", "short", "ß" * 44, "A" * 43])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="store key"):
        Seal([SecretStr(key)])


@given(sealed=st.binary(max_size=200))
def test_any_other_bytes_are_unreadable(sealed: bytes) -> None:
    with pytest.raises(SecretUnreadable):
        Seal([NEW]).open("shop", "token", sealed)
