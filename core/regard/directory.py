"""
What the configuration knows by name and data only mentions: places, competitors, surveys.

Each system writes a shop's or a competitor's name in its own way. Records keep what was
written; whoever measures asks the directory what is meant. A view offers it as tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

__all__ = ["NOTHING_NAMED", "Directory", "Match", "Named", "Survey"]


@dataclass(frozen=True, slots=True)
class Named:
    """
    A place or a competitor.

    Attributes:
        key: What the configuration calls it.
        name: As reports call it.
        aliases: What else it is called in the data.
    """

    key: str
    name: str
    aliases: tuple[str, ...] = ()

    @property
    def spellings(self) -> tuple[str, ...]:
        """All that stands for it."""
        return tuple(dict.fromkeys((self.key, self.name, *self.aliases)))


@dataclass(frozen=True, slots=True)
class Survey:
    """
    A survey that is known by name.

    Attributes:
        name: As its answers carry it.
        invited: How many were asked; None: nobody has said.
    """

    name: str
    invited: int | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """
    That an offer of somebody else is, or is not, one of our products.

    Attributes:
        source: The source of the offer.
        offer: Its key.
        product_source: The source of the product.
        product: Its key.
        state: ``confirmed`` or ``rejected``.
    """

    source: str
    offer: str
    product_source: str
    product: str
    state: str


@dataclass(frozen=True, slots=True)
class Directory:
    """
    All that is known by name.

    Attributes:
        places: Our places.
        competitors: Those we compete with.
        surveys: The surveys.
        journey: The stages of a customer's journey, in their order; empty: the usual ones.
        themes: What suggestions may speak of beside the bundled themes, or as one of them, each
            with the words that tell it.
        bundled_themes: The bundled themes that count; None: all.
        customers: For a source the one that its ``customer_key`` refers to, where that is
            another one.
        tax_included: Whether our own prices are with tax; None: nobody has said.
        vat: The rate of the tax, 0 to 1; None: nobody has said.
        minimum: The column of our products that says their least advertised price.
        matches: What people decided about offers and products.
        counts: For a source the kinds that it is believed for; sources left out are believed
            for all.
    """

    places: tuple[Named, ...] = ()
    competitors: tuple[Named, ...] = ()
    surveys: tuple[Survey, ...] = ()
    journey: tuple[str, ...] = ()
    themes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    bundled_themes: tuple[str, ...] | None = None
    customers: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    tax_included: bool | None = None
    vat: Decimal | None = None
    minimum: str | None = None
    matches: tuple[Match, ...] = ()


NOTHING_NAMED: Final = Directory()
"""The directory of a project that names nothing."""
