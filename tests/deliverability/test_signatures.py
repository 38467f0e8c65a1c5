"""The signatures of a mail as it arrived: valid, broken or not known, and what they cover."""

from collections.abc import Callable
from pathlib import Path

import dkim  # pyright: ignore[reportMissingTypeStubs] it has no stubs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from starter.deliverability.arrived import read_arrived
from starter.deliverability.dkim_sums import BodyAltered, Sums, read_key
from starter.ops.findings import Health
from tests.deliverability.looking import found, looked
from tests.deliverability.name_server import NameServer
from tests.deliverability.signed import (
    SIGNED,
    arrived,
    composed,
    ed25519_record,
    key_record,
    signed,
    signed_by_ed25519,
)

GOOD, NOTE, BAD = Health.GOOD, Health.NOTE, Health.BAD


@pytest.mark.parametrize("left_out", ["List-Unsubscribe", "List-Unsubscribe-Post", "Subject", "Date", "Message-ID"])
async def test_a_field_that_no_signature_covers_is_named(names: NameServer, left_out: str) -> None:
    raw = arrived(signed(composed(), covers=[name for name in SIGNED if name != left_out]))
    (fields,) = await looked(names, raw, "signed fields")
    assert (fields.health, fields.found) == (BAD, f"the signature of shop.example leaves out {left_out}")


async def test_of_two_signatures_one_that_covers_it_all_is_enough(names: NameServer) -> None:
    """A provider signs for itself, too."""
    names.records["s1._domainkey.mail.example"] = [key_record()]
    raw = arrived(signed(signed(composed()), domain="mail.example", covers=("From", "Subject")))
    (fields,) = await looked(names, raw, "signed fields")
    assert (fields.health, fields.found.endswith("(by shop.example)")) == (GOOD, True)
    raw = arrived(signed(signed(composed()), domain="mail.example").replace(b"Blue kettle", b"Red kettle"))
    assert BAD in {each.health for each in await looked(names, raw, "signature", "signed fields", "alignment")}


async def test_fields_are_signed_only_by_a_signature_that_is_valid(names: NameServer) -> None:
    """The other one covers them all, but DNS does not tell its key."""
    names.silent = {"s1._domainkey.silent.example"}
    part = signed(composed(), covers=[name for name in SIGNED if name != "List-Unsubscribe"])
    both = signed(part, "silent.example")
    findings = {each.component: each for each in await found(names, arrived(both), patience=0.3)}
    assert findings["signed fields"].health is NOTE
    assert "is valid, which is not known" in findings["signed fields"].found
    assert findings["alignment"].health is GOOD
    findings = {each.component: each for each in await found(names, arrived(signed(both)), patience=0.3)}
    assert findings["signed fields"].health is GOOD


async def test_a_signature_of_ed25519_counts_as_one_of_rsa_but_should_not_stand_alone(names: NameServer) -> None:
    names.records["e1._domainkey.shop.example"] = [ed25519_record()]
    both = await looked(names, arrived(signed_by_ed25519(signed(composed()))), "signature", "alignment")
    assert [each.health for each in both] == [GOOD, GOOD, GOOD]
    assert both[0].found == "shop.example, selector e1: valid, Ed25519"
    alone, told, fields, alignment = await looked(
        names, arrived(signed_by_ed25519(composed())), "signature", "signed fields", "alignment"
    )
    assert (alone.health, fields.health, alignment.health) == (GOOD, GOOD, GOOD)
    assert (told.health, told.found, "RSA, too" in told.advice) == (NOTE, "the only valid ones are of Ed25519", True)


@pytest.mark.parametrize(
    ("record", "from_", "to", "says"),
    [
        (None, b"Blue kettle", b"Red kettle", "does not fit the mail's fields"),
        (None, b"in stock", b"in shock", "the body was altered"),
        (key_record, b"", b"", "is of rsa, and the signature is made by ed25519-sha256"),
        (None, b"a=ed25519-sha256", b"a=rsa-sha256", "is of ed25519, and the signature is made by rsa-sha256"),
        (lambda: "v=DKIM2; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", b"", b"", "bad version"),
        (lambda: "k=ed25519; p=AAAA", b"", b"", "not the 32 bytes"),
    ],
)
async def test_a_signature_of_ed25519_that_fits_nothing_is_bad(
    names: NameServer, record: Callable[[], str] | None, from_: bytes, to: bytes, says: str
) -> None:
    names.records["e1._domainkey.shop.example"] = [(record or ed25519_record)()]
    signature, _ = await looked(
        names, arrived(signed_by_ed25519(composed()).replace(from_, to)), "signature", "alignment"
    )
    assert (signature.health, says in signature.found) == (BAD, True), signature


async def test_fields_under_a_broken_signature_only_are_a_note_beside_what_is_bad_of_it(names: NameServer) -> None:
    signature, fields, _ = await looked(
        names,
        arrived(signed(composed())).replace(b"in stock", b"in shock"),
        *("signature", "signed fields", "alignment"),
    )
    assert (signature.health, fields.health, "broken" in fields.found) == (BAD, NOTE, True)


