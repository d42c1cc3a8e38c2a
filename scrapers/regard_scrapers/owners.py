"""
Which page an offer is taken from, where several of a site have it.

One article on two pages at two prices would change its price at each look, with whichever of
them comes first. So the first page that has it keeps it, also while it is on its way, where it
was read on the day before, and where it fails for once.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from regard.frontier import Address
from regard_scrapers.records import Aside, terms_of

__all__ = ["Owners"]

Stored: TypeAlias = Callable[[Sequence[str]], Mapping[str, Mapping[str, Any]]]


class Owners:
    """
    Remembers by key which page has an offer.

    Args:
        stored: Returns what is stored of keys.
    """

    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        # Of terms only hashes: a run may meet a hundred thousand offers.
        self._owners: dict[str, tuple[str, int | None]] = {}

    def expect(self, url: str, keys: Iterable[str]) -> None:
        """Hear which offers a page had when it was last read."""
        for key in keys:
            self._owners.setdefault(key, (url, None))

    def awaited(self, url: str, keys: Iterable[str], out: Container[str]) -> str | None:
        """Return the page among those on their way whose offers a page has, too; None: none."""
        owners = (self._owners.get(key, (url, None))[0] for key in keys)
        return next((owner for owner in owners if owner != url and owner in out), None)

    def release(self, given: Address, keys: Iterable[str] = ()) -> None:
        """Hear that a page was read, and which offers it still has."""
        for key in set(given.keys or ()).difference(keys):
            if self._owners.get(key, ("", None))[0] == given.url:
                del self._owners[key]

    def sort(
        self, url: str, records: Iterable[dict[str, Any]]
    ) -> tuple[list[dict[str, Any]], list[str], list[Aside]]:
        """
        Return a page's offers that are its own, and the keys of those that another one has.

        Those that another page has on other terms come last, to be put aside.
        """
        own, again, aside = [], [], []
        for each in records:
            key, here = each["key"], hash(terms_of(each))
            where, there = self._owners.get(key, (url, None))
            if where != url and there is None:
                stored = self._stored([key]).get(key)
                # What was never stored is nobody's.
                where, there = (url, None) if stored is None else (where, hash(terms_of(stored)))
            if where == url:
                self._owners[key] = (url, here)
                own.append(each)
            elif here == there:
                again.append(key)
            else:
                aside.append(Aside(each, "same-offer-twice", None, f"{where} has it otherwise"))
        return own, again, aside
