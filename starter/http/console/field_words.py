"""What the fields of a document are called in forms, and what they mean: in English by their models, in other languages
by `field_words/LANGUAGE.yaml`, where each stands under its name, or under its model's and its own where two differ.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import cast

import yaml

from schemas.model import Section
from starter.authoring.form_fields import FormField


@cache
def field_words(language: str) -> Mapping[str, tuple[str, str]]:
    """The label and meaning of each field, and the title and meaning of each model, by its name."""
    file = files("starter.http.console").joinpath("field_words", f"{language}.yaml")
    if not file.is_file():
        return {}
    said = cast("dict[str, tuple[str, str]]", yaml.safe_load(file.read_text(encoding="utf-8")))
    return {name: (label, hint) for name, (label, hint) in said.items()}


def said_in(language: str, model: type[Section], fields: Sequence[FormField]) -> tuple[str, str, tuple[FormField, ...]]:
    """A section's title, what it means, and its fields, in a language."""
    title, hint = str(model.model_config.get("title")), " ".join((model.__doc__ or "").split())
    title, hint = field_words(language).get(model.__name__, (title, hint))
    return title, hint, tuple(_said(field_words(language), each) for each in fields)


def _said(words: Mapping[str, tuple[str, str]], field: FormField) -> FormField:
    inside = tuple(_said(words, each) for each in field.inside)
    parts = [part for part in field.name.split(".") if not part.isdigit()]
    found = words.get(f"{field.of}.{parts[-1]}") or words.get(parts[-1])
    if found is None:
        return replace(field, inside=inside)
    return replace(field, label=found[0], hint=found[1] if field.hint else "", inside=inside)
