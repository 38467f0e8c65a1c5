"""Certificates that nobody vouches for, for servers that demand or speak TLS."""

import shutil
import subprocess
from pathlib import Path

import pytest

USAGE = "keyUsage=critical,digitalSignature,keyEncipherment,keyCertSign"


def self_signed(folder: Path, names: str) -> tuple[Path, Path]:
    """A certificate for these names (as openssl writes a subjectAltName) in this folder, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("making a certificate needs the openssl program: install it")
    made = folder / "certificate.pem", folder / "key.pem"
    command = f"{openssl} req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=peer"
    out = "-out", str(made[0]), "-keyout", str(made[1])
    subprocess.run(
        [*command.split(), "-addext", f"subjectAltName={names}", "-addext", USAGE, *out],
        check=True,
        capture_output=True,
    )
    return made
