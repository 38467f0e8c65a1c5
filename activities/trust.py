"""Whom our HTTP clients trust. Not for mail: httpcore writes into the context it is given that HTTP is spoken."""

import ssl
from functools import cache
from pathlib import Path


def trusted(ca_file: Path | None) -> ssl.SSLContext:
    """Trust in the authorities of a PEM file, or in the system's.

    Raises:
        OSError: the file cannot be read.
    """
    return _by_the_system() if ca_file is None else ssl.create_default_context(cafile=ca_file)


@cache
def _by_the_system() -> ssl.SSLContext:
    """Read once: there are more than a hundred, and it takes a twentieth of a second."""
    return ssl.create_default_context()
