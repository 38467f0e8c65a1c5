"""What a service refused about accounts, in the reader's language, beside the field that it is about."""

from collections.abc import Mapping

from schemas.errors import DomainError
from starter.accounts.attempts import TooManySignIns
from starter.accounts.identity_provider import IdentityRefused
from starter.accounts.passwords import LONGEST, SHORTEST, PasswordRefused
from starter.accounts.user_rows import UserRefused
from starter.http.console.words import Words


def said_of(t: Words, error: DomainError) -> str:
    """The error in words."""
    match error:
        case PasswordRefused():
            return t(f"accounts.password_{error.why}", shortest=SHORTEST, longest=LONGEST)
        case UserRefused():
            return t(f"accounts.refused_{error.field}")
        case IdentityRefused():
            return t(f"identity.{error.why}")
        case TooManySignIns():
            return t("accounts.too_many_sign_ins", count=max(1, round((error.retry_after or 0) / 60)))
        case _:
            named = (f"{part}.{error.code}" for part in ("accounts", "second_factor", "passkeys"))
            return next((t(name) for name in named if t.has(name)), str(error))


def errors_of(t: Words, error: DomainError) -> Mapping[str, str]:
    """The same by the field; under the empty name where it is about none."""
    return {error.fields[0].path if error.fields else "": said_of(t, error)}
