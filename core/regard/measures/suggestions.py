"""Suggestions by theme: what people ask for, told by plain words in English, Spanish, French."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from regard.measures.cells import as_count
from regard.measures.periods import bounds, during
from regard.reports import Period
from regard.views import View

__all__ = ["THEMES", "Themes", "count_contacts", "suggestions_by_theme"]

THEMES: Final[Mapping[str, str]] = {
    "price": "price pricing pricey expensive cheap discount precio caro cara barat descuento prix "
    "cher remise",
    "waiting": "wait queue slow till espera cola lento lenta tarda attente attend lent",
    "staff": "staff employee rude friendly emplead amable vendedor personnel vendeu accueil",
    "hours": "open closed closing hours sunday abri abre horario domingo cerrad ouver ouvr "
    "horaire dimanche",
    "delivery": "deliver ship parcel envio entrega paquete livr colis",
    "product": "product quality stock size vegan selection producto calidad talla surtido produit "
    "qualite taille",
    "web": "web site online pagina internet",
    "cleanliness": "clean dirty toilet limpi suci propre",
    "access": "park bike access lift aparca bici ascensor velo ascenseur stationn",
    "returns": "return refund exchange devol reembols cambio retour rembours echange",
}
"""By theme: stems of words that tell it, without accents. One text may speak of several."""


@dataclass(frozen=True, slots=True)
class Themes:
    """
    What suggestions speak of.

    Attributes:
        counts: By theme, the most frequent first; ``other`` where no word tells one.
        n: How many suggestions; one may have several themes.
    """

    counts: tuple[tuple[str, int], ...]
    n: int


def suggestions_by_theme(view: View, period: Period) -> Themes:
    """Count the suggestions of a period by theme."""
    tells = ", ".join(
        f"regexp_matches(said, '\\b({stems.replace(' ', '|')})') AS {theme}"
        for theme, stems in THEMES.items()
    )
    counted = ", ".join(f"count(*) FILTER ({theme}) AS {theme}" for theme in THEMES)
    none = " OR ".join(THEMES)
    query = f"""
        WITH texts AS (
            SELECT lower(strip_accents(coalesce(subject, '') || ' ' || coalesce(text, ''))) AS said
            FROM touchpoints WHERE type = 'suggestion' AND {during("happened_at")}
        ), told AS (SELECT {tells} FROM texts)
        SELECT {counted}, count(*) FILTER (NOT ({none})) AS other, count(*) AS n FROM told"""
    row = view.sql(query, **bounds(period)).one()
    n = as_count(row.pop("n"))
    counts = [(theme, as_count(count)) for theme, count in row.items() if as_count(count)]
    counts.sort(key=lambda one: (one[0] == "other", -one[1], one[0]))
    return Themes(tuple(counts), n)


def count_contacts(
    view: View, period: Period, stage: str
) -> tuple[tuple[str, str | None, int], ...]:
    """
    Return how many touchpoints there are by channel and stage, the most first.

    Args:
        view: What to read.
        period: In which they happened.
        stage: The SQL of a touchpoint's stage, as `regard.measures.catalogue.stage_of` gives it.
    """
    query = f"""
        SELECT coalesce(nullif(trim(channel), ''), '?') AS channel, {stage} AS stage,
               count(*) AS n
        FROM touchpoints WHERE {during("happened_at")}
        GROUP BY ALL ORDER BY n DESC, channel, stage NULLS LAST"""
    return tuple(
        (str(channel), None if at is None else str(at), as_count(n))
        for channel, at, n in view.sql(query, **bounds(period)).rows()
    )
