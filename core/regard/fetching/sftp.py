"""
Files over SFTP: only from a server whose key is known, and only what is new there.

A file is fetched again when its size or its time has changed. One that is still growing is left
for the next run. What is gone there stays here.
"""

from __future__ import annotations

import asyncio
import posixpath
import stat
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

from regard.errors import AuthError, ConfigError, FileError
from regard.fetching.guarding import Patience
from regard.fetching.hostkeys import ALGORITHMS, HostKeys
from regard.fetching.inbox import Inbox, Kept, Memory, identity
from regard.fetching.surroundings import Surroundings
from regard.secrets import mask
from regard.settings.paths import Remote

if TYPE_CHECKING:
    import asyncssh

__all__ = ["fetch", "look", "memory_of"]

T = TypeVar("T")

_BLOCK = 256 * 1024
_SETTLED_SECONDS = 2.0
_MOST_ENTRIES = 100_000
_ENTRY_BYTES = 128
_LOOK_SECONDS = 0.1
_GLOB = frozenset("*?[")
_MISSING = 'files over sftp need what the extra "sftp" brings: pip install "regard[sftp]"'


@dataclass(frozen=True, slots=True)
class _Entry:
    """
    A file on the server.

    Attributes:
        path: Where it lies there.
        name: What it is called there.
        size: In bytes.
        modified: When it was last changed, in seconds since 1970.
    """

    path: str
    name: str
    size: int
    modified: int

    @property
    def version(self) -> str:
        """What changes with its content."""
        return f"{self.size}:{self.modified}"


def memory_of(remote: Remote, inbox: Inbox) -> Memory:
    """Return what is remembered of an address."""
    parts = remote.address
    return inbox.memory(identity("sftp", _host(remote), parts.path), remote.shown)


def _host(remote: Remote) -> str:
    host, port = remote.address.hostname or "", remote.address.port or 22
    return f"{remote.login[0] or ''}@{host}:{port}"


def fetch(remote: Remote, inbox: Inbox, around: Surroundings) -> list[str]:
    """
    Fetch what is new of the files that an address names into the inbox.

    Returns:
        What the run's summary should say, such as which files are still growing.

    Raises:
        RegardError: Why not all could be had; what was fetched stays.
    """
    session = _Session(remote, around)
    return session.run(lambda: session.fetch(inbox))


def look(remote: Remote, inbox: Inbox, around: Surroundings) -> str:
    """
    Say what would be fetched, from what the server lists.

    Raises:
        RegardError: Why it could not be had.
    """
    session = _Session(remote, around)
    return session.run(lambda: session.look(inbox))


