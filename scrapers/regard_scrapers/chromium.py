"""
What rendering needs of the machine: the extra `browser`, Chromium, and a user who may run it.

All of it is looked for before a site is asked for anything, and none of it is loaded for that.
"""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from regard.errors import ConfigError
from regard_scrapers.sites import Site

__all__ = ["MISSING", "find_chromium"]

MISSING: Final = 'javascript needs what the extra "browser" brings: pip install "regard[browser]"'

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def find_chromium(site: Site) -> str | None:
    """
    Return the program that renders a site's pages; None: they are read as they are sent.

    Raises:
        ConfigError: They cannot be rendered on this machine, or not by this user.
    """
    javascript = site.javascript
    if javascript is None:
        return None
    where = f"sites/{site.name}.toml: "
    if find_spec("playwright") is None:
        raise ConfigError(where + MISSING)
    if javascript.chromium is not None:
        if not os.access(javascript.chromium, os.X_OK) or Path(javascript.chromium).is_dir():
            message = f"{where}javascript.chromium: {javascript.chromium} is no program"
            raise ConfigError(message)
        program: str | None = javascript.chromium
    else:
        program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        message = (
            f"{where}javascript needs Chromium, and there is none: install Debian's package "
            "with apt install chromium, or say where it is (javascript.chromium)"
        )
        raise ConfigError(message)
    if javascript.sandbox and os.geteuid() == 0:
        message = (
            f"{where}Chromium keeps no sandbox when root runs it: run regard as another user; "
            "javascript = {sandbox = false} goes on without, and then a page that breaks "
            "Chromium can do on this machine what root can"
        )
        raise ConfigError(message)
    return program
