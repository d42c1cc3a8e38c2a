"""``regard preview``: a source's first records, as a run would store them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rich.text import Text

from regard import cursors
from regard.cli.app import App
from regard.cli.console import clean, count, make_table
from regard.cli.payloads import title_is_harmless
from regard.errors import UsageError
from regard.names import did_you_mean
from regard.pipeline.previewing import Preview, preview
from regard.privacy import Pii, mask_text, mask_value, pseudonym
from regard.records import Kind
from regard.secrets import privacy_key

__all__ = ["configure", "run"]

_EPILOG = """\
examples:
  regard preview crm            the first 20 records of each stream
  regard preview crm -n 3       the first three
  regard preview crm --reveal   with personal values
  regard preview crm --json     for programs

Nothing is stored, and what was read before is read again.
"""

_CELL = 24
"""Characters that a cell may take; the rest is cut with an ellipsis."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.add_argument("source", metavar="SOURCE", help="a name from regard.toml")
    parser.add_argument("-n", type=int, default=20, metavar="N", help="how many (default 20)")
    parser.add_argument("--reveal", action="store_true", help="show personal values")
    parser.epilog = _EPILOG


def run(args: argparse.Namespace, app: App) -> int:
    """Show the first records of each stream."""
    sources = app.project.settings.sources
    if args.source not in sources:
        message = f"there is no source {args.source!r}{did_you_mean(args.source, sources)}"
        raise UsageError(message)
    if args.n < 1:
        message = f"-n {args.n}: write a number from 1 up"
        raise UsageError(message)
    found = preview(app.project, app.host, args.source, clock=app.clock, limit=args.n)
    key = privacy_key(app.project, app.host.resolve_secret)
    shown = [_records(item, key, reveal=args.reveal) for item in found]
    if app.json:
        app.print_json([_as_json(*pair) for pair in zip(found, shown, strict=True)])
    else:
        for item, records in zip(found, shown, strict=True):
            _show(item, records, app)
        if not found:
            app.out.print("there is nothing to read")
    return 1 if any(item.error for item in found) else 0


def _records(item: Preview, key: bytes, *, reveal: bool) -> list[dict[str, Any]]:
    """Return the records as they may be shown, empty fields left out."""
    fields = ("key", *item.kind.fields, "as_of", "extra")
    return [
        {
            name: record[name] if reveal else _shown(item.kind, name, record, key)
            for name in fields
            if record.get(name) is not None
        }
        for record in item.records
    ]


def _shown(kind: Kind, name: str, record: Mapping[str, Any], key: bytes) -> Any:  # noqa: ANN401  # any field's value
    value = record[name]
    if name == "key":
        return pseudonym(kind.name, str(value), key)
    if name == "extra":
        return f"{len(value)} columns" if isinstance(value, Mapping) else "?"
    if name == "as_of":
        return value
    pii = Pii(kind.pii(name))
    if pii is Pii.PSEUDONYM:
        return pseudonym(name.removesuffix("_key"), str(value), key)
    if name == "product_name":
        # Offers and reviews have no basis: their products are products.
        harmless = title_is_harmless(record.get("basis") or "sale")
        return mask_text(str(value)) if harmless else mask_value(value, Pii.PERSONAL)
    return mask_value(value, pii)


def _as_json(item: Preview, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "stream": item.stream.name,
        "kind": item.kind.name,
        "records": list(records),
        "refused": [
            {"reason": bad.reason, "field": bad.field, "line": bad.line, "message": bad.message}
            for bad in item.refused
        ],
        "cursor": item.cursor,
        "notes": item.notes,
        "error": item.error,
    }


def _cell(value: Any) -> Text:  # noqa: ANN401  # any field's value
    if isinstance(value, datetime):
        text = f"{value:%Y-%m-%d %H:%M}"
    elif isinstance(value, Decimal):
        text = f"{value:f}"
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, date):
        text = value.isoformat()
    else:
        text = clean("" if value is None else value)
    return Text(text if len(text) <= _CELL else text[: _CELL - 1] + "…")


def _show(item: Preview, records: Sequence[Mapping[str, Any]], app: App) -> None:
    title = f"{item.stream.name}: {count(len(records), 'record')} of kind {item.kind.name}"
    app.out.print(Text(clean(title), style="bold"))
    names = list(dict.fromkeys(name for record in records for name in record))
    for part in _parts(names, records, app.out.width):
        table = make_table([("#", "right"), *part])
        for number, record in enumerate(records, start=1):
            table.add_row(Text(str(number)), *(_cell(record.get(name)) for name in part))
        app.out.print(table)
        app.out.print()
    for bad in item.refused:
        place = f"line {bad.line}: " if bad.line else ""
        app.out.print(
            Text(f"refused: {place}{bad.reason}: {clean(bad.message)}", style="yellow"),
            soft_wrap=True,
        )
    if item.cursor is not None:
        app.out.print(Text(f"cursor after these: {clean(cursors.dump(item.cursor))}"))
    for note in item.notes:
        app.err.print(Text(clean(note), style="dim"), soft_wrap=True)
    if item.error:
        app.problem(f"{item.stream.name}: {item.error}")


def _parts(
    names: Sequence[str], records: Sequence[Mapping[str, Any]], width: int
) -> list[list[str]]:
    """Return the columns in groups that each fit the terminal."""
    parts: list[list[str]] = []
    room = 0
    for name in names:
        cells = [len(name), *(len(_cell(record.get(name)).plain) for record in records)]
        needed = max(cells) + 2
        if not parts or needed > room:
            parts.append([])
            room = width - 5
        parts[-1].append(name)
        room -= needed
    return parts
