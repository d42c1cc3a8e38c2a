"""
The retailer's own price list, as its merchandise management writes it: articles with bar codes.

One line is from a spreadsheet in which somebody noted that a price is not decided yet.
"""

from __future__ import annotations

from typing import Final

from regard.demo.exports.files import ExportFile, Row, as_csv
from regard.demo.products import BRAND, PRODUCTS, Product
from regard.demo.world import World

__all__ = ["HEADER", "price_list"]

HEADER: Final = ("Article", "EAN", "Brand", "Part number", "Description", "Group", "Price")


def price_list(world: World) -> ExportFile:
    """Return the price list of the day."""
    rows: list[Row] = [_row(each) for each in PRODUCTS]
    rows.insert(20, ("KIT-146", "", BRAND, "KIT-146", "Waffle iron", "Kitchen", "tbd"))
    return ExportFile(
        f"pricelist/articles_{world.until:%Y-%m-%d}.csv",
        "the price list",
        as_csv([HEADER, *rows], delimiter=";"),
        ("bad-number",),
    )


def _row(product: Product) -> Row:
    return (
        product.sku,
        product.gtin,
        BRAND,
        product.sku,
        product.name,
        product.family,
        f"{product.price}",
    )
