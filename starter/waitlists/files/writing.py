"""Waiting lists as CSV of our own format."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from starter.waitlists.files.cells import cover

COLUMNS = (
    *("email", "store", "variant_id", "product_title", "alert", "entered_at", "place", "product_id"),
    *("phone", "sms_consent", "quantity"),
)


@dataclass(frozen=True, slots=True)
class WaitlistEntry:
    """One place in line, as it is exported.

    Attributes:
        email, phone: empty of whom there is none.
        sms_consent: they agree to text messages.
        variant_id: empty when the whole product is waited for.
        entered_at: aware.
        place: from 1 for who is next.
        quantity: how many units they want.
    """

    email: str
    store: str
    variant_id: str
    product_title: str
    alert: str
    entered_at: datetime
    place: int
    product_id: str = ""
    phone: str = ""
    sms_consent: bool = False
    quantity: int = 1


def write_waitlist(rows: Iterable[WaitlistEntry]) -> bytes:
    """Our own format, stable: `read_waitlist` and spreadsheets read it, and no cell of it is a formula.

    Every cell is quoted, lest one that begins with a formula after a semicolon comes free where lists are split there.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for row in rows:
        if row.entered_at.tzinfo is None:
            raise ValueError("entered_at needs a time zone")
        entered_at = row.entered_at.astimezone(UTC).isoformat()
        place = str(row.place)
        texts = "yes" if row.sms_consent else "no"
        cells = (row.email, row.store, row.variant_id, row.product_title, row.alert, entered_at, place, row.product_id)
        cells += (row.phone, texts, str(row.quantity))
        writer.writerow([cover(cell.replace("\0", "")) for cell in cells])
    return file.getvalue().encode("utf-8-sig", errors="replace")
