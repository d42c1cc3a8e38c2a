"""
What the web shop itself writes about baskets that were left: a line of JSON for each.

Two of them come from a form that people fill in by hand, and show it.
"""

from __future__ import annotations

import json

from regard.demo.exports.files import ExportFile
from regard.demo.world import Basket, World

__all__ = ["left"]


def left(world: World) -> ExportFile:
    """Return all baskets that were left."""
    lines = [_line(each) for each in world.baskets]
    year = world.until.year - 1
    by_hand = {**lines[-1], "email": "prueba@example.com"}
    lines.insert(300, by_hand | {"basket": "P00001", "left_at": f"04/05/{year} 18:22"})
    lines.insert(900, by_hand | {"basket": "P00002", "value": "1.149"})
    text = "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in lines)
    return ExportFile(
        f"baskets/left_{world.until:%Y-%m-%d}.jsonl",
        "the web shop",
        text.encode(),
        ("ambiguous-date", "ambiguous-number"),
    )


def _line(basket: Basket) -> dict[str, object]:
    return {
        "basket": basket.number,
        "email": basket.email,
        "left_at": basket.left_at.isoformat(),
        "step": basket.step,
        "articles": basket.articles,
        # A text, since a number would become a binary fraction on its way.
        "value": str(basket.value),
        "currency": basket.currency,
        "reason": basket.reason or None,
    }
