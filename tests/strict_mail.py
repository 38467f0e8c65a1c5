"""A second reader of mails, by the letter of the standards and lenient in nothing; and what every mail must keep to.

Not the parser that the mails are made or read with elsewhere: a mistake of that would be none to itself.
RFC 5322 and 2045 for the form, 2047 for words, 2919 and 8058 for lists.
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from activities.postgres.pool import Pool
from starter.devstack.mailbox import Mail

LONGEST_LINE = 998
LONGEST_URL = 60
PUBLIC_URL = "https://alerts.shop.example"
"""Where the product under test is reached, as its mails say."""
_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]+):[ \t](.*)", re.DOTALL)
_FOLD = re.compile(rb"\r\n(?=[ \t]*[^ \t\r\n])[ \t]")
_WORD = re.compile(r"=\?utf-8\?([bBqQ])\?([!->@-~]*)\?=")
_DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}")
_ID = re.compile(r"<[^<>@\s]+@[^<>@\s]+>")
_LIST_ID = re.compile(r"<[a-z0-9][a-z0-9.-]*\.[a-z0-9.-]*[a-z0-9]>")
_QUOTED = re.compile(rb"(?:[\x21-\x3c\x3e-\x7e \t]|=[0-9A-F]{2})*=?")
ONCE = ("from", "to", "subject", "date", "message-id", "mime-version", "content-type")


@dataclass(frozen=True)
class StrictMail:
    """A mail that is one in every way. Fields by their names in small letters; texts by their kind."""

    fields: dict[str, str]
    texts: dict[str, str]

    @property
    def unsubscribe(self) -> str | None:
        """Where a POST takes the consent back."""
        found = self.fields.get("list-unsubscribe")
        return None if found is None else found[1:-1]


def parse_strictly(raw: bytes) -> StrictMail:
    """The mail; an AssertionError says what is wrong with it."""
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw), "a line ends with something else than CR LF"
    assert max(map(len, raw.split(b"\r\n"))) <= LONGEST_LINE, "a line is too long"
    fields, body = _head(raw)
    for name in ONCE:
        assert len(fields.get(name, ())) == 1, f"{name} is not there once"
    assert all(len(values) == 1 for values in fields.values()), "a field stands there twice"
    plain = {name: _decoded(values[0].decode("utf-8")) for name, values in fields.items()}
    assert _DATE.fullmatch(plain["date"]), plain["date"]
    assert _ID.fullmatch(plain["message-id"]), plain["message-id"]
    assert plain["subject"].strip()
    assert "@" in plain["from"]
    _list_fields(raw, plain)
    texts = dict(_texts(plain, body))
    assert "text/plain" in texts, "there is no plain text"
    return StrictMail(plain, texts)


def _head(raw: bytes) -> tuple[dict[str, list[bytes]], bytes]:
    head, blank, body = raw.partition(b"\r\n\r\n")
    assert blank, "head and body are not told apart"
    fields: dict[str, list[bytes]] = {}
    for line in _FOLD.sub(b"\0 ", head).split(b"\r\n"):
        found = _FIELD.fullmatch(line)
        assert found, f"no field: {line[:20]!r}"
        fields.setdefault(found[1].decode().lower(), []).append(found[2].replace(b"\0", b""))
    return fields, body


def _decoded(value: str) -> str:
    """With its encoded words read; white space between two of them is no part of the text."""

    def word(found: re.Match[str]) -> str:
        assert len(found[0]) <= 75, "an encoded word is too long"
        if found[1].lower() == "b":
            return base64.b64decode(found[2], validate=True).decode("utf-8")
        return _hex(found[2].replace("_", " ").encode()).decode("utf-8")

    joined = re.sub(r"\?=\s+=\?", "?==?", value)
    assert "=?" not in _WORD.sub("", joined), "a word is encoded in no way that is known"
    return _WORD.sub(word, joined)


def _hex(quoted: bytes) -> bytes:
    return re.sub(rb"=([0-9A-F]{2})", lambda found: bytes.fromhex(found[1].decode()), quoted)


def _list_fields(raw: bytes, fields: dict[str, str]) -> None:
    if "list-id" in fields:
        assert _LIST_ID.fullmatch(fields["list-id"]), fields["list-id"]
    link = fields.get("list-unsubscribe")
    assert (link is None) == ("list-unsubscribe-post" not in fields), "one of the two does nothing without the other"
    if link is not None:
        assert "list-id" in fields
        assert f"List-Unsubscribe: {link}\r\n".encode() in raw, "folded, or not as it is written"
        assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw
        assert re.fullmatch(r"<https://[!-;=?-~]+>", link), link
        assert len(link) - 2 <= LONGEST_URL, f"{link} is longer than {LONGEST_URL}"


def _texts(fields: dict[str, str], body: bytes) -> Iterable[tuple[str, str]]:
    kind, _, parameters = fields["content-type"].partition(";")
    if kind == "multipart/alternative":
        found = re.search(r'boundary="([^"]{1,70})"', parameters)
        assert found, "there is no boundary"
        mark = b"--" + found[1].encode()
        before, *parts, after = re.split(re.escape(mark) + rb"(?:--)?(?:\r\n|$)", body)
        assert not before.strip(), "something stands before the parts"
        assert not after.strip(), "something stands behind the parts"
        assert body.count(mark + b"--") == 1, "the parts have no end"
        assert parts
        for part in parts:
            inner, content = _head(part.removesuffix(b"\r\n"))
            yield from _texts({name: values[0].decode() for name, values in inner.items()}, content)
        return
    assert kind in ("text/plain", "text/html"), kind
    assert 'charset="utf-8"' in parameters.lower(), parameters
    encoding = fields.get("content-transfer-encoding", "7bit")
    if encoding == "quoted-printable":
        for line in body.split(b"\r\n"):
            assert len(line) <= 76, "a quoted line is too long"
            assert _QUOTED.fullmatch(line), f"not quoted as it should be: {line!r}"
            assert not line.endswith((b" ", b"\t")), "white space at the end of a line gets lost"
        yield kind, _hex(body.replace(b"=\r\n", b"")).decode("utf-8")
    else:
        assert encoding == "7bit", encoding
        yield kind, body.decode("ascii")


async def hold_to_the_standards(mails: Iterable[Mail], pool: Pool, web: httpx.AsyncClient) -> None:
    """Every mail is one, and what its header says to unsubscribe by does it: once only it is asked for, by POST."""
    links = {parse_strictly(mail.file.read_bytes()).unsubscribe for mail in mails}
    for link in sorted(link for link in links if link is not None):
        url = urlsplit(link)
        assert f"{url.scheme}://{url.netloc}" == PUBLIC_URL
        token = url.path.rpartition("/")[2]
        before = await _word(pool, token)
        shown = await web.get(url.path)
        assert shown.status_code in (200, 410), shown.status_code
        assert await _word(pool, token) == before, "a GET is a scanner's, and changes nothing"
        answer = await web.post(url.path, data={"List-Unsubscribe": "One-Click"})
        assert (answer.status_code, answer.content) == (200, b"")
        assert await _word(pool, token) in ("no", "erased")


async def _word(pool: Pool, token: str) -> str:
    """The newest word of whoever has the link."""
    return await pool.fetchval(
        """
        select case when c.erased_at is not null then 'erased'
                    when (select granted from consents where contact_id = c.id order by id desc limit 1) then 'yes'
                    else 'no' end
        from shopper_links l join contacts c on c.id = l.contact_id where l.token = $1""",
        token,
    )
