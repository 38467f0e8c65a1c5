"""Who asks, for the audit: the name of the key that opened the route."""

from typing import Annotated

from fastapi import Depends, Request

from starter.http.auth import holder_of


def actor(request: Request) -> str:
    """As the audit has it."""
    return holder_of(request).actor


Actor = Annotated[str, Depends(actor)]
