"""Who asks, for the audit: the name of the key that opened the route."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security.utils import get_authorization_scheme_param

from starter.http.surroundings import Ops


async def actor(request: Request, operations: Ops) -> str:
    """As the audit has it."""
    _, key = get_authorization_scheme_param(request.headers.get("Authorization"))
    return f"API key '{await operations.keys.holder(key)}'"


Actor = Annotated[str, Depends(actor)]
