"""How the documentation is built; `-n -W` makes every broken reference a failure."""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path

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
    (r"py:.*", r"(pathlib|datetime|decimal|collections|logging|typing|pydantic|pluggy)\..*"),
    (r"py:.*", r"(Path|datetime|timedelta|date|Decimal|Logger|Any|Callable|Sequence)"),
    (r"py:.*", r"(Mapping|Iterable|Iterator|TypeVar|ClassVar|Generic|ConfigT|ParamsT|BaseModel)"),
    (r"py:.*", r"(StrEnum|Enum|Exception|Protocol|enum\..*|Counter|pytest\..*)"),
]

html_theme = "furo"
html_title = f"regard {version}"
html_show_sourcelink = False
html_copy_source = False
