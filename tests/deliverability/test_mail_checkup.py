"""A mail as it arrived is looked at: real signatures, a real DNS server, and nothing called bad that is not known."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from starter.deliverability.dns_records import Dns
from starter.deliverability.mail_checkup import examine_mail
from starter.ops.findings import Finding, Health
from tests.deliverability.name_server import NameServer
from tests.deliverability.signed import (
    FOUND,
    SIGNED,
    arrived,
    composed,
    ed25519_record,
    key_record,
    published,
    signed,
    signed_by_ed25519,
)

GOOD, NOTE, BAD = Health.GOOD, Health.NOTE, Health.BAD
LONG = "https://alerts.shop-with-a-long-name.example/u/AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"


async def found(names: NameServer, raw: bytes, patience: float = 4.0) -> list[Finding]:
    return await examine_mail(raw, Dns(names.address, patience))


async def looked(names: NameServer, raw: bytes, *components: str) -> list[Finding]:
    """What was found of these; of all others nothing is bad."""
    all_found = await found(names, raw)
    assert [each for each in all_found if each.health is BAD and each.component not in components] == []
    assert all(each.advice for each in all_found if each.health is not GOOD)
    return [each for each in all_found if each.component in components]


async def test_a_mail_as_it_should_be_has_nothing_but_good(names: NameServer) -> None:
    findings = await found(names, arrived(signed(composed())))
    assert {each.component: each.health for each in findings} == dict.fromkeys(
        (
            *("List-Unsubscribe", "List-Unsubscribe-Post", "signature", "signed fields"),
            *("SPF", "DMARC", "alignment", "receiver"),
        ),
        GOOD,
    )


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


async def test_an_unsubscribe_address_that_was_folded_is_bad(names: NameServer) -> None:
    folded = composed(LONG).replace(b"0123456789>", b"\r\n 0123456789>")
    (address,) = await looked(names, arrived(signed(folded)), "List-Unsubscribe")
    assert (address.health, "folded" in address.found) == (BAD, True)


async def test_a_field_that_was_folded_before_the_address_is_a_note_and_breaks_no_relaxed_signature(
    names: NameServer,
) -> None:
    raw = arrived(signed(composed())).replace(b"List-Unsubscribe: <", b"List-Unsubscribe:\r\n\t<")
    address, signature = await looked(names, raw, "List-Unsubscribe", "signature")
    assert (address.health, address.found) == (NOTE, "it was folded into 2 lines on the way")
    assert signature.health is GOOD


async def test_a_fold_put_in_after_signing_is_told_of_the_signature_too(names: NameServer) -> None:
    raw = arrived(signed(composed(LONG))).replace(b"0123456789>", b"\r\n 0123456789>")
    address, signature, alignment = await looked(names, raw, "List-Unsubscribe", "signature", "alignment")
    assert (address.health, signature.health) == (BAD, BAD)
    assert "let no server after it rewrite or fold" in signature.advice
    assert alignment.health is NOTE, "SPF speaks for it still"


@pytest.mark.parametrize(
    ("field", "becomes", "says"),
    [
        (rb"List-Unsubscribe: <[^>]*>\r\n", b"", "missing"),
        (rb"(List-Unsubscribe: <[^>]*>\r\n)", rb"\1\1", "there 2 times"),
        (rb"List-Unsubscribe: <https:[^>]*>", b"List-Unsubscribe: <mailto:no@shop.example>", "not https"),
        (rb"List-Unsubscribe: <https:[^>]*>", b"List-Unsubscribe: press here", "no address"),
        (rb"List-Unsubscribe: <https:[^>]*>", b"List-Unsubscribe: <https://a.example/" + b"x" * 990 + b">", "octets"),
    ],
)
async def test_an_address_that_one_click_does_not_work_by_is_bad(
    names: NameServer, field: bytes, becomes: bytes, says: str
) -> None:
    raw = re.sub(field, becomes, composed())
    told = [*await looked(names, arrived(signed(raw)), "List-Unsubscribe", "signed fields")]
    assert (told[0].health, says in told[0].found) == (BAD, True), told[0]


async def test_an_address_beside_another_may_be_the_https_one(names: NameServer) -> None:
    raw = composed().replace(b"List-Unsubscribe: <", b"List-Unsubscribe: <mailto:no@shop.example>, <")
    (address,) = await looked(names, arrived(signed(raw)), "List-Unsubscribe")
    assert address.health is GOOD


async def test_an_address_that_is_longer_than_servers_leave_alone_is_a_note(names: NameServer) -> None:
    (address,) = await looked(names, arrived(signed(composed(LONG))), "List-Unsubscribe")
    assert (address.health, f"{len(LONG)} characters" in address.found) == (NOTE, True)


async def test_without_an_address_to_unsubscribe_at_the_setting_is_named(names: NameServer) -> None:
    told = await looked(names, arrived(signed(composed(None))), "List-Unsubscribe", "List-Unsubscribe-Post")
    assert all(each.health is BAD and "SHELFTALK_PUBLIC_URL" in each.advice for each in told)


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


async def test_a_signature_of_another_domain_does_not_speak_for_that_of_from(names: NameServer) -> None:
    names.records |= {"s1._domainkey.mail.example": [key_record()], "mail.example": ["v=spf1 ip4:192.0.2.1 -all"]}
    raw = arrived(signed(composed(), domain="mail.example"), return_path="x1@mail.example")
    (alignment,) = await looked(names, raw, "alignment")
    assert (alignment.health, "signed by mail.example" in alignment.found) == (BAD, True)
    assert "d=shop.example" in alignment.advice


async def test_where_only_spf_speaks_for_the_domain_it_is_a_note_and_unknown_without_the_receivers_word(
    names: NameServer,
) -> None:
    names.records["s1._domainkey.mail.example"] = [key_record()]
    raw = signed(composed(), domain="mail.example")
    (by_spf,) = await looked(names, arrived(raw), "alignment")
    assert (by_spf.health, by_spf.found.startswith("only SPF speaks")) == (NOTE, True)
    (unknown,) = await looked(names, arrived(raw, found=""), "alignment")
    assert (unknown.health, "of SPF it is not known" in unknown.found) == (NOTE, True)
    failed, _ = await looked(names, arrived(raw, FOUND.replace("spf=pass", "spf=fail")), "alignment", "receiver")
    assert failed.health is BAD


async def test_a_part_of_the_organization_speaks_for_all_of_it_unless_the_policy_is_strict(names: NameServer) -> None:
    names.records["s1._domainkey.mail.shop.example"] = [key_record()]
    raw = arrived(signed(composed(), domain="mail.shop.example"))
    (relaxed,) = await looked(names, raw, "alignment")
    assert relaxed.health is GOOD
    names.records["_dmarc.shop.example"] = ["v=DMARC1; p=reject; adkim=s; aspf=s"]
    (strict,) = await looked(names, raw, "alignment")
    assert strict.health is BAD


async def test_a_domain_without_records_is_bad_and_says_what_to_publish(names: NameServer) -> None:
    del names.records["_dmarc.shop.example"], names.records["bounces.shop.example"]
    spf, dmarc = await looked(names, arrived(signed(composed())), "SPF", "DMARC")
    assert (spf.health, spf.found) == (BAD, "DNS has no record at bounces.shop.example, where bounces go")
    assert (dmarc.health, dmarc.found) == (BAD, "DNS has no record for shop.example")
    assert "v=DMARC1; p=none" in dmarc.advice


async def test_an_organizations_policy_holds_for_the_domains_below(names: NameServer) -> None:
    names.records["s1._domainkey.news.shop.example"] = [key_record()]
    raw = arrived(signed(composed(sender="alerts@news.shop.example"), domain="news.shop.example"))
    (dmarc,) = await looked(names, raw, "DMARC")
    assert dmarc.found == "policy quarantine, at _dmarc.shop.example"
    names.records["_dmarc.shop.example"] = ["v=DMARC1; p=reject; sp=none"]
    (dmarc,) = await looked(names, raw, "DMARC")
    assert dmarc.found == "policy none, at _dmarc.shop.example"


@pytest.mark.parametrize(
    ("name", "texts", "says"),
    [
        ("_dmarc.shop.example", ["v=DMARC1; p=none", "v=DMARC1; p=reject"], "several records"),
        ("_dmarc.shop.example", ["v=DMARC1; p=maybe"], "no policy"),
        ("bounces.shop.example", ["v=spf1 -all", "v=spf1 mx -all"], "several records"),
        ("bounces.shop.example", ["v=spf1 +all"], "everybody"),
        ("bounces.shop.example", [f"v=spf1 {' '.join(f'a:{n}.example' for n in range(11))} -all"], "more than 10"),
        ("bounces.shop.example", ["v=spf1 redirect=gone.example"], "broken: it has redirect of gone.example"),
        ("spf.mail.example", ["v=spf1 inclde:gone.example -all"], "broken: that of spf.mail.example has 'inclde:"),
        ("spf.mail.example", ["v=spf1 include:bounces.shop.example -all"], "more than 10"),
    ],
)
async def test_a_record_that_receivers_do_not_take_is_bad(
    names: NameServer, name: str, texts: list[str], says: str
) -> None:
    names.records[name] = texts
    told = [each for each in await looked(names, arrived(signed(composed())), "SPF", "DMARC") if each.health is BAD]
    assert [says in each.found for each in told] == [True]


async def test_a_record_that_only_says_where_reports_go_counts_as_none(names: NameServer) -> None:
    names.records["_dmarc.shop.example"] = ["v=DMARC1; rua=mailto:d@shop.example"]
    (dmarc,) = await looked(names, arrived(signed(composed())), "DMARC")
    assert dmarc.health is NOTE


@pytest.mark.parametrize("silence", ["silent", "failing"])
async def test_where_dns_does_not_answer_it_is_said_and_nothing_is_called_bad_or_good(
    names: NameServer, silence: str
) -> None:
    setattr(names, silence, {*published(), "bounces.shop.example"})
    findings = {each.component: each for each in await found(names, arrived(signed(composed())), patience=0.3)}
    for component in ("signature", "SPF", "DMARC", "alignment"):
        assert findings[component].health is NOTE, findings[component]
        assert "not known" in findings[component].found
    assert all(each.health is GOOD for each in findings.values() if "not known" not in each.found)


async def test_what_a_closed_networks_server_denies_is_not_known_and_what_it_knows_is(names: NameServer) -> None:
    """It says of every name outside that there is none."""
    names.closed = True
    names.records = {"s1._domainkey.shop.example": [key_record()]}
    findings = {each.component: each for each in await found(names, arrived(signed(composed())))}
    assert {name for name, each in findings.items() if each.health is NOTE} == {"SPF", "DMARC"}
    assert findings["signature"].health is GOOD
    assert not any(each.health is BAD for each in findings.values())


async def test_what_needs_no_dns_is_found_without_it(names: NameServer) -> None:
    names.all_silent = True
    raw = arrived(signed(composed(), covers=("From", "Subject")), return_path="x@mail.test")
    findings = {each.component: each for each in await found(names, raw, patience=0.3)}
    assert findings["signed fields"].health is BAD


async def test_a_name_is_asked_for_once(names: NameServer) -> None:
    await found(names, arrived(signed(composed())))
    assert len(names.asked) == len(set(names.asked))


async def test_only_the_receiving_hosts_own_word_counts(names: NameServer) -> None:
    forged = FOUND.replace("mx.receiver.example", "mx.elsewhere.example")
    names.records["s1._domainkey.mail.example"] = [key_record()]
    other = signed(composed(), domain="mail.example")
    alignment, receiver = await looked(names, arrived(forged.encode() + other, found=""), "receiver", "alignment")
    assert (receiver.health, alignment.health) == (NOTE, NOTE)
    assert "not certain" in receiver.found
    assert "of SPF it is not known" in alignment.found
    above = FOUND.replace("dmarc=pass", "dmarc=fail")
    (own,) = await looked(names, arrived(signed(forged.encode() + composed()), found=above), "receiver")
    assert (own.health, own.found) == (BAD, "mx.receiver.example found dkim=pass, spf=pass, dmarc=fail")


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
