"""Stands between this process and a server it started, so that the server never outlives it, not even after `kill -9`.

A program by itself, of the standard library only. It runs the server, and stops it when its own standard input ends:
the kernel closes that pipe whenever and however the process holding the other end goes away, on Linux and macOS alike.

    guard.py STOP_SIGNAL STOP_LIMIT PID_FILE USER GROUP -- PROGRAM ARGUMENT…

USER and GROUP are numbers, or -1 for those of this process. It ends with the server's own exit code.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path


def main(arguments: list[str]) -> int:
    split = arguments.index("--")
    stop_signal, stop_limit, pid_file, user, group = arguments[:split]
    argv = arguments[split + 1 :]
    if user == "-1":
        server = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
    else:
        server = subprocess.Popen(argv, stdin=subprocess.DEVNULL, user=int(user), group=int(group), extra_groups=[])
    Path(pid_file).write_text(json.dumps({"pid": server.pid, "argv": argv}))

    def stop() -> None:
        server.send_signal(int(stop_signal))
        try:
            server.wait(float(stop_limit))
        except subprocess.TimeoutExpired:
            server.kill()

    def stop_at_end_of_input() -> None:
        while os.read(0, 1024):
            pass
        stop()

    def stop_at_signal(_number: int, _frame: object) -> None:
        threading.Thread(target=stop, daemon=True).start()

    signal.signal(signal.SIGTERM, stop_at_signal)
    threading.Thread(target=stop_at_end_of_input, daemon=True).start()
    code = server.wait()
    Path(pid_file).unlink(missing_ok=True)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
