"""
Files that nobody configured: which source would read them, and which reports speak of them.

Every installed source is asked, third-party ones among them. One that breaks while it is asked
stops no other one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from regard.errors import PluginError
from regard.host import Host
from regard.host.guard import guarded
from regard.records import KINDS
from regard.settings.faults import display_path
from regard.sources import InputFile, Recognised
from regard.store import Store

__all__ = ["FALLBACK", "Group", "Lookout", "Taken", "earliest_day", "recognise", "reporters_for"]

FALLBACK: Final = "crm-export"
"""The plug-in of files that nobody recognises: it says which formats are the nearest."""

_REPORTERS: Final = (
    ("customers", ("customer", "product", "purchase"), None),
    ("voice", ("answer",), "answered_at"),
    ("mystery", ("visit",), "visited_at"),
    ("touchpoints", ("touchpoint",), "happened_at"),
    ("prices", ("offer",), "observed_at"),
    ("reviews", ("review",), "published_at"),
)
"""Which report speaks of which kinds, and since when there is something to speak of."""
_CUSTOMER: Final = "customer"
_FACTS: Final = ("email.%", "web.%")
"""Facts that the report on touchpoints speaks of as well."""


@dataclass(frozen=True, slots=True)
class Lookout:
    """
    What is known where files are only looked at: see `regard.sources.Looking`.

    Attributes:
        root: An empty folder.
        profiles: The profile files that plug-ins bring.
        timezone: The time zone of local times in the files.
        dates: How dates are written, where somebody has said it.
        decimal: The decimal sign, where somebody has said it.
    """

    root: Path
    profiles: Sequence[Path]
    timezone: str
    dates: str | None = None
    decimal: str | None = None


@dataclass(slots=True)
class Group:
    """
    Files that one source reads.

    Attributes:
        name: What the source is called.
        plugin: The plug-in that reads them.
        options: What its table says beside ``path``.
        files: Their paths.
        kinds: Of which kinds their records are.
    """

    name: str
    plugin: str
    options: dict[str, Any]
    files: list[Path] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Taken:
    """
    What files were taken for.

    Attributes:
        groups: Those that are read, by source.
        files: For each file that somebody knows, the plug-in and what it says about it.
        problems: Plug-ins that broke while they were asked, in a sentence each.
    """

    groups: list[Group] = field(default_factory=list)
    files: dict[Path, tuple[str, Recognised]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def recognise(host: Host, paths: Sequence[Path], lookout: Lookout, first: str) -> Taken:
    """
    Ask every source which of some files it could read.

    Args:
        host: The installed plug-ins.
        paths: The files, absolute.
        lookout: What is known.
        first: What the source of the plug-in `FALLBACK` is called; others are called after
            their plug-ins.
    """
    taken = Taken()
    files = [_input_file(path) for path in paths]
    for plugin, each in _offers(host, files, lookout, taken.problems):
        before = taken.files.get(each.file.path)
        if before is None or before[1].surety < each.surety:
            taken.files[each.file.path] = plugin, each
    for path in paths:
        plugin, offer = taken.files.get(path, (FALLBACK, None))
        if offer is None or offer.read:
            group = _group(taken.groups, plugin, offer.options if offer else {}, first)
            group.files.append(path)
            group.kinds |= offer.kinds if offer else frozenset()
    _refer(taken.groups)
    # Purchases refer to customers.
    taken.groups.sort(key=lambda group: group.plugin != FALLBACK)
    return taken


def _input_file(path: Path) -> InputFile:
    found = path.stat()
    modified_at = datetime.fromtimestamp(found.st_mtime, UTC)
    return InputFile(path, display_path(path), found.st_size, modified_at)


def _offers(
    host: Host, files: Sequence[InputFile], lookout: Lookout, problems: list[str]
) -> Iterator[tuple[str, Recognised]]:
    known = {file.path for file in files}
    for plugin in sorted(host.sources, key=lambda name: (name != FALLBACK, name)):
        try:
            source = host.source_class(plugin)
            offers = guarded(lambda: list(source.recognise(files, lookout)))  # noqa: B023  # at once
        except PluginError as error:
            problems.append(f"{plugin}: it could not be asked about files: {error}")
            continue
        yield from ((plugin, each) for each in offers if each.file.path in known)


def _group(groups: list[Group], plugin: str, options: Mapping[str, Any], first: str) -> Group:
    for group in groups:
        if (group.plugin, group.options) == (plugin, dict(options)):
            return group
    name = first if plugin == FALLBACK else plugin
    same = sum(group.plugin == plugin for group in groups)
    groups.append(Group(f"{name}-{same + 1}" if same else name, plugin, dict(options)))
    return groups[-1]


def _refer(groups: Sequence[Group]) -> None:
    """Let the purchases of files that are read apart find their customers."""
    for group in groups:
        others = [each for each in groups if each.plugin == group.plugin]
        holding = next((each for each in others if _CUSTOMER in each.kinds), None)
        if holding is not None and group.kinds and _CUSTOMER not in group.kinds:
            group.options["customers"] = holding.name


def reporters_for(host: Host, store: Store) -> list[str]:
    """Return the installed reporters that speak of what a store holds."""
    found = {kind for kind in KINDS if _holds(store, kind)}
    if "fact" in found and _has_contacts(store):
        found.add("touchpoint")
    return [
        name
        for name, kinds, _ in _REPORTERS
        if found.intersection(kinds) and name in host.reporters
    ]


def _holds(store: Store, kind: str) -> bool:
    with store.read() as transaction:
        query = select(KINDS[kind].table.c.key).limit(1)
        return transaction.connection.execute(query).first() is not None


def _has_contacts(store: Store) -> bool:
    facts = KINDS["fact"].table
    query = select(facts.c.key).where(or_(*map(facts.c.name.like, _FACTS)))
    with store.read() as transaction:
        return transaction.connection.execute(query.limit(1)).first() is not None


def earliest_day(store: Store, reporter: str, timezone: str) -> date | None:
    """Return since when there is something that a report can speak of; None: it says itself."""
    for name, kinds, column in _REPORTERS:
        if name == reporter and column is not None:
            first = _earliest(store, kinds, column)
            return None if first is None else first.astimezone(ZoneInfo(timezone)).date()
    return None


def _earliest(store: Store, kinds: Iterable[str], column: str) -> datetime | None:
    found = []
    with store.read() as transaction:
        for kind in kinds:
            query = select(func.min(KINDS[kind].table.c[column]))
            first = transaction.connection.execute(query).scalar()
            if first is not None:
                found.append(first)
    return min(found, default=None)
