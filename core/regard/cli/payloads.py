"""
What a refused record held, as one may show it.

Nobody has looked at it, so everything is masked but what is known to be harmless: the columns
that the source's map or profile reads into fields that say nothing about a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from regard.cli.app import App
from regard.errors import ConfigError
from regard.mapping import FieldMap, fields_by_column, load_profiles, profile_named, recognise
from regard.privacy import Pii, mask_text, mask_value
from regard.records import Kind, kind_named
from regard.store import RefusedRecord

__all__ = ["masked", "title_is_harmless"]

_ORDER = (Pii.NONE, Pii.PSEUDONYM, Pii.PERSONAL, Pii.SENSITIVE)


def masked(item: RefusedRecord, app: App) -> dict[str, Any]:
    """
    Return a refused record's payload without what is or may be personal.

    Args:
        item: With its payload.
        app: Its project says what the columns mean.
    """
    raw = item.raw if item.raw is not None else ""
    if isinstance(raw, str):
        return {"text": f"({len(raw)} characters)" if raw else ""}
    spec = _spec(item, raw, app)
    harmless = title_is_harmless(_basis(item, spec, app))
    meant = fields_by_column(list(raw), spec) if spec is not None else {}
    kind = kind_named(item.kind)
    shown: dict[str, Any] = {}
    for name, value in raw.items():
        # A source without a map names its columns as the fields are called.
        fields = meant.get(name, () if spec is not None else (name,))
        shown[name] = _shown(value, _pii(fields, kind, harmless=harmless))
    return shown


def title_is_harmless(basis: object) -> bool:
    """
    Say whether what a purchase calls its product says nothing about a person.

    A till's article does not; the title of a deal and the text of a payment often are somebody's
    name.
    """
    return basis == "sale"


def _spec(item: RefusedRecord, raw: Mapping[str, Any], app: App) -> FieldMap | None:
    """Return the map or profile that a payload was read by, as far as it can be told."""
    settings = app.project.settings.sources.get(item.source)
    try:
        if settings is not None and settings.map is not None:
            return FieldMap.model_validate(settings.map)
        profiles = load_profiles(app.host.profiles)
        if settings is not None and settings.profile is not None:
            return profile_named(settings.profile, profiles)
    except (ConfigError, ValidationError):
        return None
    return recognise(list(raw), filename=item.file or "", profiles=profiles).profile


def _pii(fields: Iterable[str], kind: Kind, *, harmless: bool) -> Pii | None:
    """Return how personal a column is at worst; None: nobody knows."""
    classes: list[Pii] = []
    for field in fields:
        if field == "key":
            classes.append(Pii.PSEUDONYM)
        elif field == "product_name" and not harmless:
            classes.append(Pii.PERSONAL)
        elif field in kind.fields:
            classes.append(Pii(kind.pii(field)))
        elif field == "as_of":
            classes.append(Pii.NONE)
        else:
            return None
    return max(classes, key=_ORDER.index, default=None)


def _basis(item: RefusedRecord, spec: FieldMap | None, app: App) -> object:
    settings = app.project.settings.sources.get(item.source)
    said = (settings and settings.basis) or (spec and (spec.basis or spec.constants.get("basis")))
    return said or "sale"


def _shown(value: object, pii: Pii | None) -> object:
    if value is None or value == "":
        return value
    if pii is None:
        return f"({len(str(value))} characters)"
    return mask_text(str(value)) if pii is Pii.NONE else mask_value(value, pii)
