"""
Every hook of regard on one screen, and the values that hooks are given.

Hooks register, observe and decide; data never flows through them. A plug-in implements a
hook as a function of the same name, marked with ``@hookimpl``, and may leave out arguments
that it does not need. ``docs/reference/hooks.md`` shows an example of each.
"""

# mypy: disable-error-code="empty-body"
# A specification has no body: only its name, its arguments and its docstring count.

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import pluggy

from regard.enrichers import Enricher
from regard.errors import ConfigError
from regard.findings import Finding
from regard.names import did_you_mean
from regard.notifiers import Notifier
from regard.reporters import Reporter
from regard.runs import Outcome
from regard.sources import Source

__all__ = [
    "API",
    "PROJECT",
    "Batch",
    "CommittedBatch",
    "Consequence",
    "Problem",
    "QuarantinedRecord",
    "RunInfo",
    "RunSummary",
    "hookimpl",
    "hookspec",
]

PROJECT = "regard"
"""The name under which pluggy knows our hooks, and the group of entry points."""

API = 1
"""The version of these hooks; a plug-in's ``REGARD_API`` says which one it was written for."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


# Registration: called once, when plug-ins are loaded. Cheap, and without reading anything.


@hookspec
def regard_sources() -> Sequence[type[Source[Any]] | str]:
    """Return source classes, or ``"module:Class"`` texts that are imported on use."""


@hookspec
def regard_enrichers() -> Sequence[type[Enricher[Any]] | str]:
    """Return enricher classes, or ``"module:Class"`` texts that are imported on use."""


@hookspec
def regard_reporters() -> Sequence[type[Reporter[Any]] | str]:
    """Return reporter classes, or ``"module:Class"`` texts that are imported on use."""


@hookspec
def regard_notifiers() -> Sequence[type[Notifier[Any]] | str]:
    """Return notifier classes, or ``"module:Class"`` texts that are imported on use."""


@hookspec
def regard_profiles() -> Sequence[str | os.PathLike[str]]:
    """Return paths of TOML profile files; relative ones start at the plug-in's folder."""


# Observation: called after the fact; a failure is noted in the run and changes nothing.


@hookspec
def regard_run_started(run: RunInfo) -> None:
    """Hear that a run of one stream begins."""


@hookspec
def regard_batch_committed(run: RunInfo, batch: CommittedBatch) -> None:
    """Hear that a batch is in the store, with its cursor."""


@hookspec
def regard_quarantined(run: RunInfo, items: Sequence[QuarantinedRecord]) -> None:
    """Hear which records of a committed batch were refused."""


@hookspec
def regard_finding(run: RunInfo, finding: Finding) -> None:
    """Hear of a finding that the run raised."""


@hookspec
def regard_run_finished(run: RunInfo, summary: RunSummary) -> None:
    """Hear how a run ended, also when it failed."""


# Decision: the answer counts; a failure fails the run that asked, and no other.


@hookspec(firstresult=True)
def regard_resolve_secret(reference: str) -> str | None:
    """Return the secret that ``${reference}`` in the configuration means; None: not mine."""


@hookspec
def regard_check_batch(run: RunInfo, batch: Batch) -> Sequence[Problem]:
    """Return what is wrong with a batch that is about to be stored."""


# What hooks are given: ids and counts. Only `regard_check_batch` sees values of records.


@dataclass(frozen=True, slots=True)
class RunInfo:
    """
    A run: one execution of one stream of one source.

    Attributes:
        run_id: Its number in the store; None in a dry run.
        source: The source's name in the configuration.
        stream: The stream's name.
        kind: The kind of its records.
        plugin: The plug-in that reads it.
        plugin_version: The version of that plug-in, where it has one.
        started_at: When the run began.
    """

    run_id: int | None
    source: str
    stream: str
    kind: str
    plugin: str
    plugin_version: str | None
    started_at: datetime


@dataclass(frozen=True, slots=True)
class CommittedBatch:
    """
    What one transaction stored.

    Attributes:
        batch_id: Its number in the store; later batches have higher ones.
        counts: How many records it read and what became of them, by the names of
            `regard.runs.Counts`; read-only.
    """

    batch_id: int
    counts: Mapping[str, int]

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", MappingProxyType(dict(self.counts)))


@dataclass(frozen=True, slots=True)
class QuarantinedRecord:
    """
    A refused record, without its content.

    Attributes:
        id: Its number in the quarantine.
        reason: A short code such as ``bad-date``.
        field: The field at fault, where there is one.
    """

    id: int
    reason: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class RunSummary:
    """
    How a run ended.

    Attributes:
        outcome: ``ok``, ``partial``, ``failed`` or ``skipped``.
        seconds: How long it took.
        counts: What became of its records, by the names of `regard.runs.Counts`; read-only.
    """

    outcome: Outcome
    seconds: float
    counts: Mapping[str, int]

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", MappingProxyType(dict(self.counts)))


@dataclass(frozen=True, slots=True)
class Batch:
    """
    Validated records that are about to be stored.

    Attributes:
        stream: The stream they come from.
        kind: Their kind.
        records: Their fields by name, ``key`` among them; read-only.
    """

    stream: str
    kind: str
    records: Sequence[Mapping[str, Any]]


class Consequence(StrEnum):
    """What happens because of a problem."""

    WARN = "warn"
    QUARANTINE = "quarantine"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Problem:
    """
    Something wrong with a batch, as `regard_check_batch` returns it.

    Attributes:
        severity: ``warn`` notes it in the run, ``quarantine`` refuses the records, ``stop``
            rolls the batch back and ends the stream.
        code: A short code; the same fault always has the same.
        text: One sentence, without personal values.
        keys: The records it is about; empty: all of the batch.
        plugin: Who says so; filled in by the host.
    """

    severity: Consequence | str
    code: str
    text: str
    keys: tuple[str, ...] = ()
    plugin: str = ""

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "severity", Consequence(self.severity))
        except ValueError as error:
            known = [item.value for item in Consequence]
            message = (
                f"Problem {self.code!r}: {self.severity!r} is not a severity"
                f"{did_you_mean(str(self.severity), known)}"
            )
            raise ConfigError(message) from error
        object.__setattr__(self, "keys", tuple(self.keys))
