"""Codes of an authenticator app, as the phone of a test shows them."""

from datetime import UTC, datetime

from pyotp.totp import TOTP

from activities.postgres.pool import Pool
from starter.accounts.authenticator import STEP
from starter.services import Services
from tests.accounts.staff import HERE, PASSWORD, Staff
from tests.http.web import SETTINGS

KEYED = SETTINGS
"""Settings with a key for secrets."""


def code_of(secret: str, ahead: int = 0) -> str:
    """What an app shows, so many half minutes from now."""
    return TOTP(secret.replace(" ", "")).at(datetime.now(UTC) + ahead * STEP)


async def later(pool: Pool) -> None:
    """As if the last code had been taken two half minutes before: what the app shows now was not used yet."""
    await pool.execute("alter table authenticators disable trigger a_code_is_taken_once")
    await pool.execute("update authenticators set last_step = last_step - 2")
    await pool.execute("alter table authenticators enable trigger a_code_is_taken_once")


async def with_app(services: Services, staff: Staff) -> tuple[str, tuple[str, ...]]:
    """They set an app up in their session; its secret, and their recovery codes."""
    viewer = await services.sessions.viewer(staff.session)
    assert viewer is not None
    await services.second_factors.begin_app(staff.user_id, PASSWORD, HERE.network)
    secret = (await services.second_factors.app_setup(staff.user_id)).secret
    codes = await services.second_factors.confirm_app(staff.user_id, code_of(secret), viewer.session_id, HERE.network)
    return secret, codes
