"""What is read of a mail: its fields as they arrived, of any bytes, and out of a folder of several."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starter.deliverability.arrived import NotAMail, domain_of, read_arrived
from starter.deliverability.dns_records import Dns, tags_of
from starter.deliverability.receiver import read_receiver
from starter.deliverability.signatures import Validity, signatures_of
from starter.deliverability.unsubscribing import unsubscribing
from starter.ops.findings import Health
from tests.deliverability.name_server import NameServer
from tests.deliverability.signed import FOUND, UNSUBSCRIBE, arrived, composed, key_record, signed

PIECES = st.sampled_from([b"From ", b"From: a@b.example", b"\n", b"\r\n", b" ", b":", b"x", b">From ", b"\xff"])


@given(st.one_of(st.binary(), st.lists(PIECES).map(b"".join)))
def test_any_bytes_are_a_mail_or_are_refused(raw: bytes) -> None:
    try:
        mail = read_arrived(raw)
    except NotAMail:
        return
    assert mail.all("from")


@given(st.text(), st.text())
def test_whatever_a_field_holds_is_looked_at(value: str, other: str) -> None:
    raw = f"From: a@shop.example\nAuthentication-Results: {value}\nList-Unsubscribe: {other}\n\nBody".encode(
        errors="replace"
    )
    try:
        mail = read_arrived(raw)
    except NotAMail:
        return  # It held the end of a line.
    read_receiver(mail)
    assert [*unsubscribing(mail)]


@given(st.integers(min_value=1, max_value=len(UNSUBSCRIBE) - 1), st.sampled_from(["\r\n ", "\n\t", "\r\n \t "]))
def test_an_address_folded_anywhere_is_bad(at: int, fold: str) -> None:
    folded = UNSUBSCRIBE[:at] + fold + UNSUBSCRIBE[at:]
    mail = read_arrived(composed().replace(UNSUBSCRIBE.encode(), folded.encode()))
    address, _ = unsubscribing(mail)
    assert address.health is Health.BAD


@given(st.dictionaries(st.from_regex(r"[a-z]{1,3}", fullmatch=True), st.from_regex(r"[!-:<-~]*", fullmatch=True)))
def test_tags_are_read_as_they_are_written(tags: dict[str, str]) -> None:
    assert tags_of("; ".join(f"{name}={value}" for name, value in tags.items())) == tags


@pytest.mark.parametrize(
    "key", ["p=AAAA", "p=====", "k=rsa; p=MIGf", "k=ed25519; p=AAAA", "v=DKIM2; p=AAAA", "p=é", "=;p=MA=="]
)
async def test_no_key_in_dns_is_too_odd_to_be_told_of(names: NameServer, key: str) -> None:
    names.records["s1._domainkey.shop.example"] = [key.encode().decode("latin-1")]
    (found,) = await signatures_of(read_arrived(signed(composed())), Dns(names.address))
    assert found.validity is Validity.BROKEN


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
async def test_of_a_folder_the_last_mail_is_taken_as_it_was_signed(names: NameServer, line_end: bytes) -> None:
    body = composed().replace(b"It is back in stock.", b"From now on it is in stock.")
    one, other = arrived(composed()), arrived(signed(body))
    quoted = other.replace(b"\r\nFrom now", b"\r\n>From now")
    assert quoted != other
    folder = b"".join(b"From alerts@shop.example Mon Nov 30\r\n" + mail + b"\r\n" for mail in (one, quoted))
    mail = read_arrived(folder.replace(b"\r\n", line_end))
    (found,) = await signatures_of(mail, Dns(names.address))
    assert found.validity is Validity.VALID, found.why


@pytest.mark.parametrize(
    "raw", [b"", b"Just text", b"Subject: x\n\nFrom: in the body", b"From: a@b.example\nno field\n\n"]
)
def test_what_is_no_mail_says_how_to_save_one(raw: bytes) -> None:
    with pytest.raises(NotAMail) as caught:
        read_arrived(raw)
    assert "Show original" in caught.value.advice


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("Ada <ada@Shop.Example.>", "shop.example"),
        ("<x@bücher.example>", "xn--bcher-kva.example"),
        ("<>", None),
        ("nobody", None),
    ],
)
def test_a_domain_is_given_as_dns_knows_it(address: str, domain: str | None) -> None:
    assert domain_of(address) == domain


def test_what_a_receiver_found_is_read_without_its_comments() -> None:
    written = (
        "Authentication-Results: MX.receiver.example 1; dkim=pass (2048-bit (it; says=fail)) header.d=shop.example;\r\n"
        '\tspf=softfail (x: domain of a@b; c) smtp.mailfrom="x@bounces.shop.example"; none\r\n'
    )
    found = read_receiver(read_arrived(arrived(composed(), found=written)))
    assert found is not None
    assert (found.host, found.own) == ("mx.receiver.example", True)
    assert [(each.method, each.result) for each in found.results] == [("dkim", "pass"), ("spf", "softfail")]
    assert found.results_of("spf")[0].properties["smtp.mailfrom"] == "x@bounces.shop.example"


def test_it_is_the_receivers_own_where_its_received_stands_above() -> None:
    """Gmail writes it below."""
    top = b"Received: by mx.receiver.example with SMTP id 1; Mon, 30 Nov 2026 08:00:00 +0000\r\n"
    below = read_receiver(read_arrived(top + arrived(composed())))
    elsewhere = read_receiver(read_arrived(top.replace(b"mx.", b"other.") + arrived(composed())))
    assert (below and below.own, elsewhere and elsewhere.own) == (True, False)


def test_results_without_a_host_are_nobodys_own() -> None:
    """As Microsoft writes them."""
    top = b"Received: by mx.receiver.example with SMTP id 1; Mon, 30 Nov 2026 08:00:00 +0000\r\n"
    found = read_receiver(read_arrived(top + arrived(composed(), FOUND.replace(" mx.receiver.example;\r\n", ""))))
    assert found is not None
    assert (found.host, found.own, len(found.results)) == ("", False, 3)


def test_a_key_is_published_in_pieces() -> None:
    assert len(key_record()) > 255
