"""The check-up of one mail as it arrived, behind `shelftalk doctor --mail`.

What DNS would have to say, and does not, is told as not known: it is neither good nor bad.
"""

import asyncio
from collections.abc import Iterator

from starter.deliverability.arrived import ArrivedMail, domain_of, read_arrived
from starter.deliverability.dns_records import DnsSilent, Records
from starter.deliverability.policies import SPF_QUESTIONS, Broken, DmarcPolicy, Several, aligned, dmarc_of, spf_of
from starter.deliverability.receiver import ReceiverFound, read_receiver
from starter.deliverability.signatures import BY_ED25519, MOST_SIGNATURES, Signature, Validity, signatures_of
from starter.deliverability.unsubscribing import ONE_CLICK, UNSUBSCRIBE, unsubscribing
from starter.ops.findings import Checkup, Finding, Health, bad, good, note

COVERED = {
    "from": "From",
    "subject": "Subject",
    "date": "Date",
    "message-id": "Message-ID",
    UNSUBSCRIBE: "List-Unsubscribe",
    ONE_CLICK: "List-Unsubscribe-Post",
}
"""What a signature must cover, of what the mail has: RFC 8058 asks for the last two."""
SAY_AGAIN = "Look again later; or ask another server: --dns 9.9.9.9."
UNKNOWN = "not known: DNS did not answer"


def checkup_of(findings: list[Finding]) -> Checkup:
    """All findings, and whether any is bad."""
    return Checkup(ok=all(finding.health is not Health.BAD for finding in findings), findings=tuple(findings))


async def examine_mail(raw: bytes, records: Records) -> list[Finding]:
    """Look at a mail as it arrived at the mailbox it was sent to.

    Raises:
        NotAMail: it is none.
    """
    mail = read_arrived(raw)
    findings = [*_author(mail), *unsubscribing(mail)]
    author = mail.author_domain
    if author is None:
        return findings
    receiver = read_receiver(mail)
    signatures, dmarc, envelope = await asyncio.gather(
        signatures_of(mail, records), _dmarc(records, author), _envelope(mail, receiver, records)
    )
    policy, policy_found = dmarc
    domain, spf_found = envelope
    strict_dkim, strict_spf = policy is not None and policy.strict_dkim, policy is not None and policy.strict_spf
    by_dkim = [await aligned(records, each.domain, author, strict=strict_dkim) for each in signatures]
    fits = _any_aligned(signatures, by_dkim)
    by_spf = None if domain is None else await aligned(records, domain, author, strict=strict_spf)
    return [
        *findings,
        *_signed(mail, signatures, enough=fits is True),
        spf_found,
        policy_found,
        _alignment(author, fits, _spf_counts(by_spf, receiver), signatures),
        *_receiver(receiver),
    ]


def examine_own_mail(raw: bytes) -> list[Finding]:
    """Look at a mail in the mailbox of `shelftalk up`, which nobody signed and no server received."""
    mail = read_arrived(raw)
    unsigned = "the mailbox of `shelftalk up` keeps mails and delivers none: there is no signature to look at"
    advice = "With the mail server or provider that shall send them: send one to a mailbox outside, and look at that."
    return [*_author(mail), *unsubscribing(mail), note("signature", unsigned, advice)]


def _author(mail: ArrivedMail) -> Iterator[Finding]:
    if mail.author_domain is None:
        yield bad("From", "it has not one address with a domain", "Set SHELFTALK_SENDER, or the list's sender, to one.")
    for name in ("date", "message-id"):
        if len(mail.all(name)) != 1:
            advice = "Something after Shelftalk took it out or added one; receivers count that against the mail."
            yield bad(COVERED[name], f"it is there {len(mail.all(name))} times", advice)


