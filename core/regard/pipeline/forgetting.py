"""
Erasing a person everywhere: copies of the store, the store, columns, files of reports and logs.

Copies come first: whoever is interrupted finds the person still in the store, and asks again.
The store goes in one transaction, which also notes what is left to do outside of it: write the
columns and the database's files anew. Whoever reads the state of before blocks that; then the
next run, or the next erasure, completes it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from regard.clock import Clock
from regard.errors import StoreError
from regard.privacy import pseudonym
from regard.settings import Project
from regard.store import Store
from regard.store.copies import Copies, copies_of
from regard.store.erasing import Erasure, erase, find
from regard.store.masking import Mask, mask_of
from regard.store.scrubbing import flatten, pending, scrub, settle
from regard.store.tombstones import CUSTOMER
from regard.store.tracing import Customers, Person, Seed, find_key

__all__ = ["Forgetter", "Forgotten", "PlaceCounts", "complete"]

_WAIT_SECONDS = 10.0
_LOGS = "logs"
"""Where the loop's runs write what they say; see `regard.scheduler.logs`."""

_TEXT_FORMS = frozenset({"json", "csv", "html", "md"})


@dataclass(frozen=True, slots=True)
class PlaceCounts:
    """
    What of a person is in one place.

    Attributes:
        place: ``store``, or a file below the project.
        counts: Rows by what they are; of a report file, how many texts.
        problem: Why nothing could be done there.
    """

    place: str
    counts: Mapping[str, int] = field(default_factory=dict)
    problem: str | None = None


@dataclass(slots=True)
class Forgotten:
    """
    What was erased of a person, or would be.

    Attributes:
        places: What is where.
        customers: Source and pseudonym of each customer that was followed.
        addresses: How many e-mail addresses were followed.
        shared: How many were not, because many customers have them.
        leftovers: Source, pseudonym and rows of each customer's key that was not followed.
        rebuilt: Whether there are columns that were written anew.
        open: What could not be completed, a sentence each.
        again: Whether the same command must be given again, because a copy was not erased.
    """

    places: list[PlaceCounts] = field(default_factory=list)
    customers: list[tuple[str, str]] = field(default_factory=list)
    addresses: int = 0
    shared: int = 0
    leftovers: list[tuple[str, str, int]] = field(default_factory=list)
    rebuilt: bool = False
    open: list[str] = field(default_factory=list)
    again: bool = False

    @property
    def total(self) -> int:
        """Everything that was found, in all places."""
        return sum(sum(place.counts.values()) for place in self.places)


def complete(
    store: Store, root: Path, clock: Clock, *, wait_seconds: float = _WAIT_SECONDS
) -> list[str]:
    """
    Complete an erasure that somebody blocked, or that was killed.

    Args:
        store: Opened for writing.
        root: The project's folder.
        clock: Says when columns were written.
        wait_seconds: How long to wait for others who read.

    Returns:
        What is still to be done, a sentence each; empty where nothing is.
    """
    with store.read() as transaction:
        open_ = pending(transaction)
    if open_ is None:
        return []
    left = _rebuild(store, root, clock, wait_seconds) if open_.columns else []
    left += scrub(store, open_.tables, number=open_.number, wait_seconds=wait_seconds)
    if not left:
        with store.write() as transaction:
            settle(transaction, open_)
    return left


def _rebuild(store: Store, root: Path, clock: Clock, wait_seconds: float) -> list[str]:
    from regard.columns import rebuild

    try:
        # The store knows since when rows of a kind are missing.
        state = rebuild(store, root / "columns", (), clock=clock, reader_seconds=wait_seconds)
    except StoreError as error:
        return [f"columns still hold what was deleted: {error}"]
    if state is None or not state.held:
        return []
    number = len(state.held)
    files = "file" if number == 1 else "files"
    return [f"a report that is being made reads {number} {files} in {state.folder}"]


