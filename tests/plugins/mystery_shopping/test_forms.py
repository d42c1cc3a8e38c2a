"""Forms: what XLSForm and TOML say, and what is wrong with them."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.exceptions import IllegalCharacterError

from regard.errors import ConfigError, FileError, RecordError
from regard_plugins.mystery_shopping.checking import faults_of, maximum
from regard_plugins.mystery_shopping.form import Answer, Form, Item, Scale
from regard_plugins.mystery_shopping.forms import open_form
from regard_plugins.mystery_shopping.tomlform import form_of

D = Decimal
Samples = Any
Faults = Callable[..., list[str]]


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., Form]:
    """Writes a form and reads it."""

    def run(content: str | bytes, name: str = "form.xlsx") -> Form:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return open_form(path)

    return run


def faults(form: Form, severity: str = "error") -> list[str]:
    """Return what is wrong with a form, as lines."""
    return [f"{f.where}: {f.text}" for f in faults_of(form) if f.severity == severity]


def changed(samples: Samples, row: int, **cells: Any) -> bytes:
    """Return the sample form with some cells of a survey row changed, by column."""
    survey = [list(each) for each in samples.survey]
    width = len(survey[0])
    survey[row] += [""] * (width - len(survey[row]))
    for name, value in cells.items():
        survey[row][survey[0].index(name)] = value
    return bytes(samples.xlsform(survey=survey))


def test_xlsform(opened: Any, samples: Samples) -> None:
    """Groups are sections, scored questions are items, all others are questions."""
    form = opened(samples.xlsform())
    items = {item.name: item for item in form.items}

    assert ("Tienda", "2026-1", "es") == (form.name, form.version, form.language)
    assert (D(75), D(50), None) == (form.pass_score, form.critical_cap, form.bonus_cap)
    assert ["greets", "tidy", "asks", "trial", "receipt", "extras"] == list(items)
    assert {("Acogida",): D(40), ("Atención",): D(60), ("Extras",): None} == dict(form.sections)
    assert ("¿Saluda al entrar?", "Greets on entering?") == items["greets"].labels
    assert "greets_comment" == items["greets"].comment
    assert (True, True) == (items["receipt"].critical, items["extras"].bonus)
    assert [D(5), D(5), D(10), D(4), D(6), D(3)] == [item.max_points for item in form.items]
    assert [] == faults_of(form)
    assert (D(30), D(3)) == maximum(form)


def test_both_ways_to_write_a_form_agree(opened: Any, samples: Samples) -> None:
    """The same form as XLSForm and as TOML is worth the same."""
    one, other = opened(samples.xlsform()), opened(samples.toml, "form.toml")

    assert [] == faults_of(other)
    for item in other.items:
        (same,) = [each for each in one.items if each.name == item.name]
        assert (item.label, item.path, item.max_points, item.critical) == (
            same.label,
            same.path,
            same.max_points,
            same.critical,
        )


@pytest.mark.parametrize(
    ("row", "cells", "said"),
    [
        (6, {"points": "five"}, "points: 'five' is no number"),
        (6, {"points": 0.0000001}, "is no number"),
        (6, {"critical": "perhaps"}, "critical: 'perhaps' is neither yes nor no"),
        (6, {"type": "select_one nobody"}, "the list 'nobody' is not in choices"),
        (6, {"name": "asks"}, "two questions are called 'asks'"),
        (8, {"type": "select_one who", "points": 3}, "the answer 'Nosotros' has no points"),
        (6, {"relevant": "${nobody} = 'yes'"}, "depending on 'nobody', which the form does not"),
        (6, {"bonus": "yes", "critical": "yes"}, "both critical and bonus"),
        (6, {"weight": -1}, "its weight is -1"),
        (7, {"points": 3}, "a question of type 'text' has points"),
        (14, {"points": 3}, "a number with points needs min and max"),
        (9, {"type": "note"}, "it is begun and never ended"),
        (5, {"type": "note"}, "a group ends that was never begun"),
        (6, {"name": ""}, "has no name"),
    ],
)
def test_broken_xlsforms(opened: Any, samples: Samples, row: int, cells: Any, said: str) -> None:
    """What stops visits from being scored is an error that says where it is."""
    assert any(said in fault for fault in faults(opened(changed(samples, row, **cells))))


@pytest.mark.parametrize(
    ("row", "cells", "said"),
    [
        (
            11,
            {"relevant": "${greets} = 'maybe'"},
            "'greets' is 'maybe', which is no answer: never",
        ),
        (11, {"relevant": "selected(${extras}, 'tea')"}, "which is no answer: never"),
        (11, {"weight": 0}, "its weight is 0: it counts nothing"),
        (5, {"weight": ""}, "only 'Atención' has a weight"),
        (11, {"weight": 2}, "of its items only 'asks' has a weight; the others weigh"),
        (5, {"type": "begin_repeat"}, "asked in a repeat, so it is not scored"),
        (6, {"type": "selekt_one yn"}, "is not one of XLSForm"),
        (6, {"type": "select_one yn or_other"}, "answers something else leaves the item out"),
    ],
)
def test_doubtful_xlsforms(opened: Any, samples: Samples, row: int, cells: Any, said: str) -> None:
    """What an author should look at is a warning, and visits are scored all the same."""
    survey = changed(samples, row, **cells)
    found = faults(opened(survey), "warning")

    assert any(said in fault for fault in found), found


def test_choices_without_points(opened: Any, samples: Samples) -> None:
    """An answer of a scored item that has no points is an error, not nothing."""
    choices = [list(row) for row in samples.choices]
    choices[5][4] = ""
    found = faults(opened(samples.xlsform(choices=choices)))

    assert [
        "item tidy: the answer 'Regular' has no points; write them, 0 too, or mark it n/a"
    ] == found


def test_choices_listed_twice(opened: Any, samples: Samples) -> None:
    """A list that has a name twice is an error."""
    choices = [*samples.choices, ["yn", "YES", "Claro"]]

    assert any(
        "has 'YES' twice" in fault for fault in faults(opened(samples.xlsform(choices=choices)))
    )


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("", "no item earns points"),
        ('[[items]]\ntext = "A"\nscale = "nobody"', "there is no scale 'nobody'"),
        ('[[items]]\ntext = "A"\nscale = {answers = {X = 0}}', "no answer earns points"),
        ('[[items]]\ntext = "A"\nscale = {min = 1}', "min and max go together"),
        ('[[items]]\ntext = "A"\nweigth = 1', "there is no key 'weigth'; did you mean 'weight'?"),
        ('[[items]]\ntext = "A"\n[[items]]\ntext = "A"', "two items are called 'A'"),
        ('[[items]]\nscale = "x"', "neither a name nor a text"),
        ('[[sections]]\nname = "S"\n[[sections]]\nname = "S"', "two sections are called 'S'"),
        ('pass_score = 120\n[[items]]\ntext = "A"', "write a number from 0 to 100"),
        ('stated = "percents"\n[[items]]\ntext = "A"', "did you mean 'percent'?"),
        ('[columns]\nplaces = "T"\n[[items]]\ntext = "A"', "did you mean 'place'?"),
        ('[weights.x]\nb = 1\n[[items]]\ntext = "A"', "there is no key 'b'"),
        ('[[items]]\ntext = "A"\npoints = "five"', "points = 'five': write a number"),
        ('[[items]]\ntext = "A"\naliases = "B"', "aliases: write a list of texts"),
        ("items = 3", "write [[items]] tables"),
        ('[[items]]\ntext = "A"\ncritical = 1', "critical = 1: write true or false"),
    ],
)
def test_broken_toml_forms(toml: str, said: str) -> None:
    """A form that cannot be used says what is wrong and what would be right."""
    form = form_of(tomllib.loads(toml, parse_float=Decimal), "form")

    assert any(said in fault for fault in faults(form)), faults(form)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("f.toml", "[[items", "is no TOML"),
        ("f.toml", b"\xff\xfe\x00", "cannot be read as a form"),
        ("f.xlsx", b"PK broken", "is no XLSForm"),
        ("f.xlsx", "", "is no XLSForm"),
        ("f.csv", "type,name\n", "is no XLSForm"),
    ],
)
def test_files_that_are_no_forms(opened: Any, name: str, content: Any, said: str) -> None:
    """What is no form is named, with what would be right."""
    with pytest.raises(FileError, match=said):
        opened(content, name)


def test_a_workbook_without_a_survey_is_no_form(opened: Any, samples: Samples) -> None:
    """A workbook of visits is no form, and the message says how to get one."""
    with pytest.raises(FileError, match="regard form draft"):
        opened(samples.book({"Visitas": [["visita"], ["V1"]]}))


def test_a_weight_set_that_does_not_exist(opened: Any, samples: Samples) -> None:
    """A misspelt weight set is named with the nearest one."""
    form = opened(samples.toml + "\n[weights.prisa]\nasks = 3\n", "form.toml")

    with pytest.raises(ConfigError, match="no weight set 'prisas'; did you mean 'prisa'"):
        form.weighted("prisas")
    assert D(3) == form.weighted("prisa").items[2].weight


# Answers

YES_NO = Scale((Answer("yes", ("Sí", "Oui"), D(1)), Answer("no", ("No",), D(0)),
                Answer("np", ("N.P.",), not_applicable=True)))  # fmt: skip
MARKS = Scale((Answer("na", ("N.A.",), not_applicable=True),), low=D(1), high=D(5))


@pytest.mark.parametrize(
    ("scale", "points", "cell", "earned"),
    [
        (YES_NO, 6, "SÍ ", D(6)),
        (YES_NO, 6, "oui", D(6)),
        (YES_NO, 6, "no", D(0)),
        (YES_NO, 6, True, D(6)),
        (YES_NO, 6, False, D(0)),
        (YES_NO, 6, "n.p.", None),
        (YES_NO, 6, "", None),
        (YES_NO, None, "yes", D(1)),
        (MARKS, None, 5, D(4)),
        (MARKS, None, "1", D(0)),
        (MARKS, 10, 4, D("7.5")),
        (MARKS, 1, D("2.0"), D("0.25")),
        (MARKS, 10, "n.a.", None),
        (Scale(low=D(5), high=D(1)), None, 5, D(0)),
        (Scale(low=D(5), high=D(1)), None, 1, D(4)),
        (Scale(low=D(0), high=D(3)), 1, 1, D("0.333333")),
        (Scale(low=D(10), high=D(0)), 5, 12, D(0)),
        (Scale(low=D(10), high=D(0)), 5, 2, D(4)),
    ],
)
def test_what_answers_earn(scale: Scale, points: Any, cell: Any, earned: Any) -> None:
    """The best answer earns the item's points, every other one its part of them."""
    item = Item("a", ("A",), scale, points=None if points is None else D(points))

    assert earned == item.earn(cell).points


