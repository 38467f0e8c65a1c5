"""What Temporal keeps is encrypted, comes back as it was, and nothing else is taken for it."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from temporalio.api.common.v1 import Payload

from activities.sealed_payloads import PayloadUnreadable, SealedPayloads

ONE = SecretStr(base64.b64encode(b"1" * 32).decode())
OTHER = SecretStr(base64.urlsafe_b64encode(b"\xff" * 32).decode())


@given(st.dictionaries(st.text(max_size=10), st.binary(max_size=20), max_size=3), st.binary(max_size=200))
async def test_a_payload_comes_back_as_it_was_and_is_not_in_what_is_kept(
    metadata: dict[str, bytes], data: bytes
) -> None:
    payload = Payload(metadata=metadata, data=b"ada@example.com" + data)
    sealed = SealedPayloads([ONE])
    (kept,) = await sealed.encode([payload])
    assert b"ada@example.com" not in kept.SerializeToString()
    assert await sealed.decode([kept]) == [payload]


async def test_the_same_twice_is_kept_as_two_different_things() -> None:
    sealed = SealedPayloads([ONE])
    first, second = await sealed.encode([Payload(data=b"x"), Payload(data=b"x")])
    assert first.data != second.data


async def test_a_new_key_encrypts_and_the_old_one_still_opens_what_it_encrypted() -> None:
    payload = Payload(data=b"x")
    by_old = await SealedPayloads([ONE]).encode([payload])
    rotated = SealedPayloads([OTHER, ONE])
    by_new = await rotated.encode([payload])
    assert await rotated.decode([*by_old, *by_new]) == [payload, payload]
    assert await SealedPayloads([OTHER]).decode(by_new) == [payload]
    with pytest.raises(PayloadUnreadable, match="none of SHELFTALK_TEMPORAL_KEYS: put it back"):
        await SealedPayloads([OTHER]).decode(by_old)


async def test_what_was_kept_before_there_was_a_key_is_read_as_it_is() -> None:
    payload = Payload(metadata={"encoding": b"json/plain"}, data=b"{}")
    assert await SealedPayloads([ONE]).decode([payload]) == [payload]


@pytest.mark.parametrize("at", [0, 11, 12, 20, -1])
async def test_what_was_changed_is_not_opened(at: int) -> None:
    sealed = SealedPayloads([ONE])
    (kept,) = await sealed.encode([Payload(data=b"x" * 20)])
    changed = bytearray(kept.data)
    changed[at] ^= 1
    kept.data = bytes(changed)
    with pytest.raises(PayloadUnreadable, match="is not what the key"):
        await sealed.decode([kept])


@pytest.mark.parametrize("data", [b"", b"x" * 11, b"x" * 13])
async def test_what_is_too_short_to_be_one_is_not_opened(data: bytes) -> None:
    sealed = SealedPayloads([ONE])
    (kept,) = await sealed.encode([Payload(data=b"x")])
    kept.data = data
    with pytest.raises(PayloadUnreadable, match="is not what the key"):
        await sealed.decode([kept])


@pytest.mark.parametrize("key", ["", "short", base64.b64encode(b"1" * 16).decode(), "no base64! " * 4])
def test_what_is_no_key_is_refused_with_the_command_that_makes_one(key: str) -> None:
    with pytest.raises(ValueError, match="openssl rand -base64 32") as refused:
        SealedPayloads([SecretStr(key)])
    assert not key or key not in str(refused.value)


def test_no_key_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="without a key"):
        SealedPayloads([])
