"""The conversation that a page is about, for whoever may see it: it is of the stores that its list is for."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Path, Query

from schemas.document.conversation import ConversationDocument
from schemas.responses.users import Role
from schemas.responses.versions import ConversationSummary
from starter.accounts.viewer import Viewer
from starter.http.problems import Kind, Refusal
from starter.services import Services
from starter.versioning.which import PUBLISHED, WORKING, Which

Name = Annotated[str, Path(max_length=63)]
"""The short name of a conversation, in an address."""
VersionName = Annotated[str | None, Query(max_length=20)]
"""One of its versions: `working`, `published` or a number; left out: what was written last."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A conversation, and what the viewer may do with it.

    Attributes:
        sees_all: they have a role in every store that its list is for, so that what counts all of its journeys is for
            them.
    """

    summary: ConversationSummary
    sees_all: bool
    may_write: bool
    may_publish: bool

    @property
    def code(self) -> str:
        """Its short name."""
        return self.summary.conversation

    @property
    def path(self) -> str:
        """The address of its page."""
        return f"/conversations/{self.code}"

    @property
    def latest(self) -> Which:
        """What was written last: the working version, or else the published one, or else the last that was."""
        return Which(self.code, working=self.summary.working is not None)


def may_see(viewer: Viewer, summary: ConversationSummary) -> bool:
    """Whether the conversation's list is for a store that the viewer has a role in."""
    stores = viewer.stores(Role.VIEWER)
    return stores is None or summary.stores is None or bool(set(stores) & set(summary.stores))


def may(viewer: Viewer, role: Role, summary: ConversationSummary) -> bool:
    """Whether the viewer has this role in every store that the conversation's list is for."""
    return viewer.may(role) if summary.stores is None else viewer.may_in_each(role, summary.stores)


def may_write(viewer: Viewer, document: ConversationDocument) -> bool:
    """Whether the viewer may save this document: an editor of every store that its list is for."""
    stores = document.list.stores
    return viewer.may(Role.EDITOR) if stores is None else viewer.may_in_each(Role.EDITOR, stores)


async def open_conversation(services: Services, viewer: Viewer, name: str, role: Role = Role.VIEWER) -> Opened:
    """The conversation of this name.

    Raises:
        NoSuchVersion: there is none.
        Refusal: there is none for the viewer, or their role is not enough.
    """
    summary = await services.versions.conversation(name, viewer.stores(Role.VIEWER))
    if not may_see(viewer, summary):
        raise Refusal(Kind.NOT_FOUND, "There is no such conversation.")
    if role is not Role.VIEWER and not may(viewer, role, summary):
        raise Refusal(Kind.FORBIDDEN, f"This needs the role '{role}' in each store of the conversation's list.")
    return Opened(
        summary,
        sees_all=may(viewer, Role.VIEWER, summary),
        may_write=may(viewer, Role.EDITOR, summary),
        may_publish=may(viewer, Role.PUBLISHER, summary),
    )


def chosen_version(opened: Opened, version: str | None) -> Which:
    """The version that an address names, `working`, `published` or a number; None: what was written last.

    Raises:
        NoSuchVersion: nothing has such a name.
    """
    if version is None:
        return opened.latest
    return Which.named(f"{opened.code}@{version}")


def version_name(which: Which) -> str:
    """As an address has it."""
    return WORKING if which.working else str(which.number or PUBLISHED)
