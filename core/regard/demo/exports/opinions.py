"""What a review service exports of the retailer's own reviews, as Trustpilot Business does."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from typing import Final

from regard.demo.exports.files import ExportFile, Row, as_csv
from regard.demo.products import PRODUCTS
from regard.demo.seasons import ZONE
from regard.demo.shop.reviewing import ShopReview, make_reviews
from regard.demo.world import World

__all__ = ["HEADER", "own_reviews", "reviews_of"]

HEADER: Final = (
    "Domain Url",
    "Review Id",
    "Review Created (UTC)",
    "Review Username",
    "Review Title",
    "Review Content",
    "Review Stars",
    "Source Of Review",
    "Reference Id",
    "Company Response",
    "Company Reply Date (UTC)",
    "Review Language",
)
_REVIEWED: Final = 30
"""So many articles were bought by those who wrote."""


def own_reviews(world: World) -> Sequence[ShopReview]:
    """Return what people wrote about the retailer by the demo's day."""
    until = world.until.astimezone(ZONE).date()
    rng = random.Random(f"{world.seed} own reviews")  # noqa: S311  # nothing secret
    return [
        review
        for product in PRODUCTS[:_REVIEWED]
        for review in make_reviews(rng, f"T{product.sku}", until, None)
        if review.shown_on(until)
    ]


def reviews_of(world: World) -> ExportFile:
    """Return the export of the day."""
    until = world.until.astimezone(ZONE).date()
    rows = [_row(each, until) for each in own_reviews(world)]
    return ExportFile(
        f"reviews/trustpilot_{until:%Y-%m-%d}.csv", "the review service", as_csv([HEADER, *rows])
    )


def _row(review: ShopReview, day: date) -> Row:
    reply = review.reply_on(day)
    return (
        "shop.example",
        review.id,
        f"{review.on:%Y-%m-%d} 09:00:00",
        review.author,
        review.title,
        review.text_on(day),
        str(review.rating),
        "InvitationLinkApi",
        f"R-{review.id}",
        reply or "",
        f"{review.replied_on:%Y-%m-%d} 09:00:00" if reply and review.replied_on else "",
        review.language,
    )
