"""The base of every model at an edge: frozen, and strict about fields it does not know."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A frozen value. An unknown field is an error, so that a misspelt one is never silently ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Wire(Model):
    """A value between processes of perhaps two releases: a field that the older one does not know is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")
