"""How the documentation is built; `-n -W` makes every broken reference a failure."""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "regard"
author = "the authors of regard"
version = release = version_of("regard")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "reference_pages",
]
# Generated pages are included by pages that people wrote; they are no pages of their own.
exclude_patterns = ["_build", "reference/generated"]

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

# Docstrings put code between single backticks.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_class_signature = "mixed"
# `:ivar:` keeps a dataclass's attributes in its own description, each described once.
napoleon_use_ivar = True
napoleon_numpy_docstring = False

# Types of the standard library and of other packages: their pages cannot be asked offline.
nitpick_ignore_regex = [
    (r"py:.*", r"(collections|datetime|decimal|enum|logging|pathlib|pydantic|typing)\..*"),
]
# Types of our own that a signature names and that nobody outside needs to know.
nitpick_ignore = [
    ("py:class", "timedelta"),
    ("py:class", "EmailMessage"),
    ("py:class", "ReadFunction"),
    ("py:class", "regard.sources.ReadFunction"),
    ("py:class", "Yielded"),
    ("py:class", "Enriched"),
    ("py:class", "EnrichFunction"),
    ("py:class", "regard.enrichers.EnrichFunction"),
    ("py:class", "regard.enrichers.ConfigT"),
    ("py:class", "regard.testing.enriching.TestedEnricher"),
    ("py:class", "Path"),
    ("py:class", "Paths"),
    ("py:class", "regard.frontier.Addresses"),
    ("py:class", "regard.frontier.Visited"),
    ("py:class", "regard.sources.ConfigT"),
    ("py:class", "regard.reporters.ParamsT"),
    ("py:class", "regard.notifiers.ConfigT"),
    ("py:class", "regard.testing.notifying.TestedChannel"),
    ("py:class", "regard.host.host.Host"),
    ("py:class", "regard.settings.loading.Project"),
    ("py:class", "regard.records.encoding.Encoded"),
    ("py:class", "regard.store.quarantine.Refused"),
]

html_theme = "furo"
html_title = f"regard {version}"
html_show_sourcelink = False
html_copy_source = False


_COLON = "\uf03a"
"""Stands for a colon while napoleon looks; it is in no docstring."""


def _hide_colon(
    app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]
) -> None:
    """Stop napoleon from taking a property's "The language: ``en``..." for a type and a text."""
    if what in ("attribute", "data", "property") and lines:
        lines[0] = lines[0].replace(":", _COLON)


def _show_colon(
    app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]
) -> None:
    lines[:] = [line.replace(_COLON, ":") for line in lines]


def setup(app: Sphinx) -> None:
    """Go before and behind napoleon, which listens with the usual priority of 500."""
    app.connect("autodoc-process-docstring", _hide_colon, priority=400)
    app.connect("autodoc-process-docstring", _show_colon, priority=600)
