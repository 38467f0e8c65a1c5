"""What comes in several kinds is known by name in few places: adding one touches them and nothing else."""

import re

import pytest

from activities.storefronts.registry import STOREFRONTS
from schemas.channels import Channel
from tests.markdown import ROOT

PRODUCT = ("schemas", "workflows", "activities", "starter")
SIMULATED = "starter/simulated/shops.py"
"""Lists the simulated shops."""
ORDINARY_WORDS = {"open", "square"}
"""Storefronts whose names are words of the language: of these the folder is looked for."""
FILE_FORMATS = re.compile(r"starter/waitlists/files/\w+\.py")
"""Columns of waiting-list files that other programs export. They have the vendor's name whoever's shop it is."""
KNOW_SENDERS = {
    Channel.EMAIL: {
        "activities/senders/registry.py",
        # Both read a From address by the rule of e-mail.
        "starter/authoring/alert_explanations.py",
        "worker.py",
    },
    Channel.SMS: {
        "activities/senders/registry.py",
        # How long a text may be, and how many segments it has.
        "activities/rendering/messages.py",
        "starter/authoring/segment_notes.py",
        # Whether the provider answers.
        "starter/ops/checkup.py",
    },
}
SAYS_WHICH_ADDRESS = "activities/postgres/migrations/0001_schema.sql"
"""Its functions say of each channel which address it has."""
KINDS = {".py", ".sql", ".yaml"}


def product_files() -> dict[str, str]:
    """Every source file of the product with its text."""
    files = [ROOT / "worker.py", *(file for part in PRODUCT for file in (ROOT / part).rglob("*"))]
    return {
        file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in files if file.suffix in KINDS
    }


@pytest.mark.parametrize("source", [storefront.source for storefront in STOREFRONTS])
def test_a_storefront_is_named_in_its_folder_and_the_registry_only(source: str) -> None:
    said = f"activities.storefronts.{source}." if source in ORDINARY_WORDS else source
    named = {name for name, text in product_files().items() if said in text.lower()}
    own = (f"activities/storefronts/{source}/", f"starter/simulated/{source}/")
    elsewhere = {name for name in named if not name.startswith(own)} - {SIMULATED}
    know = {name for name in elsewhere if not FILE_FORMATS.fullmatch(name)}
    assert know == {"activities/storefronts/registry.py"}


@pytest.mark.parametrize("channel", Channel)
def test_a_channels_sender_is_known_in_its_folder_and_the_registry_only(channel: Channel) -> None:
    folder = f"activities/senders/{channel}/"
    known = {name for name, text in product_files().items() if f"activities.senders.{channel}" in text}
    assert (ROOT / folder).is_dir()
    assert {name for name in known if not name.startswith(folder)} == KNOW_SENDERS[channel]


@pytest.mark.parametrize("provider", ["brevo", "mailgun", "postmark", "resend", "sendgrid", "ses"])
def test_a_provider_of_email_is_known_in_its_file_the_list_of_them_and_the_settings_only(provider: str) -> None:
    files = product_files()
    known = {name for name, text in files.items() if f"activities.senders.email.{provider} import" in text}
    assert known == {"activities/senders/email/providers.py"}
    assert f'"{provider}"' in files["schemas/settings.py"]


@pytest.mark.parametrize("channel", Channel)
def test_no_query_has_a_channel_of_its_own(channel: Channel) -> None:
    named = [name for name, text in product_files().items() if name.endswith(".sql") and f"'{channel}'" in text]
    assert named == [SAYS_WHICH_ADDRESS]
