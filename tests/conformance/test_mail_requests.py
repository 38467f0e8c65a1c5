"""What a provider of e-mail over HTTP gets: the whole message, and what to know it by."""

from dataclasses import replace

import pytest

from activities.senders.http.http_sender import LARGEST_REQUEST_BYTES
from activities.senders.limits import Limits
from activities.senders.sender import NotTaken
from tests.conformance.mail_over_http import MAIL, NEXT, REFERENCE, End, ending, every_provider
from tests.conformance.providers import RECIPIENT, HttpProvider

KEEPS_MESSAGE_ID = {"postmark", "sendgrid", "mailgun", "ses"}
"""SES writes one of its own when it sends; it gets ours."""


@every_provider
async def test_a_provider_gets_the_whole_message_and_what_to_know_it_by(provider: HttpProvider) -> None:
    sender = provider.sender(Limits())

    assert [await ending(sender), await ending(sender, NEXT)] == [End.RETURNED, End.RETURNED]

    first, second = provider.provider.taken
    assert (first.recipient, first.sender, first.subject) == (RECIPIENT, "alerts@example.com", MAIL.subject)
    assert (first.text.strip(), (first.html or "").strip()) == ("Schnell!", "<p>Schnell!</p>")
    assert second.html is None
    assert first.reference == REFERENCE
    assert first.message_id == (MAIL.message_id if provider.provider.name in KEEPS_MESSAGE_ID else None)
    assert first.headers["Auto-Submitted"] == "auto-generated"
    assert first.headers["List-Id"] == "<back-in-stock.example.com>"
    assert first.headers["List-Unsubscribe"] == "<https://example.com/u/abc>"
    assert first.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert provider.connections == 1, "the connection is kept"


@every_provider
async def test_a_mail_of_no_list_has_no_header_of_one(provider: HttpProvider) -> None:
    bare = replace(MAIL, reference=None, list_id=None, unsubscribe=None)

    assert await ending(provider.sender(Limits()), bare) is End.RETURNED

    (taken,) = provider.provider.taken
    assert taken.reference is None
    assert not [name for name in taken.headers if name.startswith("List-")]


@every_provider
async def test_the_words_may_change_until_the_request_and_the_address_may_not(provider: HttpProvider) -> None:
    sender = provider.sender(Limits())
    async with sender.ready(MAIL) as handover:
        await handover.begin(replace(MAIL, text="Only one is left"))
        await handover.send()
    for other in (replace(MAIL, recipient="ben@example.org"), replace(MAIL, sender="other@example.com")):
        async with sender.ready(MAIL) as handover:
            with pytest.raises(NotTaken, match="another address"):
                await handover.begin(other)

    (taken,) = provider.provider.taken
    assert taken.text.strip() == "Only one is left"


@every_provider
async def test_an_address_that_no_provider_takes_is_rejected_before_it_is_asked(provider: HttpProvider) -> None:
    sender = provider.sender(Limits())

    assert await ending(sender, replace(MAIL, recipient="zoë@example.org")) is End.REJECTED
    assert await ending(sender, replace(MAIL, sender="zoë@example.com")) is End.SENDER, "nobody waits in vain for that"
    assert await ending(sender, replace(MAIL, text="x" * LARGEST_REQUEST_BYTES)) is End.REJECTED
    assert provider.requests == 0
    assert await ending(sender, replace(MAIL, recipient="zoe@straße.example")) is End.RETURNED
    assert provider.provider.taken[0].recipient == "zoe@xn--strae-oqa.example"
