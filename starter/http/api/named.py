"""Who a request is about: one person, by an e-mail address or by a number."""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from schemas.addresses import EmailAddress, PhoneNumber
from schemas.model import Model


class NamesOne(Model):
    """Names one person.

    Attributes:
        phone: their number, with + and the country's code.
        email: their address; one of the two.
    """

    phone: Annotated[PhoneNumber | None, Field(examples=["+12025550123"])] = None
    email: Annotated[EmailAddress | None, Field(examples=["shopper@example.com"], validate_default=True)] = None

    @field_validator("email")
    @classmethod
    def _one_of_two(cls, value: str | None, info: ValidationInfo) -> str | None:
        if "phone" in info.data and (value is None) == (info.data["phone"] is None):
            raise ValueError("name one of 'email' and 'phone'")
        return value

    @property
    def address(self) -> str:
        """The one that was named."""
        return self.email or self.phone or ""
