"""E-mail addresses as people give them: one address, without a name, in one way of writing."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema, validate_email
from pydantic_core import PydanticCustomError

LONGEST_LOCAL_PART = 64
"""Bytes before the @-sign (RFC 5321, 4.5.3.1.1): mail servers take no more."""


def email_address(text: str) -> str:
    """The address in a text. Full-width letters and their like become the ordinary ones: one mailbox, one address.

    Raises:
        PydanticCustomError: it is none, or more than an address.
    """
    address = unicodedata.normalize("NFKC", text).strip()
    if "<" in address:
        raise _no_address("Write the address alone, without a name and without '<'.")
    found = validate_email(address)[1]
    if len(found.rpartition("@")[0].encode()) > LONGEST_LOCAL_PART:
        raise _no_address(f"The part before the @-sign is longer than {LONGEST_LOCAL_PART} characters.")
    return found


def _no_address(reason: str) -> PydanticCustomError:
    # As pydantic's own: its words, and the reason after them.
    return PydanticCustomError("value_error", "value is not a valid email address: {reason}", {"reason": reason})


EmailAddress = Annotated[str, AfterValidator(email_address), WithJsonSchema({"type": "string", "format": "email"})]
