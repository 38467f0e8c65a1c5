"""Users of the console: who they are, what they may, where they are signed in, and what the audit has of them."""

from enum import StrEnum

from pydantic import AwareDatetime

from schemas.ids import StoreId, UserId
from schemas.model import Model


class Role(StrEnum):
    """What a user may. Each may what those before it may."""

    VIEWER = "viewer"
    """See conversations, lines and reports: numbers, and nobody behind them."""
    SUPPORT = "support"
    """Find a contact, see what was sent to them and why not, cancel and repair their journeys."""
    EDITOR = "editor"
    """Write conversations and try them out."""
    PUBLISHER = "publisher"
    """Publish, pause, approve, tell by hand."""
    ADMIN = "admin"
    """Users, keys, connections, erasure, the audit."""

    def includes(self, other: "Role") -> bool:
        """Whether who has this role may what the other may."""
        order = tuple(Role)
        return order.index(self) >= order.index(other)


class Language(StrEnum):
    """What the console speaks."""

    ENGLISH = "en"
    GERMAN = "de"


class Grant(Model):
    """The role that a user has.

    Attributes:
        store_id: in this store; None: in all, also those to come.
    """

    role: Role
    store_id: StoreId | None = None


class UserReport(Model):
    """One user.

    Attributes:
        has_password: they have chosen one, and can sign in.
        second_factor: their password alone lets nobody in.
        link_ends_at: a link that was made for them is good until then, unless it is used before.
    """

    id: UserId
    email: str
    name: str
    language: Language
    time_zone: str
    grants: tuple[Grant, ...]
    has_password: bool
    second_factor: bool
    created_at: AwareDatetime
    signed_in_at: AwareDatetime | None
    disabled_at: AwareDatetime | None
    link_ends_at: AwareDatetime | None


class SecondFactorReport(Model):
    """What is asked of a user besides their password.

    Attributes:
        app_since: since when an authenticator app is; None: they have none.
        recovery_codes_left: that are good still.
        passkeys: how many they have.
    """

    app_since: AwareDatetime | None
    recovery_codes_left: int
    passkeys: int

    @property
    def on(self) -> bool:
        """Whether anything is asked."""
        return self.app_since is not None or self.passkeys > 0


class PasskeyReport(Model):
    """One passkey of a user.

    Attributes:
        name: by which its user knows it.
    """

    id: int
    name: str
    created_at: AwareDatetime
    last_used_at: AwareDatetime | None


class SessionReport(Model):
    """A browser in which a user is signed in.

    Attributes:
        network: of the address that it was begun from.
        last_used_at: to a few minutes.
    """

    id: int
    browser: str
    network: str
    created_at: AwareDatetime
    last_used_at: AwareDatetime


class AuditEntry(Model):
    """What somebody did by hand.

    Attributes:
        actor: a user's id after the word `user`, a key's name, or whoever was at the command line.
        name: of the user, as long as there is one.
    """

    id: int
    at: AwareDatetime
    actor: str
    name: str | None
    action: str
    details: dict[str, object]


class AuditPage(Model):
    """A page of the audit, the newest first.

    Attributes:
        next: what the next page is asked for by; None: this is the last.
    """

    entries: tuple[AuditEntry, ...]
    next: int | None
