"""What a mail that was made to be a burden costs: work is counted, not time."""

import re
from collections import Counter
from collections.abc import Callable
from typing import cast

import dkim.canonicalization  # pyright: ignore[reportMissingTypeStubs] it has no stubs
import pytest

from starter.deliverability.arrived import LARGEST_HEAD, LARGEST_MAIL, NotAMail
from starter.deliverability.dkim_sums import Key, Sums
from starter.deliverability.dns_records import Dns
from starter.deliverability.mail_checkup import examine_mail
from starter.ops.findings import Finding, Health
from tests.deliverability.name_server import NameServer
from tests.deliverability.signed import arrived, composed, signed

MOST_NAMES = 8 + 8 * 8 + 8 + 8 + 11 + 1
"""A key and a walk for each signature, a walk for From and one for Return-Path, SPF's own and its ten, and the root."""


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often a body was made ready, and how often a signature was computed."""
    done = Counter[str]()
    for kind in (dkim.canonicalization.Relaxed, dkim.canonicalization.Simple):
        ready = cast("Callable[[bytes], bytes]", kind.canonicalize_body)  # pyright: ignore[reportUnknownMemberType] it has no stubs

        def counted(body: bytes, ready: Callable[[bytes], bytes] = ready) -> bytes:
            done["bodies"] += 1
            return ready(body)

        monkeypatch.setattr(kind, "canonicalize_body", staticmethod(counted))
    fits = Sums.fits

    def computed(self: Sums, number: int, key: Key) -> bool:
        done["signatures"] += 1
        return fits(self, number, key)

    monkeypatch.setattr(Sums, "fits", computed)
    return done


async def looked(names: NameServer, raw: bytes) -> list[Finding]:
    return [each for each in await examine_mail(raw, Dns(names.address)) if each.component == "signature"]


def one_of(raw: bytes, body: bytes = b"relaxed") -> bytes:
    """Only the signature of it."""
    return signed(raw, body=body).removesuffix(raw)


ROOM = LARGEST_MAIL - LARGEST_HEAD
"""For a body, below the signatures."""
BODIES = {
    "many parts": b"--b\r\nContent-Type: text/plain\r\n\r\n\r\n",
    "deep nesting": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
    "blanks": b" x",
    "one run of blanks": b" \t",
    "one line": b"x",
    "empty lines": b"\r\n",
    "short lines": b"\n.",
}


@pytest.mark.parametrize("shape", BODIES)
async def test_a_body_is_made_ready_twice_at_most_however_many_signatures_cover_it(
    names: NameServer, work: Counter[str], shape: str
) -> None:
    mail = composed()
    raw = mail + BODIES[shape] * (ROOM // len(BODIES[shape]))
    hostile = arrived(one_of(mail) * 4 + one_of(mail, b"simple") * 200 + raw)
    work.clear()  # Of signing.
    told = await looked(names, hostile)
    assert work == {"bodies": 2, "signatures": 8}
    assert (told[-1].health, told[-1].found) == (
        Health.NOTE,
        "the mail has 204 of them; the first 8 were looked at",
    )


async def test_signatures_ask_dns_for_no_more_than_the_first_of_them_need(names: NameServer) -> None:
    """Each of another domain, as deep as can be, with a record at every name of the walk."""
    mail, label = composed(), "a.b.c.d.e.f.g.h.i"
    one = one_of(mail)
    many = b"".join(one.replace(b"d=shop.example;", f"d={label}.shop{n}.example;".encode()) for n in range(100))
    many = re.sub(rb"i=@[^;]*;", b"", many)
    names.records["bounces.shop.example"] = [f"v=spf1 {' '.join(f'include:s{n}.example' for n in range(40))} -all"]
    names.records |= {f"s{n}.example": ["v=spf1 -all"] for n in range(40)}
    await looked(names, arrived(many + mail))
    assert 8 * 8 < len(names.asked) <= MOST_NAMES
    assert len(names.asked) == len(set(names.asked))


@pytest.mark.parametrize("larger", ["mail", "folder"])
async def test_a_mail_that_is_too_large_is_refused_with_what_to_do(names: NameServer, larger: str) -> None:
    mail = arrived(signed(composed()))
    one = b"From x Mon Nov 30\r\n" + mail + b"\r\n"
    raw = one * (LARGEST_MAIL // len(one) + 1) if larger == "folder" else mail + b"x" * (LARGEST_MAIL - len(mail) + 1)
    with pytest.raises(NotAMail, match="more than 4 MiB") as refused:
        await looked(names, raw)
    assert "one mail alone" in refused.value.advice
    assert names.asked == []
