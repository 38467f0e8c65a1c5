"""What one cell of a waiting list's file means: an address, an id, where the contact stands.

Rules: a cell is read the same whatever file it stands in; what cannot be read for certain is a `Diagnostic`, never a
guess; a mistake never repeats the cell, for it may be about a person.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from pydantic_core import PydanticCustomError

from schemas.addresses import email_address, phone_number
from schemas.wanted import MOST_WANTED
from starter.waitlists.files.columns import (
    AGREED_WORDS,
    EMPTY_WORDS,
    LEFT_WORDS,
    OFF_WORDS,
    ON_WORDS,
    OTHER_CHANNELS,
    SMS_CHANNELS,
    TOLD_WORDS,
    WAITING_WORDS,
    Column,
    plain_name,
    says_no,
)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Why a cell could not be read, and what to do about it; without the cell's text."""

    message: str
    advice: str


class RowStatus(StrEnum):
    """Where a row's contact stands, by the file's own account."""

    WAITING = "waiting"
    TOLD = "already told"
    LEFT = "no longer subscribed"
    UNCONFIRMED = "address not confirmed"
    OTHER_CHANNEL = "waiting on a channel other than e-mail and SMS"


_FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠")
"""With these a spreadsheet takes a cell for a formula, or looks past the first character for one."""


_WHOLE = re.compile(r"([0-9]{1,3})(\.0+)?")


def read_quantity(cell: str) -> int | Diagnostic | None:
    """How many units somebody wants; None: it does not say."""
    if plain_name(cell) in EMPTY_WORDS:
        return None
    found = _WHOLE.fullmatch(cell.strip())
    if found is None or int(found[1]) == 0:
        return Diagnostic(
            f"The number of units wanted is no whole number from 1 to {MOST_WANTED}.",
            "Correct it, or leave the column out with --column quantity=.",
        )
    return int(found[1])


def cover(cell: str) -> str:
    """The cell as no spreadsheet takes it for a formula: an apostrophe put before it where needed."""
    covered = cell[:1] == "'" and (cell[1:2] == "'" or cell[1:2] in _FORMULA_STARTS)
    return f"'{cell}" if covered or cell[:1] in _FORMULA_STARTS else cell


def uncover(cell: str) -> str:
    """Undo `cover`, and the `="text"` with which others keep a spreadsheet from reading numbers."""
    if cell[:1] == "'" and (cell[1:2] == "'" or cell[1:2] in _FORMULA_STARTS):
        return cell[1:]
    if cell[-1:] == '"' and (quoted := re.fullmatch(r'\s*=\s*"(.*)"', cell, re.DOTALL)):
        return quoted[1].replace('""', '"')
    return cell


_LONGEST_EMAIL = 254
"""RFC 5321: a path is 256 octets with its brackets."""
_PLAIN_EMAIL = re.compile(
    r"(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])",
)
_NO_EMAIL = Diagnostic("There is no e-mail address.", "Put the address in, or delete the row.")
_NOT_AN_EMAIL = Diagnostic(
    "This is not an e-mail address.", "Correct the cell: one address, without a name, as in name@shop.example."
)


def read_email(cell: str) -> str | Diagnostic:
    """One address, in the letter case it has."""
    address = cell.strip()
    if len(address) > _LONGEST_EMAIL or "<" in address:
        return _NOT_AN_EMAIL
    if _PLAIN_EMAIL.fullmatch(address):
        return address
    if plain_name(address) in EMPTY_WORDS:
        return _NO_EMAIL
    try:
        return email_address(address)
    except (PydanticCustomError, ValueError):
        return _NOT_AN_EMAIL


_NO_NUMBER = Diagnostic("There is no phone number, and they asked for text messages.", "Put it in, or delete the row.")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a row's contact is written to: by e-mail, at a number in E.164 that agreed to text messages, or both."""

    email: str | None
    phone: str | None


def read_addresses(cells: Mapping[Column, Sequence[str]], country: str | None) -> Addresses | tuple[Column, Diagnostic]:
    """The addresses of a row. A number is read only with consent to text messages, or of who asked by one.

    Args:
        country: whose numbers are written as people there write them.

    Returns:
        The addresses, or the column that cannot be read for certain.
    """

    def first(column: Column) -> str:
        return next(iter(cells.get(column, ())), "").strip()

    asked = any(plain_name(cell) in SMS_CHANNELS for cell in cells.get(Column.CHANNEL, ()))
    agreed = any(plain_name(cell) in AGREED_WORDS for cell in cells.get(Column.SMS_CONSENT, ()))
    column = Column.PHONE if first(Column.PHONE) else Column.EMAIL if asked else Column.PHONE
    phone = read_phone(first(column), country) if asked or (agreed and first(column)) else None
    if isinstance(phone, Diagnostic):
        return column, phone
    if asked or (phone is not None and plain_name(first(Column.EMAIL)) in EMPTY_WORDS):
        return Addresses(None, phone)
    email = read_email(first(Column.EMAIL))
    return (Column.EMAIL, email) if isinstance(email, Diagnostic) else Addresses(email, phone)


