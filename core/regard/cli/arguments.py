"""What single arguments of commands may be; a wrong one is told with what would be right."""

from __future__ import annotations

import argparse
from collections.abc import Callable

__all__ = ["port", "seconds"]


def seconds(most: int) -> Callable[[str], float]:
    """Return what reads a number of seconds, up to the most that makes sense."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        # Also false for what is no number at all, which `float` reads from "nan".
        if not 0 <= value <= most:
            message = f"{text!r} is no number of seconds from 0 to {most}"
            raise argparse.ArgumentTypeError(message)
        return value

    return read


def port(text: str) -> int:
    """Return the number of a port."""
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        message = f"{text!r} is no port; write a number from 1 to 65535"
        raise argparse.ArgumentTypeError(message)
    return int(text)
