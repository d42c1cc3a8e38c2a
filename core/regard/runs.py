"""What one execution of a source did: its outcome, its counts, its summary."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from enum import StrEnum

__all__ = ["Counts", "Outcome", "StreamSummary", "exit_code", "overall"]


class Outcome(StrEnum):
    """How an execution ended."""

    OK = "ok"
    PARTIAL = "partial"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(slots=True)
class Counts:
    """
    How many records a stream read, and what became of them.

    ``read`` is the sum of all the others: no record is ever in two of them, none is in none.

    Attributes:
        read: Records and refused lines that the source gave, and deletions of what was stored.
        new: Stored under a key that was not known.
        changed: Stored over an older version.
        unchanged: Equal to what is stored; not written.
        stale: Older than what is stored; not written.
        quarantined: Refused, with reason and raw payload.
        deleted: Marked as deleted.
    """

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    stale: int = 0
    quarantined: int = 0
    deleted: int = 0

    def add(self, other: Counts) -> None:
        """Add another count to this one."""
        for item in fields(self):
            setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name, in the order in which they are shown."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


@dataclass(slots=True)
class StreamSummary:
    """
    What one run did to one stream.

    Attributes:
        source: The source's name in the configuration.
        stream: The stream's name.
        run_id: The run's number in the store; None in a dry run.
        outcome: How it ended.
        counts: What became of its records.
        seconds: How long it took.
        error: Why it did not end well, in one or a few lines.
        notes: What an operator should know though nothing failed.
        ended: False while it is being read: its outcome is not known yet.
        final: Why it failed does not pass by itself: another try would fail as well.
    """

    source: str
    stream: str
    run_id: int | None
    outcome: Outcome = Outcome.OK
    counts: Counts = field(default_factory=Counts)
    seconds: float = 0.0
    error: str | None = None
    notes: list[str] = field(default_factory=list)
    ended: bool = True
    final: bool = False

    @property
    def place(self) -> str:
        """What it is about, as messages call it: source and stream, one name not twice."""
        return self.source if self.stream in ("", self.source) else f"{self.source} {self.stream}"

    def as_json(self) -> dict[str, object]:
        """Return the summary in the form that ``run --json`` prints."""
        return {
            "source": self.source,
            "stream": self.stream,
            "run_id": self.run_id,
            "outcome": self.outcome.value if self.ended else None,
            **self.counts.as_dict(),
            "seconds": round(self.seconds, 3),
            "error": self.error,
            "notes": list(self.notes),
        }


def overall(outcomes: Iterable[Outcome]) -> Outcome:
    """
    Return the outcome of several executions together.

    One that failed among others that did not makes the whole partial; skipped ones count
    only when there is nothing else.
    """
    seen = set(outcomes)
    if not seen or seen == {Outcome.SKIPPED}:
        return Outcome.SKIPPED if seen else Outcome.OK
    seen.discard(Outcome.SKIPPED)
    if seen == {Outcome.FAILED}:
        return Outcome.FAILED
    return Outcome.OK if seen == {Outcome.OK} else Outcome.PARTIAL


_EXIT_CODES = {Outcome.FAILED: 1, Outcome.PARTIAL: 3, Outcome.SKIPPED: 4, Outcome.OK: 0}


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """
    Return the exit code for the outcomes of several sources.

    Failed (1) goes before partial (3), that before skipped because it is already running (4),
    that before ok (0).
    """
    seen = set(outcomes)
    return next((code for outcome, code in _EXIT_CODES.items() if outcome in seen), 0)
