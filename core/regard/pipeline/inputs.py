"""
Which files have something new, and in what order they are read.

A file whose size and modification time are as they were is not opened. One that was touched
but has the same content is not read. One that is still being written is left for the next
run. Of one glob the date in a file's name orders, else its modification time, so that an
older snapshot never comes after a newer one. What lies elsewhere is fetched before.

A log grows at its end and moves on to another name. Where the source says that its files are
such, one that begins with what was read already, under its own or another name, is read on
from there.
"""

from __future__ import annotations

import glob
import re
import time
from ast import literal_eval
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from regard.errors import ConfigError, FileError, RegardError, SourceChanged
from regard.fetching import FOLDER, Fetcher, Landed, local_files
from regard.files import is_log
from regard.pipeline.fingerprints import UNREAD, Fingerprint, digests_of, fingerprint_of
from regard.secrets import mask
from regard.settings.paths import Remote, is_remote, paths_of
from regard.sources import InputFile, Paths
from regard.store.files import FileState

__all__ = ["Inputs", "find_files", "missed_before"]

_SETTLED_SECONDS = 2.0
_PATTERN = re.compile(r"[*?\[]")
_EMPTY = "no file matches "
_NOTES = ("readme", "readme.md", "readme.txt")
"""What people put beside files in a folder, such as the one that `regard init` makes."""


def find_files(patterns: str | Sequence[str], root: Path) -> list[Path]:
    """
    Return the files that paths, folders and globs name; a folder means all files in it.

    Args:
        patterns: Relative ones start at ``root``.
        root: The project's folder.

    Raises:
        ConfigError: A pattern is an address, or names a file that does not exist.
    """
    found: dict[Path, None] = {}
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        if is_remote(pattern):
            scheme = pattern.partition("://")[0]
            message = f"path: {scheme} addresses are not fetched here; use a file"
            raise ConfigError(message)
        full = root / Path(pattern).expanduser()
        if full.is_dir():
            matches: Iterable[Path] = sorted(
                path for path in full.iterdir() if path.name.casefold() not in _NOTES
            )
        elif _PATTERN.search(pattern) and not full.exists():
            matches = (Path(name) for name in sorted(glob.glob(str(full), recursive=True)))  # noqa: PTH207  # absolute, with **
        elif full.exists():
            matches = [full]
        else:
            message = f"path: there is no file {pattern!r} in {root}"
            raise ConfigError(message)
        found.update((path, None) for path in matches if _readable(path))
    return list(found)


def _shown(path: str | Remote) -> str:
    return path if isinstance(path, str) else mask(path.shown)


def _readable(path: Path) -> bool:
    # Hidden files and editors' lock files are nobody's export.
    return path.is_file() and not path.name.startswith((".", "~$"))


def _longest(
    known: Iterable[FileState], beginnings: Mapping[int, str], stream: str | None
) -> list[FileState]:
    """
    Return what is known of the file of which most stands at the beginning of another one.

    Args:
        known: All files that were read by the same recipe.
        beginnings: The sha256 of the other file's beginnings, by their length.
        stream: Only what this stream has read counts; None: what all have.
    """
    paths: dict[str, list[FileState]] = {}
    for state in known:
        if stream in (None, state.stream):
            paths.setdefault(state.path, []).append(state)
    fitting = [
        states
        for states in paths.values()
        if all(beginnings.get(state.size) == state.sha256 for state in states)
    ]
    return max(fitting, key=lambda states: (states[0].size, states[0].rows_done), default=[])


def _end_of(found: Fingerprint) -> tuple[int, int, str]:
    """Return until when a file may tell: no longer than the day in its name, where it has one."""
    dated, age, modified, name = found.order
    if not dated:
        return modified, modified, name
    day = age.replace(hour=0, minute=0, second=0, microsecond=0)
    # It may be over later elsewhere than here.
    return min(modified, int((day + timedelta(days=2)).timestamp() * 1e9)), modified, name


def missed_before(notes: Iterable[Collection[str]]) -> dict[str, int]:
    """
    Return in how many runs in a row each pattern has matched no file.

    Args:
        notes: What past runs noted, the latest first.
    """
    counts: dict[str, int] = {}
    going: set[str] | None = None
    for said in notes:
        empty = {
            literal_eval(note.removeprefix(_EMPTY)) for note in said if note.startswith(_EMPTY)
        }
        going = empty if going is None else going & empty
        if not going:
            break
        for shown in going:
            counts[shown] = counts.get(shown, 0) + 1
    return counts


