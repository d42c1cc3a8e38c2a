"""
The reference pages that are written from the code at build time, so that they cannot drift.

Each is a part that a page in ``docs/reference`` includes. They are written into
``docs/reference/generated``, which is not kept in version control.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pages_of_commands import commands
from pages_of_kinds import kinds, store_columns
from pages_of_profiles import profiles
from pages_of_settings import map_keys, plugin_tables, settings
from pages_of_sites import site_keys

if TYPE_CHECKING:
    from sphinx.application import Sphinx

PAGES: dict[str, Callable[[], str]] = {
    "commands": commands,
    "settings": settings,
    "plugin-tables": plugin_tables,
    "map-keys": map_keys,
    "kinds": kinds,
    "store-columns": store_columns,
    "profiles": profiles,
    "site-keys": site_keys,
}


def write_pages(folder: Path) -> None:
    """Write all pages; one that is as it was keeps its time, so that builds stay quick."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        path = folder / f"{name}.md"
        text = page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before Sphinx looks at what there is."""
    app.connect("builder-inited", lambda app: write_pages(app.srcdir / "reference" / "generated"))
    # The pages are included by others, which Sphinx cannot know to be newer than their text.
    return {"parallel_read_safe": True}
