"""The reference of sites/NAME.toml, from the models that check it."""

from __future__ import annotations

from docstrings import attributes, summary, table
from pages_of_settings import _HEADER, _default, _keys
from pydantic import BaseModel

from regard_scrapers.pages.rules import OfferRules, ReviewRules, Rule
from regard_scrapers.sites import (
    Discovery,
    Expectations,
    Javascript,
    Listing,
    Matching,
    Site,
)

_TABLES: tuple[tuple[type[BaseModel], str], ...] = (
    (Discovery, "`[discover]`"),
    (Listing, "`list` of `[discover]`"),
    (Javascript, "`javascript`"),
    (OfferRules, "`[offer]`"),
    (ReviewRules, "`[reviews]`"),
    (Rule, "One rule"),
    (Expectations, "`[expect]`"),
    (Matching, "`[match]`"),
)


def site_keys() -> str:
    """Return the top level and a section for each table."""
    top = [name for name in Site.model_fields if name != "name"]
    parts = ["## Top level\n", _keys(Site, top, Site.model_json_schema())]
    for model, heading in _TABLES:
        parts.append(f"## {heading}\n")
        if model in (OfferRules, ReviewRules):
            parts.append(_rules(model))
        else:
            parts.append(_keys(model, list(model.model_fields), model.model_json_schema()))
    return "\n".join(parts)


def _rules(model: type[BaseModel]) -> str:
    """Return the keys of a table of rules; most mean what the field of their kind does."""
    meanings = attributes(model)
    rows = [
        (f"`{name}`", "text" if name in ("each", "next") else "rule", _default(field),
         meanings.get(name, ""))
        for name, field in model.model_fields.items()
    ]  # fmt: skip
    return f"{summary(model).partition(': ')[2].capitalize()}\n\n{table(_HEADER, rows)}"
