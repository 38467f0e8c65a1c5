"""What console and browser say to each other to make a passkey and to show one (WebAuthn), by py_webauthn.

Each challenge is good once and for some minutes, kept in PostgreSQL; what is signed names the console's own address.
"""

import json
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, parse_authentication_credential_json, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from schemas.errors import DomainError, ErrorKind
from schemas.ids import UserId
from starter.accounts.relying_party import NAME, RelyingParty
from starter.accounts.user_rows import WithPassword

SQL = load_queries("starter.accounts", "passkeys.sql")

LASTS = timedelta(minutes=5)
"""How long a challenge is good: a security key is looked for."""
CHALLENGE_BYTES = 32
LARGEST = 64 * 1024
"""Characters of what a browser answers; it is a few thousand."""


class PasskeyRefused(DomainError):
    """What the browser answered is of no passkey here, of another address, was used already, or took too long."""

    code = "passkey_refused"
    kind = ErrorKind.NOT_AUTHENTIC

    def __init__(self) -> None:
        super().__init__("This passkey does not sign in here, or it took too long. Try again, or use your password.")


class Purpose(StrEnum):
    """What a challenge is for."""

    REGISTER = "register"
    SIGN_IN = "sign_in"
    """Without a password."""
    SECOND_FACTOR = "second_factor"


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """What is kept of one."""

    credential_id: bytes
    public_key: bytes = field(repr=False)
    sign_count: int


@dataclass(frozen=True, slots=True)
class _Passkey:
    id: int
    user_id: UserId
    public_key: bytes = field(repr=False)
    sign_count: int


async def options_to_register(pool: Pool, party: RelyingParty, user: WithPassword) -> str:
    """What a browser is told to make one; JSON. Devices that have one of this user's make no other."""
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=NAME,
        user_id=user.id.encode(),
        user_name=user.email,
        user_display_name=user.name,
        challenge=await _challenge(pool, Purpose.REGISTER, user.id),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            require_resident_key=True,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=await _credentials(pool, user.id),
    )
    return options_to_json(options)


async def options_to_show(pool: Pool, party: RelyingParty, user_id: UserId | None) -> str:
    """What a browser is told to show one; JSON.

    Args:
        user_id: whose, as a second factor; None: whoever signs in without a password.
    """
    purpose = Purpose.SECOND_FACTOR if user_id else Purpose.SIGN_IN
    verification = UserVerificationRequirement.DISCOURAGED if user_id else UserVerificationRequirement.REQUIRED
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=await _challenge(pool, purpose, user_id),
        allow_credentials=await _credentials(pool, user_id) if user_id else None,
        user_verification=verification,
    )
    return options_to_json(options)


async def verified_new(pool: Pool, party: RelyingParty, user_id: UserId, answer: str) -> NewPasskey:
    """What a browser made, for a challenge of this user's.

    Raises:
        PasskeyRefused: as it says.
    """
    try:
        challenge = _challenge_in(answer)
        await _use(pool, challenge, Purpose.REGISTER, user_id)
        made = verify_registration_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=party.id, expected_origin=party.origin
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise PasskeyRefused from error
    return NewPasskey(made.credential_id, made.credential_public_key, made.sign_count)


async def use_challenge_of(pool: Pool, answer: str, user_id: UserId | None) -> bytes:
    """The challenge that a browser signed; it is used up, whatever comes of it.

    Raises:
        PasskeyRefused: as it says.
    """
    purpose = Purpose.SECOND_FACTOR if user_id else Purpose.SIGN_IN
    try:
        challenge = _challenge_in(answer)
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise PasskeyRefused from error
    await _use(pool, challenge, purpose, user_id)
    return challenge


async def shown_by(
    on: Connection, party: RelyingParty, challenge: bytes, answer: str, user_id: UserId | None
) -> UserId:
    """Whose passkey a browser showed, for a challenge that was used up; its count of signatures is kept.

    Args:
        user_id: whose it is to be; None: anybody's, if the device made sure of its user.

    Raises:
        PasskeyRefused: as it says.
    """
    try:
        shown = parse_authentication_credential_json(answer)
        found = await SQL.passkey.row(on, _Passkey, credential_id=shown.raw_id)
        handle = shown.response.user_handle
        if found is None or (user_id or found.user_id) != found.user_id:
            raise PasskeyRefused
        if handle != found.user_id.encode() and (handle is not None or user_id is None):
            raise PasskeyRefused
        verified = verify_authentication_response(
            credential=shown,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=found.public_key,
            credential_current_sign_count=found.sign_count,
            require_user_verification=user_id is None,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise PasskeyRefused from error
    await SQL.note_use.run(on, id=found.id, sign_count=verified.new_sign_count)
    return found.user_id


async def _challenge(pool: Pool, purpose: Purpose, user_id: UserId | None) -> bytes:
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    await SQL.add_challenge.run(pool, challenge=challenge, purpose=purpose, user_id=user_id, lasts=LASTS)
    return challenge


def _challenge_in(answer: str) -> bytes:
    """What was signed says which challenge it answers; whether it is signed is asked later."""
    if len(answer) > LARGEST:
        raise PasskeyRefused
    said = parse_client_data_json(base64url_to_bytes(json.loads(answer)["response"]["clientDataJSON"]))
    if said.cross_origin:
        raise PasskeyRefused
    return said.challenge


async def _use(pool: Pool, challenge: bytes, purpose: Purpose, user_id: UserId | None) -> None:
    if not await SQL.use_challenge.value(pool, challenge=challenge, purpose=purpose, user_id=user_id):
        raise PasskeyRefused


async def _credentials(pool: Pool, user_id: UserId) -> list[PublicKeyCredentialDescriptor]:
    found: list[bytes] = await SQL.credentials.values(pool, user_id=user_id)
    return [PublicKeyCredentialDescriptor(id=each) for each in found]
