"""A list that asks whoever signs up whether it was them, and the links that mails bring."""

import re
from email.message import EmailMessage
from urllib.parse import urlsplit

from activities.postgres.pool import Pool
from schemas.channels import Channel
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.conversation import ConversationDocument, MessageSection
from tests.story.documents import back, programme
from tests.strict_mail import PUBLIC_URL

ASKED = "asked"
"""The list, its conversation, its alert."""
QUESTION = "was-it-you"
TOKEN = "A" * 22


def asking(**terms: object) -> ConversationDocument:
    """Back in stock, with double opt-in and an answer to who said yes; sign-ups name the list `asked`."""
    document = programme(ASKED, back(**terms), AlertEvent.SUBSCRIPTION, double_opt_in=QUESTION)
    question = MessageSection(
        channel=Channel.EMAIL, subject="Was it you?", text="Yes, for {{ product.title }}: {{ links.confirm }}"
    )
    return document.model_copy(update={"messages": {**document.messages, QUESTION: question}})


def link_in(mail: EmailMessage) -> str:
    """The path of the first link of ours in a mail's text."""
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(rf"{re.escape(PUBLIC_URL)}\S+", body.get_content())
    assert found, body.get_content()
    return urlsplit(found[0]).path


async def link_of(pool: Pool, email: str, *, days_old: int = 0, token: str = TOKEN) -> str:
    """The token of a link of this person's, to the store that they are in line in."""
    await pool.execute(
        "insert into shopper_links (token, contact_id, store_id, made_at, of_month) "
        "select distinct $2, j.contact_id, j.store_id, now() - make_interval(days => $3), current_date - 40 - $3 "
        "from journeys j join contacts c on c.id = j.contact_id where c.email = $1",
        email,
        token,
        days_old,
    )
    return token


async def word_of(pool: Pool, email: str) -> bool | None:
    """Their newest word; None: they have said nothing."""
    return await pool.fetchval(
        "select n.granted from consents n join contacts c on c.id = n.contact_id where c.email = $1 "
        "order by n.id desc limit 1",
        email,
    )


async def tokens(pool: Pool) -> list[str]:
    """Of the questions, in the order of the places that they are about."""
    rows = await pool.fetch(
        "select c.token from confirmations c join waiting w on w.journey_id = c.journey_id "
        "order by w.entered_at, w.place"
    )
    return [row["token"] for row in rows]
