"""A message as somebody would read it, while it is written: for the frame beside its form, which may do nothing."""

import re
from collections.abc import Sequence

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from markupsafe import Markup, escape

from schemas.responses.previews import PreviewedMessage
from schemas.responses.users import Role
from starter.authoring.changes import Act
from starter.authoring.edited_text import CannotEdit
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.drafting import Draft, change_of, changed
from starter.http.console.forms import PostedForm
from starter.http.console.opened import Name, open_conversation
from starter.http.console.rendering import words
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, Refusal
from starter.ops.previews import About, NoPreview, NoSuchContact
from starter.shops.people import UnknownContact

router = console_router()

_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; "
    "font-src https:; frame-ancestors 'self'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}
"""A message may look as it likes, and do nothing."""
_BODY = re.compile(r"<body[^>]*>", re.IGNORECASE)
_LINE = '<div style="font:600 15px system-ui,sans-serif;padding:12px 16px;border-bottom:1px solid #8886">{}</div>'
_PLAIN = Markup(
    '<!doctype html><html><head><meta name="color-scheme" content="light dark"></head>'
    '<body style="margin:0">{}<pre style="font:15px/1.5 system-ui,sans-serif;white-space:pre-wrap;padding:0 16px">{}'
    "</pre></body></html>"
)


@router.post("/conversations/{name}/preview", dependencies=[needs_role(Role.EDITOR, somewhere=True)])
async def preview(
    request: Request,
    name: Name,
    viewer: CurrentViewer,
    services: InjectedServices,
    form: PostedForm,
) -> Response:
    """The message of a form as it would be if it were saved now: for somebody made up, or for a contact of the viewer's
    stores, which is a look at them.
    """
    opened = await open_conversation(services, viewer, name, Role.EDITOR)
    change = change_of(form)
    match change.added_at if change.act is Act.ADD else change.place:
        case ("messages", str(code)):
            language = None
        case ("messages", str(code), "locales", str(language)):
            pass
        case _:
            raise Refusal(Kind.INVALID, "The form is of no message.")
    text = (await services.versions.show(opened.latest)).source
    try:
        draft = await changed(text, change)
        if draft.document is None:
            return _shown(_PLAIN.format("", _said(draft)))
        about, theirs = About(), None
        if asked := form.text("for_contact"):
            contact = await services.contacts.one(asked, viewer.actor, viewer.stores(Role.SUPPORT))
            about = About(contact.id)
            theirs = (await services.previews.facts(about)).language
        found = await services.previews.preview(draft.document, about, code, language)
    except (UnknownContact, NoSuchContact):
        return _shown(_PLAIN.format("", words(request)("designer.no_such_contact")))
    except (CannotEdit, NoPreview) as error:
        return _shown(_PLAIN.format("", str(error)))
    return _shown(_page(_read_by(theirs, found.messages)))


def _read_by(language: str | None, messages: Sequence[PreviewedMessage]) -> PreviewedMessage:
    """The wording that somebody who speaks this language reads; its own language's is the first."""
    by_language = {each.language: each for each in messages}
    spoken = language or ""
    return by_language.get(spoken) or by_language.get(spoken.partition("-")[0]) or messages[0]


def _said(draft: Draft) -> str:
    return "\n".join(f"{each.message}. {each.advice}" for each in draft.mistakes)


def _page(message: PreviewedMessage) -> str:
    subject = Markup("") if message.subject is None else Markup(_LINE).format(message.subject)
    if message.html is None:
        return _PLAIN.format(subject, message.text)
    found = _BODY.search(message.html)
    at = found.end() if found else 0
    return message.html[:at] + str(escape(subject)) + message.html[at:]


def _shown(html: str) -> HTMLResponse:
    return HTMLResponse(html, headers=_HEADERS)
