"""``regard site record``: one page, saved as a test of the site's rules."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from regard.errors import ConfigError
from regard_scrapers.fetching import fetch_bodies
from regard_scrapers.recordings import Recording, expected_of, slug_of
from regard_scrapers.sites import load_site

if TYPE_CHECKING:
    from regard.cli.app import App

__all__ = ["run"]


def run(args: argparse.Namespace, app: App) -> int:
    """Fetch the page and write its folder."""
    from rich.text import Text

    from regard.cli.console import clean, count

    root = app.project.root
    site = load_site(root, args.site)
    found = fetch_bodies(site, [args.url]).bodies[0]
    if found.data is None:
        message = f"{args.url}: {found.fetched.outcome}: {found.fetched.text or 'no page'}"
        raise ConfigError(message)
    folder = root / "sites" / site.name / slug_of(args.url)
    # To the second, as the file holds it: relative dates count from it.
    at = app.clock.now().replace(microsecond=0)
    fetched = found.fetched
    recording = Recording(folder, args.url, at, fetched.encoding, fetched.rendered)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "page.html").write_bytes(found.data)
    outcome = recording.read(site)
    recording.save(found.data, outcome)
    if app.json:
        app.print_json({"folder": str(folder), "expected": expected_of(outcome)})
        return 0
    what = f"{count(len(outcome.offers), 'offer')}, {count(len(outcome.reviews), 'review')}"
    app.out.print(Text(clean(f"{folder}: {what}; look at expected.json before you rely on it")))
    return 0
