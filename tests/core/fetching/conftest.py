"""A source's inbox, what fetches into it, and a real SFTP server on this machine."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from regard.errors import TransientError
from regard.fetching import Fetcher, Landed, Surroundings
from regard.settings.paths import Remote, paths_of


@dataclass
class Desk:
    """
    A project whose source ``till`` fetches.

    Attributes:
        root: The project's folder.
        stop: Set when the run should stop.
        progress: What was heard of it.
        waits: How often it waited for another try.
    """

    root: Path
    stop: threading.Event = field(default_factory=threading.Event)
    progress: list[tuple[int, int | None, str]] = field(default_factory=list)
    waits: int = 0

    @property
    def inbox(self) -> Path:
        """The source's inbox."""
        return self.root / "inbox" / "till"

    def around(self, retries: int = 0) -> Surroundings:
        """Return what fetching is given."""
        return Surroundings(
            self.root,
            lambda: datetime.now(UTC),
            self.stop.is_set,
            self._check,
            lambda *said: self.progress.append(said),
            self._wait,
            retries,
        )

    def _check(self) -> None:
        from regard.errors import Cancelled

        if self.stop.is_set():
            raise Cancelled("asked to stop")

    def _wait(self, attempt: int, error: TransientError) -> str:
        self.waits += 1
        return f"try {attempt + 1} failed ({error})"

    def fetch(self, path: Any, retries: int = 0, **options: Any) -> Landed:
        """Fetch from one remote, as one run does."""
        (remote,) = paths_of(path, "sources.till")
        assert isinstance(remote, Remote)
        with Fetcher("till", self.around(retries), **options) as fetcher:
            landed = fetcher.land(remote, "sources.till.path")
            self.said = fetcher.said
            self.contents = {path.name: path.read_bytes() for path in landed.files}
        return landed

    def fails(self, path: Any, retries: int = 0) -> str:
        """Fetch from a remote that fails; return why, with the kind of error in front."""
        error = self.fetch(path, retries).error
        assert error is not None
        cause = error.__cause__ or error
        return f"{type(cause).__name__}: {error}"

    @property
    def files(self) -> dict[str, bytes]:
        """What lies in the inbox, hidden files left out."""
        found = sorted(self.inbox.glob("[!.]*")) if self.inbox.exists() else []
        return {path.name: path.read_bytes() for path in found}

    @property
    def hidden(self) -> list[str]:
        """The hidden files in the inbox."""
        return sorted(path.name for path in self.inbox.glob(".*"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a project whose source ``till`` fetches."""
    root = tmp_path / "project"
    root.mkdir()
    return Desk(root)


@pytest.fixture(scope="session")
def host_key() -> asyncssh.SSHKey:
    """Return the key of the SFTP server."""
    return asyncssh.generate_private_key("ssh-ed25519")


@dataclass
class SftpServer:
    """
    A real SFTP server that serves a folder to ``ana`` with the password ``sesame``.

    Attributes:
        folder: What is its root.
        port: Where it listens.
        key: Its public key as configurations write it.
    """

    folder: Path
    port: int
    key: str
    keys: list[asyncssh.SSHKey] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    on_read: Callable[[str], None] | None = None

    def url(self, path: str) -> str:
        """Return the address of a path."""
        return f"sftp://ana@127.0.0.1:{self.port}{path}"

    def remote(self, path: str, **more: Any) -> dict[str, Any]:
        """Return a path's table, with all that is needed to sign in."""
        return {"url": self.url(path), "password": "sesame", "host_key": self.key, **more}

    def put(self, name: str, content: bytes, age: float = 3_600) -> Path:
        """Write a file that was last changed a while ago."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        moment = time.time() - age
        os.utime(path, (moment, moment))
        return path


@pytest.fixture
def sftp(tmp_path: Path, host_key: asyncssh.SSHKey) -> Iterator[SftpServer]:
    """Return a real SFTP server on this machine."""
    folder = tmp_path / "served"
    folder.mkdir()
    public = " ".join(host_key.export_public_key("openssh").decode().split()[:2])
    server = SftpServer(folder, 0, public)
    with _serving(server, host_key):
        yield server


@contextmanager
def _serving(server: SftpServer, host_key: asyncssh.SSHKey) -> Iterator[None]:
    class Session(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == ("ana", "sesame")

        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            return any(key.public_data == each.public_data for each in server.keys)

    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=str(server.folder).encode())

        def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
            server.opened.append(path.decode("utf-8", "surrogateescape"))
            if server.on_read is not None:
                server.on_read(server.opened[-1])
            return super().open(path, pflags, attrs)

    loop = asyncio.new_event_loop()

    async def begin() -> Any:
        return await asyncssh.listen(
            "127.0.0.1", 0, server_factory=Session, server_host_keys=[host_key], sftp_factory=Files
        )

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    listener = asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
    server.port = listener.get_port()
    yield

    async def end() -> None:
        listener.close()
        await listener.wait_closed()
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.sleep(0.05)

    asyncio.run_coroutine_threadsafe(end(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()
