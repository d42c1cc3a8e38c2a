"""
Whether a site still looks as it did: pages that had records and have none, fields that vanish.

A redesign does not announce itself. It shows in the first look after it, because every page is
compared with what the same page gave before; no threshold has to be guessed for a site.

What a record is known by may change, too: dates are gone, authors masked, articles numbered anew.
All of a page's records are then others, and would be stored again beside themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
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
    _known: int = 0
    _turned: list[frozenset[int]] = field(default_factory=list)
    _met: set[int] = field(default_factory=set)

    def page(self, *, before: int, now: int) -> None:
        """Hear how many records a page gave before, and how many it gives now."""
        if before:
            self._full += 1
            self._bare += not now

    def turns(self, before: Collection[str], now: Collection[str]) -> bool:
        """
        Hear the keys of a page's records, and say whether all of them are others than before.

        Args:
            before: Those of the look before, by the same rules; empty: nobody knows.
            now: Those of this look.
        """
        # Of keys only hashes: a run may meet a hundred thousand.
        self._met.update(map(hash, now))
        self._known += bool(before and now)
        turned = bool(before and now) and set(before).isdisjoint(now)
        if turned:
            self._turned.append(frozenset(map(hash, before)))
        return turned

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
        if self._is_much(self._bare, self._full):
            return f"{self._bare} of {self._full} pages that had records have none"
        # What new reviews pushed on to another page is still there.
        turned = sum(self._met.isdisjoint(before) for before in self._turned)
        if self._is_much(turned, self._known):
            return f"{turned} of {self._known} pages that had records have only others"
        return None

    def _is_much(self, lost: int, whole: int) -> bool:
        return lost >= _LEAST and lost > self.drop * whole

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
            if self._is_much(lost, self._had[name])
        ]
