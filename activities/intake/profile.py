"""What is known of a contact beside what they did, for criteria: attributes and tags, told by events or set by hand."""

from collections.abc import Mapping
from datetime import datetime

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from schemas.errors import DomainError, ErrorKind
from schemas.ids import ContactId
from schemas.incoming.events import Detail

SQL = load_queries("activities.intake", "profile.sql")

LARGEST_ATTRIBUTES = 16 * 1024
"""Bytes of all of a contact's attributes: they are read whenever criteria are."""


class AttributesTooLarge(DomainError):
    """With these, a contact's attributes would be larger than may be kept."""

    code = "attributes_too_large"
    kind = ErrorKind.CONFLICT

    def __init__(self) -> None:
        super().__init__(f"With these, the contact's attributes would exceed {LARGEST_ATTRIBUTES} bytes.")


async def change_profile(
    connection: Connection,
    contact_id: ContactId,
    attributes: Mapping[str, Detail],
    tags: Mapping[str, bool],
    at: datetime,
) -> None:
    """Merge attributes, the newer has the say and null removes; add the tags that are true, remove the others.

    Args:
        contact_id: locked in this transaction, against an erasure of the same moment.
        at: when it was told, by the teller's clock.

    Raises:
        AttributesTooLarge: as it says.
    """
    if attributes:
        size: int = await SQL.merge_attributes.value(connection, contact_id=contact_id, attributes=attributes, at=at)
        if size > LARGEST_ATTRIBUTES:
            raise AttributesTooLarge
    if tags:
        await SQL.set_tags.run(
            connection,
            contact_id=contact_id,
            added=[tag for tag, is_set in tags.items() if is_set],
            removed=[tag for tag, is_set in tags.items() if not is_set],
            at=at,
        )
