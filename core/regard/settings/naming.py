"""What the configuration knows by name, as measures and reports ask for it."""

from __future__ import annotations

from decimal import Decimal

from regard.directory import Directory, Named, Survey
from regard.settings.models import Settings

__all__ = ["directory_of"]


def directory_of(settings: Settings) -> Directory:
    """Return the directory of a project."""
    sources = settings.sources.items()
    return Directory(
        places=tuple(
            Named(key, place.name, place.aliases) for key, place in settings.places.items()
        ),
        competitors=tuple(
            Named(key, competitor.name, (*competitor.aliases, *competitor.sites))
            for key, competitor in settings.competitors.items()
        ),
        surveys=tuple(Survey(name, survey.invited) for name, survey in settings.surveys.items()),
        journey=settings.journey.stages,
        themes=tuple(settings.themes.own.items()),
        bundled_themes=settings.themes.bundled,
        tax_included=settings.prices.our_tax_included,
        vat=None if settings.prices.vat is None else Decimal(str(settings.prices.vat)),
        minimum=settings.prices.minimum,
        customers={name: source.customers for name, source in sources if source.customers},
        counts={
            name: frozenset(source.counts) for name, source in sources if source.counts is not None
        },
    )