@pytest.mark.parametrize("cell", ["yes and no", 6, 0, "Sí?", D("5.5"), "5 %"])
def test_answers_that_are_none(cell: Any) -> None:
    """What is no answer of the form is refused, never nothing."""
    for scale in (YES_NO, MARKS):
        with pytest.raises(RecordError):
            Item("a", ("A",), scale).earn(cell)


@pytest.mark.parametrize(
    ("written", "weight"), [("0,4", D("0.4")), ("1,25", D("1.25")), ("12,5", D("12.5"))]
)
def test_decimal_commas(opened: Any, samples: Samples, written: str, weight: Decimal) -> None:
    """Who writes a weight with a comma in a cell of text means the decimal sign."""
    form = opened(changed(samples, 5, weight=written))

    assert [] == faults(form)
    assert weight == form.sections[("Acogida",)]


def test_a_comma_that_may_part_thousands(opened: Any, samples: Samples) -> None:
    """A number that can be read in two ways is an error."""
    assert any("'1,500' is no number" in each for each in faults(
        opened(changed(samples, 5, weight="1,500"))))  # fmt: skip


def test_range_questions(opened: Any, samples: Samples) -> None:
    """A range earns by its parameters, and parameters that are no numbers are an error."""
    survey = [list(row) for row in samples.survey]
    survey[0].append("parameters")
    survey[14] = [
        "range",
        "wait",
        "Espera",
        "",
        "",
        "",
        8,
        "",
        "",
        "",
        "",
        "start=0 end=10 step=1",
    ]
    form = opened(samples.xlsform(survey=survey))
    (wait,) = [item for item in form.items if item.name == "wait"]
    survey[14][-1] = "start=0 end=1.2.3"
    broken = faults(opened(samples.xlsform(survey=survey)))

    assert D(4) == wait.earn(5).points
    assert any("end: '1.2.3' is no number" in fault for fault in broken)


@given(cells=st.lists(st.tuples(st.integers(0, 17), st.integers(0, 10), st.text(max_size=12) |
       st.integers(-3, 3) | st.sampled_from(["yes", "select_one yn", "begin_group", "end_group"])),
       max_size=6))  # fmt: skip
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
def test_no_cell_breaks_the_reading_of_an_xlsform(
    cells: list[Any], samples: Samples, tmp_path: Path
) -> None:
    """Whatever stands in a cell, the form is read and its faults are told."""
    survey = [[*row, *[""] * (11 - len(row))] for row in samples.survey]
    for row, column, value in cells:
        survey[row][column] = value
    path = tmp_path / "f.xlsx"
    try:
        path.write_bytes(samples.xlsform(survey=survey))
    except IllegalCharacterError:
        return
    try:
        form = open_form(path)
    except FileError:
        return

    assert all(fault.text for fault in faults_of(form))
    assert all(item.name for item in form.items)
