"""What makes two documents the same content: all that they say, without what they leave at its default.

So a later release with new optional fields finds the content of an older one unchanged.
"""

import hashlib
import json
from typing import Any, cast

import yaml
from pydantic import BaseModel, ValidationError

from schemas.document.conversation import ConversationDocument

_OF_NUMBERS = tuple("0123456789.+-")


class _Writer(yaml.SafeDumper):
    """Writes texts of several lines as people do."""


def _text(_writer: _Writer, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    if " " not in text and text[:1] in _OF_NUMBERS:
        # What YAML 1.2 takes for a number, the writer, of YAML 1.1, would leave bare: 1e5.
        style = "'"
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style=style)


_Writer.add_representer(str, _text)


def written(section: BaseModel) -> str:
    """What a section says, in one way only: two that are equal are of the same content."""
    return json.dumps(_said(section), sort_keys=True)


def content_hash(document: ConversationDocument) -> str:
    """The content's name: 64 hexadecimal digits. Comments and the order of names do not count."""
    return hashlib.sha256(written(document).encode()).hexdigest()


def same_content(stored: object, document: ConversationDocument) -> bool:
    """Whether a stored document, as JSON, is of this content."""
    try:
        return written(ConversationDocument.model_validate(stored)) == written(document)
    except ValidationError:
        return False


def as_yaml(stored: object) -> str:
    """A stored document, as JSON, in YAML: for one of which the text as it was written was not kept.

    One that this release cannot read is written as it stands, so that its mistakes can be told.
    """
    try:
        said = _said(ConversationDocument.model_validate(stored))
    except ValidationError:
        said = cast("dict[str, Any]", stored)
    quiet = cast("dict[str, str]", said.get("list", {}).get("quiet_hours") or {})
    # A time of day is written with hours and minutes; JSON has its seconds too.
    quiet |= {
        name: moment.removesuffix(":00") if len(moment) > len("21:00") else moment for name, moment in quiet.items()
    }
    return yaml.dump(said, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=100)


def _said(section: BaseModel) -> dict[str, Any]:
    return section.model_dump(mode="json", by_alias=True, exclude_defaults=True)
