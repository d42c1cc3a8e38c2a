"""Forms written as TOML, as ``regard form draft`` proposes them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from regard.errors import FileError
from regard.mapping.headers import fold
from regard.names import did_you_mean
from regard_plugins.mystery_shopping.form import Answer, Fault, Form, Item, Scale, check_answers
from regard_plugins.mystery_shopping.words import ROLES

__all__ = ["form_of", "read_toml"]

_FORM = frozenset(
    (
        *("name", "version", "language", "pass_score", "critical_cap", "bonus_cap", "stated"),
        *("columns", "scales", "sections", "items", "weights", "ignore"),
    )
)
_SECTION = frozenset(("name", "weight", "items", "sections"))
_ITEM = frozenset(
    (
        *("name", "text", "aliases", "scale", "points", "weight", "critical", "bonus", "comment"),
        "labels",
    )
)
_SCALE = frozenset(("answers", "min", "max", "many"))
_COLUMNS = frozenset((*ROLES, "item", "answer", "points", "comment", "section"))
_DEEPEST = 20
_MOST = 10**12
_STATED = ("percent", "share", "points")


@dataclass(slots=True)
class _Reading:
    """What has been read of a form so far."""

    scales: dict[str, Scale] = field(default_factory=dict)
    sections: dict[tuple[str, ...], Decimal | None] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def error(self, where: str, text: str) -> None:
        """Say what stops visits from being scored."""
        self.faults.append(Fault("error", where, text))

    def known(self, table: Mapping[str, Any], names: frozenset[str], where: str) -> None:
        """Say which keys mean nothing here."""
        for name in table.keys() - names:
            self.error(where, f"there is no key {name!r}{did_you_mean(name, names)}")

    def number(self, table: Mapping[str, Any], name: str, where: str) -> Decimal | None:
        """Return a number of a table, and say where it is none."""
        value = table.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            self.error(where, f"{name} = {value!r}: write a number")
            return None
        number = Decimal(value)
        # Asked first: beyond 28 digits in all, rounding itself fails.
        if not number.is_finite() or abs(number) > _MOST or number != round(number, 6):
            right = f"write a number with at most six decimals, not above {_MOST:,}"
            self.error(where, f"{name} = {value}: {right}")
            return None
        return number

    def flag(self, table: Mapping[str, Any], name: str, where: str) -> bool:
        """Return yes or no of a table, and say where it is neither."""
        value = table.get(name, False)
        if not isinstance(value, bool):
            self.error(where, f"{name} = {value!r}: write true or false")
        return value is True

    def text(self, table: Mapping[str, Any], name: str, where: str) -> str:
        """Return a text of a table, empty where there is none, and say where it is no text."""
        value = table.get(name, "")
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str):
            self.error(where, f"{name} = {value!r}: write a text")
            return ""
        return value.strip()

    def tables(self, table: Mapping[str, Any], name: str, where: str) -> list[Mapping[str, Any]]:
        """Return the tables of an array, and say where it is none."""
        value = table.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self.error(where, f"{name}: write [[{name}]] tables")
            return []
        return cast("list[Mapping[str, Any]]", value)

    def table(self, table: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
        """Return a table in a table, and say where it is none."""
        value = table.get(name, {})
        if not isinstance(value, dict):
            self.error(where, f"{name}: write a table")
            return {}
        return value


def read_toml(path: Path) -> Form:
    """
    Read a form from a TOML file.

    Raises:
        FileError: It cannot be read, or is no TOML.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path.name} cannot be read as a form: {error}"
        raise FileError(message) from error
    try:
        table = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError, ArithmeticError) as error:
        message = f"{path.name} is no TOML: {error}"
        raise FileError(message) from error
    return form_of(table, path.stem)


def form_of(table: Mapping[str, Any], stem: str) -> Form:
    """
    Return the form that a table describes; what is wrong in it is among its faults.

    Args:
        table: As `tomllib` reads it, with decimals for floats.
        stem: What to call the form if it has no name.
    """
    reading = _Reading()
    reading.known(table, _FORM, "the form")
    scales = reading.table(table, "scales", "scales")
    reading.scales = {name: _scale(reading, name, each) for name, each in scales.items()}
    _section(reading, {**table, "name": ""}, (), "the form", top=True)
    ignored = table.get("ignore", [])
    if not isinstance(ignored, list) or not all(isinstance(each, str) for each in ignored):
        reading.error("the form", "ignore: write a list of texts")
        ignored = []
    columns = reading.table(table, "columns", "columns")
    reading.known(columns, _COLUMNS, "columns")
    stated = reading.text(table, "stated", "the form") or "percent"
    if stated not in _STATED:
        reading.error("the form", f"stated = {stated!r}{did_you_mean(stated, _STATED)}")
        stated = "percent"
    return Form(
        reading.text(table, "name", "the form") or stem,
        tuple(reading.items),
        version=reading.text(table, "version", "the form") or None,
        language=reading.text(table, "language", "the form") or None,
        sections=reading.sections,
        weight_sets=_weight_sets(reading, table),
        pass_score=reading.number(table, "pass_score", "the form"),
        critical_cap=reading.number(table, "critical_cap", "the form"),
        bonus_cap=reading.number(table, "bonus_cap", "the form"),
        stated=stated,  # type: ignore[arg-type]  # one of the three, as was just made sure
        columns={name: str(value) for name, value in columns.items() if name in _COLUMNS},
        ignored=tuple(ignored),
        faults=tuple(reading.faults),
    )


