"""Which column of a table is which item, and which is the place, the day, the evaluator."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

from regard.errors import FileError
from regard.mapping.headers import fold
from regard.names import did_you_mean
from regard_plugins.mystery_shopping.form import Answer, Form, Item
from regard_plugins.mystery_shopping.words import (
    ITEM_HEADS,
    PARTS,
    ROLES,
    SECTION_HEADS,
    Part,
    text_key,
    whole_key,
)

__all__ = ["ItemNames", "Layout", "find_roles", "item_columns", "lay_out"]

_ALIKE = 0.65
"""How alike two texts are that probably mean one item; `difflib`'s ratio."""

_BETWEEN = ("/", "-", ".", ":")
_PART = re.compile(r"(?P<item>.+?)\s*(?:[\[(]|\s[-–—:]\s|/)\s*(?P<part>[^\[\]()/]+?)\s*[\])]?")
_NUMBERED = re.compile(r"(?P<name>.+) \((?P<number>\d+)\)")
_TIMES = ("start", "today", "_submission_time", "submissiondate", "__system.submissiondate", "end")
_LEFT_OUT = frozenset(
    (
        *("geopoint", "geotrace", "geoshape", "note", "image", "audio", "video", "file", "start"),
        *("end", "today", "deviceid", "phonenumber", "username", "email", "audit", "simserial"),
        *("subscriberid", "start-geopoint", "background-audio", "hidden", "repeated"),
    )
)
"""Questions that say nothing about a visit, or too much about a person."""


class ItemNames:
    """
    Finds items by what exports and workbooks call them.

    Args:
        form: The form.
    """

    def __init__(self, form: Form) -> None:
        self.form = form
        self._exact: dict[str, tuple[Item, Part, Answer | None]] = {}
        self._texts: defaultdict[str, list[Item]] = defaultdict(list)
        self._whole: defaultdict[str, list[Item]] = defaultdict(list)
        self._comments: defaultdict[str, list[Item]] = defaultdict(list)
        for item in form.items:
            self._learn(item)
        for question in form.questions:
            for item in form.items:
                if item.comment == question.name:
                    for key in _paths(question.group, question.name):
                        self._exact.setdefault(key, (item, "comment", None))
                    for label in question.labels:
                        self._comments[fold(label)].append(item)

    def _learn(self, item: Item) -> None:
        for key in _paths(item.group, item.name):
            self._exact.setdefault(key, (item, "answer", None))
            if item.scale.many:
                for answer in item.scale.answers:
                    for between in _BETWEEN:
                        option = f"{key}{between}{fold(answer.name)}"
                        self._exact.setdefault(option, (item, "answer", answer))
        said = [text for text in (*item.labels, *item.aliases, item.name) if text]
        for index, key_of in ((self._texts, text_key), (self._whole, whole_key)):
            keys = dict.fromkeys(map(key_of, said))
            if item.path:
                inside = text_key(item.path[-1])
                keys |= dict.fromkeys([f"{inside} / {key}" for key in keys])
            for key in keys:
                index[key].append(item)

    def by_text(self, text: str, section: str = "") -> list[Item]:
        """Return the items that a text may mean, those of the section around it if it is known."""
        for index, key in ((self._whole, whole_key(text)), (self._texts, text_key(text))):
            inside = index.get(f"{text_key(section)} / {key}") if section and key else None
            found = inside or (index.get(key) if key else None)
            if found:
                return found
        exact = self._exact.get(fold(text))
        return [exact[0]] if exact is not None and exact[1] == "answer" else []

    def find(self, header: str) -> tuple[list[Item], Part, Answer | None] | None:
        """Return the items that a column may hold, what of them, and the option it stands for."""
        folded = fold(header)
        exact = self._exact.get(folded)
        if exact is not None:
            return [exact[0]], exact[1], exact[2]
        section, _, text = header.rpartition(" / ")
        found = self.by_text(text, section) if section else self.by_text(header)
        if found:
            return found, "answer", None
        if folded in self._comments:
            return self._comments[folded], "comment", None
        part = _PART.fullmatch(header)
        if part is not None and fold(part["part"]) in PARTS:
            whole = self.find(part["item"])
            if whole is not None:
                return whole[0], PARTS[fold(part["part"])], None
        last = header.rpartition("/")[2]
        if last != header:
            exact = self._exact.get(fold(last))
            if exact is not None:
                return [exact[0]], exact[1], exact[2]
            found = self.by_text(last)
        return (found, "answer", None) if found else None

    def nearest(self, text: str, *, alike: float = 0.6) -> Item | None:
        """Return the item whose text resembles another one, as far as ``alike`` (0 to 1) asks."""
        keys = {key: items[0] for key, items in self._whole.items() if " / " not in key}
        found = get_close_matches(whole_key(text), keys, n=1, cutoff=alike)
        return keys[found[0]] if found else None

    def renamed(
        self, strangers: Iterable[str], missing: Iterable[Item]
    ) -> tuple[str, Item] | None:
        """Return a column that nobody knows and the item without a column that it probably is."""
        lacking = {item.name for item in missing}
        for stranger in strangers if lacking else ():
            item = self.nearest(stranger, alike=_ALIKE)
            if item is not None and item.name in lacking:
                return stranger, item
        return None