@dataclass(slots=True)
class Inputs:
    """
    Decides which files a source has to read.

    Attributes:
        root: The project's folder.
        known: What the store knows of the source's files.
        settle: Whether to leave files alone that changed a moment ago.
        hashed: Whether what is in the files matters; not where they are only looked at.
        notes: What the run's summary should say.
        fingerprints: Of the files that are to be read, by name.
        digests: The sha256 of their content, by name.
        touched: New states of files that changed only on the outside.
        passed_over: The streams whose files were not all read from their beginning; None:
            it is not known whose.
        source: The name of the source.
        orphans: What sources that are no longer configured have read: for each path and
            sha256 the source.
        missed: In how many runs in a row so far a pattern has matched no file.
        empty_runs: So many in a row fail; 0: none does.
        fetcher: Fetches what lies elsewhere; None: what was fetched before is all there is.
        unfetched: Why remotes could not be fetched from, by their place in the configuration.
    """

    root: Path
    known: Sequence[FileState]
    settle: bool = True
    hashed: bool = True
    notes: list[str] = field(default_factory=list)
    fingerprints: dict[str, Fingerprint] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    touched: dict[tuple[str, str], FileState] = field(default_factory=dict)
    recipes: dict[str, str] = field(default_factory=dict)
    passed_over: set[str | None] = field(default_factory=set)
    source: str = ""
    orphans: Mapping[tuple[str, str], str] = field(default_factory=dict)
    missed: Mapping[str, int] = field(default_factory=dict)
    empty_runs: int = 3
    fetcher: Fetcher | None = None
    unfetched: dict[str, RegardError] = field(default_factory=dict)
    _ends: Mapping[str, tuple[int, int, str]] = field(default_factory=dict)
    _busy: int = 0
    _by_path: dict[str, list[FileState]] = field(default_factory=dict)
    _busy_files: set[str] = field(default_factory=set)
    _announced: set[tuple[str, str]] = field(default_factory=set)
    _logs: set[str] = field(default_factory=set)
    _landed: set[Path] = field(default_factory=set)
    _whole: set[str] = field(default_factory=set)
    _hashes: dict[tuple[Fingerprint, frozenset[int]], tuple[str, Mapping[int, str]]] = field(
        default_factory=dict
    )

    def pending(
        self,
        patterns: Paths,
        recipe: str,
        stream: str | None = None,
        *,
        growing: bool = False,
    ) -> list[InputFile]:
        """
        Return the files that have something new, in the order in which to read them.

        Args:
            patterns: Paths, folders, globs and remotes.
            recipe: What else decides about the result.
            stream: Only what this stream has read counts; None: what any has.
            growing: The files are logs: what follows what was read is read on.

        Raises:
            FileError: There was none in too many runs in a row.
            Cancelled: The run should stop; fetching heeds it.
        """
        named = paths_of(patterns, f"sources.{self.source}")
        paths, empty = self._paths(named)
        if not paths or self.unfetched:
            self.passed_over.add(stream)
        if empty:
            self._note_empty(", ".join(_shown(each) for each in named))
        found = [self._settled(path, growing=growing) for path in paths]
        prints = sorted(found, key=lambda found: found.order)
        self._ends = {each.name: _end_of(each) for each in prints}
        files = [self._decide(found, recipe, stream, growing=growing) for found in prints]
        for each, file in zip(prints, files, strict=True):
            if file is None or file.rows_done:
                self.passed_over |= self._readers(each, stream)
        same = sum(file is None for file in files) - self._busy
        if same:
            self.notes.append(
                f"{same} {'file is' if same == 1 else 'files are'} as when last read"
            )
        self._busy = 0
        return [file for file in files if file is not None]

    def paths(self, patterns: Paths) -> list[Path]:
        """
        Return where the files are that are named, new or not; what lies elsewhere is fetched.

        Raises:
            Cancelled: The run should stop; fetching heeds it.
        """
        paths, _ = self._paths(paths_of(patterns, f"sources.{self.source}"))
        return paths

    def _paths(self, named: Sequence[str | Remote]) -> tuple[list[Path], bool]:
        """Return the files of all that is named, and whether there never was one."""
        local = [each for each in named if isinstance(each, str)]
        paths = find_files(local, self.root)
        empty = not paths
        for number, each in enumerate(named):
            if isinstance(each, Remote):
                where = f"path[{number}]" if len(named) > 1 else "path"
                landed = self._land(each, f"sources.{self.source}.{where}")
                paths += landed.files
                empty = empty and not landed.known and landed.error is None
        return list(dict.fromkeys(paths)), empty

    def _land(self, remote: Remote, where: str) -> Landed:
        """Return the files of a remote, fetched unless nothing may be."""
        if self.fetcher is None:
            return local_files(self.root, self.source, remote)
        landed = self.fetcher.land(remote, where)
        self.notes += landed.notes
        self._landed.update(landed.files)
        if landed.error is not None:
            self.unfetched[where] = landed.error
        return landed

    def newest(self, stream: str, names: Collection[str]) -> set[str]:
        """
        Return the newest file of each folder, of those that a stream has read or is to read.

        Where all of these are read, nothing of the stream has been passed over.
        """
        before = {state.path for state in self.known if state.stream == stream}
        folders: dict[str, str] = {}
        for name in sorted({*names, *before} & self._ends.keys(), key=self._ends.__getitem__):
            folders[name.rpartition("/")[0]] = name
        found = set(folders.values())
        if found <= set(names):
            self.passed_over.discard(stream)
        return found

    def failure(self, broken: Sequence[str] = ()) -> RegardError | None:
        """
        Return what to raise for what could not be had, once all the rest was read.

        Args:
            broken: What is wrong with files that could not be read.
        """
        errors = list(self.unfetched.values())
        texts = list(dict.fromkeys([*map(str, errors), *broken]))
        if not texts:
            return None
        kinds = {type(error) for error in errors} if not broken else {FileError}
        # What a source should be looked at for comes before all else.
        changed = any(isinstance(error, SourceChanged) for error in errors)
        kind = SourceChanged if changed else kinds.pop() if len(kinds) == 1 else FileError
        return kind("\n".join(texts))

    def _readers(self, found: Fingerprint, stream: str | None) -> set[str | None]:
        """Return the streams that miss a file that is not read from its beginning."""
        if stream is not None or found.name in self._busy_files:
            return {stream}
        # What was read before is known to be read by these streams, and by no other.
        return {state.stream for state in self.known if state.path == found.name} or {None}

    def _note_empty(self, shown: str) -> None:
        """
        Say that a pattern matches no file.

        Raises:
            FileError: It has matched none in too many runs in a row.
        """
        count = self.missed.get(shown, 0) + 1
        note = _EMPTY + repr(shown)
        if note not in self.notes:
            self.notes.append(note)
        if not self.empty_runs:
            return
        if count >= self.empty_runs:
            message = (
                f"path: no file has matched {shown!r} in the last {self.empty_runs} runs, looked "
                f"for in {self.root}: is the path right, and is the export still made? "
                "(`empty_runs` in [limits])"
            )
            raise FileError(message)
        warning = (
            f"warning: run {count} in a row without a file; run {self.empty_runs} of them fails"
        )
        if warning not in self.notes:
            self.notes.append(warning)

    def _settled(self, path: Path, *, growing: bool) -> Fingerprint:
        """Wait a moment for a file that has only just been written."""
        found = fingerprint_of(path, self.root)
        if path in self._landed:
            # A dry run has it elsewhere, and means the one in the inbox.
            found = replace(found, name=f"{FOLDER}/{self.source}/{found.path.name}")
            self._whole.add(found.name)
            return found
        if growing and is_log(path):
            # Who waits for somebody who always writes waits forever.
            self._logs.add(found.name)
            return found
        age = time.time() - found.modified_ns / 1e9
        if self.settle and 0 <= age < _SETTLED_SECONDS:
            time.sleep(_SETTLED_SECONDS - age)
            found = fingerprint_of(path, self.root)
        return found

    def _decide(
        self, found: Fingerprint, recipe: str, stream: str | None, *, growing: bool
    ) -> InputFile | None:
        fresh = 0 <= time.time() - found.modified_ns / 1e9 < _SETTLED_SECONDS
        if self.settle and fresh and found.name not in self._logs | self._whole:
            self.notes.append(f"{found.name} is still being written; the next run reads it")
            self._busy += 1
            self._busy_files.add(found.name)
            return None
        states = [state for state in self._known_as(found.name) if stream in (None, state.stream)]
        self.fingerprints[found.name] = found
        self.recipes[found.name] = recipe
        same_recipe = [state for state in states if state.recipe == recipe]
        outside = [
            state
            for state in same_recipe
            if (state.size, state.modified_ns) == (found.size, found.modified_ns)
        ]
        if states and len(outside) == len(states) and all(state.complete for state in states):
            return None
        grows = growing and self.hashed
        known = [state for state in self.known if grows and state.recipe == recipe]
        digest, beginnings = self._digests(found, {state.size for state in known})
        self.digests[found.name] = digest
        self._refuse_orphans(found.name, digest)
        inside = [state for state in same_recipe if state.sha256 == digest]
        if states and len(inside) == len(states) and all(state.complete for state in states):
            self._touch(inside, found)
            return None
        rows_done = inside[0].rows_done if len(inside) == len(states) == 1 else 0
        bytes_done = 0
        if not inside:
            grown = _longest(known, beginnings, stream)
            if grown and grown[0].sha256 == digest and all(each.complete for each in grown):
                # A log that has only moved on to another name.
                self._touch(grown, found)
                return None
            rows_done = grown[0].rows_done if len(grown) == 1 else 0
            bytes_done = grown[0].size if rows_done and grown[0].complete else 0
        # A log's lines say themselves how old they are, but not newer than the log.
        modified_at = datetime.fromtimestamp(found.modified_ns / 1e9, UTC)
        modified_at = modified_at if growing else found.age
        return InputFile(found.path, found.name, found.size, modified_at, rows_done, bytes_done)

    def _known_as(self, name: str) -> Sequence[FileState]:
        """Return what is known of a file; a Maildir has a hundred thousand of them."""
        if not self._by_path:
            for state in self.known:
                self._by_path.setdefault(state.path, []).append(state)
        return self._by_path.get(name, ())

    def _digests(
        self, found: Fingerprint, sizes: Collection[int]
    ) -> tuple[str, Mapping[int, str]]:
        """Return what `digests_of` does; each stream asks for the same files."""
        if not self.hashed:
            return UNREAD, {}
        wanted = (found, frozenset(sizes))
        if wanted not in self._hashes:
            self._hashes[wanted] = digests_of(found.path, sizes)
        return self._hashes[wanted]

    def _refuse_orphans(self, name: str, digest: str) -> None:
        """Refuse to store a second time what another name of this source has stored."""
        orphan = self.orphans.get((name, digest))
        if orphan is None or self.known:
            return
        message = (
            f"{name} has been read already, by the source {orphan!r} that is no longer "
            f"configured; `regard source rename {orphan} {self.source or 'NEW'}` keeps what it "
            f"stored, `regard source drop {orphan}` erases it"
        )
        raise ConfigError(message)

    def _touch(self, states: Iterable[FileState], found: Fingerprint) -> None:
        for state in states:
            self.touched[state.stream, found.name] = FileState(
                state.stream,
                found.name,
                found.size,
                found.modified_ns,
                state.sha256,
                state.rows_done,
                state.complete,
                state.recipe,
            )

    def unbegun(self, name: str, streams: Sequence[str]) -> list[FileState]:
        """
        Return what to store of other streams' part in a file that they have yet to read.

        Without it, a run that is killed between two streams would leave a file that looks
        done, because the one stream that is known of has read it whole.
        """
        found = self.fingerprints[name]
        digest, recipe = self.digests[name], self.recipes[name]
        states = []
        for stream in streams:
            begun = any(
                (state.stream, state.path, state.sha256, state.recipe)
                == (stream, name, digest, recipe)
                for state in self.known
            )
            if not begun and (stream, name) not in self._announced:
                size, modified = found.size, found.modified_ns
                states.append(
                    FileState(
                        stream, name, size, modified, digest, 0, complete=False, recipe=recipe
                    )
                )
            self._announced.add((stream, name))
        return states

    def before(self, name: str, stream: str) -> FileState:
        """Return what was known of a file before this run; nothing that any file equals."""
        for state in self._known_as(name):
            if state.stream == stream:
                return state
        recipe = self.recipes.get(name, "")
        return FileState(stream, name, -1, -1, UNREAD, 0, complete=False, recipe=recipe)

    def state(self, name: str, stream: str, rows: int, *, complete: bool) -> FileState | None:
        """
        Return what to store about a file, or None where it changed while it was read.

        Args:
            name: As in `InputFile.name`.
            stream: Where its rows went.
            rows: How many of them are committed with the batch.
            complete: Nothing follows.
        """
        found = self.fingerprints[name]
        self._announced.add((stream, name))
        if complete and name not in self._logs and not found.unchanged():
            self.notes.append(f"{name} changed while it was read; the next run reads it again")
            self.passed_over.add(stream)
            return None
        return FileState(
            stream,
            name,
            found.size,
            found.modified_ns,
            self.digests[name],
            rows,
            complete,
            self.recipes[name],
        )