def read_phone(cell: str, country: str | None) -> str | Diagnostic:
    """One number, in E.164."""
    if plain_name(cell) in EMPTY_WORDS:
        return _NO_NUMBER
    try:
        return phone_number(cell, country)
    except PydanticCustomError:
        return Diagnostic(
            "This is not a phone number that a text message can be sent to.",
            "Write it with + and the country's code, or say with --country whose numbers these are; or delete the row.",
        )


_LONGEST_ID = 255
_NOT_AN_ID = Diagnostic(
    "This is not an id: an id has no spaces, and no @.",
    "Name the column that holds the ids; a title such as 'Red / Large' does not name a variant for certain.",
)
_ROUNDED_ID = Diagnostic(
    "A spreadsheet has rounded this id (as in 4.12E+13); its last digits are lost.",
    "Export the file again and import it without opening it in a spreadsheet, or format the column as text first.",
)
_WRONG_KIND = Diagnostic(
    "This Shopify id names another kind of thing than the column.",
    "A variant's id is gid://shopify/ProductVariant/…, a product's gid://shopify/Product/….",
)
_GID_KINDS = MappingProxyType({Column.VARIANT: "ProductVariant", Column.PRODUCT: "Product"})


def read_id(cell: str, column: Column) -> str | Diagnostic | None:
    """A storefront's id or an SKU, as a string; None where the cell says that there is none."""
    text = cell.strip().removeprefix("'").strip()
    if plain_name(text) in EMPTY_WORDS or (column is not Column.SKU and not text.strip("0")):
        return None
    if re.fullmatch(r"\d(?:[.,]\d*)?[eE]\+\d{1,3}", text, re.ASCII):
        return _ROUNDED_ID
    if len(text) > _LONGEST_ID or not text.isprintable():
        return _NOT_AN_ID
    if column is Column.SKU:
        return text
    if gid := re.fullmatch(r"gid://shopify/([A-Za-z]+)/(\d+)(?:\?.*)?", text, re.ASCII):
        return gid[2] if gid[1] == _GID_KINDS[column] else _WRONG_KIND
    if catalog := re.fullmatch(r"\$\w+:::\$\w+:::(.+)", text, re.ASCII):
        text = catalog[1]  # Klaviyo's catalog id: integration, catalog and the storefront's own id
    if decimal := re.fullmatch(r"(\d{1,15})\.0", text, re.ASCII):
        text = decimal[1]  # data tools write whole numbers so; up to 15 digits that loses nothing
    return _NOT_AN_ID if "@" in text or " " in text else text


_UNKNOWN_STATUS = Diagnostic(
    "This status is not known, so it is not certain that the contact still waits.",
    "Write 'pending' for who still waits, 'sent' for who was told, 'unsubscribed' for who left; "
    "or leave the column out by naming it empty, as in status=. Where it says yes and no, or 1 and 0, to whether they "
    "still wait, name it as active=<its header>.",
)


_ON_STATUSES = frozenset(("on", "enabled"))
_UNKNOWN_ACTIVE = Diagnostic(
    "This says neither on nor off, so it is not certain that the contact still waits.",
    "Write 'yes' for who still waits and 'no' for who does not; or leave the column out by naming it empty, as in "
    "active=.",
)


def read_row_status(cells: Mapping[Column, Sequence[str]]) -> RowStatus | tuple[Column, Diagnostic]:
    """What the columns about the row's fate say together; an opt-out outweighs everything.

    Args:
        cells: by column the cells of the row that tell it; a file may have several for one.

    Returns:
        Where the contact stands, or the column that does not say it for certain.
    """

    def words(column: Column) -> list[str]:
        return [plain_name(cell) for cell in cells.get(column, ())]

    statuses, active = words(Column.STATUS), words(Column.ACTIVE)
    left = any(not says_no(cell) for cell in cells.get(Column.LEFT, ()))
    declined = any(word in LEFT_WORDS | OFF_WORDS for word in (*active, *words(Column.CONSENT)))
    if left or declined or not LEFT_WORDS.isdisjoint(statuses):
        return RowStatus.LEFT
    told = (cell for cell in cells.get(Column.TOLD, ()) if plain_name(cell) not in WAITING_WORDS)
    if not all(map(says_no, told)) or not TOLD_WORDS.isdisjoint((*statuses, *active)):
        return RowStatus.TOLD
    if any(says_no(cell) or plain_name(cell) in WAITING_WORDS for cell in cells.get(Column.VERIFIED, ())):
        return RowStatus.UNCONFIRMED
    if not OTHER_CHANNELS.isdisjoint(words(Column.CHANNEL)):
        return RowStatus.OTHER_CHANNEL
    if not all(word in WAITING_WORDS | EMPTY_WORDS | _ON_STATUSES for word in statuses):
        return Column.STATUS, _UNKNOWN_STATUS
    if not all(word in WAITING_WORDS | ON_WORDS for word in active):
        return Column.ACTIVE, _UNKNOWN_ACTIVE
    return RowStatus.WAITING
