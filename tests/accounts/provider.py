"""A small identity provider that runs over HTTP, signs with a real key, and does as OpenID Connect says, or as told."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from starter.http.server import serving

CLIENT, SECRET = "shelftalk", "s3cret-of-the-client"
WHO = {"sub": "00u1", "email": "ed@shop.example", "email_verified": True, "name": "Ed", "groups": ["shop-editors"]}


@dataclass
class Provider:
    """One provider, and what it says.

    Attributes:
        who: the claims of whoever signs in.
        changed: claims of its tokens that are otherwise than they should be; None: it is left out.
        key: what tokens are signed with; keys: those it shows.
        algorithm: what tokens are signed by.
    """

    issuer: str = ""
    who: dict[str, Any] = field(default_factory=lambda: dict(WHO))
    changed: dict[str, Any] = field(default_factory=dict[str, Any])
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1"}, auto_kid=True))
    keys: list[RSAKey] = field(default_factory=list[RSAKey])
    algorithm: str = "RS256"
    calls_itself: str | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])

    def token(self, nonce: str) -> str:
        """An ID token."""
        now = int(time.time())
        claims = self.who | {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        said = {name: each for name, each in (claims | self.changed).items() if each is not None}
        header = {"alg": self.algorithm, "kid": self.key.kid}
        match self.algorithm:
            case "none":
                return f"{_part(header)}.{_part(said)}."
            case "HS256":
                return jwt.encode(header, said, OctKey.import_key(SECRET), algorithms=["HS256"])
            case _:
                return jwt.encode(header, said, self.key)

    def shown_keys(self) -> dict[str, Any]:
        """Its keys, without what signs."""
        return KeySet([*(self.keys or [self.key])]).as_dict(private=False)  # pyright: ignore[reportReturnType] JSON


def _part(said: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


@asynccontextmanager
async def provided() -> AsyncGenerator[Provider]:
    """A provider that runs."""
    provider, app = Provider(), FastAPI()

    @app.get("/.well-known/openid-configuration")
    async def discovery() -> dict[str, str]:
        here = provider.issuer
        return {
            "issuer": provider.calls_itself or here,
            "authorization_endpoint": f"{here}/authorize",
            "token_endpoint": f"{here}/token",
            "jwks_uri": f"{here}/keys",
            "end_session_endpoint": f"{here}/logout",
        }

    @app.get("/authorize")
    async def authorize(request: Request) -> Response:
        asked = dict(request.query_params)
        assert (asked["client_id"], asked["response_type"], asked["code_challenge_method"]) == (CLIENT, "code", "S256")
        code = secrets.token_urlsafe(16)
        provider.codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}", 303)

    @app.post("/token")
    async def token(request: Request) -> Response:
        given = fields((await request.body()).decode())
        assert given["grant_type"] == "authorization_code"
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = provider.codes.pop(given["code"], None)  # good once
        challenge = (
            base64.urlsafe_b64encode(hashlib.sha256(given["code_verifier"].encode()).digest()).decode().rstrip("=")
        )
        if (
            asked is None
            or request.headers["authorization"] != f"Basic {basic}"
            or (asked["code_challenge"], asked["redirect_uri"]) != (challenge, given["redirect_uri"])
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        access = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer"}
        return JSONResponse(access | {"id_token": provider.token(asked["nonce"])})

    @app.get("/keys")
    async def keys() -> dict[str, Any]:
        return provider.shown_keys()

    @app.get("/logout")
    async def logout(request: Request) -> Response:
        return RedirectResponse(request.query_params["post_logout_redirect_uri"], 303)

    async with serving(app, "127.0.0.1", 0) as served:
        provider.issuer = served.url
        yield provider


def given_back(address: str) -> dict[str, str]:
    """What an address that somebody is led back to carries."""
    return fields(urlsplit(address).query)


def fields(text: str) -> dict[str, str]:
    """Of a query, or of a form."""
    return {name: values[0] for name, values in parse_qs(text).items()}
