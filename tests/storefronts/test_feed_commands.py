"""`shelftalk feed` as a user meets it."""

from schemas.responses.feeds import FeedRead, FeedReport, FeedReports
from tests.cli.command import Shelftalk
from tests.storefronts.feed_server import serving_feed

ITEMS = b'[{"id": "a", "title": "A", "price": 1, "inventory_quantity": 1}, {"id": "b", "title": "B", "price": "?"}]'


async def test_a_feed_is_added_read_held_accepted_and_removed(shelftalk: Shelftalk) -> None:
    command = shelftalk.with_settings(SHELFTALK_WEBHOOK_PRIVATE_HOSTS="true")
    async with serving_feed() as server:
        server.content = ITEMS
        added = await command.run("feed", "add", "shop.example", server.url, "--every", "30m", "--json")
        assert added.answer(FeedReport).every.total_seconds() == 1800
        read = await command.run("feed", "read", "shop.example")
        assert "1 rows read: 1 products new" in read.out
        assert "line 2 (b): price: it is no price" in read.out
        server.content = b"[]"
        held = await command.run("feed", "read", "shop.example")
        assert (held.code, "HELD: there is no row" in held.out) == (1, True)
        listed = await command.run("feed", "list")
        assert "HELD" in listed.out
        assert "secret" not in listed.out
        accepted = (await command.run("feed", "accept", "shop.example", "--json")).answer(FeedRead)
        # What could be read of it before is gone; of what could not nothing was known.
        assert (accepted.became, accepted.gone) == ("applied", 1)
        assert (await command.run("feed", "accept", "shop.example", "--json")).failure.code == "feed_not_held"
        removed = await command.run("feed", "remove", "shop.example", "--json")
        assert removed.answer(FeedReports).feeds == ()
        assert (await command.run("feed", "read", "shop.example", "--json")).failure.code == "no_such_feed"


async def test_what_is_wrong_with_a_feed_is_said_before_it_is_kept(shelftalk: Shelftalk) -> None:
    async def code(*options: str) -> str:
        return (await shelftalk.run("feed", "add", "shop.example", *options, "--json")).failure.code

    url = "https://shop.example/feed"
    assert await code("http://127.0.0.1/feed") == "bad_feed"
    assert await code("https://user:password@shop.example/feed") == "bad_feed"
    assert await code(url, "--every", "1 second") == "bad_feed"
    assert await code(url, "--map", "stock=On hand") == "feed_malformed"
    assert await code(url, "--map", "stock") == "usage"
    assert await code(url, "--every", "soon") == "usage"
    assert (await shelftalk.run("feed", "list", "--json")).answer(FeedReports).feeds == ()
