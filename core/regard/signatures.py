"""What functions that plug-ins bring can be called with."""

from __future__ import annotations

import inspect
from collections.abc import Callable

__all__ = ["takes"]


def takes(function: Callable[..., object], count: int) -> bool:
    """Say whether a function can be called with so many values, each by its place."""
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    return True
