"""`shelftalk doctor --mail` and `--mail-to`, as processes of their own."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from activities.postgres.pool import Pool
from schemas.settings import Settings
from starter.commands.terminal.output import ExitCode
from starter.deliverability.own_mailbox import mail_of_own_mailbox
from starter.devstack.mailbox import Mailbox
from starter.ops.findings import Checkup, Health
from starter.runtime.endpoints import Endpoints, write_endpoints
from tests.cli.command import Shelftalk
from tests.deliverability.name_server import NameServer
from tests.deliverability.signed import arrived, composed, signed
from tests.product import Shop
from tests.strict_mail import PUBLIC_URL, parse_strictly


async def test_a_mail_that_is_as_it_should_be_ends_well_and_needs_nothing_running(
    alone: Shelftalk, names: NameServer, tmp_path: Path
) -> None:
    file = tmp_path / "arrived.eml"
    file.write_bytes(arrived(signed(composed())))
    shown = await alone.run("doctor", "--mail", str(file), "--dns", names.address)
    assert (shown.code, "All is well." in shown.out) == (ExitCode.OK, True)
    assert "shop.example, selector s1: valid, RSA of 2048 bits" in shown.out


async def test_what_is_wrong_with_a_mail_is_said_with_what_to_do_and_ends_with_1(
    alone: Shelftalk, names: NameServer
) -> None:
    raw = arrived(signed(composed(), covers=("From", "Subject", "Date", "Message-ID", "List-Unsubscribe")))
    ended = await alone.run("doctor", "--mail", "-", "--dns", names.address, "--json", text=raw.decode())
    checkup = Checkup.model_validate_json(ended.out)
    assert (ended.code, checkup.ok) == (ExitCode.FAILED, False)
    assert {each.component for each in checkup.findings if each.health is Health.BAD} == {"signed fields"}
    told = await alone.run("doctor", "--mail", "-", "--dns", names.address, text=raw.decode())
    assert "leaves out List-Unsubscribe-Post" in told.out
    assert "→ Let whatever signs the mails cover them" in told.out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--mail", "-"), "not_a_mail"),
        (("--mail", "nowhere.eml"), "cannot_read"),
        (("--mail", "-", "--dns", "nine"), "usage"),
        (("--mail", "-", "--worker"), "usage"),
        (("--mail", "-", "--mail-to", "me@shop.example"), "usage"),
        (("--mail-to", "nobody"), "usage"),
        (("--dns", "9.9.9.9"), "usage"),
        (("--conversation", "back-in-stock"), "usage"),
    ],
)
async def test_what_cannot_be_looked_at_is_said(alone: Shelftalk, arguments: tuple[str, ...], code: str) -> None:
    assert (await alone.run("doctor", *arguments, "--json", text="Hello")).failure.code == code


async def test_a_mail_is_sent_by_the_real_sender_with_the_head_of_every_message(
    shelftalk: Shelftalk, pool: Pool, mailbox: Mailbox
) -> None:
    await Shop.opened(pool)
    sending = shelftalk.with_settings(
        SHELFTALK_SMTP_HOST=mailbox.host,
        SHELFTALK_SMTP_PORT=str(mailbox.port),
        SHELFTALK_SENDER="Kettle Shop <alerts@shop.example>",
        SHELFTALK_PUBLIC_URL=PUBLIC_URL,
    )
    told = (await sending.run("doctor", "--mail-to", "me@receiver.example", "--json")).answer(Checkup)
    (sent,) = told.findings
    assert (sent.component, sent.health, "doctor --mail FILE" in sent.advice) == ("sent", Health.NOTE, True)
    with_conversation = ("--conversation", "back-in-stock@published")
    assert (await sending.run("doctor", "--mail-to", "me@receiver.example", *with_conversation)).code == ExitCode.OK
    plain, real = (parse_strictly(mail.file.read_bytes()) for mail in mailbox.mails)
    assert (plain.fields["message-id"], plain.fields["list-id"]) == (f"<{sent.found}>", "<check.shop.example>")
    assert (real.fields["subject"], real.fields["list-id"]) == (
        "[Test] Blue kettle is back",
        "<default.shop.example>",
    )
    for mail in (plain, real):
        assert mail.unsubscribe is not None
        assert mail.unsubscribe.startswith(f"{PUBLIC_URL}/u/")
        assert mail.fields["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    rows = await pool.fetch("select action, details::text as details from audit where action = 'send check mail'")
    assert len(rows) == 1
    assert "me@" not in rows[0]["details"]


async def test_without_a_public_address_the_mail_has_no_address_to_unsubscribe_at_as_in_production(
    shelftalk: Shelftalk, mailbox: Mailbox
) -> None:
    sending = shelftalk.with_settings(SHELFTALK_SMTP_HOST=mailbox.host, SHELFTALK_SMTP_PORT=str(mailbox.port))
    assert (await sending.run("doctor", "--mail-to", "me@receiver.example")).code == ExitCode.OK
    (mail,) = mailbox.mails
    assert mail.read()["List-Unsubscribe"] is None


async def test_in_the_mailbox_of_up_it_is_looked_at_at_once(
    alone: Shelftalk, components: dict[str, str], mailbox: Mailbox, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    endpoints = Endpoints(
        pid=os.getpid(),
        database_url=components["DATABASE_URL"],
        temporal_address=components["SHELFTALK_TEMPORAL_ADDRESS"],
        temporal_namespace="default",
        temporal_task_queue="test",
        smtp_host=mailbox.host,
        smtp_port=mailbox.port,
        web_url="http://127.0.0.1:1",
        mail_folder=tmp_path / "mail",
    )
    write_endpoints(data, endpoints)
    sending = alone.with_settings(SHELFTALK_PUBLIC_URL=PUBLIC_URL)
    told = (await sending.run("doctor", "--mail-to", "me@receiver.example", "--json")).answer(Checkup)
    assert [(each.component, each.health) for each in told.findings] == [
        ("sent", Health.GOOD),
        ("List-Unsubscribe", Health.GOOD),
        ("List-Unsubscribe-Post", Health.GOOD),
        ("signature", Health.NOTE),
    ]
    message_id = told.findings[0].found
    here = Settings(data_dir=data, smtp_host=mailbox.host, smtp_port=mailbox.port)
    assert mail_of_own_mailbox(here, message_id) == mailbox.mails[0].file.read_bytes()
    assert mail_of_own_mailbox(here, "another@shop.example") is None
    for elsewhere in ({"smtp_port": 1}, {"email_provider": "resend", "email_key": SecretStr("k")}):
        assert mail_of_own_mailbox(here.model_copy(update=elsewhere), message_id) is None
