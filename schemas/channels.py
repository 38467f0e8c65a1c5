"""The channels by which a contact can be written to."""

from enum import StrEnum


class Channel(StrEnum):
    """What a message travels by; consent and suppression are kept for each alone."""

    EMAIL = "email"
    SMS = "sms"
