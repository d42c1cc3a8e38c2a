"""Which streams a source has, asked in a way that survives any plug-in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from regard.errors import LeaseLost, PluginError, SourceChanged
from regard.findings import Finding, Severity
from regard.host.printing import prints_aside
from regard.pipeline.context import RunContext
from regard.pipeline.starting import Wish
from regard.pipeline.stopping import Stop
from regard.pipeline.streams import FINAL, explain
from regard.records import kind_named
from regard.runs import Outcome, StreamSummary
from regard.sources import Source, Stream

__all__ = ["discover"]


def discover(
    source: Source[Any],
    context: RunContext,
    stop: Stop,
    wish: Wish,
    run_id: int | None,
    summaries: list[StreamSummary],
    *,
    debug: bool,
) -> Sequence[Stream]:
    """
    Ask a source for its streams, and return those that are read.

    Args:
        source: The source.
        context: What it is given.
        stop: Tells whether the run should stop.
        wish: Which streams are asked for.
        run_id: The run; None in a dry one.
        summaries: Where there is no stream to tell it with, what happened comes here.
        debug: Whether bugs of plug-ins tell their whole traceback.

    Raises:
        LeaseLost: Another run has the source now.
    """
    name = context.inputs.source
    try:
        with prints_aside(), stop.reading():
            found = list(source.discover(context))
        for stream in found:
            kind_named(stream.kind)
        _refuse_twins(found)
        if not found and (failure := context.inputs.failure()) is not None:
            raise failure
        found = wish.chosen(name, found)
        stop.check()
    except (KeyboardInterrupt, LeaseLost):
        raise
    except BaseException as error:  # noqa: BLE001  # a plug-in may raise anything
        outcome, said = explain(error, debug=debug)
        if isinstance(error, SourceChanged):
            context.findings.append(Finding("source-changed", said, Severity.CRITICAL))
        summary = StreamSummary(name, "", run_id, outcome, error=said, notes=_notes(context))
        summary.final = isinstance(error, FINAL)
        summaries.append(summary)
        return []
    if not found:
        notes = _notes(context) or ["there was nothing to read"]
        summaries.append(StreamSummary(name, "", run_id, Outcome.OK, notes=notes))
    return found


def _notes(context: RunContext) -> list[str]:
    return [*context.inputs.notes, *context.notes]


def _refuse_twins(found: Sequence[Stream]) -> None:
    twins = [name for name, count in Counter(stream.name for stream in found).items() if count > 1]
    if twins:
        message = f"the plug-in has two streams named {twins[0]!r}; a name stands for one cursor"
        raise PluginError(message)
