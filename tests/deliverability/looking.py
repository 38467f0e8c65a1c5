"""What is found of a mail, by a DNS server of the test's own."""

from starter.deliverability.dns_records import Dns
from starter.deliverability.mail_checkup import examine_mail
from starter.ops.findings import Finding, Health
from tests.deliverability.name_server import NameServer

GOOD, NOTE, BAD = Health.GOOD, Health.NOTE, Health.BAD


async def found(names: NameServer, raw: bytes, patience: float = 4.0) -> list[Finding]:
    return await examine_mail(raw, Dns(names.address, patience))


async def looked(names: NameServer, raw: bytes, *components: str) -> list[Finding]:
    """What was found of these; of all others nothing is bad."""
    all_found = await found(names, raw)
    assert [each for each in all_found if each.health is BAD and each.component not in components] == []
    assert all(each.advice for each in all_found if each.health is not GOOD)
    return [each for each in all_found if each.component in components]
