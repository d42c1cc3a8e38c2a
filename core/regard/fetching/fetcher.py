"""Fetching for one source in one run: each place once, again if that may help."""

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
from regard.settings.places import Place

__all__ = ["Fetcher", "Landed", "local_files"]


@dataclass(frozen=True, slots=True)
class Landed:
    """
    What there is of one place.

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


def _module(place: Place) -> ModuleType:
    """Return what fetches from a place; imported only where there is one of its kind."""
    if place.scheme == "imap":
        from regard.fetching import attachments

        return attachments
    if place.scheme == "sftp":
        from regard.fetching import sftp

        return sftp
    from regard.fetching import http

    return http


def _memory(place: Place, inbox: Inbox) -> Memory:
    found: Memory = _module(place).memory_of(place, inbox)
    return found


def local_files(root: Path, source: str, place: Place) -> Landed:
    """Return what of a place is in the inbox already, without fetching."""
    inbox = Inbox(root, source)
    memory = _memory(place, inbox)
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

    def land(self, place: Place, where: str) -> Landed:
        """
        Fetch what is new at a place, once in this run, and return its files.

        Args:
            place: The place.
            where: Where it stands in the configuration, for messages.

        Raises:
            Cancelled: The run should stop.
            LeaseLost: Another run has the source now.
        """
        key = repr(place)
        if key in self._landed:
            return replace(self._landed[key], notes=())  # they were said before
        self._landed[key] = landed = self._land(place, where)
        return landed

    def _land(self, place: Place, where: str) -> Landed:
        notes: list[str] = []
        error: RegardError | None = None
        try:
            inbox = self._opened()
            if self.looks:
                said = _module(place).look(place, inbox, self.around)
                self.said.append(f"{mask(place.shown)}: {said}")
            else:
                self._try(place, inbox, notes)
        except (Cancelled, LeaseLost):
            raise
        except RegardError as failure:
            error = _named(failure, where)
        memory = _memory(place, self._opened())
        return Landed(tuple(self._opened().files(memory)), bool(memory.files), error, tuple(notes))

    def _opened(self) -> Inbox:
        if self._inbox is None:
            if not self.writes and not self.looks:
                self._drafts = Path(tempfile.mkdtemp(prefix="regard-fetch-"))
            self._inbox = Inbox(self.around.root, self.source, self._drafts)
            if not self.looks:
                self._inbox.begin()
        return self._inbox

    def _try(self, place: Place, inbox: Inbox, notes: list[str]) -> None:
        """
        Fetch, and again after failures that may pass.

        Raises:
            RegardError: Why it could not be done.
        """
        for attempt in range(self.around.retries + 1):
            try:
                notes += _module(place).fetch(place, inbox, self.around) or ()
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
