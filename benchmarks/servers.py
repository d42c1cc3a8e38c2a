"""A PostgreSQL server for one comparison: started on free ground, removed afterwards."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Server", "find_binaries", "throwaway_server"]

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "shared_buffers": "512MB",
    # Else a checkpoint falls into some runs and not into others.
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "log_min_messages": "fatal",
}
_START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Server:
    """
    A server.

    Attributes:
        url: Of its ``postgres`` database.
        pid: Its first process; None where somebody else started it.
    """

    url: str
    pid: int | None = None

    def cpu_seconds(self) -> float | None:
        """Return what its finished sessions have used, where that can be known."""
        stat = Path(f"/proc/{self.pid}/stat")
        if self.pid is None or not stat.exists():
            return None
        fields = stat.read_text().rpartition(")")[2].split()
        # cutime and cstime of proc(5), counted from behind the name.
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def find_binaries() -> Path | None:
    """Return the folder of ``initdb`` and ``postgres``, or None where there is none."""
    found = shutil.which("postgres")
    places = [Path(found).resolve().parent] if found else []
    for root in ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt"):
        places += sorted(Path(root).glob("*/bin"), reverse=True)
    return next(
        (each for each in places if (each / "initdb").exists() and (each / "postgres").exists()),
        None,
    )


@contextmanager
def throwaway_server(binaries: Path) -> Iterator[Server]:
    """
    Start a server with default safety (fsync is on), and remove it at the end.

    Args:
        binaries: From `find_binaries`.
    """
    # PostgreSQL refuses to be run by root.
    user = "postgres" if hasattr(os, "getuid") and os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="regard-bench-"))
    password = secrets.token_hex(16)
    secret = folder / "password"
    secret.write_text(password)
    if user is not None:
        shutil.chown(folder, user)
        shutil.chown(secret, user)
    data = folder / "data"
    try:
        subprocess.run(
            [
                *(binaries / "initdb", "-D", data, "-U", "bench", "-A", "scram-sha-256"),
                *(f"--pwfile={secret}", "-E", "UTF8", "--locale=C.UTF-8"),
            ],
            check=True,
            capture_output=True,
            user=user,
            cwd=folder,
        )
        port = _free_port()
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-p", str(port), "-k", folder, *settings],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=user,
            cwd=folder,
        )
        try:
            _await(port, server)
            yield Server(f"postgresql://bench:{password}@127.0.0.1:{port}/postgres", server.pid)
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            # The port is open a moment before sessions are let in.
            time.sleep(0.5)
            return
    message = "the PostgreSQL server did not start"
    raise RuntimeError(message)
