"""
Files of which too much is refused are left out, while their neighbours are read.

Exports come day by day into one folder. One bad day stays there until somebody looks at it, and
must not keep the days behind it from being read.

Once a stream is past its error budget, its files are to blame by their own records alone: first
those that would be past the budget if there was nothing else; where the rest still is past it,
then all of which a larger share was refused than the budget allows. What batches of this run
have put aside of such a file is taken back, so that the file looks as if it had not been begun
and the next run judges it as this one did. What is stored of it stays, as after any batch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

from regard.pipeline.inputs import Inputs
from regard.pipeline.judging import Budget
from regard.records.encoding import Encoded, EncodedRows
from regard.runs import Counts, Outcome, StreamSummary
from regard.sources import FileProgress
from regard.store import Batch, Refused

__all__ = ["FilesLeft", "LeftOut", "Tally", "tally"]

_MOST = 10
"""Where so many files are bad, rather the map is to be doubted than they."""


class FilesLeft(Exception):  # nothing is wrong but what it names
    """Files were left out of a stream; the batch is to be decided again without them."""


@dataclass(frozen=True, slots=True)
class Tally:
    """
    What one batch says of its files; None stands for what comes from none.

    Attributes:
        read: How many records came from each file, refused ones included.
        refused: Why records of each file were refused for the first time.
    """

    read: Counter[str | None]
    refused: Mapping[str | None, Counter[str]]


def tally(
    batch: Batch,
    refused: Sequence[Refused],
    again: Container[tuple[str, str]],
    known: Container[str],
) -> Tally:
    """
    Return what a batch says of its files.

    Args:
        batch: The batch.
        refused: Its refused records, with those that it contradicts.
        again: The name and the reason of what had been refused before.
        known: The keys that are stored; to delete what was never stored is nothing.
    """
    files = batch.item_files
    if not isinstance(batch.items, EncodedRows):
        files = [
            file
            for item, file in zip(batch.items, files, strict=False)
            if type(item) is Encoded or item.key in known
        ]
    read = Counter(files)
    read.update(item.file for item in batch.refused)
    fresh: dict[str | None, Counter[str]] = {}
    for item in refused:
        if (item.record, item.reason) not in again:
            fresh.setdefault(item.file, Counter())[item.reason] += 1
    return Tally(read, fresh)


@dataclass(slots=True)
class LeftOut:
    """
    The files that one run leaves out of one stream, and what decides about that.

    Attributes:
        inputs: Knows whether there are other files; None: there are none.
        budget: How many records may be refused.
        said: Why each file is left out, by its name.
        undone: How many refused records of each of them stored batches had counted, until a
            batch is stored without them.
    """

    inputs: Inputs | None
    budget: Budget
    said: dict[str, str] = field(default_factory=dict)
    undone: dict[str, int] = field(default_factory=dict)
    _read: Counter[str | None] = field(default_factory=Counter)
    _refused: dict[str | None, Counter[str]] = field(default_factory=dict)
    _total: int = 0

    def take_out(self, batch: Batch, progress: Sequence[FileProgress]) -> Sequence[FileProgress]:
        """Take out of a batch what comes from these files, and return the others' progress."""
        if not self.said:
            return progress
        # The cursor would pass what was left out.
        batch.cursor = None
        batch.refused = [item for item in batch.refused if item.file not in self.said]
        if batch.item_files:
            kept = [at for at, file in enumerate(batch.item_files) if file not in self.said]
            if isinstance(batch.items, EncodedRows):
                batch.items = batch.items.only(kept)
            else:
                batch.items = [batch.items[at] for at in kept]
            batch.item_files = [batch.item_files[at] for at in kept]
            batch.origins = [batch.origins[at] for at in kept]
        return [item for item in progress if item.file.name not in self.said]

    def judge(self, found: Tally) -> None:
        """
        Say whether a batch may be stored.

        Raises:
            FilesLeft: Not with these files in it.
            BudgetExceeded: Too much was refused, and not because of some files among others.
        """
        refused = dict(self._refused)
        for file, each in found.refused.items():
            refused[file] = refused.get(file, Counter()) + each
        reasons: Counter[str] = sum(refused.values(), Counter())
        read = self._total + found.read.total()
        if not self.budget.exceeded(reasons.total(), read):
            return
        several = self.inputs is not None and len(self.inputs.fingerprints) > 1
        blamed = self._blamed(refused, found) if several else []
        blamed = blamed[: _MOST - len(self.said)]
        if not blamed:
            raise self.budget.error(reasons, read)
        for name in blamed:
            self._leave(name, refused[name], self._read[name] + found.read[name])
        raise FilesLeft

    def _blamed(self, refused: Mapping[str | None, Counter[str]], found: Tally) -> list[str]:
        """Return the files that make the stream exceed its budget, the worst first."""
        counts: dict[str, int] = {}
        alone: list[str] = []
        for name, reasons in refused.items():
            count, read = reasons.total(), self._read[name] + found.read[name]
            if name is not None and count > self.budget.share * read:
                counts[name] = count
                alone += [name] * self.budget.exceeded(count, read)
        return sorted(alone or counts, key=lambda name: -counts[name])

    def _leave(self, name: str, reasons: Counter[str], read: int) -> None:
        refused = reasons.total()
        named = ", ".join(f"{reason} ({each})" for reason, each in reasons.most_common(4))
        before = self._read.pop(name, 0)
        counted = self._refused.pop(name, Counter()).total()
        self._total -= before
        if before:
            self.undone[name] = counted
        stays = " What was stored of it before that stays." if before > counted else ""
        self.said[name] = (
            f"{name} was left out and the other files were read: {refused} of {read} records were "
            f"refused, more than the error budget of {self.budget.share:.0%} allows.{stays} "
            f"Reasons: {named}. Fix the map or the data, or raise error_budget"
        )

    def without(self, counts: Counts) -> Counts:
        """Return counts without the refused records of these files that are taken back."""
        undone = sum(self.undone.values())
        return replace(counts, read=counts.read - undone, quarantined=counts.quarantined - undone)

    def stored(self, found: Tally) -> None:
        """Hear that a batch was stored."""
        self.undone.clear()
        self._read.update(found.read)
        self._total += found.read.total()
        for file, reasons in found.refused.items():
            self._refused.setdefault(file, Counter()).update(reasons)

    def tell(self, summary: StreamSummary) -> None:
        """Let the summary of the stream say what was left out."""
        if not self.said:
            return
        if summary.outcome is Outcome.OK:
            summary.outcome = Outcome.PARTIAL
        summary.error = "\n".join(filter(None, [summary.error, *self.said.values()]))