async def test_a_broken_signature_beside_one_that_counts_is_a_note(names: NameServer) -> None:
    """Its key is not there, as of a provider's that was left."""
    raw = arrived(signed(signed(composed()), domain="mail.example"))
    other, own = await looked(names, raw, "signature")
    assert (other.health, own.health) == (NOTE, GOOD)


async def test_a_body_that_was_altered_is_told_apart_from_fields_that_were(names: NameServer) -> None:
    whole = arrived(signed(composed()))
    body, _ = await looked(names, whole.replace(b"in stock", b"in shock"), "signature", "alignment")
    assert (body.health, body.found.endswith("the body was altered after it was signed")) == (BAD, True)
    fields, _ = await looked(names, whole.replace(b"Blue kettle", b"Red kettle"), "signature", "alignment")
    assert (fields.health, "does not fit the mail's fields" in fields.found) == (BAD, True)


async def test_a_mail_that_nobody_signed_is_bad(names: NameServer) -> None:
    signature, alignment = await looked(names, arrived(composed()), "signature", "alignment")
    assert (signature.health, "none" in signature.found, alignment.health) == (BAD, True, NOTE)


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (None, "DNS has no key at s1._domainkey.shop.example"),
        ("v=spf1 -all", "DNS has no key"),
        ("v=DKIM1; k=rsa; p=", "revoked"),
        ("v=DKIM1; k=rsa; p=not a key", "of no use"),
        ("v=DKIM1; k=dsa; p=AAAA", "of no use"),
    ],
)
async def test_a_key_that_is_not_in_dns_or_of_no_use_is_bad(names: NameServer, record: str | None, says: str) -> None:
    names.records["s1._domainkey.shop.example"] = [] if record is None else [record]
    if record is None:
        del names.records["s1._domainkey.shop.example"]
    signature, _ = await looked(names, arrived(signed(composed())), "signature", "alignment")
    assert (signature.health, says in signature.found) == (BAD, True), signature


async def test_a_key_behind_an_alias_is_found(names: NameServer) -> None:
    """Providers give selectors as CNAMEs to names of theirs."""
    names.records["s1.dkim.mail.example"] = names.records.pop("s1._domainkey.shop.example")
    names.aliases["s1._domainkey.shop.example"] = "s1.dkim.mail.example"
    (signature,) = await looked(names, arrived(signed(composed())), "signature")
    assert signature.health is GOOD


async def test_a_signature_with_a_short_key_or_one_under_test_is_a_note(names: NameServer) -> None:
    names.records["s1._domainkey.shop.example"] = [key_record(1024)]
    (short,) = await looked(names, arrived(signed(composed(), bits=1024)), "signature")
    assert (short.health, "1024 bits" in short.found) == (NOTE, True)
    names.records["s1._domainkey.shop.example"] = [f"{key_record()}; t=y:s"]
    (tried,) = await looked(names, arrived(signed(composed())), "signature")
    assert (tried.health, "t=y" in tried.found) == (NOTE, True)


async def test_the_signatures_of_the_standards_own_example_are_valid(
    names: NameServer, fixture: Callable[[str], bytes]
) -> None:
    """RFC 8463, Appendix A: signed by neither this code nor the library it verifies with."""
    for key in fixture("rfc8463.keys.txt").decode().splitlines():
        selector, record = key.split(maxsplit=1)
        names.records[f"{selector}._domainkey.football.example.com"] = [record]
    told = [each for each in await found(names, fixture("rfc8463.eml")) if each.component == "signature"]
    assert [each.found.partition(": ")[2] for each in told] == ["valid, Ed25519", "valid, RSA of 1024 bits"]


@pytest.fixture
def fixture() -> Callable[[str], bytes]:
    return lambda name: (Path(__file__).parent / name).read_bytes()


BODIES = st.lists(st.sampled_from([b" ", b"\t", b"\r", b"\n", b"\r\n", b"a", b".", b"\xff"]), max_size=12).map(b"".join)


@given(BODIES, st.one_of(st.none(), BODIES), st.sampled_from([b"relaxed", b"simple"]), st.booleans())
def test_a_body_fits_its_signature_where_dkimpy_alone_says_so(
    body: bytes, arrives: bytes | None, kind: bytes, length: bool
) -> None:
    """Here bodies are made ready once for all signatures; there for each."""
    head = b"From: a@shop.example\r\nSubject: x\r\n\r\n"
    mail = signed(head + body, covers=("From", "Subject"), bits=1024, body=kind, length=length)
    raw = mail if arrives is None else mail.removesuffix(body) + arrives
    key = read_key("s1", key_record(1024))
    try:
        fits = Sums(read_arrived(raw)).fits(0, key)
    except BodyAltered:
        fits = False
    told = dkim.verify(raw, dnsfunc=lambda _name, timeout: key_record(1024).encode())  # pyright: ignore[reportUnknownMemberType, reportUnknownLambdaType] it has no stubs
    assert fits == told
    assert fits or arrives is not None