class _Session:
    """
    One connection to a server.

    Args:
        remote: The address.
        around: The run.

    Raises:
        ConfigError: What speaks SFTP is not installed.
    """

    def __init__(self, remote: Remote, around: Surroundings) -> None:
        try:
            import asyncssh
        except ImportError as error:
            raise ConfigError(_MISSING) from error
        asyncssh.set_log_level("CRITICAL")  # it would log hosts and users
        self._ssh = asyncssh
        self._remote = remote
        self._around = around
        self._patience = Patience(remote.seconds, around.cancelled)
        self._connection: asyncssh.SSHClientConnection | None = None

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do something that takes as long as the server likes, but no longer than we do."""
        ssh, remote = self._ssh, self._remote
        try:
            return asyncio.run(self._bounded(work()))
        except (ssh.SFTPNoSuchFile, ssh.SFTPNoSuchPath, ssh.SFTPNotADirectory) as error:
            message = f"{remote.shown}: there is nothing; is the address right?"
            raise FileError(message) from error
        except ssh.SFTPPermissionDenied as error:
            message = f"{remote.shown}: the user may not read it"
            raise AuthError(message) from error
        except (OSError, ssh.Error, asyncio.IncompleteReadError) as error:
            self._around.check()
            raise self._patience.error(remote.shown, error) from error

    async def _bounded(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.ensure_future(work)
        while not task.done():
            await asyncio.wait({task}, timeout=_LOOK_SECONDS)
            if not task.done() and self._patience.over():
                if self._connection is not None:
                    self._connection.abort()  # nobody waits for the server's good-bye
                task.cancel()
                await asyncio.wait({task}, timeout=1.0)
                self._around.check()
                raise self._patience.error(self._remote.shown)
        return task.result()

    async def look(self, inbox: Inbox) -> str:
        """Say how many files there are, and how many of them are new."""
        memory = memory_of(self._remote, inbox)
        async with self._connected() as client:
            entries = await self._entries(client)
        fresh = [each for each in entries if self._is_fresh(each, memory)]
        size = sum(each.size for each in fresh)
        there = f"{len(entries):,} {'file' if len(entries) == 1 else 'files'} there"
        return f"{there}, {len(fresh):,} would be fetched, {size:,} bytes"

    async def fetch(self, inbox: Inbox) -> list[str]:
        """Fetch one new file after the other; one that cannot be had does not stop the rest."""
        memory = memory_of(self._remote, inbox)
        notes: list[str] = []
        broken: list[str] = []
        async with self._connected() as client:
            for entry in await self._entries(client):
                self._around.check()
                if not self._is_fresh(entry, memory):
                    continue
                if self._grows(entry):
                    notes.append(_growing(entry))
                    continue
                try:
                    if not await self._fetch_one(client, entry, memory, inbox):
                        notes.append(_growing(entry))
                except self._ssh.SFTPNoSuchFile:
                    notes.append(f"{entry.name} was taken away before it was fetched")
                except self._ssh.SFTPPermissionDenied:
                    broken.append(f"{entry.name!r}: the user may not read it")
                except FileError as error:
                    broken.append(f"{entry.name!r}: {error}")
        if broken:
            message = f"{self._remote.shown}: {'; '.join(broken)}"
            raise FileError(message)
        return notes

    def _origin(self, entry: _Entry) -> str:
        return mask(f"sftp://{_host(self._remote)}{entry.path}")

    def _is_fresh(self, entry: _Entry, memory: Memory) -> bool:
        origin = self._origin(entry)
        known = [kept.version for kept in memory.files.values() if kept.origin == origin]
        return known != [entry.version]

    def _grows(self, entry: _Entry) -> bool:
        age = self._around.now().timestamp() - entry.modified
        return 0 <= age < _SETTLED_SECONDS

    async def _fetch_one(
        self, client: asyncssh.SFTPClient, entry: _Entry, memory: Memory, inbox: Inbox
    ) -> bool:
        """Fetch one file; say whether it stayed as it was meanwhile."""
        limit = self._remote.limit
        with inbox.part() as part:
            async with client.open(entry.path, "rb") as file:
                while data := await file.read(_BLOCK, part.size):
                    assert isinstance(data, bytes)  # noqa: S101  # it was opened for bytes
                    if part.size + len(data) > limit:
                        message = (
                            f"it is more than the {limit:,} bytes that a file may have "
                            "(`limit` beside `url`)"
                        )
                        raise FileError(message)
                    part.write(data)
                    self._patience.count(len(data))
                    self._around.progress(part.size, entry.size, "bytes")
                after = await file.stat()
            if (after.size, int(after.mtime or 0), part.size) != (
                entry.size,
                entry.modified,
                entry.size,
            ):
                return False
            kept = Kept(
                self._origin(entry), entry.size, entry.version, self._around.now().isoformat()
            )
            inbox.land(memory, part, entry.name, kept, _moment(entry.modified))
            inbox.save()
        return True

    async def _entries(self, client: asyncssh.SFTPClient) -> list[_Entry]:
        """Return the files that the address names, in the order of their names."""
        path = unquote(self._remote.address.path, errors="replace") or "/"
        if path.startswith("/~/"):
            path = path.removeprefix("/~/") or "."
        folder, pattern = posixpath.split(path)
        if not _GLOB.intersection(pattern):
            found = await client.stat(path)
            if not stat.S_ISDIR(found.permissions or 0):
                return [_Entry(path, pattern, found.size or 0, int(found.mtime or 0))]
            folder, pattern = path, "*"
        entries: list[_Entry] = []
        seen = 0
        async for each in client.scandir(folder or "."):
            seen += 1
            self._patience.count(_ENTRY_BYTES)
            if seen > _MOST_ENTRIES:
                message = f"{self._remote.shown}: more than {_MOST_ENTRIES:,} files in one folder"
                raise FileError(message)
            name = each.filename if isinstance(each.filename, str) else each.filename.decode()
            # A server may list what leads out of the folder.
            if name.startswith(".") or "/" in name or not fnmatchcase(name, pattern):
                continue
            full, attributes = posixpath.join(folder, name), each.attrs
            if stat.S_ISLNK(attributes.permissions or 0):
                try:
                    attributes = await client.stat(full)
                except self._ssh.SFTPError:  # it leads nowhere
                    continue
            if stat.S_ISREG(attributes.permissions or stat.S_IFREG):
                size, modified = attributes.size or 0, int(attributes.mtime or 0)
                entries.append(_Entry(full, name, size, modified))
        return sorted(entries, key=lambda each: each.name)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncssh.SFTPClient]:
        """
        Sign in, with the server's key checked.

        Raises:
            AuthError: The server refuses the user.
            ConfigError: Its key is not known.
            SourceChanged: Its key is another one than before.
        """
        ssh, remote = self._ssh, self._remote
        keys = HostKeys(remote)
        user, password = remote.login
        options: dict[str, Any] = {"username": user} if user is not None else {}
        if password is not None:
            options["password"] = password
        if remote.key is not None:
            options["client_keys"] = [_private_key(remote, self._around.root)]
        if options.keys() & {"password", "client_keys"}:
            # Nothing that happens to lie in the user's home signs in in place of what is said.
            options.setdefault("client_keys", None)
            options["agent_path"] = None
        if keys.expected:
            options["server_host_key_algs"] = ALGORITHMS
        try:
            connection = await ssh.connect(
                remote.address.hostname or "",
                remote.address.port or 22,
                known_hosts=keys.known,
                client_factory=keys.client,
                config=None,
                connect_timeout=remote.seconds,
                login_timeout=remote.seconds,
                keepalive_interval=max(1.0, remote.seconds / 3),
                **options,
            )
        except ssh.HostKeyNotVerifiable as error:
            raise keys.refusal() from error
        except ssh.PermissionDenied as error:
            message = f"{remote.shown}: the server refuses the user, the password or the key"
            raise AuthError(message) from error
        self._connection = connection
        async with connection, connection.start_sftp_client(path_errors="surrogateescape") as sftp:
            yield sftp


def _growing(entry: _Entry) -> str:
    return f"{entry.name} is still being written there; the next run fetches it"


def _moment(seconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OSError, OverflowError, ValueError):  # a server may say anything
        return None


def _private_key(remote: Remote, root: Path) -> asyncssh.SSHKey:
    """
    Return the private key to sign in with.

    Raises:
        ConfigError: It is none, or cannot be read.
    """
    import asyncssh

    text = remote.key.get_secret_value() if remote.key else ""
    phrase = remote.passphrase.get_secret_value() if remote.passphrase else None
    name = "the key"
    try:
        if "PRIVATE KEY" not in text:
            path = root / Path(text).expanduser()
            name = f"key: {path}"
            text = path.read_text("ascii", errors="replace")
        return asyncssh.import_private_key(text, phrase)
    except OSError as error:
        message = f"{remote.shown}: {name} cannot be read: {error.strerror}"
        raise ConfigError(message) from error
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError):
        # The error itself could quote the key.
        pass
    message = f"{remote.shown}: {name} is no private key, or the passphrase is wrong"
    raise ConfigError(message)
