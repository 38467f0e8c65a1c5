"""What succeeds variants and products, as it was named."""

from pydantic import AwareDatetime

from schemas.model import Model


class SuccessorReport(Model):
    """A variant or product, and what its waiters wait for once it is gone for good.

    Attributes:
        subject, successor: `variant/…` or `product/…`.
        gone: it is gone for good: who signs up for it waits for the successor.
        successor_gone: so is the successor: nobody is moved to it.
        without: of a product, the ids of its variants that no variant of the successor is like; their waiters are
            told that it is gone.
    """

    store_id: str
    subject: str
    successor: str
    named_by: str
    named_at: AwareDatetime
    gone: bool
    successor_gone: bool
    without: tuple[str, ...]


class SuccessorReports(Model):
    """The successors that are named in a store."""

    successors: tuple[SuccessorReport, ...]
