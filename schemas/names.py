"""Short texts that name things in documents."""

from typing import Annotated, Literal, get_args

from pydantic import Field, StringConstraints

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""A short name used in references: lower-case letters, digits and hyphens, at most 63."""
Label = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
"""Without line breaks and other control characters: what is shown in a table, and put into an address."""
StoreName = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=PRINTABLE, strip_whitespace=True)]
"""The id of a shop, as its storefront has it: shop.example."""
AttributeName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
AttributeValue = (
    bool
    | Annotated[int, Field(strict=True, ge=-(2**53), le=2**53)]
    | Annotated[str, StringConstraints(min_length=1, max_length=1000)]
)
"""What a contact's attribute may be set to."""
TagName = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]

ShopEvent = Literal[
    "viewed_product",
    "added_to_cart",
    "removed_from_cart",
    "checkout_started",
    "ordered",
    "joined_list",
    "opened_message",
    "clicked_message",
    "bought",
    "unsubscribed",
]
SHOP_EVENTS: tuple[str, ...] = get_args(ShopEvent)
"""What a contact may do, other than events of alerts: the kinds of `POST /v1/events`, and two that follow from others.

`bought`: they ordered one of the things that the journey is about; anything, where it is about no product.
`unsubscribed`: they took their consent back.
"""
CUSTOM = "custom."
"""Before the name of a custom event."""
_SHOP = "|".join(SHOP_EVENTS)
ContactEventName = Annotated[str, StringConstraints(pattern=rf"^(?:{_SHOP}|custom\.\S(?:.{{0,98}}\S)?)$")]
"""The name of something that a contact does, which a journey may wait for."""
EventName = Annotated[
    str, StringConstraints(pattern=rf"^(?:[a-z0-9-]{{1,63}}\.[a-z-]{{1,30}}|{_SHOP}|custom\.\S(?:.{{0,98}}\S)?)$")
]
"""What a thread may be entered on: `<alert code>.<alert event>`, or something a contact did."""


def is_shop_event(name: str) -> bool:
    """Whether it is something a contact did, rather than what an alert raises."""
    return name in SHOP_EVENTS or name.startswith(CUSTOM)
