"""Who asks, for the audit: the name of the key that opened the route."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security.utils import get_authorization_scheme_param

from starter.http.dependencies import InjectedServices


async def actor(request: Request, services: InjectedServices) -> str:
    """As the audit has it."""
    _, key = get_authorization_scheme_param(request.headers.get("Authorization"))
    return f"API key '{await services.keys.holder(key)}'"


Actor = Annotated[str, Depends(actor)]
