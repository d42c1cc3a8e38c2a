"""
The shop that crawls are measured on, in a process of its own.

    python benchmarks/peers/shop.py ARTICLES KILOBYTES

Product pages are filled up with markup to so many kilobytes, as real ones are. It prints its
address and what all articles cost together. Each line on standard input is the beginning of a
path; the answer is how often such paths were asked for since the last answer. It ends with its
standard input.
"""

from __future__ import annotations

import sys
from datetime import date
from functools import lru_cache

from regard.demo.shop import Knobs, Shop, make_catalogue

_DAY = date(2026, 11, 20)
_ROBOTS_SECONDS = 0.3
"""So long that many requests wait for robots.txt together."""
_ROW = (
    '<li class="tile"><a class="link" href="/about/{0}"><span class="t">Something to read, '
    'number {0}</span><img src="/i/{0}.webp" alt="" width="80" height="80"></a></li>\n'
)


class FullShop(Shop):
    """A shop whose product pages are as long as real ones, and are made once."""

    kilobytes = 0

    @lru_cache(maxsize=100_000)  # noqa: B019  # there is one, and it lives as long as we do
    def _page(self, target: str) -> tuple[int, bytes, dict[str, str]]:
        status, body, headers = super()._page(target)
        if target.startswith("/p/"):
            head, end, tail = body.partition(b"</body>")
            lacking = max(0, self.kilobytes * 1000 - len(body)) // len(_ROW)
            rows = "".join(_ROW.format(number) for number in range(lacking))
            body = head + f"<ul>{rows}</ul>".encode() + end + tail
        return status, body, dict(headers)


def main() -> None:
    """Open the shop and answer questions about its log."""
    goods = make_catalogue("Hogarvela", _DAY, share=0.0, extra=int(sys.argv[1]))
    FullShop.kilobytes = int(sys.argv[2])
    with FullShop(goods, lambda: _DAY, knobs=Knobs(robots_seconds=_ROBOTS_SECONDS)) as shop:
        total = sum(each.price_on(_DAY) for each in goods.articles)
        print(shop.url, total, flush=True)
        for line in sys.stdin:
            asked, shop.log = shop.log, []
            print(sum(each.path.startswith(line.strip()) for each in asked), flush=True)


if __name__ == "__main__":
    main()
