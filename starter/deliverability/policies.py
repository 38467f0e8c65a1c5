"""What domains say of mails in DNS: DMARC (RFC 9989) and SPF (RFC 7208), as far as one mail needs it."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from ipaddress import IPv6Address

from starter.deliverability.dns_records import DnsSilent, Records, tags_of

_LONGEST_WALK = 8
"""Labels from which on the walk leaves some out: it asks for at most eight names (RFC 9989, 4.10)."""
SPF_QUESTIONS = 10
"""What receivers look up for one record at most (RFC 7208, 4.6.4)."""
_MACRO = r"%\{[slodiphcrtv]\d*r?[.+,/_=-]*\}|%[%_-]"
_DOMAIN = rf"(?:{_MACRO}|[!-$&-~])*(?:\.(?=[a-z0-9-]*[a-z-])[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.?|{_MACRO})"
_BYTE = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_BITS_4, _BITS_6 = r"/(?:[12]?\d|3[0-2])", r"/(?:1[01]\d|12[0-8]|[1-9]?\d)"
_MECHANISM = re.compile(
    rf"([+?~-]?)(?:(all)|(include|exists):({_DOMAIN})|(a|mx)(?::{_DOMAIN})?(?:{_BITS_4})?(?:/{_BITS_6})?|"
    rf"(ptr)(?::{_DOMAIN})?|ip4:{_BYTE}(?:\.{_BYTE}){{3}}(?:{_BITS_4})?|ip6:([0-9a-f:.]+)(?:{_BITS_6})?)",
    re.IGNORECASE | re.ASCII,
)
_MODIFIER = re.compile(
    rf"(?:(redirect|exp)=({_DOMAIN})|(?!(?:redirect|exp)=)[a-z][a-z0-9_.-]*=(?:{_MACRO}|[!-$&-~])*)",
    re.IGNORECASE | re.ASCII,
)
_LONGEST_TOLD = 60
"""Characters of a term that is told of."""


@dataclass(frozen=True, slots=True)
class DmarcPolicy:
    """A DMARC record.

    Attributes:
        domain: where it is, without `_dmarc.`.
        policy: what receivers are asked to do with what fails, of the domain asked for; None: nothing they know.
        below: the same for the domains below it.
        reports: it says where reports go. Without a policy it then counts as `none`, and otherwise not at all.
        strict_dkim, strict_spf: the domains must be the same, not only of one organization.
        boundary: psd=: `n`, an organization begins here; `y`, those below are others'.
    """

    domain: str
    policy: str | None
    below: str | None
    reports: bool
    strict_dkim: bool
    strict_spf: bool
    boundary: str | None


class Several(Exception):
    """A name has several records where one may be, so that receivers take none."""


class Broken(Exception):
    """Receivers count an SPF record as broken (permerror), for what this says."""


async def dmarc_at(records: Records, domain: str) -> DmarcPolicy | None:
    """The record of just this domain.

    Raises:
        DnsSilent: that is not known.
        Several: there are more than one.
    """
    found = [text for text in await records.texts(f"_dmarc.{domain}") if re.match(r"v\s*=\s*DMARC1\s*(;|$)", text)]
    if len(found) > 1:
        raise Several(f"_dmarc.{domain}")
    if not found:
        return None
    tags = tags_of(found[0])
    policy, below = _known(tags.get("p")), _known(tags.get("sp"))
    return DmarcPolicy(
        domain=domain,
        policy=policy,
        below=below or policy,
        reports="rua" in tags,
        strict_dkim=tags.get("adkim", "r").lower() == "s",
        strict_spf=tags.get("aspf", "r").lower() == "s",
        boundary=tags.get("psd", "u").lower(),
    )


def _known(policy: str | None) -> str | None:
    return policy.lower() if policy is not None and policy.lower() in ("none", "quarantine", "reject") else None


async def dmarc_of(records: Records, domain: str) -> DmarcPolicy | None:
    """The policy that holds for a domain: its own, or that of its organization.

    Raises:
        DnsSilent: that is not known.
        Several: the domain has more than one.
    """
    own = await dmarc_at(records, domain)
    if own is not None:
        return own
    organization = await organization_of(records, domain)
    found = [each async for each in _walk(records, domain)]
    above = next((each for each in found if each.domain == organization), found[-1] if found else None)
    return None if above is None else replace(above, policy=above.below)


async def organization_of(records: Records, domain: str) -> str:
    """The domain of the organization that a domain belongs to, by the walk up to the root.

    Raises:
        DnsSilent: that is not known.
    """
    highest = domain
    async for found in _walk(records, domain):
        if found.boundary == "n":
            return found.domain
        if found.boundary == "y" and found.domain != domain:
            below = len(found.domain.split(".")) + 1
            return ".".join(domain.split(".")[-below:])
        highest = found.domain
    return highest


async def _walk(records: Records, domain: str) -> AsyncIterator[DmarcPolicy]:
    labels = domain.split(".")
    while labels:
        try:
            found = await dmarc_at(records, ".".join(labels))
        except Several:
            found = None
        if found is not None:
            yield found
            if found.boundary in ("n", "y"):
                return
        labels = labels[1:] if len(labels) < _LONGEST_WALK else labels[-_LONGEST_WALK + 1 :]


async def aligned(records: Records, domain: str, author: str, *, strict: bool) -> bool | None:
    """Whether a domain speaks for the domain in From; None: not known, for DNS did not answer."""
    if domain == author:
        return True
    if strict or domain.rpartition(".")[2] != author.rpartition(".")[2]:
        return False
    try:
        return await organization_of(records, domain) == await organization_of(records, author)
    except DnsSilent:
        return None


@dataclass(frozen=True, slots=True)
class SpfRecord:
    """An SPF record.

    Attributes:
        questions: that a receiver needs for it, one more than allowed where it needs more.
        open: it lets everybody send, by itself or by what it includes or redirects to.
    """

    questions: int
    open: bool


@dataclass(frozen=True, slots=True)
class _Term:
    """What a receiver does for one term: the kind is empty where it only compares addresses."""

    kind: str
    target: str = ""
    lets_pass: bool = True


async def spf_of(records: Records, domain: str) -> SpfRecord | None:
    """The SPF record of a domain, with what it includes counted.

    Raises:
        DnsSilent: that is not known.
        Several: there are more than one.
        Broken: it, or one that it needs, is of no use to receivers.
    """
    text = await _spf_text(records, domain)
    return None if text is None else await _followed(records, domain, text, 0)


async def _spf_text(records: Records, domain: str) -> str | None:
    found = [text for text in await records.texts(domain) if re.match(r"v=spf1( |$)", text, re.IGNORECASE)]
    if len(found) > 1:
        raise Several(domain)
    return found[0] if found else None


async def _followed(records: Records, domain: str, text: str, so_far: int) -> SpfRecord:
    """A record as receivers go through it, up to one question too many. What has macros cannot be followed."""
    everybody = False
    for term in _terms(domain, text):
        if term.kind == "all":
            everybody = everybody or term.lets_pass
        if term.kind in ("", "all"):
            continue
        so_far += 1
        if so_far <= SPF_QUESTIONS and term.kind in ("include", "redirect") and "%" not in term.target:
            target = term.target.rstrip(".").lower()
            inner = await _spf_text(records, target)
            if inner is None:
                raise Broken(f"it has {term.kind} of {target}, where DNS has no record")
            found = await _followed(records, target, inner, so_far)
            so_far, everybody = found.questions, everybody or (term.lets_pass and found.open)
        if so_far > SPF_QUESTIONS:
            break
    return SpfRecord(so_far, everybody)


def _terms(domain: str, text: str) -> list[_Term]:
    """What of a record counts, in the order in which it does: nothing behind `all`, and redirect= only without it."""
    mechanisms: list[_Term] = []
    modifiers: dict[str, str] = {}
    for term in text.split(" ")[1:]:
        modifier = _MODIFIER.fullmatch(term)
        if modifier is not None and modifier[1]:
            name = modifier[1].lower()
            if name in modifiers:
                raise Broken(f"that of {domain} has {name}= twice")
            modifiers[name] = modifier[2]
        elif modifier is None and term:
            mechanisms.append(_mechanism(domain, term))
    end = next((at for at, each in enumerate(mechanisms) if each.kind == "all"), None)
    if end is not None:
        return mechanisms[: end + 1]
    return [*mechanisms, _Term("redirect", modifiers["redirect"])] if "redirect" in modifiers else mechanisms


def _mechanism(domain: str, term: str) -> _Term:
    found = _MECHANISM.fullmatch(term)
    if found is None or (found[7] and not _is_ipv6(found[7])):
        raise Broken(f"that of {domain} has {term[:_LONGEST_TOLD]!a}, which SPF does not know")
    kind = found[2] or found[3] or found[5] or found[6] or ""
    return _Term(kind.lower(), found[4] or "", found[1] in ("", "+"))


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True
