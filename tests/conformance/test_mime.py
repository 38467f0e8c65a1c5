"""Whatever a template and its data hold, one message with our headers and no others comes of it."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.senders.email.mime import compose, parse_sender
from activities.senders.sender import Mail, Rejected

SENDER = parse_sender("Läden & Co <alerts@example.com>")
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted",
    "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
}  # fmt: skip
anything = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"))


@given(anything, anything, anything | st.none())
def test_no_text_adds_a_header_or_ends_the_message(subject: str, text: str, html: str | None) -> None:
    try:
        envelope = compose(Mail("1@shop.example", "ada@example.org", subject, text, html), SENDER)
    except Rejected:
        assert not subject.isprintable()
        return

    assert b"\r" not in envelope.body.replace(b"\r\n", b"")
    assert b"\n" not in envelope.body.replace(b"\r\n", b"")
    assert envelope.body.endswith(b"\r\n")
    assert envelope.body.isascii()
    message = message_from_bytes(envelope.body, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert set(message.keys()) <= HEADERS
    assert len(message.keys()) == len(set(message.keys()))
    assert message["To"] == "ada@example.org"
    assert not message.defects


@given(anything)
def test_a_recipient_is_one_bare_address_or_none(recipient: str) -> None:
    try:
        envelope = compose(Mail("1@shop.example", f"{recipient}@example.org", "s", "t"), SENDER)
    except Rejected:
        return

    assert envelope.recipient == f"{recipient}@example.org" or envelope.recipient == f'"{recipient}"@example.org'
    assert not set(envelope.recipient) & set("\r\n<> ,;\0")


@given(st.text("ab =.\té\n", max_size=200), st.text("<p>ab =.\té\n", max_size=200))
def test_text_and_html_both_survive(text: str, html: str) -> None:
    body = compose(Mail("1@shop.example", "ada@example.org", "s", text, html), SENDER).body

    message = message_from_bytes(body, policy=policy.default)
    assert isinstance(message, EmailMessage)
    plain, styled = (part for part in message.iter_parts() if isinstance(part, EmailMessage))
    assert plain.get_content().splitlines() == (text.splitlines() or [""])
    assert styled.get_content().splitlines() == (html.splitlines() or [""])
    assert max(map(len, body.split(b"\r\n"))) <= 78


def test_a_long_address_to_unsubscribe_at_stays_on_its_line() -> None:
    url = f"https://alerts.shop.example/u/{'x' * 200}"
    mail = Mail("1@shop.example", "ada@example.org", "s", "t", list_id="restocks.shop.example", unsubscribe=url)

    lines = compose(mail, SENDER).body.split(b"\r\n")

    assert b"List-Id: <restocks.shop.example>" in lines
    assert f"List-Unsubscribe: <{url}>".encode() in lines
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines


@given(st.text("\r\n<> aé:", min_size=1))
def test_no_list_id_or_address_to_unsubscribe_at_adds_a_header(value: str) -> None:
    for mail in (
        Mail("1@shop.example", "ada@example.org", "s", "t", list_id=value),
        Mail("1@shop.example", "ada@example.org", "s", "t", unsubscribe=value),
    ):
        if set(value) <= set("a:"):
            assert value.encode() in compose(mail, SENDER).body
        else:
            with pytest.raises(Rejected, match="printable ASCII"):
                compose(mail, SENDER)


@given(st.lists(st.text("ab .\ré\n", max_size=12), max_size=12))
def test_the_text_survives_line_by_line(lines: list[str]) -> None:
    text = "\n".join(lines)

    body = compose(Mail("1@shop.example", "ada@example.org", "s", text), SENDER).body

    message = message_from_bytes(body, policy=policy.default)
    assert isinstance(message, EmailMessage)
    received = message.get_content().encode().splitlines()
    assert received == (text.encode().splitlines() or [b""])