def _signed(mail: ArrivedMail, signatures: tuple[Signature, ...], *, enough: bool) -> Iterator[Finding]:
    """Each signature; of one that is broken, what to do is advice only where another is `enough`."""
    if not signatures:
        advice = "Switch DKIM on at the mail server or provider, for the domain of From. docs/senders.md says more."
        yield bad("signature", "the mail has none (no DKIM-Signature)", advice)
        return
    for each in signatures:
        what = f"{each.domain or '?'}, selector {each.selector or '?'}: {each.why}"
        match each.validity:
            case Validity.VALID:
                yield note("signature", what, each.advice) if each.advice else good("signature", what)
            case Validity.BROKEN:
                yield (note if enough else bad)("signature", what, each.advice)
            case Validity.UNKNOWN:
                yield note("signature", what, each.advice or SAY_AGAIN)
    valid = {each.algorithm for each in signatures if each.validity is Validity.VALID}
    if valid == {BY_ED25519}:
        advice = "Sign with RSA, too: several large receivers do not verify Ed25519, and take the mail for unsigned."
        yield note("signature", "the only valid ones are of Ed25519", advice)
    there = len(mail.all("dkim-signature"))
    if there > len(signatures):
        advice = "Take out what signs once more: receivers look at a few of them only."
        yield note("signature", f"the mail has {there} of them; the first {MOST_SIGNATURES} were looked at", advice)
    yield _coverage(mail, signatures)


def _coverage(mail: ArrivedMail, signatures: tuple[Signature, ...]) -> Finding:
    """RFC 8058 asks for one valid signature that covers it all, so the one that misses least is told."""
    there = [name for name in COVERED if mail.all(name)]
    counting = [each for each in signatures if each.validity is not Validity.BROKEN] or list(signatures)
    missed = {each: [COVERED[name] for name in there if name not in each.covers] for each in counting}
    best = min(counting, key=lambda each: (len(missed[each]), each.validity is not Validity.VALID))
    if missed[best]:
        return bad(
            "signed fields",
            f"the signature of {best.domain} leaves out {', '.join(missed[best])}",
            "Let whatever signs the mails cover them (h=): receivers take one click only where it is signed. It must "
            "sign after it has the fields, and not add them later.",
        )
    covered = f"{', '.join(COVERED[name] for name in there)} (by {best.domain})"
    match best.validity:
        case Validity.VALID:
            return good("signed fields", covered)
        case Validity.UNKNOWN:
            found = f"{covered}, if that signature is valid, which is not known"
            return note("signed fields", found, "Let a valid one cover them all; see what is said of it above.")
        case Validity.BROKEN:
            return note("signed fields", f"{covered}, but that signature is broken", "Mend it, as is said above.")


async def _dmarc(records: Records, author: str) -> tuple[DmarcPolicy | None, Finding]:
    where = f"_dmarc.{author}"
    try:
        policy = await dmarc_of(records, author)
    except DnsSilent:
        return None, note("DMARC", f"{UNKNOWN} for {where}", SAY_AGAIN)
    except Several:
        return None, bad("DMARC", f"{where} has several records, so that none counts", "Leave one of them.")
    if policy is None:
        advice = (
            f'Publish one, to begin with: {where} TXT "v=DMARC1; p=none; rua=mailto:…". Large receivers ask for it.'
        )
        return None, bad("DMARC", f"DNS has no record for {author}", advice)
    at = f"_dmarc.{policy.domain}"
    if policy.policy is None:
        health = note if policy.reports else bad
        advice = "Write p=none, p=quarantine or p=reject: without it the record counts as p=none at most."
        return policy, health("DMARC", f"the record at {at} has no policy (p=) that receivers know", advice)
    return policy, good("DMARC", f"policy {policy.policy}, at {at}")


