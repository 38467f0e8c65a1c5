"""Finding a person. What is searched for is posted: in a page's address it would end up in the logs of proxies."""

from fastapi import Request, Response

from schemas.responses.users import Role
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.forms import PostedForm
from starter.http.console.rendering import page
from starter.http.dependencies import InjectedServices
from starter.shops.contacts import LEAST_ASKED

router = console_router()

LONGEST_ASKED = 320
"""Characters: an address has no more."""


@router.get("/contacts", dependencies=[needs_role(Role.SUPPORT, somewhere=True)])
async def contacts(request: Request) -> Response:
    """An empty search."""
    return page(request, "people/contacts.html", asked="", found=None, first=True, least=LEAST_ASKED)


@router.post("/contacts", dependencies=[needs_role(Role.SUPPORT, somewhere=True)])
async def find(request: Request, viewer: CurrentViewer, services: InjectedServices, form: PostedForm) -> Response:
    """Who was found; htmx asks for those alone, as one types."""
    asked, after = form.text("asked")[:LONGEST_ASKED], form.text("after") or None
    found = await services.contacts.search(asked, viewer.actor, viewer.stores(Role.SUPPORT), after)
    return page(
        request,
        "people/contacts.html",
        block="found",
        asked=asked,
        found=found if len(asked) >= LEAST_ASKED else None,
        first=after is None,
        least=LEAST_ASKED,
    )