@dataclass(slots=True)
class Forgetter:
    """
    Erases people from one project.

    Attributes:
        project: The project.
        url: The store's address.
        secret: The project's privacy key.
        clock: The time.
        wait_seconds: How long to wait for others who read.
    """

    project: Project
    url: str
    secret: bytes
    clock: Clock
    wait_seconds: float = _WAIT_SECONDS

    @property
    def customers(self) -> Customers:
        """Which source the customers of each source are in."""
        sources = self.project.settings.sources
        elsewhere = {name: each.customers for name, each in sources.items() if each.customers}
        return Customers(elsewhere)

    def seed(
        self, store: Store, *, email: str | None, key: str | None, source: str | None
    ) -> Seed:
        """
        Return what a person is named by.

        Raises:
            UsageError: Nothing has the key, or several sources or kinds have it.
        """
        if key is None:
            return Seed(email=email)
        with store.read() as transaction:
            place = find_key(
                transaction,
                key,
                source=source,
                customers=self.customers,
                secret=self.secret,
            )
        return Seed(email=email, place=place)

    def look(self, store: Store, seed: Seed) -> Forgotten:
        """
        Return what erasing a person would come to, without writing.

        Args:
            store: May be read-only.
            seed: What the person is named by.
        """
        with store.read() as transaction:
            erasure = find(transaction, seed, self.customers)
        done = self._described(erasure)
        copies = copies_of(self.url, store.identity().id, self.project.root)
        done.places += [self._look_into(path, seed) for path in copies.known]
        done.places += self._doubtful(copies)
        done.places += self._reports(erasure.person, write=False)
        done.rebuilt = bool(erasure.records) and (self.project.root / "columns").is_dir()
        return done

    def forget(self, store: Store, seed: Seed) -> Forgotten:
        """
        Erase a person, and note that this person must not come back.

        Args:
            store: Opened for writing.
            seed: What the person is named by.
        """
        copies = copies_of(self.url, store.identity().id, self.project.root)
        erased = [self._erase_from(path, seed) for path in copies.known]
        erased += self._doubtful(copies)
        with store.write() as transaction:
            erasure = erase(transaction, seed, self.customers, self.secret)
        done = self._described(erasure)
        done.places += erased
        done.places += self._reports(erasure.person, write=True)
        done.rebuilt = bool(erasure.records) and (self.project.root / "columns").is_dir()
        done.open = complete(store, self.project.root, self.clock, wait_seconds=self.wait_seconds)
        for place in done.places:
            if place.problem is not None:
                done.open.append(f"{place.place}: {place.problem}")
                done.again = True
        return done

    def _described(self, erasure: Erasure) -> Forgotten:
        person = erasure.person
        return Forgotten(
            [PlaceCounts("store", erasure.counts())],
            [(source, self._shown(key)) for source, key in sorted(person.customers)],
            len(person.addresses),
            person.shared,
            [(left.source, self._shown(left.key), left.rows) for left in erasure.leftovers],
        )

    def _shown(self, key: str) -> str:
        return pseudonym(CUSTOMER, key, self.secret)

    # -- copies --------------------------------------------------------------------------

    def _name(self, path: Path) -> str:
        root = self.project.root
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)

    @contextmanager
    def _opened(self, path: Path, *, readonly: bool) -> Iterator[Store]:
        copy = Store.open(f"sqlite:///{path.absolute()}", clock=self.clock, readonly=readonly)
        try:
            yield copy
        finally:
            copy.close()

    def _doubtful(self, copies: Copies) -> list[PlaceCounts]:
        return [
            PlaceCounts(
                self._name(path),
                problem=f"it may be a copy of the store, and cannot be read ({why}): delete it, "
                "or mend it and forget again",
            )
            for path, why in copies.doubtful
        ]

    def _look_into(self, path: Path, seed: Seed) -> PlaceCounts:
        if Store.inspect(f"sqlite:///{path.absolute()}").state == "outdated":
            text = "it is of an older version, and is brought up to date before it is looked into"
            return PlaceCounts(self._name(path), problem=text)
        try:
            with self._opened(path, readonly=True) as copy, copy.read() as transaction:
                return PlaceCounts(
                    self._name(path), find(transaction, seed, self.customers).counts()
                )
        except StoreError as error:
            return PlaceCounts(self._name(path), problem=str(error))

    def _erase_from(self, path: Path, seed: Seed) -> PlaceCounts:
        url = f"sqlite:///{path.absolute()}"
        try:
            if Store.inspect(url).state == "outdated":
                # One made before an upgrade; nobody who was erased may be left in it.
                Store.upgrade(url, clock=self.clock, aside=False)
            with self._opened(path, readonly=False) as copy:
                with copy.write() as transaction:
                    erasure = erase(transaction, seed, self.customers, self.secret)
                    open_ = pending(transaction)
                # A copy has no columns of its own.
                tables = open_.tables if open_ else ()
                left = scrub(copy, tables, number=None, wait_seconds=self.wait_seconds)
                if open_ is not None and not left:
                    with copy.write() as transaction:
                        settle(transaction, open_)
                flatten(copy)
        except StoreError as error:
            return PlaceCounts(self._name(path), problem=str(error))
        return PlaceCounts(self._name(path), erasure.counts(), left[0] if left else None)

    # -- files that reports and runs wrote -----------------------------------------------

    def _reports(self, person: Person, *, write: bool) -> list[PlaceCounts]:
        """Take a person out of the text files of reports, and of logs, below the project."""
        words = mask_of(person, addresses_only=False)
        shown = [self._shown(key) for _, key in person.customers]
        shown += [pseudonym(place.kind, place.key, self.secret) for place in person.records]

        def mask(text: str) -> str:
            for name in shown:
                text = text.replace(name, "[erased]")
            return words(text)

        masked = (self._report(path, mask, write=write) for path in self._report_files())
        return [place for place in masked if place is not None]

    def _report_files(self) -> list[Path]:
        root = self.project.root
        found: set[Path] = set()
        for report in self.project.settings.reports.values():
            for target in report.to:
                form, _, place = target.partition(":")
                if form in _TEXT_FORMS and place:
                    path = Path(os.path.normpath(self.project.resolve(place)))
                    if path.is_relative_to(root):
                        pattern = path.relative_to(root).as_posix().replace("{date}", "*")
                        found.update(each for each in root.glob(pattern) if each.is_file())
        # What a plug-in prints goes into the log of its run, whatever it is.
        found.update(each for each in root.glob(f"{_LOGS}/**/*.log*") if each.is_file())
        return sorted(found)

    def _is_log(self, path: Path) -> bool:
        return path.is_relative_to(self.project.root / _LOGS)

    def _report(self, path: Path, mask: Mask, *, write: bool) -> PlaceCounts | None:
        try:
            text = path.read_bytes().decode("utf-8", "surrogateescape")
            masked = mask(text)
            if masked == text:
                return None
            if write:
                # A run may be writing to its log: it must go on in the same file.
                put = _overwrite if self._is_log(path) else _replace
                put(path, masked.encode("utf-8", "surrogateescape"))
        except OSError as error:
            return PlaceCounts(self._name(path), problem=f"it cannot be changed: {error.strerror}")
        lines = zip(text.splitlines(), masked.splitlines(), strict=False)
        return PlaceCounts(self._name(path), {"line": sum(one != other for one, other in lines)})


def _overwrite(path: Path, content: bytes) -> None:
    with path.open("r+b") as stream:
        stream.truncate(0)
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        temporary.write_bytes(content)
        temporary.chmod(path.stat().st_mode)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
