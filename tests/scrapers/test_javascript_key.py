"""What a site's file says of scripts, and what rendering needs of the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from regard.errors import ConfigError
from regard_scrapers.chromium import find_chromium
from regard_scrapers.sites import Site

NEEDS_CHROMIUM = pytest.mark.skipif(
    not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome-stable"))),
    reason="no Chromium is installed; apt install chromium brings it",
)


@pytest.mark.parametrize(
    ("javascript", "wrong"),
    [
        ({"sandbox": True, "chromium": "/nowhere/chromium"}, "/nowhere/chromium is no program"),
        ({"sandbox": False, "chromium": "/"}, "/ is no program"),
    ],
)
def test_a_chromium_that_is_none(javascript: dict[str, Any], wrong: str) -> None:
    """What is no program is named, with the key that names it."""
    with pytest.raises(ConfigError, match=f"^sites/rival.toml: javascript.chromium: {wrong}"):
        find_chromium(site_with(javascript))


def site_with(javascript: object) -> Site:
    """Return a site that says this of its scripts."""
    said = {
        "name": "rival",
        "own": True,
        "contact": "mailto:us@us.example",
        "javascript": javascript,
    }
    return Site.model_validate(said)


def test_no_chromium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no Chromium the error names Debian's package."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="apt install chromium"):
        find_chromium(site_with({"sandbox": False}))


def test_without_the_extra(tmp_path: Path) -> None:
    """Where the extra is not installed the error says how to install it."""
    code = (
        "import sys; sys.modules['playwright'] = None\n"
        "from regard_scrapers.chromium import find_chromium\n"
        "from regard_scrapers.sites import Site\n"
        "site = Site(name='rival', own=True, contact='mailto:us@us.example', javascript=True)\n"
        "try:\n    find_chromium(site)\nexcept Exception as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert 'pip install "regard[browser]"' in done.stdout


@NEEDS_CHROMIUM
def test_root_has_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root is told to be another user, or to do without the sandbox and what that means."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(ConfigError, match=r"run regard as another user; .*sandbox = false"):
        find_chromium(site_with(True))


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"origins": "https://api.example/v1"}, "write 'https://api.example', without a path"),
        ({"origins": "api.example"}, "is no address of the web"),
        ({"wait": "..price"}, "is no CSS selector"),
        ({"chromium": "bin/chromium"}, "is no whole path"),
        ({"waits": ".price"}, "Extra inputs"),
        ("yes", "valid dictionary"),
    ],
)
def test_what_a_file_cannot_say_of_scripts(said: object, wrong: str) -> None:
    """What is wrong in the table is refused with what would be right."""
    with pytest.raises(ValidationError, match=wrong):
        site_with(said)


def test_what_a_file_says_of_scripts() -> None:
    """`true` switches rendering on, `false` and silence do not, and origins lose their slash."""
    assert site_with(False).javascript is None
    assert site_with(True).renders("page")
    assert not site_with(True).renders("sitemap")
    assert ("https://api.example",) == site_with(
        {"origins": "https://api.example/"}
    ).script_origins
