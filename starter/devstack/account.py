"""The account that PostgreSQL runs as for root, and its way to its files: only folders made for it are opened."""

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterable
from pathlib import Path

from starter.devstack.child import Account
from starter.devstack.failures import DevstackError

ACCOUNT_FOR_ROOT = "pgserver"
"""PostgreSQL refuses to run as root, so root's server runs as this account."""
PASSED_THROUGH = 0o710
"""Of a folder above its files: its account may go through, and see nothing; everyone else is kept out."""


def account_for_root() -> Account | None:
    """The account, made if there is none; None when this process is not root's.

    Raises:
        DevstackError: it cannot be made.
    """
    if os.geteuid() != 0:
        return None
    try:
        return _account()
    except KeyError:
        pass  # It is the first time.
    try:
        subprocess.run(["useradd", ACCOUNT_FOR_ROOT], check=True, capture_output=True)
        return _account()
    except (OSError, subprocess.CalledProcessError) as error:
        raise DevstackError(
            f"PostgreSQL does not run as root, and the account {ACCOUNT_FOR_ROOT!r} to run it as cannot be made "
            f"({error}): run Shelftalk as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own"
        ) from error


def _account() -> Account:
    entry = pwd.getpwnam(ACCOUNT_FOR_ROOT)
    return Account(entry.pw_uid, entry.pw_gid)


def let_through(made: Iterable[Path]) -> None:
    """Let the account pass through folders that were made just now. Nothing happens unless this process is root's."""
    account = account_for_root()
    if account is None:
        return
    for folder in made:
        os.chown(folder, -1, account.group)
        folder.chmod(PASSED_THROUGH)


def reachable_programs(account: Account, folder: Path, programs: Path) -> Path:
    """The folder of PostgreSQL's programs, where the account can run them; a copy, where the way to them is closed.

    Args:
        folder: where its data is to be.

    Raises:
        DevstackError: the way to that folder is closed, and was not made by us.
    """
    closed = _closed(folder, account)
    if closed is not None:
        raise DevstackError(
            f"PostgreSQL does not run as root but as the account {ACCOUNT_FOR_ROOT!r}, which cannot pass through "
            f"{closed}: set SHELFTALK_DATA_DIR to a folder that is not there yet, below folders that everyone may pass "
            "through, such as /var/lib/shelftalk"
        )
    if _closed(programs, account) is None:
        return programs
    copy = folder / programs.parent.name
    if not copy.exists():
        partial = copy.with_name("programs.partial")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(programs.parent, partial, symlinks=True)
        partial.rename(copy)
    return copy / programs.name


def _closed(place: Path, account: Account) -> Path | None:
    """The folder on the way that the account cannot pass through."""
    return next((each for each in (place, *place.parents) if not _passes(each.stat(), account)), None)


def _passes(found: os.stat_result, account: Account) -> bool:
    if found.st_uid == account.user:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.group:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)
