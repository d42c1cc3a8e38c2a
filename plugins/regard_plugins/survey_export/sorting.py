"""The columns of a header, taken one after the other until only questions are left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from regard.mapping.headers import fold
from regard_plugins.survey_export.layouts import Role, heads

__all__ = ["Columns", "facts_of", "present"]


@dataclass(slots=True)
class Columns:
    """
    The columns of one table that nobody has said anything about yet.

    Attributes:
        header: Their names.
    """

    header: Sequence[str]
    _names: list[str] = field(init=False)
    _left: dict[int, None] = field(init=False)

    def __post_init__(self) -> None:
        self._names = [fold(heads(name)[0]) for name in self.header]
        self._left = dict.fromkeys(range(len(self.header)))

    def __contains__(self, name: str) -> bool:
        return name in self._names

    @property
    def left(self) -> tuple[int, ...]:
        """The places of the columns that are left, in their order."""
        return tuple(self._left)

    def name(self, place: int) -> str:
        """Return the folded name of a column: its first header row."""
        return self._names[place]

    def take(self, *names: str) -> int | None:
        """Take the first column that has one of these folded names; None: there is none."""
        for name in names:
            for place in self._left:
                if self._names[place] == name:
                    del self._left[place]
                    return place
        return None

    def take_all(self, wanted: Iterable[str] | Callable[[str], object]) -> tuple[int, ...]:
        """Take all columns that have one of these folded names, or whose name fits."""
        if callable(wanted):
            found = tuple(place for place in self._left if wanted(self._names[place]))
        else:
            names = frozenset(wanted)
            found = tuple(place for place in self._left if self._names[place] in names)
        for place in found:
            del self._left[place]
        return found

    def take_place(self, place: int) -> None:
        """Take one column by its place."""
        self._left.pop(place, None)


def present(*places: int | None) -> tuple[int, ...]:
    """Return the places that there are."""
    return tuple(place for place in places if place is not None)


def facts_of(**places: int | None) -> dict[Role, int]:
    """Return the fields of each answer whose column there is."""
    return {role: place for role, place in places.items() if place is not None}  # type: ignore[misc]  # names are roles
