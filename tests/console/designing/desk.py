"""What tests of the designer have: a server whose viewer is whom the test says, and conversations to look at."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

import httpx
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.ids import UserId
from schemas.responses.users import Language, Role
from starter.accounts.tokens import form_token
from starter.documents import load_document
from starter.http.app import create_app
from starter.http.console.signed_in import COOKIE
from starter.http.server import serving
from starter.services import Services
from starter.versioning.which import Which
from tests.accounts.staff import let_in
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
    """A running console, as whoever signed in last sees it.

    Attributes:
        user_ids: of everyone who signed in.
    """

    url: str
    services: Services
    browser: httpx.AsyncClient
    user_ids: list[UserId]

    async def sign_in(self, role: Role, store: str | None = None, language: Language = Language.ENGLISH) -> None:
        """From now on somebody new of this role looks."""
        user = await let_in(self.services, f"{role}{len(self.user_ids)}@shop.example", role, store, language)
        self.user_ids.append(user.user_id)
        self.browser.cookies.set(COOKIE, user.session)

    async def get(self, path: str, **query: str) -> httpx.Response:
        """A page."""
        return await self.browser.get(path, params=query)

    async def post(self, path: str, **fields: str) -> httpx.Response:
        """A form of it, sent."""
        return await self.browser.post(path, data={"csrf": form_token(self.browser.cookies[COOKIE])} | fields)

    async def source(self, code: str = "everything") -> str:
        """The working version as it is written."""
        return (await self.services.versions.show(Which(code, working=True))).source


@asynccontextmanager
async def desk_over(pool: Pool, client: Client) -> AsyncGenerator[Desk]:
    """A console on which a conversation with every kind of step is being written, and an editor at it."""
    services = services_over(pool, client)
    await services.versions.save(EVERYTHING, load_document(EVERYTHING, "it"), "test", None)
    async with (
        serving(create_app(services, SETTINGS), "127.0.0.1", 0) as served,
        httpx.AsyncClient(
            base_url=served.url, timeout=PATIENCE, verify=PLAIN, headers={"Accept": "text/html"}
        ) as browser,
    ):
        desk = Desk(served.url, services, browser, [])
        await desk.sign_in(Role.EDITOR)
        yield desk
