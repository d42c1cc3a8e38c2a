"""
Files of which too much is refused are left out, while their neighbours are read.

Exports come day by day into one folder. One bad day stays there until somebody looks at it, and
must not keep the days behind it from being read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from regard.pipeline.inputs import Inputs
from regard.records.encoding import EncodedRows
from regard.runs import Outcome, StreamSummary
from regard.sources import FileProgress
from regard.store import Batch

__all__ = ["LeftOut"]

_MOST = 10
"""Where so many files are bad, rather the map is to be doubted than they."""


@dataclass(slots=True)
class LeftOut:
    """
    The files that one run leaves out of one stream.

    Attributes:
        inputs: Knows whether there are other files; None: there are none.
        share: The error budget, 0 to 1.
        said: Why each file is left out, by its name.
    """

    inputs: Inputs | None
    share: float
    said: dict[str, str] = field(default_factory=dict)

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

    def leave(self, batch: Batch) -> bool:
        """Leave out the file of which most was refused, and say whether there is one."""
        refused = Counter(item.file for item in batch.refused if item.file is not None)
        others = self.inputs is not None and len(self.inputs.fingerprints) > 1
        if not refused or not others or len(self.said) >= _MOST:
            return False
        ((name, count),) = refused.most_common(1)
        reasons = Counter(item.reason for item in batch.refused if item.file == name)
        named = ", ".join(f"{reason} ({each})" for reason, each in reasons.most_common(4))
        read = count + sum(file == name for file in batch.item_files)
        self.said[name] = (
            f"{name} was left out and the other files were read: {count} of {read} records were "
            f"refused, more than the error budget of {self.share:.0%} allows. "
            f"Reasons: {named}. Fix the map or the data, or raise error_budget"
        )
        return True

    def tell(self, summary: StreamSummary) -> None:
        """Let the summary of the stream say what was left out."""
        if not self.said:
            return
        if summary.outcome is Outcome.OK:
            summary.outcome = Outcome.PARTIAL
        summary.error = "\n".join(filter(None, [summary.error, *self.said.values()]))
