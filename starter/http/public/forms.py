"""The fields of a form, as browsers and mail providers post them: urlencoded, or as multipart/form-data."""

from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl

from fastapi import Request

LARGEST_FORM = 16 * 1024
"""Bytes. Ours have a few fields of a few words."""
MOST_FIELDS = 20


async def fields_of(request: Request) -> dict[str, str]:
    """What was posted; empty if it is no form, or larger than any of ours."""
    body = await request.body()
    if len(body) > LARGEST_FORM:
        return {}
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() == "multipart/form-data":
        return _parts(kind, body)
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        return {}


def _parts(kind: str, body: bytes) -> dict[str, str]:
    head = f"Content-Type: {kind}\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    found: dict[str, str] = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes) and len(found) < MOST_FIELDS:
            found[name] = content.decode("utf-8", "replace").strip("\r\n")
    return found
