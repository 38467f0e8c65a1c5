"""Ports of this machine: choosing a free one, and saying which setting moves a component off a taken one."""

import errno
import socket

from schemas.errors import DomainError, ErrorKind

LOOPBACK = "127.0.0.1"
"""The dev stack has no passwords, so it listens to this machine only."""


WEB_PORT_SETTING = "--port or SHELFTALK_HTTP_PORT"
"""How the web server's user chooses another port."""


class CannotStart(DomainError):
    """A component cannot be had, started or reached. The message is complete, for the person at the terminal."""

    code = "cannot_start"
    kind = ErrorKind.UNAVAILABLE


def free_port(host: str = LOOPBACK) -> int:
    """A TCP port that was free a moment ago. Another process may still be quicker to take it."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
    return port


def port_taken(port: int, what: str, setting: str, host: str = LOOPBACK) -> CannotStart:
    """The error for a port that another program holds.

    Args:
        what: the component that wanted it.
        setting: how its user chooses another port, for example `SHELFTALK_HTTP_PORT`.
    """
    return CannotStart(
        f"{what} cannot listen on {host}:{port}: another program has that port. "
        f"Stop that program, or choose another port with {setting}"
    )


def require_free(port: int, what: str, setting: str, host: str = LOOPBACK) -> None:
    """Check that a component could listen on a port now.

    Raises:
        CannotStart: the port is taken, or this account may not listen on it.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do it: a port is not taken by a connection that ended a minute ago.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise cannot_listen(error, port, what, setting, host) from error


def cannot_listen(error: OSError, port: int, what: str, setting: str, host: str = LOOPBACK) -> CannotStart:
    """The error for a failed attempt to listen, by its cause."""
    match error.errno:
        case errno.EADDRINUSE:
            return port_taken(port, what, setting, host)
        case errno.EACCES | errno.EPERM:
            return CannotStart(
                f"{what} may not listen on {host}:{port}: this account has no right to ports that low. "
                f"Choose one above 1023 with {setting}"
            )
        case _:
            return CannotStart(
                f"{what} cannot listen on {host}:{port} ({error.strerror}): choose another with {setting}"
            )
