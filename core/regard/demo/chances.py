"""Drawing by weights."""

from __future__ import annotations

import random
from collections.abc import Sequence

__all__ = ["drawn"]


def drawn(rng: random.Random, chances: Sequence[tuple[str, int]]) -> str:
    """Return one of several texts, each as likely as its weight says."""
    return rng.choices([text for text, _ in chances], [weight for _, weight in chances])[0]
