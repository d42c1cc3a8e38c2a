"""What runs did, as a table, their problems, and one closing line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.text import Text

from regard.cli.app import App
from regard.cli.console import clean, count, make_table
from regard.runs import Counts, Outcome, StreamSummary, overall

__all__ = ["by_source", "show_enriched", "show_summaries"]

_MARKS = {
    Outcome.OK: ("ok", "green"),
    Outcome.PARTIAL: ("partial", "yellow"),
    Outcome.FAILED: ("failed", "red"),
    Outcome.SKIPPED: ("skipped", "yellow"),
}


def by_source(summaries: Sequence[StreamSummary]) -> list[Outcome]:
    """Return the outcome of each source, all its streams together."""
    names = dict.fromkeys(summary.source for summary in summaries)
    return [
        overall(summary.outcome for summary in summaries if summary.source == name)
        for name in names
    ]


_SHOWN = ("read", "new", "changed", "unchanged", "stale", "quarantined", "deleted")
_ALWAYS = ("read", "new", "unchanged", "quarantined")


def show_summaries(summaries: Sequence[StreamSummary], app: App, *, dry: bool) -> None:
    """Print what was done to each stream, what went wrong, and the counts."""
    total = Counts()
    for summary in summaries:
        total.add(summary.counts)
    counts = total.as_dict()
    shown = [name for name in _SHOWN if name in _ALWAYS or counts[name]]
    table = make_table(
        ["source", "stream", "outcome", *((name, "right") for name in shown), ("seconds", "right")]
    )
    for summary in summaries:
        word, style = _MARKS[summary.outcome]
        values = summary.counts.as_dict()
        table.add_row(
            Text(clean(summary.source)),
            Text(clean(summary.stream or "-")),
            Text(word, style=style),
            *(Text(f"{values[name]:,}") for name in shown),
            Text(f"{summary.seconds:.1f}"),
        )
    app.out.print(table)
    for summary in summaries:
        place = clean(summary.place)
        if summary.error:
            app.problem(f"{place}: {summary.error}")
        if not app.quiet:
            for note in summary.notes:
                app.err.print(Text(f"{place}: {clean(note)}", style="dim"), soft_wrap=True)
    _close(summaries, total, app, dry=dry)


def show_enriched(summaries: Sequence[StreamSummary], app: App, *, dry: bool) -> None:
    """Print what enrichers made of records, what went wrong, and the counts."""
    shown = {"read": "records", "new": "new", "changed": "changed"}
    shown |= {"unchanged": "unchanged", "deleted": "withdrawn"}
    numbers = [(title, "right") for title in (*shown.values(), "seconds")]
    table = make_table(["enricher", "outcome", *numbers])
    for summary in summaries:
        word, style = _MARKS[summary.outcome]
        values = summary.counts.as_dict()
        table.add_row(
            Text(clean(summary.source.partition(":")[2])),
            Text(word, style=style),
            *(Text(f"{values[name]:,}") for name in shown),
            Text(f"{summary.seconds:.1f}"),
        )
    app.out.print(table)
    for summary in summaries:
        name = clean(summary.source.partition(":")[2])
        if summary.error:
            app.problem(f"{name}: {summary.error}")
        if not app.quiet:
            for note in summary.notes:
                app.err.print(Text(f"{name}: {clean(note)}", style="dim"), soft_wrap=True)
    outcomes = Counter(summary.outcome for summary in summaries)
    parts = [f"{count} {outcome.value}" for outcome, count in sorted(outcomes.items())]
    stored = sum(summary.counts.new + summary.counts.changed for summary in summaries)
    verb = "would store" if dry else "stored"
    line = f"{'dry run: ' if dry else ''}{', '.join(parts)}; {verb} {count(stored, 'row')}"
    app.out.print(Text(line), soft_wrap=True)


def _close(summaries: Sequence[StreamSummary], total: Counts, app: App, *, dry: bool) -> None:
    """Print the closing line of counts, and where to look next."""
    outcomes = Counter(summary.outcome for summary in summaries)
    parts = [f"{count} {outcome.value}" for outcome, count in sorted(outcomes.items())]
    verb = "would store" if dry else "stored"
    line = (
        f"{'dry run: ' if dry else ''}{', '.join(parts)}; {verb} "
        f"{total.new + total.changed:,} of {count(total.read, 'record')}"
    )
    if total.quarantined:
        line += f", {total.quarantined:,} in quarantine"
        line += "" if dry else " (see `regard quarantine list`)"
    app.out.print(Text(line), soft_wrap=True)
