"""What domains say of mails in DNS: DMARC (RFC 9989) and SPF (RFC 7208), as far as one mail needs it."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from starter.deliverability.dns_records import DnsSilent, Records, tags_of

_LONGEST_WALK = 8
"""Labels from which on the walk leaves some out: it asks for at most eight names (RFC 9989, 4.10)."""
SPF_QUESTIONS = 10
"""What receivers look up for one record at most (RFC 7208, 4.6.4)."""
_ASKS = re.compile(r"[+?~-]?(?:(include|exists):(\S+)|(a|mx|ptr)(?:[:/]\S*)?)", re.IGNORECASE)
_REDIRECT = re.compile(r"redirect=(\S+)", re.IGNORECASE)


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
        open: it lets everybody send.
    """

    questions: int
    open: bool


async def spf_of(records: Records, domain: str) -> SpfRecord | None:
    """The SPF record of a domain, with what it includes counted.

    Raises:
        DnsSilent: that is not known.
        Several: there are more than one.
    """
    text = await _spf_text(records, domain)
    if text is None:
        return None
    everybody = any(re.fullmatch(r"\+?all", term, re.IGNORECASE) for term in text.split())
    return SpfRecord(await _questions(records, text, 0), everybody)


async def _spf_text(records: Records, domain: str) -> str | None:
    found = [text for text in await records.texts(domain) if re.match(r"v=spf1( |$)", text, re.IGNORECASE)]
    if len(found) > 1:
        raise Several(domain)
    return found[0] if found else None


async def _questions(records: Records, text: str, so_far: int) -> int:
    """How many questions a record needs, up to one too many. What has macros cannot be followed, and counts as one."""
    for term in text.split()[1:]:
        asks, redirect = _ASKS.fullmatch(term), _REDIRECT.fullmatch(term)
        if asks is None and redirect is None:
            continue
        so_far += 1
        if so_far > SPF_QUESTIONS:
            return so_far
        if redirect is not None:
            target = redirect[1]
        else:
            target = asks[2] if asks is not None and (asks[1] or "").lower() == "include" else None
        if target is not None and "%" not in target:
            inner = await _spf_text(records, target.rstrip(".").lower())
            so_far = await _questions(records, inner or "", so_far)
            if so_far > SPF_QUESTIONS:
                return so_far
    return so_far
