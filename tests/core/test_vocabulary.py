"""What ``import regard`` gives to authors of plug-ins, and what it must not cost."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import regard

HEAVY = ("sqlmodel", "sqlalchemy", "duckdb", "rich", "pydantic", "scrapy", "twisted", "alembic")

VOCABULARY = [
    "Attachment",
    "AuthError",
    "Column",
    "ConfigError",
    "Context",
    "CursorValue",
    "Delete",
    "EnrichContext",
    "Enricher",
    "Figure",
    "FileError",
    "Finding",
    "InputBatch",
    "Notice",
    "NoticeRefused",
    "Notifier",
    "NotifierContext",
    "Page",
    "Point",
    "Problem",
    "RateLimited",
    "RecordError",
    "Report",
    "ReportContext",
    "Reporter",
    "SecretError",
    "Section",
    "Series",
    "Severity",
    "Source",
    "SourceChanged",
    "Stream",
    "Table",
    "TransientError",
    "View",
    "__version__",
    "enricher",
    "hookimpl",
    "source",
]


def _imported(folder: Path, *arguments: str) -> set[str]:
    """Run Python in a fresh process and return the top-level names of what it imported."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    rows = (line.rpartition("|")[2].strip() for line in done.stderr.splitlines())
    return {row.partition(".")[0] for row in rows}


def test_vocabulary_is_pinned() -> None:
    """A name that plug-ins import is never lost, and none is added unnoticed."""
    assert sorted(VOCABULARY) == sorted(regard.__all__)


@pytest.mark.parametrize("name", VOCABULARY)
def test_every_name_is_there(name: str) -> None:
    """Each word can be imported, and is listed for completion."""
    assert getattr(regard, name) is not None
    assert name in dir(regard)


def test_version_is_that_of_the_distribution() -> None:
    """`regard.__version__` says what is installed."""
    assert version("regard") == regard.__version__


def test_unknown_name_is_an_attribute_error() -> None:
    """A misspelt import fails at once, and as imports do."""
    with pytest.raises(AttributeError, match="module 'regard' has no attribute 'Sorce'"):
        regard.Sorce  # type: ignore[attr-defined]  # noqa: B018


def test_import_is_light(tmp_path: Path) -> None:
    """`import regard` and its whole vocabulary load nothing heavy."""
    names = ", ".join(name for name in VOCABULARY if name != "__version__")

    bare = _imported(tmp_path, "-c", "import regard")
    full = _imported(tmp_path, "-c", f"from regard import {names}")

    assert [] == [name for name in HEAVY if name in bare | full]
    assert "pluggy" not in bare


def test_loading_plugins_is_light(tmp_path: Path) -> None:
    """A project without plug-ins of its own loads its host without anything heavy."""
    code = "from regard.host import Host; Host.load(disabled=['crm-export', 'customers'])"
    loaded = _imported(tmp_path, "-c", code)

    assert [] == [name for name in HEAVY if name in loaded]


def test_help_is_light(tmp_path: Path) -> None:
    """`regard --help` loads no plug-in and nothing heavy."""
    loaded = _imported(tmp_path, "-m", "regard", "--help")

    assert [] == [name for name in (*HEAVY, "pluggy", "regard_plugins") if name in loaded]


def test_help_names_the_commands_of_plugins(capsys: pytest.CaptureFixture[str]) -> None:
    """Who asks what there is to type is told what installed plug-ins bring, too."""
    from regard.cli import main

    assert 0 == main(["--help"])
    told = capsys.readouterr().out

    assert "commands of plug-ins:\n  form, site, survey\n" in told
