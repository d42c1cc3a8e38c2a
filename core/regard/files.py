"""
Files that sources read: as they were when looked at, how far they are read, who could read them.

Writers of sources import all of it from `regard.sources`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

__all__ = ["FileProgress", "InputFile", "Looking", "Recognised", "is_log"]


_LOG: Final = re.compile(r"(?<![^\W_])(?:access|log)(?![^\W_])", re.IGNORECASE)


def is_log(path: Path) -> bool:
    """Say whether a file is called as those are that somebody always writes to."""
    return _LOG.search(path.name) is not None


@dataclass(frozen=True, slots=True)
class InputFile:
    """
    A file that is to be read, as it was when the run looked at it.

    Attributes:
        path: Where it lies.
        name: Its path below the project, as the store and messages call it.
        size: In bytes.
        modified_at: When what is in it was written: the date in its name, else when it was
            last changed; the ``as_of`` of records that carry none.
        rows_done: How many rows of this very content are committed already.
        bytes_done: How many bytes they are, where that is known; zero: it is not.
    """

    path: Path
    name: str
    size: int
    modified_at: datetime
    rows_done: int = 0
    bytes_done: int = 0


@dataclass(frozen=True, slots=True)
class FileProgress:
    """
    How far one file has been read, committed together with the page that says so.

    Attributes:
        file: The file, as `Context.files` gave it.
        rows: How many of its rows are contained in this page and those before it.
        complete: Nothing follows.
        also: Other streams that read the same file: it is done only when they are, too.
    """

    file: InputFile
    rows: int
    complete: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recognised:
    """
    A file of which a source says that it could read it.

    Attributes:
        file: The file.
        title: What people call such a file, such as ``SurveyMonkey responses``.
        options: What ``[sources.NAME]`` would say beside ``path``.
        surety: 2 where it can be nothing else, 1 where its headers or its form tell it, 0 where
            it is a guess, before which the word of any other source goes.
        read: Whether it holds records; False for what helps to read other files.
        kinds: Of which kinds its records are, as far as that is known.
    """

    file: InputFile
    title: str
    options: Mapping[str, Any] = field(default_factory=dict)
    surety: int = 1
    read: bool = True
    kinds: frozenset[str] = frozenset()


class Looking(Protocol):
    """What is known where files are only looked at: there are no project and no store."""

    @property
    def root(self) -> Path:
        """An empty folder; the files' paths are absolute."""

    @property
    def profiles(self) -> Sequence[Path]:
        """The profile files that plug-ins bring beside the shipped ones."""

    @property
    def timezone(self) -> str:
        """The time zone of local times in the files."""
