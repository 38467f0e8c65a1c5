"""The identifiers of Shelftalk and how they are made. All are strings, storefronts' own ids too."""

import hashlib
import secrets
import time
from enum import StrEnum
from typing import NewType, Self

from pydantic import model_validator

from schemas.model import Wire

JourneyId = NewType("JourneyId", str)
ContactId = NewType("ContactId", str)
StoreId = NewType("StoreId", str)
AlertId = NewType("AlertId", str)
VersionId = NewType("VersionId", str)
StepId = NewType("StepId", str)
UserId = NewType("UserId", str)


def new_journey_id() -> JourneyId:
    """A journey's id: `j-` and 28 hexadecimal digits, ordered by time of making."""
    return JourneyId(f"j-{_ordered_token()}")


def new_contact_id() -> ContactId:
    """A contact's id: `c-` and 28 hexadecimal digits. It reveals nothing about the person."""
    return ContactId(f"c-{_ordered_token()}")


def new_user_id() -> UserId:
    """The id of who signs in to the console: `u-` and 28 hexadecimal digits."""
    return UserId(f"u-{_ordered_token()}")


def message_reference(key: str) -> str:
    """What a provider is given to know a message by: 32 hexadecimal digits, which every provider takes as metadata.

    Args:
        key: of the ledger.
    """
    # As the index sends_by_reference makes it; it hides nothing, and nothing depends on that.
    return hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()


def _ordered_token() -> str:
    """48 bits of milliseconds and 64 random bits: neighbours in time are neighbours in an index."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(8)}"


class Level(StrEnum):
    """How much of a product is watched."""

    VARIANT = "variant"
    PRODUCT = "product"
    """The whole product: its quantity is the sum of its variants', its price the lowest of theirs."""


class Subject(Wire):
    """What is watched: one variant of one store's product, or the whole product.

    Attributes:
        store_id: the store, by the id its storefront gives it.
        id: the storefront's own id of the variant or product.
    """

    store_id: StoreId
    level: Level = Level.VARIANT
    id: str

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.store_id or not self.id:
            raise ValueError("a subject needs a store and the id of a variant or product")
        return self

    @property
    def key(self) -> str:
        """Level and id in one, as the database keeps them: `variant/123`."""
        return f"{self.level}/{self.id}"

    @classmethod
    def from_key(cls, store_id: str, key: str) -> Self:
        """The inverse of `key`."""
        level, _, id_ = key.partition("/")
        return cls(store_id=StoreId(store_id), level=Level(level), id=id_)

    def __str__(self) -> str:
        return f"{self.store_id}/{self.key}"


def shelf_workflow_id(subject: Subject) -> str:
    """The id of the one ShelfWorkflow of a subject."""
    return f"shelf/{subject}"


def bulk_workflow_id(operation_id: int) -> str:
    """The id of the BulkWorkflow of an operation on many journeys."""
    return f"bulk/{operation_id}"


def journey_workflow_id(journey_id: JourneyId) -> str:
    """The id of a journey's JourneyWorkflow."""
    return f"journey/{journey_id}"
