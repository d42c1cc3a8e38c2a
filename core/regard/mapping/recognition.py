"""Which vendor's export a file is, told by its headers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePath

from regard.mapping.headers import Columns
from regard.mapping.maps import FieldMap
from regard.mapping.profiles import Profile

__all__ = ["Near", "Recognition", "fields_by_column", "missing", "recognise"]

_NEAREST = 3


@dataclass(frozen=True, slots=True)
class Near:
    """
    A profile that does not fit.

    Attributes:
        profile: The profile.
        missing: The required headers that the file lacks; of alternatives the first.
        known: How many of the file's headers the profile knows.
    """

    profile: Profile
    missing: tuple[str, ...]
    known: int


@dataclass(frozen=True, slots=True)
class Recognition:
    """
    What a file's headers were recognised as.

    Attributes:
        profile: The profile that fits best, or None.
        nearest: Where none fits: the nearest ones, best first.
    """

    profile: Profile | None
    nearest: tuple[Near, ...] = ()


def missing(columns: Columns, profile: Profile) -> tuple[str, ...]:
    """Return the required headers that a file lacks; of alternatives the first."""
    return tuple(
        group[0] for group in profile.required if not any(columns.has(each) for each in group)
    )


def fields_by_column(header: Sequence[str], spec: FieldMap) -> dict[str, frozenset[str]]:
    """
    Return what the columns of a file mean to a map or profile.

    Args:
        header: The file's column names.
        spec: The map or profile.

    Returns:
        For each column that is read the fields it fills, ``key`` and ``as_of`` among them.
    """
    columns = Columns(header, spec.aliases if isinstance(spec, Profile) else None)
    found: dict[str, set[str]] = {}
    meant = [(name, "key") for parts in spec.key for name in parts]
    meant += [(name, "as_of") for name in spec.as_of]
    for field, sources in spec.fields.items():
        meant += [(name, field) for source in sources for name in source.columns]
    for name, field in meant:
        place = columns.find(name)
        if place is not None:
            found.setdefault(header[place], set()).add(field)
    return {name: frozenset(fields) for name, fields in found.items()}


def _near(header: Sequence[str], profile: Profile) -> tuple[Near, Columns]:
    columns = Columns(header, profile.aliases)
    found = {columns.find(name) for name in profile.columns} - {None}
    return Near(profile, missing(columns, profile), len(found)), columns


def recognise(
    header: Sequence[str], *, filename: str = "", profiles: Iterable[Profile]
) -> Recognition:
    """
    Return the profile that fits a file's headers best.

    A profile fits if all its required headers are there and none that speaks against it.
    Of several that fit, the one with more required and marker headers is taken, then the one
    that knows more of the file's headers, then one whose pattern fits the file's name, then
    the first by name.

    Args:
        header: The file's column names.
        filename: Its name, with or without a path.
        profiles: Those to choose from.
    """
    name = PurePath(filename).name.casefold()
    fitting: list[tuple[tuple[int, int, bool], Profile]] = []
    others: list[Near] = []
    for profile in sorted(profiles, key=lambda each: each.name):
        near, columns = _near(header, profile)
        against = any(columns.has(each) for each in profile.without)
        if near.missing or against:
            if near.missing and near.known:
                others.append(near)
            continue
        marks = sum(columns.has(each) for each in profile.fingerprint)
        named = any(fnmatchcase(name, pattern.casefold()) for pattern in profile.files)
        fitting.append(((len(profile.required) + marks, near.known, named), profile))
    if fitting:
        return Recognition(max(fitting, key=lambda each: each[0])[1])
    others.sort(key=lambda near: (len(near.missing), -near.known, near.profile.name))
    return Recognition(None, tuple(others[:_NEAREST]))
