"""What columns of a waiting list say of a contact's fate (told, left, waits still), and those that nobody reads."""

import pytest

from starter.waitlists.files.cells import RowStatus
from starter.waitlists.files.files import read_waitlist
from starter.waitlists.files.table import CannotReadWaitlist
from starter.waitlists.files.unread import UnclearColumns
from tests.waitlist_files.small import rows, skipped, stored


@pytest.mark.parametrize("sent", ["", "no", "FALSE", "0", "0000-00-00 00:00:00", "never", "not sent", "-"])
def test_a_message_that_was_not_sent_keeps_its_contact_waiting(sent: str) -> None:
    header = "email,variant_id,created_at,sent"
    assert len(rows(f"ada@shop.example,41,2024-05-01,{sent}", header=header).rows) == 1
    assert not rows("ada@shop.example,41,2024-05-01,2024-05-02", header=header).rows


def test_a_status_that_is_not_known_is_asked_about() -> None:
    (diagnostic,) = rows(
        "ada@shop.example,41,2024-05-01,perhaps", header="email,variant_id,created_at,status"
    ).diagnostics
    assert diagnostic.column == "status"
    assert "status=" in diagnostic.advice


ON_AND_OFF = [("1", "0"), ("yes", "no"), ("TRUE", "FALSE"), ("on", "off"), ("Y", "N"), ("t", "f"), ("1", "")]


@pytest.mark.parametrize(("on", "off"), ON_AND_OFF)
def test_of_a_plug_ins_own_table_only_who_waits_still_is_imported(on: str, off: str) -> None:
    file = rows(
        f"waits@shop.example,41,2024-05-01,{on},{on},",
        f"off@shop.example,41,2024-05-01,{off or 'off'},{on},",
        f"unconfirmed@shop.example,41,2024-05-01,{on},{off},",
        f"told@shop.example,41,2024-05-01,{on},{on},2024-05-09 08:00:00",
        header="email,variation_id,created_date,is_active,is_verified,last_notified_date",
    )
    assert [row.email for row in file.rows] == ["waits@shop.example"]
    assert skipped(file) == [(RowStatus.TOLD, 1), (RowStatus.LEFT, 1), (RowStatus.UNCONFIRMED, 1)]


def test_of_several_columns_about_one_fate_each_counts() -> None:
    header = "email,variant_id,created_at,last_notified_at,notifications_sent,status,state"
    file = rows(
        "waits@shop.example,41,2024-05-01,,0,pending,",
        "counted@shop.example,41,2024-05-01,,2,pending,",
        "state@shop.example,41,2024-05-01,,0,pending,unsubscribed",
        header=header,
    )
    assert [row.email for row in file.rows] == ["waits@shop.example"]
    assert skipped(file) == [(RowStatus.TOLD, 1), (RowStatus.LEFT, 1)]


def test_a_no_to_mails_is_no_consent() -> None:
    file = rows(
        "no@shop.example,41,2024-05-01,no",
        "never@shop.example,41,2024-05-01,NEVER_SUBSCRIBED",
        header="email,variant_id,created_at,email_consent",
    )
    assert [row.email for row in file.rows] == ["never@shop.example"], "they asked for this message all the same"


@pytest.mark.parametrize("cell", ["0", "1", "no", "yes", "false"])
def test_yes_and_no_to_a_status_may_mean_either_and_are_asked_about(cell: str) -> None:
    header = "email,variant_id,created_at,status"
    text = f"ada@shop.example,41,2024-05-01,{cell}"
    (diagnostic,) = rows(text, header=header).diagnostics
    assert "active=" in diagnostic.advice
    named = read_waitlist(f"{header}\n{text}".encode(), columns={"active": "status", "status": ""})
    assert len(named.rows) == (cell in ("1", "yes"))


def test_what_is_not_read_is_listed() -> None:
    assert stored("swym.csv").unread == ("du",)
    assert "Not read: 'Person//First Name'." in stored("klaviyo_events.csv").explain()


@pytest.mark.parametrize(
    ("header", "cell", "answer"),
    [
        ("emailNotifiedOnce", "2024-05-09", "told_at"),
        ("reminder_count", "3", "told_at"),
        ("Purchased", "x", "told_at"),
        ("opt-out-reason", "too many mails", "left_at"),
        ("is_inactive", "1", "left_at"),
        ("post_status", "draft", "status"),
        ("account_active", "0", "active"),
        ("double_optin_done", "", "verified"),
        ("gdprConsent", "no", "verified"),
        ("Units wanted", "2.5", "quantity"),
    ],
)
def test_a_column_that_is_not_read_and_may_matter_stops_the_import_with_a_question(
    header: str, cell: str, answer: str
) -> None:
    text = f"email,variant_id,created_at,{header}\nada@shop.example,41,2024-05-01,{cell}\n".encode()
    with pytest.raises(UnclearColumns) as asked:
        read_waitlist(text)
    assert f'--ignore "{header}"' in str(asked.value)
    assert f'--column "{answer}={header}"' in str(asked.value)
    ignored = read_waitlist(text, ignored=[header])
    assert (len(ignored.rows), ignored.unread) == (1, (header,))
    named = read_waitlist(text, columns={answer: header})
    assert (len(named.rows), named.unread) == (0, ())


@pytest.mark.parametrize(
    ("header", "cell"), [("reminders", "0"), ("pieces", "1"), ("pieces", ""), ("opt-out-reason", ""), ("agreed", "yes")]
)
def test_a_column_that_speaks_against_nobody_is_only_listed(header: str, cell: str) -> None:
    file = rows(f"ada@shop.example,41,2024-05-01,{cell}", header=f"email,variant_id,created_at,{header}")
    assert (len(file.rows), file.unread) == (1, (header,))


def test_what_is_left_out_on_purpose_is_not_asked_about() -> None:
    text = b"email,variant_id,created_at,status\nada@shop.example,41,2024-05-01,sent\n"
    assert len(read_waitlist(text, columns={"status": ""}).rows) == 1
    with pytest.raises(CannotReadWaitlist, match="called 'nothing'"):
        read_waitlist(text, ignored=["nothing"])
