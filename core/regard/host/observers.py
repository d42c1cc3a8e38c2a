"""The observing hooks as typed methods: whoever hears of a run cannot harm it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from regard.errors import PluginError
from regard.findings import Finding
from regard.hookspecs import CommittedBatch, QuarantinedRecord, RunInfo, RunSummary
from regard.host.calls import Calls
from regard.host.printing import prints_aside
from regard.host.status import Incident

__all__ = ["Observers"]


class Observers:
    """
    Tells every observer in turn; one that fails becomes an incident, never an exception.

    Args:
        calls: How hooks are called.
        titles: Plug-ins as messages name them, by name.
    """

    def __init__(self, calls: Calls, titles: Mapping[str, str]) -> None:
        self._calls = calls
        self._titles = titles

    def run_started(self, run: RunInfo) -> list[Incident]:
        """Tell that a run begins."""
        return self._tell("regard_run_started", run)

    def batch_committed(self, run: RunInfo, batch: CommittedBatch) -> list[Incident]:
        """Tell that a batch is in the store; only after its commit."""
        return self._tell("regard_batch_committed", run, batch)

    def quarantined(self, run: RunInfo, items: Sequence[QuarantinedRecord]) -> list[Incident]:
        """Tell which records were refused; only after the commit, and only if there are any."""
        return self._tell("regard_quarantined", run, tuple(items)) if items else []

    def finding(self, run: RunInfo, finding: Finding) -> list[Incident]:
        """Tell of a finding."""
        return self._tell("regard_finding", run, finding)

    def run_finished(self, run: RunInfo, summary: RunSummary) -> list[Incident]:
        """Tell how a run ended; also when it failed."""
        return self._tell("regard_run_finished", run, summary)

    def _tell(self, hook: str, *arguments: object) -> list[Incident]:
        incidents = []
        for item in self._calls.implementations(hook):
            try:
                # Results of the command go to stdout; an observer that prints is no result.
                with prints_aside():
                    self._calls.call(hook, item, *arguments)
            except PluginError as error:
                title = self._titles.get(item.plugin_name, item.plugin_name)
                incidents.append(Incident(title, hook, str(error)))
        return incidents
