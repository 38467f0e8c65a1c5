"""Links of our own lead where the message said, and nowhere else. People's clicks are known; machines count apart."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from activities.decisions.journey_facts import journey_facts
from activities.delivery.deliver import DeliverActivity
from activities.intake.events import Events
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.revenue.links import Links, Tracking
from activities.senders.sender import Mail
from schemas.document.conversation import ConversationDocument, ListSection
from schemas.ids import JourneyId
from schemas.incoming.events import Event
from schemas.journey.outcome import Sent
from starter.versioning.publishing import publish
from tests.delivery.counter import Counter, message, reminder
from tests.http.web import Web
from tests.product import STORE, Shop, starter_document
from tests.revenue.test_machines import CHROME

PUBLIC = "https://mail.shop.example"
PERSON = {"User-Agent": CHROME}
PAGE = f"https://{STORE}/products/blue-kettle?variant=v"


def starter(**of_list: object) -> ConversationDocument:
    """The starter, whose first message has an HTML part with a link too."""
    document = starter_document()
    first = document.messages["it-is-back"].model_copy(
        update={
            "mjml": None,
            "html": '<body><a href="{{ product.url }}">Buy</a> <a href="https://other.example/">Us</a></body>',
        }
    )
    return document.model_copy(
        update={
            "list": ListSection.model_validate(of_list),
            "messages": document.messages | {"it-is-back": first},
        }
    )


async def counter_of(pool: Pool, **of_list: object) -> Counter:
    await publish(pool, starter(**of_list))
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    counter = Counter(pool, shop)
    counter.delivery = DeliverActivity(counter.ledger, counter.sender, "shop.example", Links(pool, PUBLIC))
    return counter


async def told(counter: Counter, name: str = "ann") -> tuple[JourneyId, Mail]:
    """They were told; the journey and the mail as the provider took it."""
    (journey,) = await counter.calls(name)
    assert isinstance(await counter.tells(journey), Sent)
    return journey, counter.sender.taken[-1]


def link_in(mail: Mail) -> str:
    """The path of the one link of ours in a mail, which its text and its html share."""
    found = set(re.findall(rf"{PUBLIC}(/l/[a-z2-7]{{16}})\b", mail.text + (mail.html or "")))
    assert len(found) == 1, found
    return found.pop()


async def left_long_ago(pool: Pool) -> None:
    """What was sent was sent a minute ago: nobody reads a mail in the moment that it leaves."""
    await pool.execute("update sends set settled_at = settled_at - interval '1 minute' where settled_at is not null")


async def touches(pool: Pool) -> list[str]:
    """What people did with messages, beyond getting them."""
    rows = await pool.fetch("select t.touch from contacts c, touches(c.id) t where t.touch <> 'delivered' order by 1")
    return [row["touch"] for row in rows]


async def test_a_click_leads_to_the_page_that_the_message_named_and_is_known(web: Web, pool: Pool) -> None:
    _, mail = await told(await counter_of(pool, track_clicks=True))
    await left_long_ago(pool)
    assert PAGE not in mail.text
    assert 'href="https://other.example/"' in (mail.html or "")
    answer = await web.open.get(link_in(mail), headers=PERSON)
    assert (answer.status_code, answer.headers["location"]) == (302, PAGE)
    assert answer.headers["cache-control"] == "no-store"
    assert await touches(pool) == ["clicked"]
    assert await pool.fetchval("select length(token) + length($1) from links", f"{PUBLIC}/l/") <= 60


async def test_nothing_of_the_request_says_where_a_link_leads(web: Web, pool: Pool) -> None:
    _, mail = await told(await counter_of(pool, track_clicks=True))
    path = link_in(mail)
    asked = f"{path}?url=https://evil.example&target=//evil.example&u=https://evil.example"
    for headers in (PERSON, PERSON | {"X-Forwarded-Host": "evil.example", "Host": "evil.example"}):
        answer = await web.open.get(asked, headers=headers)
        assert answer.headers["location"] == PAGE


@pytest.mark.parametrize(
    "token", ["a" * 16, "x", "..%2f..", "https:%2f%2fevil.example", "%2f%2fevil.example", "A" * 16]
)
async def test_a_link_that_is_not_known_leads_nowhere_and_says_so(web: Web, token: str) -> None:
    answer = await web.open.get(f"/l/{token}", headers=PERSON)
    assert answer.status_code == 404
    assert "location" not in answer.headers


async def test_an_unknown_link_is_answered_in_words_for_people(web: Web) -> None:
    answer = await web.open.get(f"/l/{'a' * 16}", headers=PERSON)
    assert answer.headers["content-type"].startswith("text/html")
    assert "leads nowhere any more" in answer.text
    assert "href" not in answer.text


async def test_a_link_leads_on_when_its_conversation_has_another_version_and_its_journey_is_over(
    web: Web, pool: Pool
) -> None:
    counter = await counter_of(pool, track_clicks=True)
    journey, mail = await told(counter)
    await counter.shop.ended(journey)
    await publish(pool, starter())
    answer = await web.open.get(link_in(mail), headers=PERSON)
    assert answer.headers["location"] == PAGE


@pytest.mark.parametrize(
    ("method", "headers", "machine"),
    [
        ("HEAD", PERSON, "head"),
        ("GET", {"User-Agent": "curl/8.9.1"}, "robot"),
        ("GET", PERSON | {"Sec-Purpose": "prefetch"}, "prefetch"),
    ],
)
async def test_machines_are_led_on_and_count_apart(
    web: Web, pool: Pool, method: str, headers: dict[str, str], machine: str
) -> None:
    _, mail = await told(await counter_of(pool, track_clicks=True))
    await left_long_ago(pool)
    answer = await web.open.request(method, link_in(mail), headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (302, PAGE)
    assert await pool.fetchval("select machine from link_uses") == machine
    assert await touches(pool) == []


async def test_a_click_in_the_moment_that_the_message_leaves_is_a_scanners(web: Web, pool: Pool) -> None:
    _, mail = await told(await counter_of(pool, track_clicks=True))
    await pool.execute("update sends set settled_at = now() + interval '1 minute' where state = 'sent'")
    await web.open.get(link_in(mail), headers=PERSON)
    assert await touches(pool) == []


async def test_several_links_of_one_message_in_one_moment_are_a_scanners(pool: Pool) -> None:
    counter = await counter_of(pool, track_clicks=True)
    journey, _ = await told(counter)
    await left_long_ago(pool)
    links = Links(pool, PUBLIC)
    two = Mail("m", "ann@example.com", "s", f"https://{STORE}/a https://{STORE}/b", None)
    await links.track(two, message(journey).key, journey, _clicks(), [f"https://{STORE}"])
    tokens = [row["token"] for row in await pool.fetch("select token from links")]
    for token in tokens:
        assert await links.follow(token, None) is not None
    assert await touches(pool) == []
    await pool.execute("alter table link_uses disable trigger user")
    await pool.execute("update link_uses set used_at = used_at - interval '10 seconds' where token = $1", tokens[0])
    assert await touches(pool) == ["clicked"] * len(tokens[:1])


async def test_a_message_keeps_its_links_however_often_it_is_composed(pool: Pool) -> None:
    counter = await counter_of(pool, track_clicks=True)
    journey, mail = await told(counter)
    links = Links(pool, PUBLIC)
    untracked = replace(mail, text=PAGE, html=None)
    again = [
        await links.track(untracked, message(journey).key, journey, _clicks(), [f"https://{STORE}"]) for _ in range(3)
    ]
    assert {link_in(each) for each in again} == {link_in(mail)}
    assert await pool.fetchval("select count(*) from links") == 1
    await counter.deliver(reminder(journey))
    assert await pool.fetchval("select count(*) from links") == 2, "another message has links of its own"


async def test_without_a_word_in_the_document_or_a_public_address_messages_stay_as_they_are(pool: Pool) -> None:
    counter = await counter_of(pool)
    journey, mail = await told(counter)
    assert PAGE in mail.text
    tracked = await Links(pool).track(mail, message(journey).key, journey, _clicks(), [f"https://{STORE}"])
    assert tracked == mail
    assert await pool.fetchval("select count(*) from links") == 0


async def test_an_open_is_known_only_of_those_in_a_country_that_the_list_names(web: Web, pool: Pool) -> None:
    counter = await counter_of(pool, track_opens_in=("US",))
    (ann, ben) = await counter.calls("ann", "ben", units=2)
    await pool.execute("update contacts set attributes = '{\"country\": \"us\"}' where email like 'ann%'")
    await pool.execute("update contacts set attributes = '{\"country\": \"FR\"}' where email like 'ben%'")
    await counter.tells(ann)
    await counter.tells(ben)
    first, second = counter.sender.taken
    assert "<img" not in (second.html or "")
    assert PAGE in first.text, "clicks are not to be known"
    path = re.findall(rf'<img src="{PUBLIC}(/o/[a-z2-7]+)"', first.html or "")[0]
    for headers in (PERSON, {"User-Agent": "Mozilla/5.0"}):
        answer = await web.open.get(path, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    assert (await web.open.get("/o/none", headers=PERSON)).status_code == 200
    assert await touches(pool) == ["opened"]
    assert (await web.open.get(path.replace("/o/", "/l/"), headers=PERSON)).status_code == 404


async def test_who_asks_for_one_link_again_and_again_fills_nothing(web: Web, pool: Pool) -> None:
    _, mail = await told(await counter_of(pool, track_clicks=True))
    await pool.execute("insert into link_uses (token) select token from links, generate_series(1, 200)")
    answer = await web.open.get(link_in(mail), headers=PERSON)
    assert answer.status_code == 302
    assert await pool.fetchval("select count(*) from link_uses") == 200


async def test_an_order_after_a_click_on_a_link_of_ours_is_credited(web: Web, pool: Pool) -> None:
    counter = await counter_of(pool, track_clicks=True)
    _, mail = await told(counter)
    await left_long_ago(pool)
    await web.open.get(link_in(mail), headers=PERSON)
    ordered = {"id": "o-1", "store": STORE, "kind": "ordered", "email": "ann@example.com", "order": "1", "product": "p"}
    answer = await web.keyed.post("/v1/events", json=ordered | {"money": {"currency": "EUR", "total": "49.00"}})
    assert answer.json()["outcomes"][0]["status"] == "accepted", answer.text
    assert await pool.fetchval("select touch from credits") == "clicked"


def _clicks() -> Tracking:
    return Tracking(clicks=True)


async def test_a_persons_click_is_engagement_that_criteria_ask_for_and_a_machines_is_not(web: Web, pool: Pool) -> None:
    journey, mail = await told(await counter_of(pool, track_clicks=True))
    await left_long_ago(pool)
    await web.open.head(link_in(mail), headers=PERSON)
    await web.open.get(link_in(mail), headers={"User-Agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"})
    facts = await journey_facts(pool, journey)
    assert (facts.engagement_last_open, facts.engagement_last_click) == (None, None)
    await web.open.get(link_in(mail), headers=PERSON)
    used_at = await pool.fetchval("select max(used_at) from link_uses where machine is null")
    facts = await journey_facts(pool, journey)
    assert (facts.engagement_last_open, facts.engagement_last_click) == (None, used_at)
    earlier = {"kind": "clicked_message", "happened_at": (used_at - timedelta(days=1)).isoformat()}
    contact = await pool.fetchval("select contact_id from journeys")
    told_of = {"id": "e", "store": STORE, "contact": contact, "message": "m@shop.example"}
    await Events(pool).take(Event.model_validate(told_of | earlier))
    assert (await journey_facts(pool, journey)).engagement_last_click == used_at, "the last of both counts"
