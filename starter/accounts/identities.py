"""Signing in at the company's identity provider: begun, finished, and which account and roles it comes to.

Somebody is known by the provider's own id of them. The first time, their verified address says which account is theirs;
where there is none, one is made only if the installation wants that.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from schemas.ids import StoreId, UserId, new_user_id
from schemas.responses.users import Grant, Language, Role
from schemas.settings import Settings
from starter.accounts.identity_provider import Claims, IdentityProvider, IdentityRefused
from starter.accounts.pending_sign_ins import SignInOver, begin_noted
from starter.accounts.sessions import Way, Where
from starter.accounts.tokens import derived, new_token, same, token_hash
from starter.accounts.user_rows import UserRefused, add_user, proper_name
from starter.accounts.users import Users, told

SQL = load_queries("starter.accounts", "identities.sql")

LASTS = timedelta(minutes=10)
"""For password and second factor there."""
ACTOR = "identity provider"
"""As the audit has it, where its word makes an account or changes roles."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in there that was begun.

    Attributes:
        token: what the browser keeps meanwhile; state, nonce and verifier are made of it.
        address: where it is led.
    """

    token: str
    address: str


@dataclass(frozen=True, slots=True)
class _User:
    id: UserId
    email: str
    name: str
    disabled: bool


class Identities:
    """Takes an identity provider's word for a session.

    Args:
        provider: None: there is none.
        roles: which roles members of each group have; empty: the console says what a user may, and not the provider.
        creates_accounts: whoever has a role by their groups gets an account.
    """

    def __init__(
        self,
        pool: Pool,
        users: Users,
        provider: IdentityProvider | None,
        roles: Sequence[tuple[str, Grant]] = (),
        *,
        creates_accounts: bool = False,
    ) -> None:
        self._pool, self._users = pool, users
        self._provider, self._roles, self._creates = provider, roles, creates_accounts

    @classmethod
    def from_settings(cls, pool: Pool, users: Users, settings: Settings) -> "Identities":
        """As the settings say.

        Raises:
            ValueError: they do not go together; the text names what is missing.
        """
        if settings.oidc_issuer is None:
            return cls(pool, users, None)
        if settings.oidc_client_id is None or settings.oidc_client_secret is None:
            raise ValueError("SHELFTALK_OIDC_ISSUER needs SHELFTALK_OIDC_CLIENT_ID and SHELFTALK_OIDC_CLIENT_SECRET")
        roles = [(group, _grant(role)) for group, role in settings.oidc_roles]
        if settings.oidc_creates_accounts and not roles:
            raise ValueError("SHELFTALK_OIDC_CREATES_ACCOUNTS needs SHELFTALK_OIDC_ROLES: else nobody new may anything")
        secret = settings.oidc_client_secret.get_secret_value()
        provider = IdentityProvider(settings.oidc_issuer, settings.oidc_client_id, secret, settings.oidc_groups_claim)
        return cls(pool, users, provider, roles, creates_accounts=settings.oidc_creates_accounts)

    @property
    def there(self) -> bool:
        """Whether there is a provider."""
        return self._provider is not None

    async def begin(self, redirect_uri: str, leads_to: str) -> Begun:
        """Lead somebody there.

        Args:
            redirect_uri: where the provider leads them back.
            leads_to: the page of the console that follows.

        Raises:
            IdentityRefused: the provider is away, or there is none.
        """
        token = new_token()
        address = await self._known.address(
            redirect_uri, derived(token, "state"), derived(token, "nonce"), derived(token, "verifier")
        )
        await SQL.begin.run(self._pool, token_hash=token_hash(token), leads_to=leads_to, lasts=LASTS)
        return Begun(token, address)

    async def finish(self, token: str, state: str, code: str, redirect_uri: str, where: Where) -> tuple[str, str]:
        """Begin a session; its token, and the page that follows.

        Args:
            token: of the browser that was led there.
            state, code: what the provider led it back with; an empty code: it said no.

        Raises:
            SignInOver: it was begun in another browser, took too long, or was finished already.
            IdentityRefused, LastAdmin: as they say.
        """
        leads_to: str | None = await SQL.use_request.value(self._pool, token_hash=token_hash(token))
        if leads_to is None or not same(derived(token, "state"), state):
            raise SignInOver
        if not code:
            raise IdentityRefused("denied", "The identity provider signed nobody in.")
        claims = await self._known.claims(redirect_uri, code, derived(token, "nonce"), derived(token, "verifier"))
        grants = _granted(self._roles, claims.groups)
        if self._roles and not grants:
            raise IdentityRefused("no_role", "None of your groups has a role here.")
        async with transaction(self._pool) as connection:
            user = await self._user(connection, claims, grants)
        if grants and told((await self._users.one(user.id)).grants) != told(grants):
            await self._users.set_grants(user.id, grants, ACTOR)
        async with transaction(self._pool) as connection:
            session = await begin_noted(connection, user.id, where, Way.IDENTITY_PROVIDER)
        return session, leads_to

    async def sign_out_address(self, back: str) -> str | None:
        """Where somebody signs out of the provider itself; None: nowhere."""
        return await self._provider.sign_out_address(back) if self._provider else None

    @property
    def _known(self) -> IdentityProvider:
        if self._provider is None:
            raise IdentityRefused("away", "There is no identity provider here.")
        return self._provider

    async def _user(self, on: Connection, claims: Claims, grants: Collection[Grant]) -> _User:
        issuer = self._known.issuer
        found = await SQL.user_of.row(on, _User, issuer=issuer, subject=claims.subject)
        if found is None:
            found = await self._by_email(on, claims, grants)
            if not await SQL.link.value(on, issuer=issuer, subject=claims.subject, user_id=found.id):
                raise IdentityRefused("taken", "This address belongs to somebody else of the identity provider.")
            await write_audit(on, ACTOR, "link identity", {"user": found.id})
        if found.disabled:
            raise IdentityRefused("disabled", "This account is disabled.")
        return found

    async def _by_email(self, on: Connection, claims: Claims, grants: Collection[Grant]) -> _User:
        if claims.email is None:
            raise IdentityRefused("unverified", "The identity provider has not verified your e-mail address.")
        if found := await SQL.user_by_email.row(on, _User, email=claims.email):
            return found
        if not self._creates:
            raise IdentityRefused("no_account", "You have no account here. Ask whoever administers Shelftalk.")
        user_id = new_user_id()
        try:
            name = proper_name((claims.name or "")[:100])
        except UserRefused:
            name = claims.email.partition("@")[0][:100]
        await add_user(on, user_id, claims.email, name, grants, Language.ENGLISH, "UTC")
        await write_audit(on, ACTOR, "add user", {"user": user_id, "grants": told(grants)})
        return _User(user_id, claims.email, name, disabled=False)


def _grant(text: str) -> Grant:
    """A role, or a role in one store: `editor@shop.example`."""
    role, _, store = text.partition("@")
    if role not in tuple(Role):
        raise ValueError(f"SHELFTALK_OIDC_ROLES names a role that is none; there are {', '.join(Role)}")
    return Grant(role=Role(role), store_id=StoreId(store) if store else None)


def _granted(roles: Sequence[tuple[str, Grant]], groups: Collection[str]) -> list[Grant]:
    """What members of these groups may: in each store, and in all, the highest of their roles."""
    found: dict[StoreId | None, Grant] = {}
    for group, grant in roles:
        before = found.get(grant.store_id)
        if group in groups and (before is None or grant.role.includes(before.role)):
            found[grant.store_id] = grant
    return sorted(found.values(), key=lambda each: each.store_id or "")
