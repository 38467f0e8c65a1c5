"""What a page's form posts: every field by its name, as often as it is there."""

from collections.abc import Mapping
from email.parser import BytesParser
from email.policy import HTTP
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request

MOST_FIELDS = 2000
"""A form of ours has a few dozen, and a list to tick some hundreds."""


class Posted:
    """The fields of a form, and the files among them."""

    def __init__(self, fields: Mapping[str, list[str]], files: Mapping[str, bytes]) -> None:
        self._fields = fields
        self.files = files

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all fields, each once."""
        return tuple(self._fields)

    def text(self, name: str) -> str:
        """The value of a field, without blanks around it; empty where there is none."""
        return self.exact(name).strip()

    def exact(self, name: str) -> str:
        """The value of a field to the last blank, as of a password."""
        return self._fields.get(name, [""])[-1]

    def all(self, name: str) -> list[str]:
        """Every value of a field that is there several times, as boxes to tick are."""
        return [each.strip() for each in self._fields.get(name, [])]


async def posted(request: Request) -> Posted:
    """What was posted, read once for each request; nothing where it is no form."""
    found = getattr(request.state, "posted", None)
    if found is None:
        found = _read(request.headers.get("content-type", ""), await request.body())
        request.state.posted = found
    return found


PostedForm = Annotated[Posted, Depends(posted)]


def _read(kind: str, body: bytes) -> Posted:
    fields: dict[str, list[str]] = {}
    match kind.partition(";")[0].strip().lower():
        case "multipart/form-data":
            return _parts(kind, body)
        case "application/x-www-form-urlencoded":
            try:
                pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
            except ValueError:
                pairs = []
            for name, value in pairs:
                fields.setdefault(name, []).append(value)
        case _:
            pass
    return Posted(fields, {})


def _parts(kind: str, body: bytes) -> Posted:
    head = f"Content-Type: {kind}\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    fields: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    for part in list(message.iter_parts() if message.is_multipart() else ())[:MOST_FIELDS]:
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            continue
        if part.get_filename() is not None:
            files[name] = content
        else:
            fields.setdefault(name, []).append(content.decode("utf-8", "replace").removesuffix("\r\n"))
    return Posted(fields, files)
