"""``regard site test`` and ``regard site diff``: recorded pages, read by today's rules."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from regard.errors import ConfigError
from regard_scrapers.recordings import Change, changes, expected_of, recordings
from regard_scrapers.sites import load_site

if TYPE_CHECKING:
    from regard.cli.app import App

__all__ = ["run"]


def run(args: argparse.Namespace, app: App) -> int:
    """Compare each field of each recorded page."""
    root = app.project.root
    diff = args.action == "diff"
    names = [args.name] if diff else args.names
    if not names:
        names = sorted({path.parts[-3] for path in (root / "sites").glob("*/*/about.json")})
    if not names:
        message = "no page is recorded; `regard site record URL --site NAME` records one"
        raise ConfigError(message)
    found: list[tuple[str, list[Change]]] = []
    for name in names:
        site = load_site(root, name)
        for recording in recordings(root, name):
            outcome = recording.read(site)
            now = expected_of(outcome)
            found.append((f"{name}/{recording.name}", changes(recording.expected(), now)))
            if diff and args.accept:
                recording.expect(outcome)
    _show(found, app, diff=diff)
    return 1 if not diff and any(each for _, each in found) else 0


def _show(found: list[tuple[str, list[Change]]], app: App, *, diff: bool) -> None:
    from rich.text import Text

    from regard.cli.console import clean, count

    if app.json:
        app.print_json(
            [
                {"page": page, "place": each.place, "expected": each.expected, "found": each.found}
                for page, differences in found
                for each in differences
            ]
        )
        return
    for page, differences in found:
        for each in differences:
            line = f"{page}: {each.place}: {_said(each.expected)} -> {_said(each.found)}"
            app.out.print(Text(clean(line), style="yellow" if diff else "red"), soft_wrap=True)
    bad = sum(1 for _, differences in found if differences)
    fields = sum(len(differences) for _, differences in found)
    what = "changed" if diff else "failed"
    closing = f"{count(len(found), 'page')}, {bad} {what}, {count(fields, 'field')}"
    app.out.print(Text(closing))


def _said(value: object) -> str:
    return "nothing" if value is None else str(value)[:80]
