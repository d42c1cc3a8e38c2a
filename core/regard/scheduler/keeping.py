"""
What the loop throws away, once an hour: logs, history and copies that are too old.

Nothing that a report counts is among it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from regard.pipeline.children import Tell
from regard.pipeline.stopping import Asked
from regard.pipeline.workplace import Workplace
from regard.scheduler import logs
from regard.scheduler.space import note, space
from regard.store import Store, ledger, loops, notices, pruning, quarantine

__all__ = ["Keeping"]

_log = logging.getLogger("regard.keep")

_AT_ONCE: Final = 500
"""So many runs are forgotten in one transaction: others write meanwhile."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """
    The work of throwing away, in a child.

    Attributes:
        place: The project.
    """

    place: Workplace

    def __call__(self, asked: Asked, tell: Tell) -> dict[str, int]:
        """Throw away what is too old; return how much of what."""
        root, keep = self.place.project.root, self.place.project.settings.keep
        thrown = {"logs": _remove(logs.expired(root, self.place.clock.now(), keep.logs))}
        thrown["copies"] = _remove(_old_copies(root, keep.copies))
        with self.place.open_store() as store:
            thrown |= self._forget(store, asked)
            # Measured after that: it is what stays that tells how much room is needed.
            now = self.place.clock.now()
            measured = space(store, root, now)
            with store.write() as transaction:
                note(transaction, measured, now)
        return {what: count for what, count in thrown.items() if count}

    def _forget(self, store: Store, asked: Asked) -> dict[str, int]:
        keep = self.place.project.settings.keep
        with store.read() as transaction:
            old = pruning.prunable(transaction, older_than=keep.runs)
        for begin in range(0, len(old), _AT_ONCE):
            if asked.is_set():
                return {}
            with store.write() as transaction:
                pruning.prune(transaction, old[begin : begin + _AT_ONCE])
        with store.write() as transaction:
            return {
                "runs": len(old),
                "due times": ledger.prune(transaction, keep.runs),
                "notices": notices.prune(transaction, keep.notices),
                "loops": loops.prune(transaction, keep.logs),
                "refused records": quarantine.prune(transaction, keep.quarantine),
            }


def _old_copies(root: Path, keep: int) -> list[Path]:
    """Return the copies made before upgrades, but the latest ones."""
    found = sorted(root.glob("*.backup"), key=lambda path: path.name)
    return found[: max(0, len(found) - keep)]


def _remove(paths: Iterable[Path]) -> int:
    count = 0
    for path in paths:
        with suppress(OSError):
            path.unlink()
            count += 1
    return count