def _weight_sets(reading: _Reading, table: Mapping[str, Any]) -> dict[str, dict[str, Decimal]]:
    sets: dict[str, dict[str, Decimal]] = {}
    names = {item.name for item in reading.items} | {path[-1] for path in reading.sections}
    for name, weights in reading.table(table, "weights", "weights").items():
        where = f"weights.{name}"
        if not isinstance(weights, dict):
            reading.error(where, "write a table of weights by item or section")
            continue
        reading.known(weights, frozenset(names), where)
        numbers = {each: reading.number(weights, each, where) for each in weights}
        sets[name] = {each: number for each, number in numbers.items() if number is not None}
    return sets


def _scale(reading: _Reading, name: str, table: Any) -> Scale:  # noqa: ANN401  # TOML enters here
    where = f"scales.{name}"
    if not isinstance(table, dict):
        reading.error(where, "write a table with answers, or with min and max")
        return Scale()
    reading.known(table, _SCALE, where)
    answers = []
    listed = reading.table(table, "answers", where)
    for label in listed:
        said = listed[label]
        if isinstance(said, str) and fold(said) in ("na", "n/a"):
            answers.append(Answer(label, (label,), not_applicable=True))
        else:
            answers.append(Answer(label, (label,), reading.number(listed, label, where)))
    low, high = (reading.number(table, each, where) for each in ("min", "max"))
    if (low is None) != (high is None) or (low is not None and low == high):
        reading.error(where, "min and max go together, and differ")
        low = high = None
    if low is None and not answers:
        reading.error(where, "it has neither answers nor min and max")
    return Scale(tuple(answers), reading.flag(table, "many", where), low, high)


def _section(
    reading: _Reading,
    table: Mapping[str, Any],
    above: tuple[str, ...],
    where: str,
    *,
    top: bool = False,
) -> None:
    """Take a section with all that is in it."""
    path = above
    if len(above) > _DEEPEST:
        reading.error(where, f"sections go more than {_DEEPEST} deep")
        return
    if not top:
        reading.known(table, _SECTION, where)
        name = reading.text(table, "name", where)
        if not name:
            reading.error(where, "it has no name")
            return
        path = (*above, name)
        if path in reading.sections:
            reading.error(where, f"two sections are called {name!r}")
        reading.sections[path] = reading.number(table, "weight", where)
    for each in reading.tables(table, "items", where):
        _item(reading, each, path)
    for number, each in enumerate(reading.tables(table, "sections", where), start=1):
        inner = f"section {each.get('name') or number}"
        _section(reading, each, path, inner)


def _item(reading: _Reading, table: Mapping[str, Any], path: tuple[str, ...]) -> None:
    text = reading.text(table, "text", "an item")
    name = reading.text(table, "name", "an item") or text
    where = f"item {name}"
    if not name:
        reading.error(where, "it has neither a name nor a text")
        return
    reading.known(table, _ITEM, where)
    if any(item.name == name for item in reading.items):
        reading.error(where, f"two items are called {name!r}")
        return
    points = reading.number(table, "points", where)
    others = {key: table.get(key, []) for key in ("aliases", "labels")}
    for key, value in others.items():
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            reading.error(where, f"{key}: write a list of texts")
            others[key] = []
    reading.items.append(
        Item(
            name,
            tuple(filter(None, (text or name, *others["labels"]))),
            _scale_of(reading, table, points, where),
            aliases=tuple(others["aliases"]),
            path=path,
            points=points,
            weight=reading.number(table, "weight", where),
            critical=reading.flag(table, "critical", where),
            bonus=reading.flag(table, "bonus", where),
            comment=reading.text(table, "comment", where) or None,
        )
    )


def _scale_of(
    reading: _Reading, table: Mapping[str, Any], points: Decimal | None, where: str
) -> Scale:
    """Return an item's scale: one with a name, or one of its own."""
    written = table.get("scale")
    if isinstance(written, dict):
        scale = _scale(reading, where, written)
    elif isinstance(written, str) and written in reading.scales:
        scale = reading.scales[written]
    elif written is None:
        scale = Scale(tuple(Answer(word, labels) for word, labels in _YES_NO))
        points = Decimal(1) if points is None else points
    else:
        reading.error(
            where, f"there is no scale {written!r}{did_you_mean(str(written), reading.scales)}"
        )
        return Scale()
    return Scale(check_answers(scale.answers, points), scale.many, scale.low, scale.high)


_YES_NO = (
    ("yes", ("Yes", "Sí", "Oui")),
    ("no", ("No", "Non")),
    ("n/a", ("N/A", "N.P.", "S.O.", "n.a.", "NP", "NA", "SO", "No procede", "Sans objet")),
)
"""What an item without a scale may be answered: one point for yes."""
