"""The mailbox of a running `shelftalk up`, where a mail that was just sent lies already."""

from schemas.settings import Settings
from starter.runtime.endpoints import running_endpoints


def mail_of_own_mailbox(settings: Settings, message_id: str) -> bytes | None:
    """The mail as it arrived there; None: mails go elsewhere.

    Args:
        settings: with what they leave open taken from the running `up`.
    """
    found = running_endpoints(settings.data_dir)
    if found is None or found.mail_folder is None or settings.email_provider != "smtp":
        return None
    if (settings.smtp_host, settings.smtp_port) != (found.smtp_host, found.smtp_port):
        return None
    newest_first = sorted(found.mail_folder.glob("*.eml"), key=lambda file: file.stat().st_mtime, reverse=True)
    told = f"Message-ID: <{message_id}>".encode()
    return next((raw for file in newest_first if told in (raw := file.read_bytes())), None)
