"""
Processes that have imported already what the command needs.

To start Python and to import everything takes the command longer than most of what tests let it
do. So one process imports it once and then waits, untouched. For each command it forks a process
with a folder, an environment and files of its own, which ends as any other does. Where the start
itself matters, a test begins with a fresh interpreter.

This file is also the program of that process.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

__all__ = ["Warm"]

_LONGEST = 65_536
_GIVEN = 4
"""A request comes with the files 0, 1 and 2, and with where to send the answer."""


class Warm:
    """One process that forks commands for as long as the tests last."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        surroundings = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
        if "PYTHONPATH" in os.environ:
            surroundings["PYTHONPATH"] = os.environ["PYTHONPATH"]
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                env=surroundings,
                pass_fds=[theirs.fileno()],
            )

    def close(self) -> None:
        """Let it end."""
        self._ours.close()
        self._process.wait(timeout=30)

    def run(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdin: str | None,
        timeout: float,
    ) -> subprocess.CompletedProcess[str]:
        """
        Run the command.

        Raises:
            subprocess.TimeoutExpired: It took too long and was killed.
        """
        request = json.dumps({"arguments": arguments, "cwd": str(cwd), "env": dict(env)})
        with (
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            given.write((stdin or "").encode())
            given.seek(0)
            answer, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            files = [given.fileno(), out.fileno(), err.fileno(), theirs.fileno()]
            with answer:
                with theirs:
                    socket.send_fds(self._ours, [request.encode()], files)
                code = _await(answer, arguments, timeout)
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode())
        return subprocess.CompletedProcess(arguments, code, *texts)


def _await(answer: socket.socket, arguments: Sequence[str], timeout: float) -> int:
    """Return a process's exit code, negative where a signal ended it."""
    answer.settimeout(timeout)
    pid = int(answer.recv(_LONGEST))
    try:
        return int(answer.recv(_LONGEST))
    except TimeoutError:
        os.kill(pid, signal.SIGKILL)
        raise subprocess.TimeoutExpired(arguments, timeout) from None


def _import_everything() -> None:
    from regard.cli import COMMANDS

    for command in COMMANDS:
        import_module(command.module)
    for group in ("regard", "regard.commands"):
        for entry in entry_points(group=group):
            if entry.module.startswith(("regard_plugins", "regard_scrapers")):
                # What cannot be imported, the command itself has something to say about.
                with suppress(ImportError):
                    import_module(entry.module)


def _serve(requests: socket.socket) -> None:
    """Fork a process for each request; it returns in that process alone, ready to begin."""
    waiting = 0
    while True:
        text, files, _, _ = socket.recv_fds(requests, _LONGEST, _GIVEN)
        # Whoever waits for a command is forked as well, so that several can run at once.
        while waiting and os.waitpid(-1, os.WNOHANG if text else 0)[0]:
            waiting -= 1
        if not text:
            os._exit(0)
        if os.fork():
            waiting += 1
            for file in files:
                os.close(file)
            continue
        requests.close()
        *standard, told = files
        pid = os.fork()
        if not pid:
            os.close(told)
            _begin(standard, **json.loads(text))
            return
        with socket.socket(fileno=told) as answer:
            answer.send(str(pid).encode())
            _, status = os.waitpid(pid, 0)
            answer.send(str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)


def _begin(standard: Sequence[int], arguments: list[str], cwd: str, env: dict[str, str]) -> None:
    """Make this process what it would be if somebody had typed the command."""
    for number, file in enumerate(standard):
        os.dup2(file, number)
        os.close(file)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    sys.path[0] = cwd
    sys.argv = [str(Path(import_module("regard.__main__").__file__ or "")), *arguments]


def _run() -> int:
    """Run the command and return its exit code."""
    from regard.__main__ import main

    try:
        return main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  # as the interpreter does
        sys.excepthook(*sys.exc_info())
        return 1


if __name__ == "__main__":
    _import_everything()
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as requests:
        _serve(requests)
    code = _run()
    # What ends with an interpreter, but modules: to take them apart takes longer than most
    # commands do.
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
