"""The link that `shelftalk up` says as long as the console has no user."""

import pytest

from starter.accounts.links import PATH
from starter.commands.up import WhereItIs
from starter.commands.users import NewLink
from tests.cli.command import Shelftalk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


async def test_up_says_by_which_link_the_console_is_set_up_until_it_is(shelftalk: Shelftalk) -> None:
    up = await shelftalk.start("up", "--json")
    where = await up.said(WhereItIs)
    await up.progress(f"{where.web}{PATH}")
    added = await shelftalk.run("user", "add", "ed@shop.example", "--name", "Ed", "--role", "admin", "--json")
    assert added.answer(NewLink).link.startswith(f"{where.web}{PATH}")
    await up.stop()
    up = await shelftalk.start("up", "--json")
    await up.said(WhereItIs)
    assert PATH not in (await up.stop()).err
