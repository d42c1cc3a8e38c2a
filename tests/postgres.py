"""One real PostgreSQL server for all tests, made in a folder that goes with it."""

from __future__ import annotations

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    # Not UTC: times must not depend on what the server believes.
    "timezone": "Pacific/Chatham",
}


_INITDB = ("-U", "regard", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")


# Opened here: whoever postgres runs as may not be allowed to read this Python's libraries.
_LIBC = ctypes.CDLL(None)


class NoServer(Exception):
    """There is no PostgreSQL server to be had here."""


class PostgresServer:
    """
    A PostgreSQL server of our own, reached through a socket in a folder of our own.

    Args:
        binaries: The folder of ``initdb`` and ``postgres``.
    """

    def __init__(self, binaries: Path) -> None:
        # postgres refuses to run as root, so root runs it as somebody who may do nothing else.
        self._user = _unprivileged() if os.geteuid() == 0 else None
        # A socket's whole path may have about a hundred characters.
        self._folder = Path(tempfile.mkdtemp(prefix="regard-pg-", dir="/tmp"))
        if self._user is not None:
            os.chown(self._folder, self._user.pw_uid, self._user.pw_gid)
        try:
            self._start(binaries)
        except BaseException:
            self.stop()
            raise

    def _start(self, binaries: Path) -> None:
        data = self._folder / "data"
        made = subprocess.run(
            [binaries / "initdb", "-D", data, *_INITDB],
            capture_output=True,
            text=True,
            check=False,
            **self._as_user(),
        )
        if made.returncode:
            message = f"initdb failed: {made.stderr.strip()[-400:]}"
            raise NoServer(message)
        options = [text for item in _SETTINGS.items() for text in ("-c", "=".join(item))]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [binaries / "postgres", "-D", data, "-k", self._folder, *options],
                stdout=log,
                stderr=log,
                preexec_fn=_end_with_parent,
                **self._as_user(),
            )
        self._wait()

    _process: subprocess.Popen[bytes] | None = None
    _emptied: str | None = None

    def _as_user(self) -> dict[str, Any]:
        options: dict[str, Any] = {"cwd": self._folder, "stdin": subprocess.DEVNULL}
        if self._user is not None:
            ids = {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}
            options |= ids
        return options

    def _wait(self) -> None:
        import psycopg

        end = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                log = (self._folder / "log").read_text("utf-8", errors="replace")
                gone = self._process is None or self._process.poll() is not None
                if gone or time.monotonic() > end:
                    message = f"postgres did not start: {log[-400:]}"
                    raise NoServer(message) from None
                time.sleep(0.05)
            else:
                return

    def url(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql://regard@/{database}?host={self._folder}"

    def create(self) -> str:
        """Create an empty database and return its address."""
        name = f"test_{secrets.token_hex(6)}"
        self._command("postgres", f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)

    def empty(self) -> str:
        """
        Return the address of the one database that is emptied for each test.

        Emptying takes a fifth of the time of a new database.
        """
        if self._emptied is None:
            self._emptied = self.create()
        name = self._emptied.partition("@/")[2].partition("?")[0]
        self._command(
            name,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "DROP SCHEMA public CASCADE",
            "CREATE SCHEMA public",
        )
        return self._emptied

    def _command(self, database: str, *statements: str) -> None:
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]  # our own text

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=30)
        shutil.rmtree(self._folder, ignore_errors=True)


def _end_with_parent() -> None:
    """Let the server end also where the tests are killed; only Linux can."""
    if sys.platform == "linux":
        _LIBC.prctl(1, signal.SIGQUIT)


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoServer("postgres refuses to run as root, and there is no other user to run it as")


def binaries() -> Path:
    """Return the folder with the newest ``initdb`` and ``postgres``."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: float(path.parent.name) if path.parent.name.isdigit() else 0,
        reverse=True,
    )
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path).resolve().parent)
    wheel = find_spec("pgserver")
    if wheel is not None and wheel.origin:
        found.append(Path(wheel.origin).parent / "pginstall" / "bin")
    for folder in found:
        if all((folder / name).exists() for name in ("initdb", "postgres")):
            return folder
    raise NoServer("there is no PostgreSQL here: apt-get install postgresql")
