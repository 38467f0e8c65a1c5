"""The base of every model at an edge: frozen, and strict about fields it does not know."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A frozen value. An unknown field is an error, so that a misspelt one is never silently ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Section(Model):
    """A part of a document that people write. Editors show its docstring, and those of its fields, while one writes:
    they are in plain words, for marketers.
    """

    model_config = ConfigDict(use_attribute_docstrings=True)

    free_texts: ClassVar[frozenset[str]] = frozenset()
    """The fields whose texts are free; in a sentence they are put in quotes."""


class Wire(Model):
    """A value between processes of perhaps two releases: a field that the older one does not know is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")
