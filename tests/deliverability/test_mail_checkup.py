"""A mail as it arrived is looked at: real signatures, a real DNS server, and nothing called bad that is not known."""

import re

import pytest

from starter.ops.findings import Health
from tests.deliverability.looking import found, looked
from tests.deliverability.name_server import NameServer
from tests.deliverability.signed import (
    FOUND,
    arrived,
    composed,
    key_record,
    published,
    signed,
)

GOOD, NOTE, BAD = Health.GOOD, Health.NOTE, Health.BAD
LONG = "https://alerts.shop-with-a-long-name.example/u/AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"


async def test_a_mail_as_it_should_be_has_nothing_but_good(names: NameServer) -> None:
    findings = await found(names, arrived(signed(composed())))
    assert {each.component: each.health for each in findings} == dict.fromkeys(
        (
            *("List-Unsubscribe", "List-Unsubscribe-Post", "signature", "signed fields"),
            *("SPF", "DMARC", "alignment", "receiver"),
        ),
        GOOD,
    )


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
