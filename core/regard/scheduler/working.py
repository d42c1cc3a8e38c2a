"""
What the children of the loop do: each one thing, in a process of its own.

A child finds the configuration as the loop read it. It writes into a log file of its own, and
tells the loop in a few JSON values what came of its work.
"""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from regard.errors import ConfigError, RegardError, StoreError
from regard.jobs import Cause, Job
from regard.pipeline.channels import channel_faults, smtp_faults
from regard.pipeline.checking import require_valid, require_valid_enrichers
from regard.pipeline.children import Tell
from regard.pipeline.delivering import deliver, make_configured
from regard.pipeline.enrichers import make_tables, recipe_of
from regard.pipeline.enriching import Enriching
from regard.pipeline.reading import Reading, unpacked
from regard.pipeline.stopping import Asked
from regard.pipeline.workplace import Workplace
from regard.records.sides import declared
from regard.render import render_text
from regard.reports import Report
from regard.runs import Outcome, StreamSummary, overall
from regard.scheduler.logs import set_up_child
from regard.settings.faults import raise_faults
from regard.store import connections

__all__ = ["Inspection", "JobWork"]

_log = logging.getLogger("regard.run")

_PATIENCE: Final = timedelta(seconds=5)
"""So long a look at the configuration waits for another writer of the store."""


