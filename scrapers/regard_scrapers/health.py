"""
Whether a site still looks as it did: pages that had records and have none, fields that vanish.

A redesign does not announce itself. It shows in the first look after it, because every page is
compared with what the same page gave before; no threshold has to be guessed for a site.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from regard.findings import Finding, Severity

__all__ = ["Health"]

_LEAST: Final = 3
"""So many pages or records must have lost something before it is more than chance."""

_WATCHED: Final = ("price", "currency", "availability", "gtin", "mpn", "brand", "product_name",
                   "rating", "text", "published_at")  # fmt: skip


@dataclass(slots=True)
class Health:
    """
    What one look at a site lost against the looks before.

    Attributes:
        site: The site.
        drop: By how much of its past a share may fall.
    """

    site: str
    drop: float
    _full: int = 0
    _bare: int = 0
    _had: Counter[str] = field(default_factory=Counter)
    _lost: Counter[str] = field(default_factory=Counter)

    def page(self, *, before: int, now: int) -> None:
        """Hear how many records a page gave before, and how many it gives now."""
        if before:
            self._full += 1
            self._bare += not now

    def records(
        self, found: Iterable[Mapping[str, Any]], before: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Compare the fields of records with those that are stored."""
        for each in found:
            known = before.get(each["key"])
            if known is None:
                continue
            for name in _WATCHED:
                if known.get(name) is not None:
                    self._had[name] += 1
                    self._lost[name] += each.get(name) is None

    @property
    def rotten(self) -> str | None:
        """Why pages can no longer be believed; None: they can."""
        if self._bare >= _LEAST and self._bare > self.drop * self._full:
            return f"{self._bare} of {self._full} pages that had records have none"
        return None

    def findings(self) -> list[Finding]:
        """Return what somebody should look at: the fields that vanish."""
        return [
            Finding(
                "coverage-fell",
                f"{name}: {lost} of {self._had[name]} records of site {self.site} that had it "
                "have lost it; do its rules still fit?",
                Severity.WARNING,
                f"{self.site}: {name}",
                n=self._had[name],
            )
            for name, lost in self._lost.items()
            if lost >= _LEAST and lost > self.drop * self._had[name]
        ]