def _paths(group: Sequence[str], name: str) -> Iterator[str]:
    """Yield the ways in which exports write a question with its groups."""
    yield fold(name)
    for between in _BETWEEN:
        for first in range(len(group)):
            yield fold(between.join((*group[first:], name)))


@dataclass(frozen=True, slots=True)
class Layout:
    """
    Where everything stands in a table.

    Attributes:
        shape: ``visits``: one row a visit; ``items``: one row an item of a visit.
        items: For each item by name, the column of its answer, comment or points.
        options: For each item with columns of its options: the options and their columns.
        roles: The columns of the visit itself, and of items in a table of them.
        rest: Columns that are kept beside: questions that earn nothing.
        missing: The items that have no column.
        strangers: The columns that nobody knows.
    """

    shape: Literal["visits", "items"]
    items: Mapping[str, Mapping[Part, int]] = field(default_factory=dict)
    options: Mapping[str, tuple[tuple[Answer, int], ...]] = field(default_factory=dict)
    roles: Mapping[str, int] = field(default_factory=dict)
    rest: tuple[tuple[int, str], ...] = ()
    missing: tuple[Item, ...] = ()
    strangers: tuple[str, ...] = ()

    @property
    def found(self) -> int:
        """How many items have a column."""
        return len(self.items.keys() | self.options.keys())


def item_columns(header: Sequence[str], names: ItemNames) -> dict[int, tuple[str, Part]]:
    """Return the columns that hold answers of items as text, by their place."""
    return {
        place: (item.name, part)
        for place, (item, part, option) in _columns(header, names).items()
        if option is None
    }


def _columns(
    header: Sequence[str], names: ItemNames
) -> dict[int, tuple[Item, Part, Answer | None]]:
    """Return what each column holds; of items called alike, the first column is the first one."""
    found: dict[int, tuple[Item, Part, Answer | None]] = {}
    used: set[tuple[str, Part, str]] = set()
    for place, name in enumerate(header):
        match = names.find(name)
        if match is None and (numbered := _NUMBERED.fullmatch(name)):
            match = names.find(numbered["name"])
        if match is None:
            continue
        items, part, option = match
        for item in items:
            mark = item.name, part, option.name if option else ""
            if mark not in used:
                used.add(mark)
                found[place] = item, part, option
                break
    return found


def lay_out(header: Sequence[str], form: Form, columns: Mapping[str, str]) -> Layout:
    """
    Say where everything stands.

    Args:
        header: The table's columns.
        form: The form.
        columns: What the configuration calls columns, by role.

    Raises:
        FileError: A column that the configuration names is not there.
    """
    names = ItemNames(form)
    roles = find_roles(header, form, columns)
    if {"visit", "item"} <= roles.keys() and roles.keys() & {"answer", "points"}:
        return Layout("items", roles=roles)
    for role in ("item", "answer", "points", "comment", "section"):
        roles.pop(role, None)
    found = _columns(header, names)
    explicit = {roles[role] for role in roles if role in columns or role in form.columns}
    found = {place: each for place, each in found.items() if place not in explicit}
    roles = {role: place for role, place in roles.items() if place not in found}
    items: defaultdict[str, dict[Part, int]] = defaultdict(dict)
    options: defaultdict[str, list[tuple[Answer, int]]] = defaultdict(list)
    for place, (item, part, option) in found.items():
        if option is None:
            items[item.name].setdefault(part, place)
        else:
            options[item.name].append((option, place))
    answered = {name for name, parts in items.items() if parts.keys() & {"answer", "points"}}
    taken = {*found, *roles.values()}
    rest, strangers = _others(header, form, taken)
    return Layout(
        "visits",
        {
            name: dict(parts)
            for name, parts in items.items()
            if name in answered or name in options
        },
        {name: tuple(each) for name, each in options.items()},
        roles,
        rest,
        tuple(i for i in form.items if i.name not in answered and i.name not in options),
        strangers,
    )


