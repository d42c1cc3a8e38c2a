"""
Making a report: columns brought up to date, a view opened, a reporter asked.

Who calls it decides where the report comes from and where it goes: a project's store and a
command's flags, or a handful of files that somebody only wants to look at.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.clock import Clock
from regard.directory import NOTHING_NAMED, Directory
from regard.errors import PluginError, RegardError
from regard.reports import Freshness, Report
from regard.settings import validate_options

if TYPE_CHECKING:
    from regard.columns import ColumnsState, Progress
    from regard.records.sides import SideTable
    from regard.reporters import Reporter
    from regard.store import Store
    from regard.views import View

__all__ = ["MadeReport", "Surroundings", "make_report", "open_report_view"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    What a report is made in.

    Attributes:
        columns: The folder of the columns.
        clock: The time that the report speaks of.
        language: ``en``, ``es`` or ``fr``.
        timezone: Where a day begins.
        privacy_key: Makes pseudonyms.
        sources: The configured sources; records of others are left out. None: all are read.
        directory: What the configuration knows by name.
        threads: At most so many for queries; None: as many as there are cores.
        enrichers: Those that are enabled: whether they have seen everything is said.
        sides: Their side tables; queries find them empty where there are none yet.
    """

    columns: Path
    clock: Clock
    language: str
    timezone: str
    privacy_key: bytes
    sources: Collection[str] | None = None
    directory: Directory = NOTHING_NAMED
    threads: int | None = None
    enrichers: Collection[str] = ()
    sides: Collection[SideTable] = ()


@dataclass(frozen=True, slots=True)
class MadeReport:
    """
    A report, and what whoever asked for it should know about its making.

    Attributes:
        report: The report.
        notes: Sentences for stderr: old columns, sources left out.
    """

    report: Report
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Context:
    """What a reporter is offered."""

    log: logging.Logger
    clock: Clock


def make_report(
    store: Store,
    reporter: type[Reporter[Any]],
    params: Mapping[str, Any],
    surroundings: Surroundings,
    *,
    where: str,
    progress: Progress | None = None,
) -> MadeReport:
    """
    Make one report of a store.

    Args:
        store: May be read-only.
        reporter: Its class.
        params: Its parameters, not yet validated.
        surroundings: What it is made in.
        where: How messages call the place that the parameters come from.
        progress: Called while columns are written.

    Raises:
        ConfigError: A parameter is wrong.
        PluginError: The reporter failed.
        StoreError: The columns cannot be made.
    """
    # What is asked for is checked before the work that it would take.
    checked = validate_options(reporter.Params, params, where)
    with open_report_view(store, surroundings, progress=progress) as (view, notes):
        report = _ask(reporter, view, checked, surroundings.clock)
    return MadeReport(report, notes)


@contextmanager
def open_report_view(
    store: Store, surroundings: Surroundings, *, progress: Progress | None = None
) -> Iterator[tuple[View, tuple[str, ...]]]:
    """
    Bring the columns up to date and open a view of them for the length of a block.

    Args:
        store: May be read-only.
        surroundings: What is read, and what is known by name.
        progress: Called while columns are written.

    Raises:
        StoreError: The columns cannot be made.
    """
    from regard.columns import open_view, standings, sync_columns
    from regard.store import matches
    from regard.store.unseen import behind

    state = sync_columns(store, surroundings.columns, progress=progress, clock=surroundings.clock)
    now, threads = surroundings.clock.now(), surroundings.threads
    held = standings(surroundings.columns, now, threads=threads)
    fresh = store.freshness({name: (one.records, one.newest_at) for name, one in held.items()})
    orphans = _orphans(fresh, surroundings.sources)
    with store.read() as transaction:
        directory = replace(surroundings.directory, matches=matches.decided(transaction))
        late = behind(transaction, surroundings.enrichers)
    with open_view(
        surroundings.columns,
        now=now,
        language=surroundings.language,
        timezone=surroundings.timezone,
        freshness=[one for one in fresh if one.source not in orphans],
        pseudonym_key=surroundings.privacy_key,
        orphans=orphans,
        directory=directory,
        sides=surroundings.sides,
        threads=threads,
    ) as view:
        yield view, (*_about_columns(state), *_about_orphans(fresh, orphans), *_about_late(late))


def _orphans(fresh: Sequence[Freshness], sources: Collection[str] | None) -> list[str]:
    if sources is None:
        return []
    return [one.source for one in fresh if one.source not in sources]


def _ask(reporter: type[Reporter[Any]], view: View, params: object, clock: Clock) -> Report:
    name = reporter.name
    context = _Context(logging.getLogger(f"regard.reports.{name}"), clock)
    try:
        report = reporter().report(view, params, context)
    except RegardError:
        raise
    except Exception as error:  # a plug-in's fault of any kind ends this report, not regard
        message = f"reporter {name!r} failed: {type(error).__name__} in {_place(error)}"
        raise PluginError(message) from error
    if not isinstance(report, Report):
        message = f"reporter {name!r} returned {type(report).__name__}, not a Report"
        raise PluginError(message)
    return report


def _place(error: Exception) -> str:
    """Return where it was raised: the error's own text may repeat personal values."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno} ({frame.name})"


def _about_columns(state: ColumnsState) -> list[str]:
    if state.current:
        return []
    written = state.written_at.isoformat(" ", "minutes")
    return [
        f"{state.folder} cannot be written to: the report is made from the columns of {written}"
    ]


def _about_late(late: Sequence[str]) -> list[str]:
    if not late:
        return []
    names = ", ".join(late)
    return [f"enrichers have not seen all records: {names} (`regard enrich --stale` runs them)"]


def _about_orphans(fresh: Sequence[Freshness], orphans: Collection[str]) -> list[str]:
    return [
        f"source {one.source!r} is no longer configured: "
        + ("its 1 record is" if one.records == 1 else f"its {one.records} records are")
        + " left out"
        for one in fresh
        if one.source in orphans and one.records
    ]