async def _envelope(mail: ArrivedMail, receiver: ReceiverFound | None, records: Records) -> tuple[str | None, Finding]:
    """The domain that bounces go to, which SPF is about, and its record."""
    told = [found.properties.get("smtp.mailfrom", "") for found in (receiver.results_of("spf") if receiver else ())]
    address = mail.value("return-path") or next((each for each in told if each), "")
    domain = domain_of(address if "@" in address else f"@{address}") if address.strip("<> ") else None
    if domain is None:
        advice = "The receiving server writes Return-Path; save the mail with all its headers."
        return None, note("SPF", "not known: the mail does not say where bounces go (no Return-Path)", advice)
    try:
        record = await spf_of(records, domain)
    except DnsSilent:
        return domain, note("SPF", f"{UNKNOWN} for {domain}", SAY_AGAIN)
    except Several as error:
        return domain, bad("SPF", f"{error} has several records, so that none counts", "Make one of them.")
    except Broken as error:
        advice = "Mend or take out what it names: receivers count the whole record as broken, and let nobody pass."
        return domain, bad("SPF", f"the record at {domain} is broken: {error}", advice)
    if record is None:
        advice = "Publish what the mail server or provider names, as a TXT record there: v=spf1 … -all."
        return domain, bad("SPF", f"DNS has no record at {domain}, where bounces go", advice)
    if record.questions > SPF_QUESTIONS:
        advice = "Take out what sends no more: receivers look up no further, and count the record as broken."
        return domain, bad("SPF", f"the record at {domain} needs more than {SPF_QUESTIONS} questions", advice)
    if record.open:
        advice = "End it with -all or ~all, after those who send."
        return domain, bad("SPF", f"the record at {domain} lets everybody send (+all, its own or included)", advice)
    return domain, good(
        "SPF", f"a record at {domain}, where bounces go; {record.questions} of {SPF_QUESTIONS} questions"
    )


def _any_aligned(signatures: tuple[Signature, ...], by_dkim: list[bool | None]) -> bool | None:
    """Whether a valid signature speaks for the domain in From; None: not known of any that may."""
    may = [
        (each, fits)
        for each, fits in zip(signatures, by_dkim, strict=True)
        if each.validity is not Validity.BROKEN and fits is not False
    ]
    if any(each.validity is Validity.VALID and fits for each, fits in may):
        return True
    return None if may else False


def _spf_counts(fits: bool | None, receiver: ReceiverFound | None) -> bool | None:
    """Whether SPF speaks for the domain in From: the domain fits, and the receiver says that it passed."""
    if fits is False:
        return False
    results = {each.result for each in (receiver.results_of("spf") if receiver and receiver.own else ())}
    if not results:
        return None
    return fits if "pass" in results else False


def _alignment(author: str, by_dkim: bool | None, by_spf: bool | None, signatures: tuple[Signature, ...]) -> Finding:
    """Whether the mail passes DMARC: one of the two must speak for the domain in From."""
    signers = ", ".join(sorted({each.domain for each in signatures if each.domain})) or "nobody"
    if by_dkim:
        also = {True: "and SPF", False: "SPF is another domain's, which is enough", None: "SPF is not known"}[by_spf]
        return good("alignment", f"the signature speaks for {author}, the domain of From; {also}")
    if by_dkim is None:
        found = f"not known whether a signature speaks for {author}, the domain of From (signed by {signers})"
        return note("alignment", found, "It follows from what is not known above.")
    sign = f"Verify {author} at the provider, so that it signs with d={author}."
    if by_spf:
        found = f"only SPF speaks for {author}, the domain of From, and no signature (signed by {signers})"
        return note("alignment", found, f"{sign} SPF is lost wherever the mail is forwarded.")
    found = f"no valid signature speaks for {author}, the domain of From (signed by {signers})"
    if by_spf is None:
        return note("alignment", f"{found}; of SPF it is not known", f"{sign} SPF alone is lost in forwarding.")
    return bad("alignment", f"{found}, nor does SPF", f"{sign} Large receivers refuse bulk mail without.")


def _receiver(receiver: ReceiverFound | None) -> Iterator[Finding]:
    if receiver is None:
        advice = "Most receivers write it; save the mail with all its headers. What is said above holds without."
        yield note("receiver", "not known what it found: the mail has no Authentication-Results", advice)
        return
    said = ", ".join(f"{each.method}={each.result}" for each in receiver.results) or "nothing"
    if not receiver.own:
        host = receiver.host or "A host that gives no name"
        advice = "Whoever sends can write that field too; nothing above goes by it."
        yield note("receiver", f"{host} found {said}; it is not certain that it is the host that received it", advice)
    elif any(each.result == "fail" for each in receiver.results if each.method in ("dmarc", "dkim", "spf")):
        results = {each.method: each.result for each in receiver.results}
        advice = "Mend what is said above; where all is well here, compare with what changed since the mail was sent."
        failed = f"{receiver.host} found {said}"
        yield note("receiver", failed, advice) if results.get("dmarc") == "pass" else bad("receiver", failed, advice)
    else:
        yield good("receiver", f"{receiver.host} found {said}")
