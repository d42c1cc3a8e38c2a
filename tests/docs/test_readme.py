"""The README is short, and what it shows is what one gets."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest


def test_readme_is_short(root: Path) -> None:
    """One reads it in some minutes."""
    assert len((root / "README.md").read_text("utf-8").splitlines()) < 200


def test_links_lead_to_files(root: Path) -> None:
    """Every link of the README into the repository leads somewhere."""
    text = (root / "README.md").read_text("utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]

    assert links
    assert [] == [link for link in links if not (root / link).exists()]


@pytest.mark.slow
def test_the_picture_is_the_report_of_the_demo(root: Path) -> None:
    """Whoever runs the demo sees the report that the README shows, to the letter."""
    done = subprocess.run(
        [sys.executable, root / "docs" / "picture.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "") == (done.returncode, done.stderr)
