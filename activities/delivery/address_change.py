"""The mail that asks a new address whether its owner wants to be written to there: our own words, of no conversation.

It leaves as a broadcast of one journey of the contact's, so by the only way there is, with a ledger row of its own.
"""

from dataclasses import dataclass
from importlib.resources import files

import yaml

from activities.delivery.stored_message import StoredMessage
from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from schemas.channels import Channel

SQL = load_queries("activities.delivery", "address_change.sql")

ADDRESS_CHANGE = "address-change/"
"""Before the number of the request, as the message's name; no message of a document has a slash."""
PATH = "/a/"
"""What its link begins with."""
_OURS = "en"
_MESSAGES = {
    language: StoredMessage({"channel": Channel.EMAIL, "language": language, "wordings": {language: words}})
    for language, words in yaml.safe_load(
        files("activities.delivery").joinpath("address_change.yaml").read_text(encoding="utf-8")
    ).items()
}


@dataclass(frozen=True, slots=True)
class AddressChange:
    """A request that waits for the new address's yes."""

    email: str
    token: str
    language: str | None

    @property
    def message(self) -> StoredMessage:
        """What is said, in the contact's language."""
        return in_language(self.language)

    @property
    def link(self) -> str:
        return f"{PATH}{self.token}"


def in_language(language: str | None) -> StoredMessage:
    return _MESSAGES.get((language or "").partition("-")[0].lower(), _MESSAGES[_OURS])


async def find_address_change(database: Pool | Connection, message: str) -> AddressChange | None:
    """The request that a message is about; None: it was decided, or its contact was erased."""
    number = message.removeprefix(ADDRESS_CHANGE)
    if not number.isdecimal():
        return None
    return await SQL.address_change.row(database, AddressChange, id=int(number), channel=Channel.EMAIL)