@dataclass(frozen=True, slots=True)
class JobWork:
    """
    One try of one due time.

    Attributes:
        place: The project, with the configuration as the loop read it.
        job: What is run.
        cause: Why it is due.
        due: When, as the log tells it.
        attempt: Which try it is.
        log: Its log file, below the project.
        threads: At most so many for a report's queries.
    """

    place: Workplace
    job: Job
    cause: Cause | str
    due: str
    attempt: int
    log: str
    threads: int | None = None

    def __call__(self, asked: Asked, tell: Tell) -> dict[str, Any]:
        """Do it; return outcome, run and error, and whether it was asked to stop."""
        self._redirect()
        fields = {"job": self.job.name, "due": self.due, "attempt": self.attempt}
        bind = set_up_child(self.place.project.settings, fields)

        def hear(name: str, value: object) -> None:
            if name == "run":
                bind("run", value)
                _log.info("run %s begins", value, extra={"event": "run-began"})
            tell(name, value)

        tell("began", None)
        if self.job.kind == "report":
            told = self._report()
        else:
            read = self._read if self.job.kind == "source" else self._enrich
            told = read(asked, hear)
        return {**told, "stopped": asked.is_set() and not asked.late}

    def _redirect(self) -> None:
        """Send all that this process prints into its log file."""
        path = self.place.project.resolve(self.log)
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Appended, so that the file can be cut while it is written to.
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            # No reason to run nothing: what it prints goes where the loop's own lines go.
            sys.stderr.write(f"{path} cannot be written: {error.strerror}\n")
            descriptor = os.dup(2)
        for number in (1, 2):
            os.dup2(descriptor, number)
        os.close(descriptor)
        # They belong to whoever started the server that this process was forked from.
        sys.stdout = open(1, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)  # noqa: SIM115  # lives as long as the process
        sys.stderr = open(2, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)  # noqa: SIM115

    def _read(self, asked: Asked, tell: Tell) -> dict[str, Any]:
        name = self.job.label
        require_valid(self.place.project, self.place.host, [name])
        return self._ended(Reading(self.place, cause=self.cause).read(name, asked, tell))

    def _enrich(self, asked: Asked, tell: Tell) -> dict[str, Any]:
        require_valid_enrichers(self.place.project, self.place.host, [self.job.label])
        return self._ended(
            Enriching(self.place, cause=self.cause).read(self.job.name, asked, tell)
        )

    def _ended(self, told: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
        """Log what was done, and return what the loop must know of it."""
        summaries, _ = unpacked(told)
        for summary in summaries:
            _say(summary)
        errors = [summary.error for summary in summaries if summary.error]
        return {
            "outcome": overall(summary.outcome for summary in summaries).value,
            "run_id": next((summary.run_id for summary in summaries if summary.run_id), None),
            "error": errors[0] if errors else None,
            "final": any(summary.final for summary in summaries),
        }

    def _report(self) -> dict[str, Any]:
        place, name = self.place, self.job.label
        made = make_configured(place, name, self.threads)
        for note in made.notes:
            _log.warning(note)
        zone = place.project.settings.timezone

        def show(report: Report) -> None:
            sys.stdout.write(render_text(report, timezone=zone))
            sys.stdout.flush()

        problems = deliver(place, name, made.report, show)
        for problem in problems:
            _log.error(problem)
        outcome = Outcome.PARTIAL if problems else Outcome.OK
        return {
            "outcome": outcome.value,
            "run_id": None,
            "error": problems[0] if problems else None,
            "final": False,
        }


def _say(summary: StreamSummary) -> None:
    """Log what was done to one stream."""
    fields = {
        "event": "stream-ended",
        "run": summary.run_id,
        "outcome": summary.outcome.value,
        "seconds": round(summary.seconds, 3),
    }
    counts = ", ".join(f"{count} {what}" for what, count in summary.counts.as_dict().items())
    stream = summary.stream or summary.source
    _log.info("%s: %s: %s", stream, summary.outcome.value, counts, extra=fields)
    for note in summary.notes:
        _log.warning("%s: %s", stream, note, extra={"run": summary.run_id})
    if summary.error:
        _log.error("%s: %s", stream, summary.error, extra={"run": summary.run_id})


@dataclass(frozen=True, slots=True)
class Inspection:
    """
    A look at the whole configuration, in a child: the loop itself loads no plug-in.

    Attributes:
        place: The project.
        store: The one that the loop has open, as messages name it; None: it has none yet.
    """

    place: Workplace
    store: str | None = None

    def __call__(self, asked: Asked, tell: Tell) -> dict[str, Any]:
        """
        Check what is configured.

        Raises:
            ConfigError: Something is wrong, or the store is another one than the loop's.
            SecretError: The store's address refers to a secret that is missing.
        """
        project, host = self.place.project, self.place.host
        url = self.place.store_url
        if self.store not in (None, connections.shown(url)):
            # Due times are in the loop's store: records in another would never meet them.
            message = (
                f"store: {connections.shown(url)} is another one than {self.store}; "
                "that takes a new start of the loop"
            )
            raise ConfigError(message)
        enabled = [name for name, one in project.settings.sources.items() if one.enabled]
        require_valid(project, host, enabled)
        faults = [
            fault
            for name in project.settings.notices
            for fault in channel_faults(project, host, name)
        ]
        raise_faults([*faults, *smtp_faults(project, host)], project.path, project.text)
        sites = {}
        for name in enabled:
            table = project.settings.sources[name]
            try:
                if host.source_class(table.plugin).crawls:
                    sites[name] = str(table.options.get("site", name))
            except RegardError as error:
                # It fails its own runs, each with the reason, and no others.
                tell("progress", f"{name}: {error}")
        recipes = self._recipes(tell)
        # What is wrong with the store is said by whoever opens it next, which is the loop.
        with suppress(StoreError), self.place.open_store() as store:
            make_tables(self.place, store, _PATIENCE)
        return {"store": url, "sites": sites, "enrichers": recipes}

    def _recipes(self, tell: Tell) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Check the enrichers, and return what the loop must know of each."""
        project, host = self.place.project, self.place.host
        enabled = [name for name, one in project.settings.enrichers.items() if one.enabled]
        require_valid_enrichers(project, host, enabled)
        recipes = {}
        for name in enabled:
            try:
                found = declared(host.enricher_class(name))
            except RegardError as error:
                # It fails its own runs, each with the reason, and no others.
                tell("progress", f"{name}: {error}")
            else:
                recipes[name] = (recipe_of(project.settings, name, found), found.after)
        return recipes
