"""What both who stores batches and who only decides them need: the budget, counts, objections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from regard.cursors import CursorValue
from regard.errors import BudgetExceeded, RecordError, SourceChanged
from regard.findings import Finding
from regard.hookspecs import Batch as CheckedBatch
from regard.hookspecs import Consequence, RunInfo
from regard.host import Host
from regard.pipeline.batching import Batcher
from regard.pipeline.contradicting import duplicate_key
from regard.runs import Counts
from regard.sources import FileProgress
from regard.store import Batch, Refused
from regard.store.merging import HistoryPlan, UpsertPlan

__all__ = ["Budget", "Committer", "check_batch", "counted", "overruled", "together"]


@dataclass(frozen=True, slots=True)
class Budget:
    """
    How many records may be refused before the stream is stopped.

    Attributes:
        share: Of the records read, 0 to 1.
        at_least: So many are always allowed.
    """

    share: float = 0.05
    at_least: int = 20

    def exceeded(self, refused: int, read: int) -> bool:
        """Say whether more was refused for the first time than may be, of so much read."""
        return refused > self.at_least and refused > self.share * read

    def error(self, reasons: Counter[str], read: int) -> BudgetExceeded:
        """Return what to raise where the budget is exceeded, given why records were refused."""
        named = ", ".join(f"{reason} ({count})" for reason, count in reasons.most_common(4))
        message = (
            f"{reasons.total()} of {read} records were refused, more than the error budget of "
            f"{self.share:.0%} allows; the last batch was rolled back and the cursor stays. "
            f"Reasons: {named}. Fix the map or the data, or raise error_budget"
        )
        return BudgetExceeded(message)


class Committer(Protocol):
    """Takes batches."""

    def commit(
        self, batch: Batch, progress: Sequence[FileProgress], batcher: Batcher, *, complete: bool
    ) -> None:
        """
        Take one batch.

        Args:
            batch: Its records.
            progress: How far files have been read with it.
            batcher: Knows where its records came from.
            complete: Whether the stream has been read to its end.
        """

    def position(self) -> CursorValue | None:
        """Return the cursor that this run has stored, or None where it has stored none."""

    def close(self, findings: Sequence[Finding]) -> None:
        """Note how the stream ended, well or not."""


def counted(plan: UpsertPlan | HistoryPlan, refused: int) -> Counts:
    """Return the counts of a batch: what was decided, and what never came so far."""
    counts = replace(plan.counts)
    counts.quarantined += refused
    counts.read = (
        counts.new
        + counts.changed
        + counts.unchanged
        + counts.stale
        + counts.quarantined
        + counts.deleted
    )
    return counts


def overruled(plan: UpsertPlan | HistoryPlan, batch: Batch, batcher: Batcher) -> list[Refused]:
    """Return the items of a batch that later rows of the same file contradict."""
    if isinstance(plan, HistoryPlan):
        return []
    return batcher.overruled(batch, plan.overruled, duplicate_key())


def check_batch(
    host: Host, info: RunInfo, batch: Batch, batcher: Batcher, note: Callable[[str], None]
) -> None:
    """Let plug-ins object before anything is written."""
    if not host.checks_batches:
        return
    shown = CheckedBatch(info.stream, info.kind, batcher.accepted(batch))
    for problem in host.check_batch(info, shown):
        said = f"{problem.plugin}: {problem.text}"
        if problem.severity is Consequence.STOP:
            raise SourceChanged(said)
        if problem.severity is Consequence.QUARANTINE:
            error = RecordError(problem.code, said)
            batch.refused += batcher.withdraw(batch, problem.keys, error)
        else:
            note(said)


def together(first: Counts, second: Counts) -> Counts:
    """Return the sum of two counts."""
    total = replace(first)
    total.add(second)
    return total
