"""What is read of a mail: its fields as they arrived, of any bytes, and out of a folder of several."""

from base64 import b64encode

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
    "key",
    [
        "p=AAAA",
        "p=====",
        "k=rsa; p=MIGf",
        "k=ed25519; p=AAAA",
        "k=ed25519; p=é",
        "k=dsa; p=AAAA",
        "v=DKIM2; p=AAAA",
        "p=é",
        "=;p=MA==",
    ],
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
    ("head", "says"),
    [
        (b"X: y\n" * 499, None),
        (b"X: y\n" * 500, "501 fields"),
        (b"X: " + b"y" * (16 * 1024 - 3) + b"\n", None),
        (b"X: " + b"y" * (16 * 1024 - 2) + b"\n", "line 1 has more than 16,384 bytes"),
        (b"X: y\n" + b" folded\n" * 4000, "more than 16,384 bytes"),
        ((b"X: " + b"y" * 10_000 + b"\n") * 26, None),
        ((b"X: " + b"y" * 10_000 + b"\n") * 27, "270,"),
    ],
)
def test_a_head_that_no_mail_needs_is_refused(head: bytes, says: str | None) -> None:
    raw = head + b"From: a@shop.example\n\nBody"
    if says is None:
        assert read_arrived(raw).author_domain == "shop.example"
        return
    with pytest.raises(NotAMail, match=says):
        read_arrived(raw)


def test_a_large_folder_and_odd_fields_come_to_an_end() -> None:
    """What takes the square of its length would take very long here."""
    folder = b"From x\n\n" * 500_000 + b"From x\nFrom: a@shop.example\n\nBody"
    assert read_arrived(folder).author_domain == "shop.example"
    longest = 16_000
    for value in ("a" * longest, "(" * longest, "(" * (longest // 2) + ")" * (longest // 2), " " * longest + "a"):
        for name in ("From", "Authentication-Results", "Received", "List-Unsubscribe", "Return-Path"):
            mail = read_arrived(f"{name}: {value}\nFrom: a@shop.example\n\nBody".encode())
            read_receiver(mail)
            assert [*unsubscribing(mail)]
            assert mail.author_domain == (None if name == "From" else "shop.example")


@pytest.mark.parametrize("body", [b"relaxed", b"simple"])
async def test_blanks_in_a_body_are_taken_as_a_signature_sees_them(names: NameServer, body: bytes) -> None:
    """However many: dkimpy by itself would take very long with these."""
    blanks = b"In   \t stock \r\nnow" + b" " * 500_000 + b"."
    raw = signed(composed().replace(b"It is back in stock.", b"It  \t is back \t") + blanks[:18], body=body)
    (found,) = await signatures_of(read_arrived(raw), Dns(names.address))
    assert found.validity is Validity.VALID, found.why
    (fewer,) = await signatures_of(read_arrived(raw.replace(b"  \t is", b" is")), Dns(names.address))
    assert fewer.validity is (Validity.VALID if body == b"relaxed" else Validity.BROKEN)
    (longer,) = await signatures_of(read_arrived(raw + b"\r\n" + b"\n\r\n" * 500_000), Dns(names.address))
    assert longer.validity is Validity.VALID, longer.why
    (more,) = await signatures_of(read_arrived(raw + blanks), Dns(names.address))
    assert more.validity is Validity.BROKEN


@pytest.mark.parametrize("exponent", [65537, (1 << 9000) + 1])
async def test_a_key_that_takes_long_is_not_looked_at(names: NameServer, exponent: int) -> None:
    names.records["s1._domainkey.shop.example"] = [
        rsa_record((1 << (8192 if exponent == 65537 else 2047)) + 1, exponent)
    ]
    (found,) = await signatures_of(read_arrived(signed(composed())), Dns(names.address))
    assert found.validity is Validity.UNKNOWN
    assert "more than 8,192 bits, or an exponent of more than 64" in found.why


def rsa_record(modulus: int, exponent: int) -> str:
    """A key with any numbers."""

    def der(tag: int, content: bytes) -> bytes:
        return bytes([tag, 0x82]) + len(content).to_bytes(2) + content

    numbers = (der(2, each.to_bytes(each.bit_length() // 8 + 1)) for each in (modulus, exponent))
    return f"v=DKIM1; p={b64encode(der(0x30, b''.join(numbers))).decode()}"


async def test_a_key_of_the_most_bits_is_looked_at(names: NameServer) -> None:
    names.records["s1._domainkey.shop.example"] = [rsa_record((1 << 8191) + 1, 65537)]
    (found,) = await signatures_of(read_arrived(signed(composed())), Dns(names.address))
    assert found.validity is Validity.BROKEN


async def test_a_signature_that_is_longer_than_any_is_not_looked_at(names: NameServer) -> None:
    """Empty lines count: dkimpy's patterns take the square of a run of them."""
    for longer in (b"z=" + b"x" * 4096 + b"; ", b"z=" + b"\r\n " * 1366 + b"; "):
        raw = signed(composed()).replace(b"DKIM-Signature: ", b"DKIM-Signature: " + longer)
        (found,) = await signatures_of(read_arrived(raw), Dns(names.address))
        assert (found.validity, "more than 4,096 bytes" in found.why) == (Validity.UNKNOWN, True)


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
