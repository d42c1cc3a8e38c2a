"""
Recorded pages: what a site's pages were, and what was read on them, as tests of its rules.

Each lies in a folder of its own, ``sites/NAME/SLUG``: the body as it was sent, or as its scripts
left it, where and when it was fetched, and the records that were expected of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from regard.errors import FileError
from regard_scrapers.pages.outcomes import Outcome
from regard_scrapers.pages.reading import read_page
from regard_scrapers.sites import Site
from regard_scrapers.spiders.answers import manner_of

__all__ = ["Change", "Recording", "changes", "expected_of", "recordings", "slug_of"]

PAGE: Final = "page.html"
ABOUT: Final = "about.json"
EXPECTED: Final = "expected.json"


@dataclass(frozen=True, slots=True)
class Recording:
    """
    A recorded page.

    Attributes:
        folder: Where it lies.
        url: Where it was found.
        fetched_at: When; relative dates on it count from then.
        encoding: What the server said of it.
        rendered: Its scripts had run before it was saved.
    """

    folder: Path
    url: str
    fetched_at: datetime
    encoding: str | None = None
    rendered: bool = False

    @property
    def name(self) -> str:
        """What people call it."""
        return self.folder.name

    def read(self, site: Site) -> Outcome:
        """
        Return what the page says by the site's rules of today.

        Raises:
            FileError: The page is not there any more, or cannot be read.
        """
        path = self.folder / PAGE
        try:
            body = path.read_bytes()
        except OSError as error:
            message = f"{path}: {error.strerror or error}; record the page again"
            raise FileError(message) from error
        return read_page(
            body, self.url, manner_of(site), now=self.fetched_at, encoding=self.encoding
        )

    def expected(self) -> dict[str, Any]:
        """
        Return the records that were expected.

        Raises:
            FileError: They cannot be read.
        """
        path = self.folder / EXPECTED
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            message = f"{path}: {error}"
            raise FileError(message) from error
        if not isinstance(found, dict):
            message = f"{path}: it holds no records"
            raise FileError(message)
        return found

    def save(self, body: bytes, outcome: Outcome) -> None:
        """Write the page and what is read on it now."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / PAGE).write_bytes(body)
        about = {
            "url": self.url,
            "fetched_at": self.fetched_at.isoformat(),
            "encoding": self.encoding,
            **({"rendered": True} if self.rendered else {}),
        }
        _write(self.folder / ABOUT, about)
        self.expect(outcome)

    def expect(self, outcome: Outcome) -> None:
        """Write what is read on the page now as what is expected of it."""
        _write(self.folder / EXPECTED, expected_of(outcome))


def _write(path: Path, data: Mapping[str, Any]) -> None:
    text = json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    path.write_text(text, encoding="utf-8")


def slug_of(url: str) -> str:
    """Return a folder's name for an address."""
    parts = urlsplit(url)
    text = re.sub(r"[^a-z0-9]+", "-", f"{parts.path}-{parts.query}".casefold()).strip("-")
    return text[:80] or "home"


def recordings(root: Path, site: str) -> Iterator[Recording]:
    """
    Yield the recorded pages of a site.

    Raises:
        FileError: A folder's description cannot be read.
    """
    for about in sorted((root / "sites" / site).glob(f"*/{ABOUT}")):
        try:
            said = json.loads(about.read_text(encoding="utf-8"))
            at = datetime.fromisoformat(said["fetched_at"])
            encoding, rendered = said.get("encoding"), bool(said.get("rendered"))
            yield Recording(about.parent, str(said["url"]), at, encoding, rendered)
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"{about}: {error}"
            raise FileError(message) from error


def expected_of(outcome: Outcome) -> dict[str, Any]:
    """Return what a page says in a form that can be written down; authors are left out."""
    return {
        "offers": [_plain(each.fields) for each in outcome.offers],
        "reviews": [_plain(each.fields) for each in outcome.reviews],
        "problems": [
            *(each.code for each in outcome.problems),
            *(problem.code for offer in outcome.offers for problem in offer.problems),
        ],
    }


def _plain(value: object) -> Any:  # noqa: ANN401  # JSON
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value


@dataclass(frozen=True, slots=True)
class Change:
    """
    One field that is no longer what was expected.

    Attributes:
        place: Such as ``offers[0].price``.
        expected: What it was; None: nothing.
        found: What it is now; None: nothing.
    """

    place: str
    expected: object
    found: object


def changes(expected: Mapping[str, Any], found: Mapping[str, Any]) -> list[Change]:
    """Return each field in which two readings of a page differ."""
    return list(_differences("", dict(expected), dict(found)))


def _differences(place: str, one: object, other: object) -> Iterator[Change]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted({*one, *other}):
            inner = f"{place}.{name}" if place else str(name)
            yield from _differences(inner, one.get(name), other.get(name))
    elif isinstance(one, list) and isinstance(other, list):
        for at in range(max(len(one), len(other))):
            first = one[at] if at < len(one) else None
            second = other[at] if at < len(other) else None
            yield from _differences(f"{place}[{at}]", first, second)
    elif one != other:
        yield Change(place, one, other)
