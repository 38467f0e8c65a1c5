"""The tabs of Operations: each is a page of its own, for those in its role."""

from dataclasses import dataclass

from schemas.responses.users import Role
from starter.accounts.viewer import Viewer
from starter.http.console.words import Words


@dataclass(frozen=True, slots=True)
class Tab:
    """One of them; `everywhere`: for who has its role in all stores."""

    name: str
    role: Role
    everywhere: bool

    @property
    def path(self) -> str:
        return f"/operations/{self.name}"


TABS = (
    Tab("approvals", Role.SUPPORT, everywhere=False),
    Tab("stopped", Role.SUPPORT, everywhere=False),
    Tab("delays", Role.SUPPORT, everywhere=False),
    Tab("deliveries", Role.SUPPORT, everywhere=False),
    Tab("bulk", Role.SUPPORT, everywhere=True),
    Tab("senders", Role.ADMIN, everywhere=True),
    Tab("findings", Role.ADMIN, everywhere=True),
    Tab("backlog", Role.ADMIN, everywhere=True),
    Tab("upkeep", Role.ADMIN, everywhere=True),
    Tab("settings", Role.ADMIN, everywhere=True),
)


def tabs_of(viewer: Viewer, t: Words) -> list[tuple[str, str]]:
    """Those that somebody may open: what each is called, and where it is."""
    return [
        (t(f"operations.{tab.name}"), tab.path)
        for tab in TABS
        if (viewer.may(tab.role) if tab.everywhere else viewer.may_somewhere(tab.role))
    ]
