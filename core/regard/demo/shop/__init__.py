"""
A competitor's shop on this machine: for the demo, and for tests of those who look at shops.

It is generated, moves by date, and misbehaves when told to.
"""

from __future__ import annotations

from regard.demo.shop.catalogue import Article, Catalogue, make_catalogue
from regard.demo.shop.knobs import Knobs
from regard.demo.shop.reviewing import ShopReview
from regard.demo.shop.server import Shop

__all__ = ["Article", "Catalogue", "Knobs", "Shop", "ShopReview", "make_catalogue"]
