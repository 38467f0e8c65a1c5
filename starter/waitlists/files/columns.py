"""The names that files give to the columns of a waiting list, and to where a contact stands.

Names are compared by letters and digits alone. docs/waitlist-files.md lists them all, with where each was found.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Column(StrEnum):
    """What a column can tell. The values are the names by which a caller says which header holds it."""

    EMAIL = "email"
    PHONE = "phone"
    STORE = "store"
    VARIANT = "variant_id"
    PRODUCT = "product_id"
    SKU = "sku"
    SIGNED_UP = "signed_up_at"
    STATUS = "status"
    TOLD = "told_at"
    LEFT = "left_at"
    ACTIVE = "active"
    VERIFIED = "verified"
    CONSENT = "email_consent"
    SMS_CONSENT = "sms_consent"
    CHANNEL = "channel"
    ALERT = "alert"
    QUANTITY = "quantity"


HEADERS: Mapping[Column, tuple[str, ...]] = MappingProxyType(
    {
        Column.EMAIL: (
            "Email",
            "Person//Email",
            "Email Address",
            "Customer Email",
            "Subscriber Email",
            "Profile Email",
            "Contact Email",
            "mediumvalue",
            "Contact",
            "Customer",
            "Mail",
        ),
        Column.PHONE: (
            "Phone",
            "Phone Number",
            "Person//Phone Number",
            "Customer Phone",
            "Mobile",
            "Mobile Phone",
            "Mobile Number",
            "Telephone",
            "tel",
        ),
        Column.STORE: ("Store", "Shop", "Shop Domain", "Store Domain", "myshopify Domain"),
        Column.VARIANT: (
            "Variant ID",
            "Shopify Variant ID",
            "Product Variant ID",
            "Catalog Variant ID",
            "Variation ID",
            "epi",
        ),
        Column.PRODUCT: ("Product ID", "Shopify Product ID", "Catalog Item ID", "empi"),
        Column.SKU: ("SKU", "Variant SKU", "Product SKU", "SKU ID"),
        Column.SIGNED_UP: (
            "Entered At",
            "Subscribed At",
            "Signed Up At",
            "Signed Up",
            "Sign-up Date",
            "Subscription Date",
            "Date Subscribed",
            "Subscribed On",
            "Requested At",
            "Event Timestamp",
            "Timestamp",
            "Event Date",
            "Event Time",
            "Datetime",
            "Created At",
            "Created On",
            "Created",
            "Created Date",
            "Date Created",
            "Date Added",
            "Date",
        ),
        Column.STATUS: ("Status", "Subscription Status", "Notification Status", "State"),
        Column.TOLD: (
            "Last Message Sent At",
            "Notified At",
            "Last Notified At",
            "Last Notified",
            "Last Notified Date",
            "Notified Date",
            "Notified On",
            "Is Notified",
            "Notification Sent At",
            "Email Sent At",
            "Sent At",
            "Date Sent",
            "Notified",
            "Notification Sent",
            "Notifications Sent",
            "Email Sent",
            "Sent",
        ),
        Column.LEFT: (
            "Unsubscribed At",
            "Unsubscribed",
            "Is Unsubscribed",
            "Opted Out At",
            "Opted Out",
            "Opt Out",
            "Cancelled At",
            "Canceled At",
            "Deleted At",
            "Is Deleted",
        ),
        Column.ACTIVE: ("Is Active", "Active", "Is Enabled", "Enabled", "Is Subscribed", "Subscribed"),
        Column.VERIFIED: (
            "Is Verified",
            "Verified",
            "Verified At",
            "Email Verified",
            "Is Confirmed",
            "Confirmed",
            "Confirmed At",
            "Email Confirmed",
        ),
        Column.CONSENT: ("Email Marketing Consent", "Email Consent", "Email Subscription"),
        Column.SMS_CONSENT: ("SMS Marketing Consent", "SMS Consent", "SMS Subscription", "Person//SMS Consent"),
        Column.CHANNEL: ("Channel", "Medium", "Notification Type", "Type"),
        Column.ALERT: ("Alert",),
        Column.QUANTITY: ("Quantity", "Quantity Wanted", "Requested Quantity", "Qty"),
    }
)
"""Known headers of each column; where a file has several, the first here is taken, and of `FATES` all of them."""

FATES = frozenset((Column.STATUS, Column.TOLD, Column.LEFT, Column.ACTIVE, Column.VERIFIED, Column.CONSENT))
"""Columns that can say of somebody that they no longer wait: none of them is passed over."""


def plain_name(name: str) -> str:
    """A header or a status without letter case, spaces and signs: `Person//E-mail` and `person_email` are one name."""
    return "".join(filter(str.isalnum, name.casefold())) if name else ""


def _plain_names(*names: str) -> frozenset[str]:
    return frozenset(plain_name(name) for name in names)


FORMATS: tuple[tuple[str, frozenset[str]], ...] = (
    (
        "shelftalk",
        _plain_names("email", "store", "variant_id", "product_title", "alert", "entered_at", "place"),
    ),
    ("klaviyo", _plain_names("Person//Email")),
    ("klaviyo", _plain_names("Klaviyo ID")),
    ("klaviyo", _plain_names("Profile ID", "Event Timestamp")),
    ("back-in-stock", _plain_names("Email", "ProductId", "VariantId", "Subscribed At")),
    ("stoq", _plain_names("shopify_variant_id", "channel", "contact")),
    ("swym", _plain_names("epi", "empi")),
    ("restock-supporter", _plain_names("ProductID", "VariationID", "type", "email")),
)
"""Formats by the headers that only they have together. The name is for people; the columns are found one by one."""

WAITING_WORDS = _plain_names(
    "pending",
    "waiting",
    "queued",
    "active",
    "subscribed",
    "new",
    "open",
    "received",
    "processing",
    "scheduled",
    "requested",
    "unsent",
    "not sent",
    "not yet sent",
    "not notified",
    "blocked",
)
"""`blocked` is STOQ's word for a message that its plan held back: the contact was not told."""
TOLD_WORDS = _plain_names(
    "sent",
    "already sent",
    "email sent",
    "mail sent",
    "message sent",
    "notification sent",
    "notified",
    "alerted",
    "delivered",
    "opened",
    "clicked",
    "engaged",
    "converted",
    "purchased",
    "ordered",
)
LEFT_WORDS = _plain_names(
    "unsubscribed",
    "opted out",
    "cancelled",
    "canceled",
    "deleted",
    "removed",
    "expired",
    "inactive",
    "disabled",
    "off",
    "suppressed",
    "bounced",
    "completed",
    "closed",
    "archived",
)
SMS_CHANNELS = _plain_names("sms", "text", "phone")
OTHER_CHANNELS = _plain_names("push", "web push", "whatsapp", "messenger")
EMPTY_WORDS = _plain_names("", "null", "none", "nan")
"""How data tools write an empty cell."""
OFF_WORDS = _plain_names("no", "n", "false", "f", "off", "disabled", "0")
AGREED_WORDS = _plain_names("subscribed", "opted in", "granted", "yes", "y", "true", "t", "on", "enabled", "1")
"""Of consent to text messages: nothing else is one."""
ON_WORDS = _plain_names("yes", "y", "true", "t", "on", "enabled", "1")
NO_WORDS = EMPTY_WORDS | OFF_WORDS | _plain_names("never", "n/a")


def says_no(cell: str) -> bool:
    """Whether a cell about a happening says that it has not happened: empty, `no`, or nothing but zeros."""
    name = plain_name(cell)
    return name in NO_WORDS or not name.strip("0")
