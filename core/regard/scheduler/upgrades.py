"""Whether regard was upgraded while the loop runs: then it has to be started anew."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

__all__ = ["installed_version"]


def installed_version() -> str | None:
    """Return the version that a process would find that starts now; None: nobody can tell."""
    try:
        return version("regard")
    except (PackageNotFoundError, OSError, ValueError):
        return None
