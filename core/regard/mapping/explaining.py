"""What to tell people about a file that no profile fits."""

from __future__ import annotations

from collections.abc import Sequence

from regard.mapping.profiles import Profile
from regard.mapping.proposing import propose
from regard.mapping.recognition import Recognition
from regard.mapping.values import Cell, shape

__all__ = ["explain"]

_SHOWN = 40


def _is_data(name: str) -> bool:
    # A file without a header row has a person where a header should be.
    return "@" in name or sum(each.isdigit() for each in name) > 4


def _shown(name: str) -> str:
    return repr(name[:_SHOWN])


def explain(
    recognition: Recognition,
    header: Sequence[str],
    *,
    filename: str,
    profiles: Sequence[Profile],
    kinds: Sequence[str] = ("customer", "purchase", "product"),
    rows: Sequence[Sequence[Cell]] = (),
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
        kinds: The kinds that a map may be proposed for, beside those of the nearest profiles.
        rows: Its first rows, as far as they are known.
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
    several = dict.fromkeys([*(near.profile.kind for near in recognition.nearest), *kinds])
    lines.append(propose(header, rows, profiles=profiles, kinds=list(several)))
    return "\n".join(lines)
