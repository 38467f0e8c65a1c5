"""Whoever is signed in, and what they may: read anew for each request, so that what was taken away is gone at once."""

from collections.abc import Collection
from dataclasses import dataclass

from schemas.ids import StoreId, UserId
from schemas.responses.users import Grant, Language, Role


@dataclass(frozen=True, slots=True)
class Viewer:
    """A user in one of their sessions.

    Attributes:
        session_id: the session that they are seen by.
        by_more_than_password: they showed a second factor, or have set one up.
        use_unnoted: its last use on record is older than a few minutes.
    """

    user_id: UserId
    name: str
    email: str
    language: Language
    time_zone: str
    grants: tuple[Grant, ...]
    session_id: int
    by_more_than_password: bool = False
    use_unnoted: bool = False

    @property
    def actor(self) -> str:
        """As the audit has them: by their id, and no address."""
        return actor_of(self.user_id)

    def may(self, role: Role, store: str | None = None) -> bool:
        """Whether they have this role, or one that includes it, in a store; None: in all stores."""
        return any(each.role.includes(role) and each.store_id in (None, store) for each in self.grants)

    def may_somewhere(self, role: Role) -> bool:
        """Whether they have it in any store."""
        return any(each.role.includes(role) for each in self.grants)

    def knows(self, store: str) -> bool:
        """Whether they have any role in this store; to others there is no such store."""
        return self.may(Role.VIEWER, store)

    def stores(self, role: Role) -> list[StoreId] | None:
        """The stores in which they have this role; None: all."""
        if self.may(role):
            return None
        return sorted({each.store_id for each in self.grants if each.store_id and each.role.includes(role)})

    def may_in_each(self, role: Role, stores: Collection[str]) -> bool:
        """Whether they have it in every one of these stores."""
        return all(self.may(role, each) for each in stores)


def actor_of(user_id: str) -> str:
    """How the audit names a user."""
    return f"user {user_id}"
