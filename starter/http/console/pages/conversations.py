"""The list of conversations: what each is for, whether it is live, and whether somebody works on it; and a new one."""

from dataclasses import dataclass
from functools import cache

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from schemas.document.conversation import ConversationDocument
from schemas.errors import DomainError
from schemas.responses.users import Role
from starter.authoring.editing import set_fields
from starter.authoring.marked_yaml import Plain
from starter.documents import STARTER_CONVERSATION, load_document
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.drafting import draft_of, is_taken, save
from starter.http.console.forms import PostedForm
from starter.http.console.opened import may_see
from starter.http.console.rendering import page
from starter.http.dependencies import InjectedServices
from starter.runtime.one_thread import DOCUMENTS

router = console_router()

EMPTY = """\
# Nothing is in it yet: somebody joins the newsletter, and is welcomed.
conversation: empty
name: Empty
list: {code: default, name: Everyone}

threads:
  - name: They join
    on: joined_list
    steps:
      - send: hello

messages:
  hello:
    channel: email
    subject: Hello
    text: "Write here what you want to say."
"""


@dataclass(frozen=True, slots=True)
class Beginning:
    """A conversation that a new one may begin as."""

    name: str
    title: str
    goal: str
    text: str


@cache
def _beginnings() -> tuple[Beginning, ...]:
    """Those that come with Shelftalk."""
    texts = {each.stem: each.read_text(encoding="utf-8") for each in sorted(STARTER_CONVERSATION.parent.glob("*.yaml"))}
    read: dict[str, ConversationDocument] = {name: load_document(text, name) for name, text in texts.items()}
    return tuple(Beginning(name, read[name].name, read[name].goal or "", text) for name, text in texts.items())


@router.get("/conversations", dependencies=[needs_role(Role.VIEWER, somewhere=True)])
async def list_conversations(
    request: Request, viewer: CurrentViewer, services: InjectedServices, search: str = ""
) -> HTMLResponse:
    """Every conversation of the viewer's stores, or those whose name or list has a text in it."""
    every = (await services.versions.all(viewer.stores(Role.VIEWER))).conversations
    found = [each for each in every if may_see(viewer, each)]
    wanted = search.strip().casefold()
    shown = [
        each
        for each in found
        if wanted in f"{each.conversation} {each.name} {each.list_code or ''} {each.list_name or ''}".casefold()
    ]
    return page(
        request,
        "conversations/list.html",
        block="found",
        conversations=shown,
        search=search,
        there_are=bool(found),
        may_make=viewer.may_somewhere(Role.EDITOR),
    )


@router.get("/conversations/new", dependencies=[needs_role(Role.EDITOR, somewhere=True)])
async def new(request: Request, viewer: CurrentViewer) -> HTMLResponse:
    """What a new conversation begins with."""
    stores = ", ".join(viewer.stores(Role.EDITOR) or ())
    beginnings = await DOCUMENTS.run(_beginnings)
    return _new(request, beginnings, {"chosen": "back-in-stock", "title": "", "code": "", "stores": stores})


def _new(request: Request, beginnings: tuple[Beginning, ...], said: dict[str, str], failed: str = "") -> HTMLResponse:
    status = 422 if failed else 200
    return page(request, "conversations/new.html", status=status, beginnings=beginnings, failed=failed, said=said)


@router.post("/conversations/new", dependencies=[needs_role(Role.EDITOR, somewhere=True)])
async def make(request: Request, viewer: CurrentViewer, services: InjectedServices, form: PostedForm) -> Response:
    """Save it as a working version, and open it."""
    said = {
        "chosen": form.text("from"),
        "title": form.text("title"),
        "code": form.text("code"),
        "stores": form.text("stores"),
    }
    beginnings = await DOCUMENTS.run(_beginnings)
    if await is_taken(services, said["code"]):
        return _new(request, beginnings, said, f"There is a conversation '{said['code']}' already.")
    try:
        text = next((each.text for each in beginnings if each.name == said["chosen"]), EMPTY)
        draft = await draft_of(await DOCUMENTS.run(_named, text, said))
        if draft.document is None:
            first = draft.mistakes[0]
            return _new(request, beginnings, said, f"{first.path}: {first.message}. {first.advice}")
        await save(services, viewer, said["code"], draft, None)
    except DomainError as error:
        return _new(request, beginnings, said, str(error))
    return RedirectResponse(f"/conversations/{said['code']}", 303)


def _named(text: str, said: dict[str, str]) -> str:
    stores: Plain = [each.strip() for each in said["stores"].split(",") if each.strip()]
    text = set_fields(text, (), {"conversation": said["code"], "name": said["title"]})
    return set_fields(text, ("list",), {"stores": stores}) if stores else text
