"""Where `shelftalk` is imported once and every command is a process forked from there: imports take a second or two.

Whatever else a command is made of is its own: arguments, environment, streams, memory, exit code. Nothing of theirs is
shared, for no import starts a thread. As a program, `python -m tests.cli.forked SOCKET`: listens until its standard
input ends. A request is one message, a `Request` in JSON with standard input, output and error beside it; the answers
are lines: the process, and when it has ended its exit code.
"""

import fcntl
import json
import os
import selectors
import signal
import socket
import sys
import termios
from dataclasses import asdict, dataclass

from starter.cli import main

LARGEST = 1_000_000
"""Bytes of a request, which is an environment for the most part."""


@dataclass(frozen=True)
class Request:
    """One command line."""

    arguments: tuple[str, ...]
    environment: dict[str, str]
    folder: str

    def send(self, connection: socket.socket, streams: tuple[int, int, int]) -> None:
        socket.send_fds(connection, [json.dumps(asdict(self)).encode()], streams)


def _keep(connection: socket.socket) -> None:
    """Run the command of this connection to its end, and say how it ended."""
    said, streams, _, _ = socket.recv_fds(connection, LARGEST, 3)
    request = Request(**json.loads(said))
    process = os.fork()
    if process == 0:
        connection.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        if os.isatty(0):
            # It is the terminal of the command, where passwords are asked for, whatever this process was started from.
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        os.environ.clear()
        os.environ.update(request.environment)
        os.chdir(request.folder)
        sys.argv[1:] = request.arguments
        main()
    connection.sendall(f"{process}\n".encode())
    _, status = os.waitpid(process, 0)
    code = os.waitstatus_to_exitcode(status)
    connection.sendall(f"{code}\n".encode())


def _serve(path: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the keepers
    with socket.socket(socket.AF_UNIX) as listening, selectors.DefaultSelector() as selector:
        listening.bind(path)
        listening.listen()
        print("listening", flush=True)
        selector.register(listening, selectors.EVENT_READ)
        selector.register(sys.stdin, selectors.EVENT_READ)
        while not any(key.fileobj is sys.stdin for key, _ in selector.select()):
            connection, _ = listening.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                listening.close()
                selector.close()
                _keep(connection)
                os._exit(0)
            connection.close()


if __name__ == "__main__":
    _serve(sys.argv[1])
