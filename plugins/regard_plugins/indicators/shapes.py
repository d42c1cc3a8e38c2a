"""
The shapes in which series are exported, told by their headers.

Long: a row for each value, as in SDMX-CSV, in the files of INE and in plain lists. Wide: a
column for each period, as in the tables of Eurostat. Footfall: how many came, by place and day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from regard.mapping.headers import fold
from regard_plugins.indicators.periods import is_period

__all__ = ["Shape", "shape_of"]

_NAMES: dict[str, tuple[str, ...]] = {
    "series": ("series", "serie", "indicator", "indicador", "indicateur", "variable", "id_series"),
    "dataflow": ("dataflow", "structure_id"),
    "region": (
        *("geo", "region", "ref_area", "country", "area", "geography", "geopolitical entity"),
        *("geopolitical entity (reporting)", "reporter", "pais", "provincias", "provincia"),
        *("comunidades y ciudades autonomas", "comunidad autonoma", "municipios", "pays"),
        *("departement", "zone geographique", "total nacional"),
    ),
    "place": (
        *("place", "store", "shop", "site", "tienda", "centro", "local", "magasin", "lieu"),
        *("site name", "store name", "location", "nombre tienda", "establecimiento"),
    ),
    "period": (
        *("time_period", "time", "period", "date", "day", "month", "year", "quarter"),
        *("periodo", "fecha", "dia", "mes", "ano", "trimestre"),
        *("periode", "jour", "mois", "annee"),
    ),
    "value": (
        *("obs_value", "value", "values", "valor", "valeur", "total", "dato", "indice", "index"),
    ),
    "footfall": (
        *("footfall", "visitors", "visits", "entries", "entrances", "people", "in", "count"),
        *("traffic in", "traffic", "ins", "visitors in", "total in", "footfall in"),
        *("visitantes", "visitas", "entradas", "afluencia", "personas", "aforo"),
        *("visiteurs", "visites", "entrees", "frequentation", "passages", "affluence"),
    ),
    "unit": ("unit", "unit_measure", "unidad", "unite", "unit of measure"),
    "published": (
        *("last update", "updated", "published", "published_on", "publication date", "release"),
        *("publicado", "fecha de publicacion", "publie le", "date de publication"),
        *("derniere mise a jour", "last_update"),
    ),
    "status": ("obs_status", "obs_flag", "flag", "status", "estado", "statut", "flags"),
    "hour": ("hour", "time of day", "hora", "heure"),
}
_NOISE = frozenset(
    fold(name)
    for name in (
        *("structure", "structure_name", "action", "conf_status", "decimals", "unit_mult"),
        *("time_format", "obs_conf", "last update", "obs_flag", "observation value"),
        *("observation status (flag)", "confidentiality status (flag)", "title", "collection"),
    )
)
"""Columns of SDMX-CSV that tell nothing about which series a value belongs to."""

_WIDE = 3
"""So many columns that are periods make a wide table."""


@dataclass(frozen=True, slots=True)
class Shape:
    """
    Which column is what.

    Attributes:
        name: ``sdmx``, ``long``, ``wide`` or ``footfall``.
        places: For each of ``series``, ``dataflow``, ``region``, ``place``, ``period``,
            ``value``, ``unit``, ``published``, ``status`` and ``hour`` its column, if it has one.
        dimensions: The columns that tell series apart beside these.
        periods: The columns that are periods, in a wide table.
    """

    name: str
    places: dict[str, int]
    dimensions: tuple[int, ...] = ()
    periods: tuple[tuple[int, str], ...] = ()


def shape_of(header: Sequence[str]) -> Shape | None:
    """Return the shape of a table, or None where it holds no series."""
    names = [fold(name) for name in header]
    wide = tuple((at, name) for at, name in enumerate(header) if is_period(name))
    if len(wide) >= _WIDE:
        return _wide(names, wide)
    places = {
        role: at
        for role, known in _NAMES.items()
        if (at := next((names.index(name) for name in known if name in names), None)) is not None
    }
    if "period" not in places:
        return None
    if "value" not in places and "footfall" in places:
        return _footfall(names, places)
    places.pop("footfall", None)
    if "value" not in places:
        return None
    # "Total" is the value in the files of INE; elsewhere it may be one of several columns.
    official = "dataflow" in places or "obs_value" in names
    rest = tuple(at for at in _rest(names, places) if at not in _labels(names))
    known = {"series", "region", "dataflow", "unit", "published"} & places.keys()
    if not official and not known and not rest and names[places["value"]] == "total":
        return None
    return Shape("sdmx" if official else "long", places, rest)


def _labels(names: Sequence[str]) -> set[int]:
    """Return the columns of SDMX-CSV that say again in words what the code before them says."""
    if "structure_name" not in names or "time_period" not in names:
        return set()
    # Codes and labels take turns.
    first, period = names.index("structure_name") + 2, names.index("time_period")
    return {*range(first, period, 2), *range(period + 1, len(names))}


def _wide(names: Sequence[str], wide: tuple[tuple[int, str], ...]) -> Shape:
    taken = {at for at, _ in wide}
    left = [at for at in range(len(names)) if at not in taken]
    places = {
        role: at
        for role in ("series", "region", "place", "unit", "published")
        if (at := next((at for at in left if names[at] in _NAMES[role]), None)) is not None
    }
    rest = tuple(at for at in left if at not in places.values() and names[at] not in _NOISE)
    return Shape("wide", places, rest, wide)


def _footfall(names: Sequence[str], places: dict[str, int]) -> Shape | None:
    if "place" not in places and "region" not in places:
        return None
    found = {"value": places["footfall"], "period": places["period"]}
    found["place"] = places.get("place", places.get("region", 0))
    if "hour" in places:
        found["hour"] = places["hour"]
    return Shape("footfall", found)


def _rest(names: Sequence[str], places: dict[str, int]) -> tuple[int, ...]:
    taken = set(places.values())
    return tuple(
        at for at, name in enumerate(names) if at not in taken and name and name not in _NOISE
    )
