"""Which vendor's export a file is, told by its headers; and what to do where none fits."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePath

from regard.mapping.headers import Columns, fold
from regard.mapping.maps import FieldMap
from regard.mapping.profiles import Profile
from regard.mapping.values import shape

__all__ = ["Near", "Recognition", "explain", "fields_by_column", "missing", "recognise"]

_NEAREST = 3
_SHOWN = 40


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


def _is_data(name: str) -> bool:
    # A file without a header row has a person where a header should be.
    return "@" in name or sum(each.isdigit() for each in name) > 4


def _shown(name: str) -> str:
    return repr(name[:_SHOWN])


def _guesses(header: Sequence[str], kind: str, profiles: Iterable[Profile]) -> dict[str, str]:
    """Return the fields that columns of these names mostly have in profiles of a kind."""
    meant: dict[str, Counter[str]] = {}
    for profile in profiles:
        if profile.kind != kind:
            continue
        for field, sources in profile.fields.items():
            for column in sources[0].columns[:1]:
                names = [column]
                for headers in profile.aliases.values():
                    names += headers.get(column, ())
                for each in (*names, field):
                    meant.setdefault(fold(each), Counter())[field] += 1
    found: dict[str, str] = {}
    for name in header:
        if fields := meant.get(fold(name)):
            found.setdefault(fields.most_common(1)[0][0], name)
    return found


def _snippet(
    header: Sequence[str], nearest: Sequence[Near], profiles: Sequence[Profile], kind: str
) -> str:
    # The nearest profile may need little, and know little: what most columns speak of counts.
    kinds = dict.fromkeys(near.profile.kind for near in nearest) or {kind: None}
    guessed = {each: _guesses(header, each, profiles) for each in kinds}
    kind = max(guessed, key=lambda each: len(guessed[each]))
    guesses = guessed[kind]
    key = next((each for each in header if fold(each).split()[-1:] == ["id"]), header[0])
    fields = ", ".join(f"{field} = {_toml(name)}" for field, name in guesses.items())
    rest = [each for each in header if each not in guesses.values() and each != key]
    lines = [
        "[sources.NAME.map]",
        f'kind = "{kind}"',
        f"key = [{_toml(key)}]",
        f"fields = {{{fields}}}",
    ]
    if rest:
        lines.append(f"# not mapped: {', '.join(_shown(each) for each in rest[:_SHOWN])}")
    lines.append('# dates = "day-first"')
    lines.append('# decimal = ","')
    return "\n".join(lines)


def _toml(name: str) -> str:
    # A basic string of TOML is escaped as one of JSON is.
    return json.dumps(name, ensure_ascii=False)


def explain(
    recognition: Recognition,
    header: Sequence[str],
    *,
    filename: str,
    profiles: Sequence[Profile],
    kind: str = "customer",
) -> str:
    """
    Return what to tell people about a file that no profile fits.

    The text names the file's headers, the nearest profiles with what they miss, and a map
    that can be pasted into the configuration.

    Args:
        recognition: What was found.
        header: The file's column names.
        filename: Its name.
        profiles: Those that it was compared with.
        kind: The kind of a map where no profile is near.
    """
    data = any(_is_data(each) for each in header)
    names = ", ".join(_shown(shape(each) if data else each) for each in header[:_SHOWN])
    more = f" and {len(header) - _SHOWN} more" if len(header) > _SHOWN else ""
    lines = [f"{filename}: no profile fits its headers {names}{more}"]
    for near in recognition.nearest:
        lacks = ", ".join(repr(each) for each in near.missing)
        lines.append(f"  {near.profile.name} ({near.profile.title}) needs also {lacks}")
    if not header or data:
        lines.append("Its first line looks like data: does the file have a row of headers?")
        return "\n".join(lines)
    lines.append("If it is none of these, say what its columns mean, for example:")
    lines.append(_snippet(header, recognition.nearest, profiles, kind))
    return "\n".join(lines)
