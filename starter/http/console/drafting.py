"""A conversation being written in the console: the text that a change is made to, what is wrong with it afterwards, and
saving it, so that nothing somebody else saved meanwhile is written over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.document.conversation import ConversationDocument
from schemas.names import SHOP_EVENTS
from schemas.responses.versions import Difference, SavedWorking
from starter.accounts.viewer import Viewer, actor_of
from starter.authoring.changes import Act, Change
from starter.authoring.section_forms import place_of
from starter.comparing.differences import find_differences
from starter.documents import DocumentInvalid, MarkedDiagnostic, load_document
from starter.http.console.forms import Posted
from starter.http.console.opened import Opened, may_write
from starter.http.problems import Kind, Refusal
from starter.runtime.one_thread import DOCUMENTS
from starter.services import Services
from starter.versioning.which import Which

FILE = "conversation"
"""What stands for the file's name in mistakes."""
FIELD = "f."
"""Before the names of a section's fields in a form: others have names of their own."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A text that was changed.

    Attributes:
        document: what it says; None: it has mistakes.
        mistakes: what keeps it from being saved.
    """

    text: str
    document: ConversationDocument | None
    mistakes: tuple[MarkedDiagnostic, ...] = ()

    @property
    def told(self) -> Mapping[str, str]:
        """What is wrong, by where it is in the document, as it is told beside a field."""
        return {each.path: f"{each.message[:1].upper()}{each.message[1:]}. {each.advice}" for each in self.mistakes}

    def near(self, path: str) -> tuple[MarkedDiagnostic, ...]:
        """Its mistakes, those at a place in the document first."""
        return tuple(sorted(self.mistakes, key=lambda each: not each.path.startswith(path)))


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What somebody else saved since: who, what differs by it, and the content hash to base a change on now."""

    who: str
    content_hash: str
    differences: tuple[Difference, ...]


async def draft_of(text: str) -> Draft:
    """A text as it would be saved."""
    try:
        return Draft(text, await DOCUMENTS.run(load_document, text, FILE))
    except DocumentInvalid as error:
        return Draft(text, None, error.diagnostics)


async def latest(services: Services, opened: Opened) -> tuple[ConversationDocument, str]:
    """What was written last, and its text."""
    return await services.versions.document(opened.latest), (await services.versions.show(opened.latest)).source


async def changed(text: str, change: Change) -> Draft:
    """The text with a change that a form asks for.

    Raises:
        CannotEdit: as it says.
    """
    return await draft_of(await DOCUMENTS.run(change.applied, text))


async def save(services: Services, viewer: Viewer, code: str, draft: Draft, based_on: str | None) -> SavedWorking:
    """Save a draft without mistakes as the working version.

    Raises:
        SavedMeanwhile: as it says.
        Refusal: it is of another conversation, or of stores that the viewer is no editor of.
    """
    document = draft.document
    if document is None or document.conversation != code:
        raise Refusal(Kind.INVALID, "The text is of another conversation than the address names.")
    if not may_write(viewer, document):
        raise Refusal(Kind.FORBIDDEN, "This needs the role 'editor' in each store of the list.")
    return await services.versions.save(draft.text, document, viewer.actor, based_on)


async def is_taken(services: Services, code: str) -> bool:
    """Whether there is a conversation of this short name already, or it is the name of a page."""
    return code == "new" or code in {each.conversation for each in (await services.versions.all()).conversations}


async def meanwhile(services: Services, opened: Opened, based_on: str) -> Meanwhile:
    """What was saved since somebody looked at what has this content hash."""
    summary = (await services.versions.of(opened.code)).working
    now = await services.versions.document(opened.latest)
    shown = await services.versions.show(opened.latest)
    before = await services.revisions.of_content(opened.code, based_on)
    if before is None and opened.summary.published is not None:
        before = await services.versions.document(Which(opened.code))
    found = await DOCUMENTS.run(find_differences, before, now) if before is not None else ()
    who = "" if summary is None else (await actors_of(services)).of(summary.saved_by)
    return Meanwhile(who, shown.content_hash, found)


@dataclass(frozen=True, slots=True)
class Actors:
    """The users, by how the audit has them."""

    names: Mapping[str, str]

    def of(self, actor: str | None) -> str:
        """Whoever did something, as people know them; what is no user, as the audit has it."""
        return self.names.get(actor or "", actor or "")


async def actors_of(services: Services) -> Actors:
    """Everyone who may have done something."""
    return Actors({actor_of(each.id): each.name for each in await services.users.all()})


def suggestions(document: ConversationDocument) -> Mapping[str, Sequence[str]]:
    """What fields usually name of this document."""
    threads, messages = [each.name for each in document.threads], [*document.messages]
    raised = [f"{code}.{event}" for code, alert in document.alerts.items() for event in alert.may_raise]
    return {"send": messages, "go_to": threads, "double_opt_in": messages, "on": [*raised, *SHOP_EVENTS]}


def change_of(form: Posted) -> Change:
    """The change that a form of the designer asks for."""
    names = [name.removeprefix(FIELD) for name in form.names if name.startswith(FIELD)]
    act = form.text("act")
    index = form.text("index")
    return Change(
        Act(act) if act in [*Act] else Act.SAVE,
        place_of(form.text("place")),
        int(index) if index.isdecimal() else 0,
        form.text("kind"),
        form.text("code"),
        {name: form.exact(f"{FIELD}{name}") for name in names},
    )
