"""Codes of an authenticator app: six digits that change every half minute (TOTP, RFC 6238), by pyotp; pure.

SHA-1, six digits and 30 seconds are what every app knows; some read nothing else of an address.
"""

import hmac
from datetime import datetime, timedelta
from io import BytesIO

import segno
from pyotp import random_base32
from pyotp.totp import TOTP

STEP = timedelta(seconds=30)
DIGITS = 6
AROUND = (0, -1, 1)
"""Steps that are looked at beside the present one: clocks of phones are some seconds off, and typing takes some."""
_ISSUER = "Shelftalk"
_SECRET_CHARACTERS = 32
"""Of base32: 160 bits, as RFC 4226 recommends."""


def new_secret() -> str:
    """What app and server share, in base32, as apps take it typed."""
    return random_base32(_SECRET_CHARACTERS)


def address_of(secret: str, email: str) -> str:
    """What an app reads from the QR code."""
    return TOTP(secret).provisioning_uri(name=email, issuer_name=_ISSUER)


def qr_code(address: str) -> str:
    """A QR code as SVG, without a style: black on white, also where the page is dark."""
    out = BytesIO()
    segno.make(address, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=False, omitsize=True, border=4, light="#fff", nl=False
    )
    return out.getvalue().decode()


def is_code(text: str) -> bool:
    """Whether it looks like one."""
    return len(text) == DIGITS and text.isascii() and text.isdigit()


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """The number of the half minute that a code is of; None: it is none of about now."""
    codes = TOTP(secret)
    now = int(at.timestamp() // STEP.total_seconds())
    found = [now + each for each in AROUND if hmac.compare_digest(codes.generate_otp(now + each), code)]
    return found[0] if found else None
