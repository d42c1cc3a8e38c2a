"""Fetching for one source in one run: each remote once, again if that may help."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

from regard.errors import Cancelled, LeaseLost, RegardError, SourceError, TransientError
from regard.fetching.inbox import Inbox, Memory
from regard.fetching.surroundings import Surroundings
from regard.secrets import mask
from regard.settings.paths import Remote

__all__ = ["Fetcher", "Landed", "local_files"]


@dataclass(frozen=True, slots=True)
class Landed:
    """
    What there is of one remote.

    Attributes:
        files: Its files in the inbox.
        known: Whether there was ever a file.
        error: Why not all could be fetched.
        notes: What the run's summary should say.
    """

    files: tuple[Path, ...]
    known: bool
    error: RegardError | None = None
    notes: tuple[str, ...] = ()


def _module(remote: Remote) -> ModuleType:
    """Return what fetches from a remote; imported only where there is one of its kind."""
    if remote.scheme == "imap":
        from regard.fetching import attachments

        return attachments
    if remote.scheme == "sftp":
        from regard.fetching import sftp

        return sftp
    from regard.fetching import http

    return http


def _memory(remote: Remote, inbox: Inbox) -> Memory:
    found: Memory = _module(remote).memory_of(remote, inbox)
    return found


def local_files(root: Path, source: str, remote: Remote) -> Landed:
    """Return what of a remote is in the inbox already, without fetching."""
    inbox = Inbox(root, source)
    memory = _memory(remote, inbox)
    return Landed(tuple(inbox.files(memory)), bool(memory.files))


@dataclass(slots=True)
class Fetcher:
    """
    Fetches for one source in one run.

    Use it in a ``with`` block: what a dry run fetched is gone at the end.

    Attributes:
        source: The source's name.
        around: The run.
        writes: Whether files land in the inbox; else in a folder that is gone at the end.
        looks: Only find out what would be fetched.
        said: What looking has found out.
    """

    source: str
    around: Surroundings
    writes: bool = True
    looks: bool = False
    said: list[str] = field(default_factory=list)
    _inbox: Inbox | None = None
    _drafts: Path | None = None
    _landed: dict[str, Landed] = field(default_factory=dict)

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *error: object) -> None:
        drafts, self._drafts = self._drafts, None
        if drafts is not None:
            shutil.rmtree(drafts, ignore_errors=True)

    def land(self, remote: Remote, where: str) -> Landed:
        """
        Fetch what is new at a remote, once in this run, and return its files.

        Args:
            remote: The remote.
            where: Where it stands in the configuration, for messages.

        Raises:
            Cancelled: The run should stop.
            LeaseLost: Another run has the source now.
        """
        key = repr(remote)
        if key in self._landed:
            return replace(self._landed[key], notes=())  # they were said before
        self._landed[key] = landed = self._land(remote, where)
        return landed

    def _land(self, remote: Remote, where: str) -> Landed:
        notes: list[str] = []
        error: RegardError | None = None
        try:
            inbox = self._opened()
            if self.looks:
                said = _module(remote).look(remote, inbox, self.around)
                self.said.append(f"{mask(remote.shown)}: {said}")
            else:
                self._try(remote, inbox, notes)
        except (Cancelled, LeaseLost):
            raise
        except RegardError as failure:
            error = _named(failure, where)
        memory = _memory(remote, self._opened())
        return Landed(tuple(self._opened().files(memory)), bool(memory.files), error, tuple(notes))

    def _opened(self) -> Inbox:
        if self._inbox is None:
            if not self.writes and not self.looks:
                self._drafts = Path(tempfile.mkdtemp(prefix="regard-fetch-"))
            self._inbox = Inbox(self.around.root, self.source, self._drafts)
            if not self.looks:
                self._inbox.begin()
        return self._inbox

    def _try(self, remote: Remote, inbox: Inbox, notes: list[str]) -> None:
        """
        Fetch, and again after failures that may pass.

        Raises:
            RegardError: Why it could not be done.
        """
        for attempt in range(self.around.retries + 1):
            try:
                notes += _module(remote).fetch(remote, inbox, self.around) or ()
            except TransientError as error:
                if attempt == self.around.retries:
                    raise
                notes.append(mask(self.around.wait(attempt, error)))
            else:
                return


def _named(error: RegardError, where: str) -> RegardError:
    """Return an error that names its place in the configuration and is tried no more."""
    text = mask(f"{where}: {error}")
    # All tries were had: whoever reads the source should not begin to try again.
    kind = SourceError if isinstance(error, TransientError) else type(error)
    named = kind(text)
    named.__cause__ = error
    return named
