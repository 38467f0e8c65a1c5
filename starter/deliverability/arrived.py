"""A mail as it arrived: its fields with their folds, which a parser of mails would smooth away. Pure."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import getaddresses

import idna

from schemas.errors import DomainError, ErrorKind

LARGEST_MAIL, LARGEST_HEAD, LARGEST_FIELD, MOST_FIELDS = 4 * 1024 * 1024, 256 * 1024, 16 * 1024, 500
"""Bytes of a mail and of the file that it is in, of its head, of one field, and fields, that no message of a shop has.
What is larger was made to be a burden. The numbers are our choice."""
_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]+)[ \t]*:(.*)", re.DOTALL)
_OF_A_FOLDER = re.compile(rb"^From [^:\s].*\n", re.MULTILINE)
"""What begins a mail in a folder of Unix (mbox)."""
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_LINE_END = re.compile(rb"\r?\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")


class NotAMail(DomainError):
    """What was given is no mail with its headers."""

    code = "not_a_mail"
    kind = ErrorKind.INVALID
    advice = (
        "Save the mail with all its headers, as it arrived: 'Show original' and 'Download' at Gmail, 'Save as' an .eml "
        "file in most mail programs, or the file of the mailbox itself."
    )


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a mail's head.

    Attributes:
        name: in small letters.
        lines: as they arrived, the first without the name and its colon.
    """

    name: str
    lines: tuple[str, ...]

    @property
    def value(self) -> str:
        """In one line, as RFC 5322 unfolds it: without line ends, and with the blanks that begin the lines."""
        return "".join(self.lines).strip()


@dataclass(frozen=True, slots=True)
class ArrivedMail:
    """One mail as it arrived.

    Attributes:
        raw: all of it, for what a signature covers.
        fields: from the top down.
    """

    raw: bytes
    fields: tuple[Field, ...]

    def all(self, name: str) -> tuple[Field, ...]:
        """The fields of this name, from the top down."""
        return tuple(field for field in self.fields if field.name == name)

    def value(self, name: str) -> str | None:
        """Of the topmost field of this name."""
        found = self.all(name)
        return found[0].value if found else None

    @property
    def author_domain(self) -> str | None:
        """The domain of the one address in From; None: it has none, or several."""
        try:
            found = [address for field in self.all("from") for _, address in getaddresses([field.value])]
        except RecursionError:
            return None  # Brackets within brackets, a thousand deep.
        return domain_of(found[0]) if len(found) == 1 else None


def read_arrived(raw: bytes) -> ArrivedMail:
    """The mail; of a folder of Unix (mbox) the last one.

    Raises:
        NotAMail: it has no head, or no From; or it is larger than any that is looked at.
    """
    if len(raw) > LARGEST_MAIL:
        raise NotAMail(
            f"This is too large: it has more than {LARGEST_MAIL >> 20} MiB, and no more is looked at.",
            advice="Save one mail alone, and without attachments: how it was signed and delivered shows in any.",
        )
    mail = _last_of_folder(raw.removeprefix(BOM_UTF8).lstrip(b"\r\n"))
    head, _ = parted(mail)
    if len(head) > LARGEST_HEAD:
        raise NotAMail(f"This is no mail: its head has {len(head):,} bytes, and may have {LARGEST_HEAD:,} at most.")
    fields = tuple(_fields(head))
    if len(fields) > MOST_FIELDS:
        raise NotAMail(f"This is no mail: its head has {len(fields):,} fields, and may have {MOST_FIELDS:,} at most.")
    if not any(field.name == "from" for field in fields):
        raise NotAMail("This is no mail: it has no From.")
    return ArrivedMail(mail, fields)


def parted(raw: bytes) -> tuple[bytes, bytes]:
    """The head of a mail, and the rest, from the blank line on."""
    end = _HEAD_END.search(raw)
    return (raw, b"") if end is None else (raw[: end.start()], raw[end.start() :])


def _last_of_folder(raw: bytes) -> bytes:
    if _OF_A_FOLDER.match(raw) is None:
        return raw
    begins = 0
    for each in _OF_A_FOLDER.finditer(raw):
        if each.start() == 0 or raw.endswith((b"\n\n", b"\n\r\n"), 0, each.start()):
            begins = each.end()
    mail = _QUOTED_FROM.sub(rb"\1", raw[begins:])
    # The folder ends each mail with a blank line, which is none of the mail.
    return re.sub(rb"(\r?\n)\r?\n\Z", rb"\1", mail)


def _fields(head: bytes) -> Iterator[Field]:
    name, lines, size = "", list[str](), 0
    for number, line in enumerate(_LINE_END.split(head), start=1):
        folded = bool(name) and line[:1] in (b" ", b"\t")
        size = len(line) + (size if folded else 0)
        if size > LARGEST_FIELD:
            raise NotAMail(f"This is no mail: the field at line {number} has more than {LARGEST_FIELD:,} bytes.")
        if folded:
            lines.append(line.decode("utf-8", errors="replace"))
            continue
        if name:
            yield Field(name, tuple(lines))
        found = _FIELD.fullmatch(line)
        if found is None:
            raise NotAMail(f"This is no mail: line {number} of its head is no field.")
        name, lines = found[1].decode("ascii").lower(), [found[2].decode("utf-8", errors="replace")]
    yield Field(name, tuple(lines))


def domain_of(address: str) -> str | None:
    """The domain of an address, as DNS knows it; None: it has none."""
    domain = address.strip().strip("<>").rpartition("@")[2].strip().rstrip(".").lower()
    if not domain or "@" not in address:
        return None
    try:
        return domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return domain
