"""What every command says about a stored source that is no longer configured."""

from __future__ import annotations

__all__ = ["orphan_line"]


def orphan_line(name: str) -> str:
    """Return what to say about a stored source that is not configured."""
    return (
        f"{name}: its records are stored, but regard.toml has no such source; "
        f"`regard source rename {name} NEW` where it has another name now, "
        f"else `regard source drop {name}`"
    )
