"""What tests of the designer have: a server whose viewer is whom the test says, and conversations to look at."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

import httpx
from fastapi import FastAPI
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.ids import StoreId
from schemas.responses.users import Grant, Language, Role
from starter.accounts.viewer import Viewer
from starter.documents import load_document
from starter.http.app import create_app
from starter.http.console.signed_in import COOKIE
from starter.http.server import serving
from starter.services import Services
from tests.accounts.staff import HERE, PASSWORD
from tests.history import PATIENCE
from tests.http.conftest import services_over
from tests.http.web import PLAIN, SETTINGS

EVERYTHING = """\
# Every kind of step, for looking at.
conversation: everything
name: Everything
goal: Every kind of step is seen
list: {code: all, name: All of them}   # a list

threads:
  - name: The whole way
    on: custom.signup
    steps:
      - send: hello          # the first words
        id: hello
        status: manual
      - wait_for: [ordered, bought]
        id: until-they-buy
        within: 3 days
        happened:
          - add_tag: customer
            id: tagged
          - exit: They bought
            id: bought
        did_not:
          - decide:
              - name: Ordered before
                when: {orders.count: {at_least: 5}}
                steps:
                  - split:
                      - name: A
                        share: 3
                        steps: [{send: hello, id: again}, {wait: 2 days, id: pause}]
                      - name: B
                        steps: [{send: bye, status: draft, id: draft}]
                    id: halves
            otherwise: []
            id: often
      - set_attribute: vip
        to: true
        id: vip
      - call_webhook: https://crm.example.com/hook
        id: call
      - add_to_list: all
        id: list
      - go_to: The rest
        id: onward

  - name: The rest
    steps:
      - wait_until: weekday 10:00
        id: morning
      - send: bye
        id: bye

# The words.
messages:
  hello:
    channel: email
    subject: "Hello {{ contact.attributes.first_name }}"
    text: |
      Good to have you.

      See you soon.
  bye: {channel: sms, text: Bye}
"""

_numbers = count(1)


@dataclass(frozen=True)
class Desk:
    """A running server, as whoever is signed in sees it."""

    url: str
    app: FastAPI
    services: Services
    browser: httpx.AsyncClient

    async def sign_in(self, role: Role, store: str | None = None, language: Language = Language.ENGLISH) -> Viewer:
        """From now on this is who looks."""
        grant = Grant(role=role, store_id=StoreId(store) if store else None)
        email = f"{role}{next(_numbers)}@shop.example"
        invited = await self.services.users.invite(email, role.title(), [grant], "test", language, "Europe/Berlin")
        session = await self.services.sign_in_links.use(invited.token, PASSWORD, HERE)
        self.browser.cookies.set(COOKIE, session)
        viewer = await self.services.sessions.viewer(session)
        assert viewer is not None
        return viewer


@asynccontextmanager
async def desk_over(pool: Pool, client: Client) -> AsyncGenerator[Desk]:
    """A server on which a conversation with every kind of step is being written."""
    services = services_over(pool, client)
    await services.versions.save(EVERYTHING, load_document(EVERYTHING, "it"), "test", None)
    app = create_app(services, SETTINGS)
    async with (
        serving(app, "127.0.0.1", 0) as served,
        httpx.AsyncClient(
            base_url=served.url, timeout=PATIENCE, verify=PLAIN, headers={"Accept": "text/html"}
        ) as browser,
    ):
        desk = Desk(served.url, app, services, browser)
        await desk.sign_in(Role.EDITOR)
        yield desk
