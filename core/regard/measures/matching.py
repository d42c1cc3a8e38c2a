"""
Offers of others that may be products of ours: for people to decide, never decided here.

Titles are alike in words, and a word that sets two articles apart counts against them: where both
have a model number, or both a size, none of which they share, they are not proposed at all. The
same goes for two brands.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2s
from typing import Final
from unicodedata import category, normalize

from regard.errors import UsageError
from regard.measures.cells import as_number, as_text
from regard.measures.pairing import PAIRED
from regard.views import View

__all__ = ["ENOUGH", "Proposal", "pair_id", "proposals"]

ENOUGH: Final = 75
"""How alike two titles must be to be proposed, of 100."""

_TRIED: Final = 25
"""How many products with words in common are looked at closely for an offer."""

_WORD: Final = re.compile(r"[^\W_]+(?:[.,]\d+)?")
_MODEL: Final = re.compile(r"(?=.*\d)(?=.*[a-z])[a-z0-9]{4,}|\d{4,}")
_SIZE: Final = re.compile(r"\d+(?:[.,]\d+)?[a-z]{0,3}")


@dataclass(frozen=True, slots=True)
class Proposal:
    """
    An offer of somebody else beside the product of ours that it resembles most.

    Attributes:
        source: The source of the offer.
        offer: Its key.
        competitor: Whose it is, by the name in reports.
        title: What it is called there.
        price: What it costs there.
        currency: In which currency.
        product_source: The source of the product.
        product: Its key.
        name: What we call it.
        score: How alike the two are, 0 to 100.
    """

    source: str
    offer: str
    competitor: str
    title: str
    price: Decimal | None
    currency: str | None
    product_source: str
    product: str
    name: str
    score: int

    @property
    def id(self) -> str:
        """How the two are called in commands."""
        return pair_id(self.source, self.offer, self.product_source, self.product)


def pair_id(source: str, offer: str, product_source: str, product: str) -> str:
    """Return eight hexadecimal digits for an offer and a product, always the same ones."""
    text = "\0".join((source, offer, product_source, product))
    return blake2s(text.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()


@dataclass(frozen=True, slots=True)
class _Title:
    """A title by its words."""

    words: tuple[str, ...]
    models: frozenset[str]
    sizes: frozenset[str]
    brand: str

    @classmethod
    def of(cls, text: str, brand: str | None) -> _Title:
        words = tuple(_WORD.findall(_folded(text)))
        models = frozenset(each for each in words if _MODEL.fullmatch(each))
        sizes = frozenset(each for each in words if _SIZE.fullmatch(each)) - models
        return cls(words, models, sizes, _folded(brand or ""))

    def contradicts(self, other: _Title) -> bool:
        """Say whether a word sets the two apart."""
        return (
            (bool(self.brand and other.brand) and self.brand != other.brand)
            or _apart(self.models, other.models)
            or _apart(self.sizes, other.sizes)
        )


def _apart(some: frozenset[str], others: frozenset[str]) -> bool:
    return bool(some and others) and not some & others


def _folded(text: str) -> str:
    letters = normalize("NFKD", text.casefold())
    return "".join(each for each in letters if category(each) != "Mn").strip()


def proposals(view: View, *, enough: int = ENOUGH) -> Sequence[Proposal]:
    """
    Return the offers that are none of our products yet, each with the one that it resembles most.

    What people rejected is not proposed again. The likeness is the mean of rapidfuzz's
    ``token_sort_ratio`` and ``token_set_ratio``: https://rapidfuzz.github.io/RapidFuzz/.

    Args:
        view: What to read.
        enough: How alike they must be, 0 to 100.

    Raises:
        UsageError: The extra ``match`` is not installed.
    """
    try:
        # Only here: nothing else compares words.
        from rapidfuzz import fuzz
    except ImportError as error:
        message = "proposing matches needs rapidfuzz: pip install 'regard[match]'"
        raise UsageError(message) from error

    products = _products(view)
    titles = {key: _Title.of(name, brand) for key, (name, brand) in products.items()}
    index = _index(titles)
    refused = _refused(view)
    found = []
    for source, offer, rival, title, brand, price, currency in _open_offers(view):
        theirs = _Title.of(title, brand)
        text = " ".join(theirs.words)
        best: tuple[float, tuple[str, str]] | None = None
        for key in _candidates(theirs, index):
            ours = titles[key]
            if (source, offer, *key) in refused or theirs.contradicts(ours):
                continue
            other = " ".join(ours.words)
            score = (fuzz.token_sort_ratio(text, other) + fuzz.token_set_ratio(text, other)) / 2
            if score >= enough and (best is None or score > best[0]):
                best = score, key
        if best is not None:
            score, key = best
            found.append(
                Proposal(
                    source, offer, rival, title, price, currency, *key, products[key][0],
                    round(score),
                )
            )  # fmt: skip
    return sorted(found, key=lambda each: (-each.score, each.competitor, each.title, each.offer))


def _open_offers(
    view: View,
) -> Iterable[tuple[str, str, str, str, str | None, Decimal | None, str | None]]:
    query = f"""{PAIRED}
        SELECT t.source, t.key, t.rival, t.product_name, t.brand, t.price, t.currency
        FROM theirs AS t LEFT JOIN chosen AS c ON c.ts = t.source AND c.tk = t.key
        WHERE c.ts IS NULL AND t.product_name IS NOT NULL ORDER BY t.source, t.key"""
    for source, key, rival, title, brand, price, currency in view.sql(query).rows():
        yield (
            str(source), str(key), str(rival), str(title), as_text(brand), as_number(price),
            as_text(currency),
        )  # fmt: skip


def _products(view: View) -> Mapping[tuple[str, str], tuple[str, str | None]]:
    rows = view.sql(
        "SELECT source, key, name, brand FROM products WHERE name IS NOT NULL ORDER BY source, key"
    ).rows()
    return {(str(row[0]), str(row[1])): (str(row[2]), as_text(row[3])) for row in rows}


def _refused(view: View) -> frozenset[tuple[str, str, str, str]]:
    """Return what was rejected, as all products of one article are with one of them."""
    query = f"""{PAIRED}
        SELECT r.ts, r.tk, o.source, o.key FROM refused AS r
        JOIN known_as AS o ON o.os = r.os AND o.ok = r.ok"""
    rows = view.sql(query).rows()
    return frozenset((str(row[0]), str(row[1]), str(row[2]), str(row[3])) for row in rows)


def _index(titles: Mapping[tuple[str, str], _Title]) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return which products have a word in their titles."""
    index: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for key, title in titles.items():
        for word in dict.fromkeys(title.words):
            index[word].append(key)
    return index


def _candidates(
    title: _Title, index: Mapping[str, Sequence[tuple[str, str]]]
) -> Sequence[tuple[str, str]]:
    """Return products that share words with a title; a rare word says more than a common one."""
    weights: Counter[tuple[str, str]] = Counter()
    for word in dict.fromkeys(title.words):
        having = index.get(word, ())
        for key in having:
            # A thousandth is fine enough to tell them apart, and whole numbers add up the same.
            weights[key] += 1 + 1000 // len(having)
    return [key for key, _ in sorted(weights.items(), key=lambda it: (-it[1], it[0]))[:_TRIED]]