def _others(
    header: Sequence[str], form: Form, taken: set[int]
) -> tuple[tuple[tuple[int, str], ...], tuple[str, ...]]:
    """Return the columns that are kept beside, and those that nobody knows."""
    asked = {
        key
        for question in form.questions
        if question.type not in _LEFT_OUT
        for key in (*_paths(question.group, question.name), *map(fold, question.labels))
    }
    ignored = {text_key(text) for text in form.ignored}
    rest, strangers = [], []
    for place, name in enumerate(header):
        if place in taken:
            continue
        last = {fold(name.rpartition("/")[2]), text_key(name.rpartition(" / ")[2])}
        if fold(name) in asked or last & (asked | ignored) or text_key(name) in ignored:
            rest.append((place, name))
        elif not form.questions and not re.fullmatch(r"column \d+", name):
            rest.append((place, name))
            strangers.append(name)
    return tuple(rest), tuple(strangers)


def find_roles(header: Sequence[str], form: Form, columns: Mapping[str, str]) -> dict[str, int]:
    """
    Return the columns of the visit itself, and of items in a table of them.

    Args:
        header: The table's columns.
        form: The form, which may call columns by its own names.
        columns: What the configuration calls them; it goes first.

    Raises:
        FileError: A column that the configuration names is not there.
    """
    at: dict[str, int] = {}
    last: dict[str, int] = {}
    for place, name in enumerate(header):
        at.setdefault(_role_key(name), place)
        last.setdefault(_role_key(name.rpartition("/")[2]), place)
    roles: dict[str, int] = {}
    named = {**form.columns, **columns}
    for role, wanted in named.items():
        if not wanted:
            continue  # an empty name: no column says it, whatever columns are called
        found = next(
            (at[key] for key in _keys(wanted, form) if key in at), last.get(_role_key(wanted))
        )
        if found is not None:
            roles[role] = found
        elif role in columns:
            message = f"there is no column {wanted!r} ({role}){did_you_mean(wanted, header)}"
            raise FileError(message)
    taken = set(roles.values())
    own, parts = list(ROLES.items()), list(_ITEM_ROLES.items())
    # In a table of items, "nota" is what an item earned and not what the visit did.
    order = [own[0], *parts, *own[1:]] if at.keys() & ITEM_HEADS else own + parts
    for role, words in order:
        if role in roles or named.get(role) == "":
            continue
        if form.questions and role in _TOOLS:
            # Questions may be called "state" or "note" too, and mean anything.
            words = words[: _TOOLS[role]]
        dates = _dates(form) if role == "visited_at" else ()
        for word in (*words, *_labelled(words, form), *dates):
            spot = at.get(word, last.get(word))
            if spot is not None and spot not in taken:
                roles[role] = spot
                taken.add(spot)
                break
    return roles


_TOOLS: Mapping[str, int] = {"state": 6, "stated_score": 1}
"""How many of a role's words are those of the tools themselves."""

_ITEM_ROLES: Mapping[str, Sequence[str]] = {
    "item": sorted(ITEM_HEADS),
    "section": sorted(SECTION_HEADS),
    "answer": [word for word, part in PARTS.items() if part == "answer"],
    "points": [word for word, part in PARTS.items() if part == "points"],
    "comment": [word for word, part in PARTS.items() if part == "comment"],
}
"""The columns of a table of items; words that say what a visit is are taken before."""


def _role_key(name: str) -> str:
    """Return a column's name in the form in which roles are looked for: N° is Nº is No."""
    return fold(name).replace("°", "o").replace("n.o", "no").rstrip(":").strip()


def _labelled(words: Sequence[str], form: Form) -> Iterator[str]:
    """Yield the labels of questions whose names say what a column is: exports may have either."""
    for question in form.questions:
        if _role_key(question.name) in words:
            yield from map(_role_key, question.labels)


def _dates(form: Form) -> Iterator[str]:
    """Yield the questions that say when the visit was, then what the tools themselves note."""
    for question in form.questions:
        if question.type in ("date", "datetime"):
            yield from _paths(question.group, question.name)
            yield from map(fold, question.labels)
    yield from _TIMES


def _keys(wanted: str, form: Form) -> Iterator[str]:
    """Yield what a column may be called that is named by its question."""
    yield _role_key(wanted)
    for question in form.questions:
        if question.name == wanted:
            yield from _paths(question.group, question.name)
            yield from map(fold, question.labels)
