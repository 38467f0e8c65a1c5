"""Tokens for Shopify's API: by client credentials, by a refresh token, or one that stays.

Source: https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens. An app of the shop's own
organisation asks with its client id and secret, and gets a token for 24 hours. A public app's token ends after 60
minutes and is renewed by its refresh token, which is replaced each time; the old one works until the new one is used
(2026-08-28), so what is stored before it is used is never lost.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from activities.storefronts.payload import Payload
from activities.storefronts.shop_api import Renewed
from activities.storefronts.shop_http import AccessRefused, ShopAnswer, ShopAnswerOdd, ShopHttp
from activities.storefronts.shopify.admin import read_answer

RENEWED_BEFORE = timedelta(minutes=5)
"""Longer than any page of a catalogue takes to be asked for."""
_CODE = re.compile(r"[a-z_]{1,60}")


class _Granted(Payload):
    access_token: str
    expires_in: int | None = None
    refresh_token: str | None = None


class _Refused(Payload):
    error: str | None = None


async def renewed(
    http: ShopHttp, origin: str, secrets: Mapping[str, str], client_id: str, ends_at: datetime | None, now: datetime
) -> Renewed | None:
    """See `ShopApi.renewed`. A token that came without an end, and without a refresh token, stays.

    Raises:
        AccessRefused: Shopify takes neither these credentials nor this refresh token.
    """
    token, refresh = secrets.get("access_token"), secrets.get("refresh_token")
    if token and (ends_at - now > RENEWED_BEFORE if ends_at else not refresh):
        return None
    credentials = {"client_id": client_id, "client_secret": secrets.get("client_secret", "")}
    if refresh:
        form = credentials | {"grant_type": "refresh_token", "refresh_token": refresh}
    else:
        form = credentials | {"grant_type": "client_credentials"}
    answer = await http.call(
        "POST", f"{origin}/admin/oauth/access_token", headers={"Accept": "application/json"}, form=form
    )
    if answer.status != 200:
        raise _refused(answer, "refresh token" if refresh else "client id and secret")
    granted = read_answer(answer.json(), _Granted)
    if not granted.access_token:
        raise ShopAnswerOdd("Shopify granted a token that is empty.")
    tokens = {"access_token": granted.access_token}
    if granted.refresh_token:
        tokens["refresh_token"] = granted.refresh_token
    return Renewed(tokens, now + timedelta(seconds=granted.expires_in) if granted.expires_in else None)


def _refused(answer: ShopAnswer, what: str) -> AccessRefused:
    """Shopify answers with a page of HTML where it knows no such app."""
    try:
        code = read_answer(answer.json(), _Refused).error
    except ShopAnswerOdd:
        code = None
    named = f": {code}" if code and _CODE.fullmatch(code) else ""
    return AccessRefused(
        f"Shopify does not take the app's {what} for this shop ({answer.status}{named}). The app has to be installed "
        "in it, and, for client credentials, both have to be of one organisation."
    )
