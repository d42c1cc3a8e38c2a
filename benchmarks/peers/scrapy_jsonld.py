"""
Stock Scrapy with parsel: fetches a shop's product pages and writes their offers as JSON lines.

    python benchmarks/peers/scrapy_jsonld.py shop URL OFFERS.jsonl
    python benchmarks/peers/scrapy_jsonld.py addresses FILE OFFERS.jsonl

The first follows the sitemap, the second asks for the addresses in a file. Settings are Scrapy's
defaults but for `ROBOTSTXT_OBEY`, which its project template sets too, and the level of its log.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scrapy import Spider
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response
from scrapy.spiders import SitemapSpider


def offers_of(response: Response) -> Iterator[dict[str, Any]]:
    """Yield the offers in the page's JSON-LD, as a spider of a dozen lines does."""
    for block in response.css('script[type="application/ld+json"]::text').getall():
        product = json.loads(block)
        if product.get("@type") != "Product":
            continue
        offer = product["offers"]
        yield {
            "url": response.url,
            "name": product.get("name"),
            "sku": product.get("sku"),
            "gtin": product.get("gtin13"),
            "mpn": product.get("mpn"),
            "price": offer.get("price"),
            "currency": offer.get("priceCurrency"),
            "availability": offer.get("availability"),
        }


class ShopSpider(SitemapSpider):
    """Follows the sitemap to the product pages."""

    name = "shop"

    def parse(self, response: Response) -> Iterator[dict[str, Any]]:
        """Yield the offers of a page."""
        yield from offers_of(response)


class AddressSpider(Spider):
    """Asks for given addresses."""

    name = "addresses"

    def parse(self, response: Response) -> Iterator[dict[str, Any]]:
        """Yield the offers of a page."""
        yield from offers_of(response)


def main() -> None:
    """Crawl and write."""
    how, where, output = sys.argv[1:]
    settings = {"ROBOTSTXT_OBEY": True, "LOG_LEVEL": "WARNING",
                "FEEDS": {output: {"format": "jsonlines"}}}  # fmt: skip
    process = AsyncCrawlerProcess(settings)
    if how == "shop":
        process.crawl(ShopSpider, sitemap_urls=[f"{where}/sitemap.xml"],
                      sitemap_rules=[("/p/", "parse")])  # fmt: skip
    else:
        process.crawl(AddressSpider, start_urls=Path(where).read_text("utf-8").split())
    process.start()


if __name__ == "__main__":
    main()
