"""Addresses as people give them, each in one way of writing: e-mail addresses, and phone numbers in E.164."""

import unicodedata
from typing import Annotated

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType
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

_NOT_TEXTED = frozenset({PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.TOLL_FREE})
"""Services, and no person's; to write to some of them is charged to whoever writes."""


def phone_number(text: str, country: str | None = None) -> str:
    """The number in a text, in E.164 as in +12025550123.

    Args:
        country: whose numbers may be written as people there write them, by two letters like US.

    Raises:
        PydanticCustomError: it is none that a text message can be sent to.
    """
    try:
        found = phonenumbers.parse(unicodedata.normalize("NFKC", text).strip(), country)
    except NumberParseException as error:
        if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
            raise _no_number("Write it with + and the country's code, as in +12025550123.") from None
        raise _no_number("Write its digits, with + and the country's code before them.") from None
    if not phonenumbers.is_valid_number(found):
        raise _no_number("There is no such number in its country: a digit is missing, or one is wrong.")
    if phonenumbers.number_type(found) in _NOT_TEXTED:
        raise _no_number("It belongs to a service and not to a person.")
    return phonenumbers.format_number(found, PhoneNumberFormat.E164)


def _no_number(reason: str) -> PydanticCustomError:
    return PydanticCustomError("value_error", "value is not a phone number: {reason}", {"reason": reason})


def _international(text: str) -> str:
    return phone_number(text)


PhoneNumber = Annotated[str, AfterValidator(_international), WithJsonSchema({"type": "string", "format": "phone"})]
"""With + and the country's code."""


def address(text: str) -> str:
    """An e-mail address in lower case or, of a text that begins with +, a phone number in E.164.

    Raises:
        PydanticCustomError: it is neither.
    """
    return phone_number(text) if text.lstrip().startswith("+") and "@" not in text else email_address(text).lower()
