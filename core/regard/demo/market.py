"""
The competitors' shops, open on this machine, at the ports that their sites' files name.

A port that another program has is replaced by a free one, in the site's file as well. Nothing
that is stored depends on it: pages name the address at which the shop would be on the web.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Final

from regard.demo.rivals import Rival
from regard.demo.seasons import ZONE
from regard.demo.shop.server import Shop

__all__ = ["Market", "site_file"]

_HERE: Final = re.compile(r"127\.0\.0\.1:(\d{1,5})\b")
_SITE: Final = """\
# The shop of a competitor: it is on this machine, and open while `regard demo` runs.
# `regard demo --serve` opens it for longer.

competitor = "{key}.example"
contact = "mailto:prices@shop.example"
currency = "EUR"
country = "ES"
number_format = "1.234,56"
tax_included = true
delay = 0.0                       # without allow_hosts it is a second at least
allow_hosts = ["127.0.0.1:{port}"]

[discover]
sitemap = "http://127.0.0.1:{port}/sitemap.xml"

[reviews]
next = "a[rel=next]"              # where an article has more reviews than a page
"""
_RULE: Final = """
# Its structured data says what an article costs, but not what it cost before a promotion.
[offer]
list_price = {css = "del", within = ".product"}
"""


def site_file(rival: Rival) -> bytes:
    """Return the site's file of a competitor."""
    rule = _RULE if rival.syntax == "microdata" else ""
    return (_SITE.format(key=rival.key, port=rival.port) + rule).encode()


class Market:
    """
    The shops of a demo. Use it in a ``with`` block: they are closed after it.

    Args:
        root: The demo's folder.
        rivals: Whose shops they are.
        now: Gives the time at which they are looked at.

    Attributes:
        at: The time at which they are looked at instead; None: it is as late as it is.
    """

    def __init__(self, root: Path, rivals: Iterable[Rival], now: Callable[[], datetime]) -> None:
        self.at: datetime | None = None
        self.shops: list[Shop] = []
        self._root = root
        self._rivals = tuple(rivals)
        self._now = now
        self._stack = ExitStack()

    def __enter__(self) -> Market:
        with ExitStack() as stack:
            for rival in self._rivals:
                shop = self._open(rival)
                if shop is not None:
                    self.shops.append(stack.enter_context(shop))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def today(self) -> date:
        """The day on which the shops are looked at."""
        return (self.at or self._now()).astimezone(ZONE).date()

    def _open(self, rival: Rival) -> Shop | None:
        """Open a shop; None where somebody made its site's file one of another shop."""
        path = self._root / rival.site
        text = path.read_text(encoding="utf-8")
        named = _HERE.search(text)
        if named is None:
            return None
        try:
            return self._shop(rival, int(named[1]))
        except (OSError, OverflowError):
            shop = self._shop(rival, 0)
        temporary = path.with_name(f".{path.name}.new")
        temporary.write_text(text.replace(named[0], shop.host), encoding="utf-8")
        temporary.replace(path)
        return shop

    def _shop(self, rival: Rival, port: int) -> Shop:
        return Shop(
            rival.catalogue,
            lambda: self.today,
            syntax=rival.syntax,
            port=port,
            home=rival.home,
        )
