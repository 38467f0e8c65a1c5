"""The company's identity provider (OpenID Connect): where its users sign in, and what it then says of them.

The authorization code flow with PKCE. Its parts come from authlib: the address that a browser is led to, the code
challenge, the rules of an ID token's claims. The token's signature is verified by joserfc, with the provider's own keys
and algorithms of key pairs alone: no `none`, and nothing that is signed with the client's secret.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import httpx
import structlog
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType] it has no types
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType] it has no types
from authlib.oidc.core import CodeIDToken  # pyright: ignore[reportMissingTypeStubs] it has no types
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import ValidationError

from schemas.errors import DomainError, ErrorKind
from schemas.model import Wire

log = structlog.get_logger()

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
SCOPE = "openid email profile"
_ADDRESS: Any = prepare_grant_uri  # pyright: ignore[reportUnknownVariableType] it has no types
_CHALLENGE: Any = create_s256_code_challenge  # pyright: ignore[reportUnknownVariableType] it has no types
ANSWERS_SECONDS = 10.0
KEPT_SECONDS = 3600.0
"""How long its endpoints and keys are kept; a key that is not among them is asked for at once."""
ASKED_ANEW_SECONDS = 30.0
"""At most so often, whatever tokens name."""
CLOCKS_APART_SECONDS = 60
LARGEST = 256 * 1024
"""Bytes of an answer; they have a few thousand."""

Why = Literal["answer", "away", "denied", "unverified", "no_account", "no_role", "taken", "disabled"]


class IdentityRefused(DomainError):
    """The identity provider's word lets nobody in here.

    Attributes:
        why: in one word; the console says more in the reader's language.
    """

    code = "identity_refused"
    kind = ErrorKind.NOT_AUTHENTIC

    def __init__(self, why: Why, message: str) -> None:
        super().__init__(message)
        self.why = why


@dataclass(frozen=True, slots=True)
class Claims:
    """What the provider says of who signed in there.

    Attributes:
        subject: their id there, which never changes.
        email: only where the provider has verified it.
        name: None: it says none.
    """

    subject: str
    email: str | None
    name: str | None
    groups: frozenset[str]


class _Endpoints(Wire):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None = None


class _Tokens(Wire):
    id_token: str
    access_token: str | None = None


class IdentityProvider:
    """One provider, by its issuer.

    Args:
        issuer: its address, as it names itself.
        groups_claim: which claim has the names of a user's groups.
    """

    def __init__(self, issuer: str, client_id: str, client_secret: str, groups_claim: str) -> None:
        self.issuer = issuer
        self._client_id, self._client_secret = client_id, client_secret
        self._groups_claim = groups_claim
        self._found: tuple[_Endpoints, float] | None = None
        self._keys: tuple[KeySet, float] | None = None

    async def address(self, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Where a browser is led to sign in.

        Raises:
            IdentityRefused: the provider is away.
        """
        made = _ADDRESS(
            (await self._endpoints()).authorization_endpoint,
            client_id=self._client_id,
            response_type="code",
            redirect_uri=redirect_uri,
            scope=SCOPE,
            state=state,
            nonce=nonce,
            code_challenge=_CHALLENGE(verifier),
            code_challenge_method="S256",
        )
        return str(made)

    async def sign_out_address(self, back: str) -> str | None:
        """Where a browser signs out of the provider itself; None: it has no such address, or is away."""
        try:
            there = (await self._endpoints()).end_session_endpoint
        except IdentityRefused:
            return None
        if there is None:
            return None
        asked = {"client_id": self._client_id, "post_logout_redirect_uri": back}
        return str(httpx.URL(there).copy_merge_params(asked))

    async def claims(self, redirect_uri: str, code: str, nonce: str, verifier: str) -> Claims:
        """What a code stands for.

        Raises:
            IdentityRefused: the code, or the token that it brings, is not good; or the provider is away.
        """
        endpoints = await self._endpoints()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        answer = await self._ask("POST", endpoints.token_endpoint, form)
        try:
            tokens = _Tokens.model_validate_json(answer)
            said = await self._verified(tokens, nonce)
        except (ValidationError, JoseError, ValueError) as error:
            log.warning("identity provider refused", why=type(error).__name__)
            raise _odd() from error
        return _claims(said, self._groups_claim)

    async def _verified(self, tokens: _Tokens, nonce: str) -> Mapping[str, Any]:
        try:
            token = jwt.decode(tokens.id_token, await self._key_set(), algorithms=list(ALGORITHMS))
        except (JoseError, ValueError):
            # A key may be newer than those we have.
            token = jwt.decode(tokens.id_token, await self._key_set(anew=True), algorithms=list(ALGORITHMS))
        essential: dict[str, Any] = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self._client_id},
            "sub": {"essential": True},
        }
        asked = {"nonce": nonce, "client_id": self._client_id, "access_token": tokens.access_token}
        CodeIDToken(token.claims, token.header, essential, asked).validate(leeway=CLOCKS_APART_SECONDS)  # pyright: ignore[reportUnknownMemberType] it has no types
        return token.claims

    async def _endpoints(self) -> _Endpoints:
        if self._found is None or self._found[1] < time.monotonic():
            answer = await self._ask("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            try:
                found = _Endpoints.model_validate_json(answer)
            except ValidationError as error:
                raise _odd() from error
            if found.issuer != self.issuer:
                raise _odd()
            self._found = (found, time.monotonic() + KEPT_SECONDS)
        return self._found[0]

    async def _key_set(self, *, anew: bool = False) -> KeySet:
        now = time.monotonic()
        kept = self._keys
        if kept is None or now >= kept[1] + (ASKED_ANEW_SECONDS if anew else KEPT_SECONDS):
            answer = await self._ask("GET", (await self._endpoints()).jwks_uri)
            kept = self._keys = (KeySet.import_key_set(_json(answer)), now)
        return kept[0]

    async def _ask(self, method: str, address: str, form: Mapping[str, str] | None = None) -> bytes:
        credentials = (self._client_id, self._client_secret) if form else None
        try:
            async with httpx.AsyncClient(timeout=ANSWERS_SECONDS) as client:
                answer = await client.request(method, address, data=form, auth=credentials or httpx.USE_CLIENT_DEFAULT)
        except httpx.HTTPError as error:
            log.warning("identity provider away", error=type(error).__name__)
            raise IdentityRefused("away", "The identity provider does not answer.") from error
        if answer.status_code >= 500:
            raise IdentityRefused("away", f"The identity provider answers with {answer.status_code}.")
        if answer.status_code != 200 or len(answer.content) > LARGEST:
            log.warning("identity provider refused", status=answer.status_code)
            raise _odd()
        return answer.content


def _claims(said: Mapping[str, Any], groups_claim: str) -> Claims:
    groups: object = said.get(groups_claim)
    named = [groups] if isinstance(groups, str) else cast("list[object]", groups) if isinstance(groups, list) else []
    email, name = said.get("email"), said.get("name")
    verified = said.get("email_verified") in (True, "true")
    return Claims(
        subject=str(said["sub"]),
        email=email if isinstance(email, str) and verified else None,
        name=name if isinstance(name, str) else None,
        groups=frozenset(each for each in named if isinstance(each, str)),
    )


def _json(answer: bytes) -> Any:
    return json.loads(answer)


def _odd() -> IdentityRefused:
    return IdentityRefused("answer", "What the identity provider answered is not to be trusted: nobody was signed in.")
