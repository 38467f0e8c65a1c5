"""Where a line is found in the console."""

from urllib.parse import quote

from schemas.ids import Subject


def line_address(store: str, subject: str, *rest: str) -> str:
    """The page of the line of a variant or product, or what lies below it.

    Args:
        subject: `variant/…` or `product/…`.
    """
    level, _, thing = subject.partition("/")
    return "/".join(("/lines", quote(store, safe=""), level, quote(thing, safe=""), *rest))


def address_of(subject: Subject, *rest: str) -> str:
    """Likewise."""
    return line_address(subject.store_id, subject.key, *rest)


def import_address(store: str) -> str:
    """The page on which waiting lists of a store are imported."""
    return f"/lines/{quote(store, safe='')}/import"


def store_address(store: str, *rest: str) -> str:
    """The page of a store, or what lies below it."""
    return "/".join(("/stores", quote(store, safe=""), *rest))
