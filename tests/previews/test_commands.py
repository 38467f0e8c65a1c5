"""`shelftalk message preview`, `test` and `convert`, as processes of their own."""

from pathlib import Path

from activities.postgres.pool import Pool
from schemas.responses.previews import PreviewedMessages, SentTest
from starter.commands.message_tools import ConvertedReport
from starter.devstack.mailbox import Mailbox
from tests.cli.command import Shelftalk
from tests.documents.starters import BACK
from tests.product import Shop


async def test_a_file_is_previewed_with_nothing_running(alone: Shelftalk, tmp_path: Path) -> None:
    file, out = tmp_path / "back.yaml", tmp_path / "pages"
    file.write_text(BACK, encoding="utf-8")
    shown = await alone.run("message", "preview", str(file), "it-is-back")
    assert "Subject: Blue kettle is back\n\nGood news: Blue kettle (1.5 l) is back in stock." in shown.out
    written = await alone.run("message", "preview", str(file), "--out", str(out), "--json")
    assert len(written.answer(PreviewedMessages).files) == 4
    assert sorted(each.name for each in out.iterdir()) == [
        *("it-is-back.en.html", "it-is-back.en.txt", "still-here.en.html", "still-here.en.txt")
    ]
    assert "<html" in (out / "it-is-back.en.html").read_text(encoding="utf-8")
    page = tmp_path / "page.html"
    assert (await alone.run("message", "preview", str(file), "still-here", "--html", str(page))).code == 0
    assert page.read_text(encoding="utf-8") == (out / "still-here.en.html").read_text(encoding="utf-8")
    several = await alone.run("message", "preview", str(file), "--html", str(page), "--json")
    assert several.failure.code == "not_one_html"
    assert (await alone.run("message", "preview", str(file), "nothing", "--json")).failure.code == "no_such_message"
    assert (await alone.run("message", "preview", str(file), "--variant", "1")).code == 2


async def test_what_is_published_is_previewed_and_sent_to_oneself(
    shelftalk: Shelftalk, pool: Pool, mailbox: Mailbox
) -> None:
    shop = await Shop.opened(pool)
    await shop.asks("12.50")
    sending = shelftalk.with_settings(SHELFTALK_SMTP_HOST=mailbox.host, SHELFTALK_SMTP_PORT=str(mailbox.port))
    options = ("--store", "example.myshopify.com", "--variant", "v")
    shown = await sending.run("message", "preview", "back-in-stock@published", "it-is-back", *options, "--json")
    (message,) = shown.answer(PreviewedMessages).messages
    assert "(v)" in message.text
    arguments = ("back-in-stock", "it-is-back", "--to", "me@shop.example", *options, "--json")
    sent = (await sending.run("message", "test", *arguments)).answer(SentTest)
    assert [mail.read()["Subject"] for mail in mailbox.mails] == [sent.subject]
    refused = await sending.run("message", "test", "back-in-stock", "it-is-back", "--to", "nobody", "--json")
    assert refused.failure.code == "no_address"


async def test_a_template_of_another_tool_is_converted(alone: Shelftalk, tmp_path: Path) -> None:
    file = tmp_path / "theirs.liquid"
    file.write_text("{{ product.title | upcase }}\n{{ product.vendor }}\n", encoding="utf-8")
    found = await alone.run("message", "convert", str(file))
    assert found.out == "{{ product.title|upper }}\n{# not converted: product.vendor #}\n"
    assert f"{file}:2:1: {{{{ product.vendor }}}}: a message does not know 'product.vendor'" in found.err
    assert found.code == 1
    file.write_text("{{ shop.name }}", encoding="utf-8")
    right = await alone.run("message", "convert", str(file), "--json")
    assert right.answer(ConvertedReport) == ConvertedReport(text="{{ shop.name }}", unconverted=())
