"""The content of a document: every field that is not at its default. Its hash, its comparison, and its YAML.

So a later release with new optional fields finds the content of an older document unchanged.
"""

import hashlib
import json
from typing import Any, cast

import yaml
from pydantic import BaseModel, ValidationError

from schemas.document.conversation import ConversationDocument

_OF_NUMBERS = tuple("0123456789.+-")


class _Writer(yaml.SafeDumper):
    """Writes texts of several lines as blocks."""


def _text(_writer: _Writer, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    if " " not in text and text[:1] in _OF_NUMBERS:
        # PyYAML writes YAML 1.1, and would leave out the quotes of what YAML 1.2 reads as a number: 1e5.
        style = "'"
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style=style)


_Writer.add_representer(str, _text)


def written(section: BaseModel) -> str:
    """A section's content as canonical JSON: equal texts are equal content."""
    return json.dumps(_content(section), sort_keys=True)


def content_hash(document: ConversationDocument) -> str:
    """SHA-256 of the content, in hexadecimal. Comments and the order of fields do not count."""
    return hashlib.sha256(written(document).encode()).hexdigest()


def same_content(stored: object, document: ConversationDocument) -> bool:
    """Whether a stored document, as JSON, is of this content."""
    readable = readable_document(stored)
    return readable is not None and written(readable) == written(document)


def readable_document(stored: object) -> ConversationDocument | None:
    """A stored document, as JSON; None where another release wrote what this one cannot read."""
    try:
        return ConversationDocument.model_validate(stored)
    except ValidationError:
        return None


def as_yaml(stored: object) -> str:
    """A stored document, as JSON, in YAML: for a version whose own text was not kept.

    A document that this release cannot read is written unchanged, so that its mistakes can be explained.
    """
    readable = readable_document(stored)
    content = _content(readable) if readable is not None else cast("dict[str, Any]", stored)
    quiet = cast("dict[str, str]", content.get("list", {}).get("quiet_hours") or {})
    # A time of day is written with hours and minutes; JSON has its seconds too.
    quiet |= {
        name: moment.removesuffix(":00") if len(moment) > len("21:00") else moment for name, moment in quiet.items()
    }
    return yaml.dump(content, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=100)


def _content(section: BaseModel) -> dict[str, Any]:
    return section.model_dump(mode="json", by_alias=True, exclude_defaults=True)
