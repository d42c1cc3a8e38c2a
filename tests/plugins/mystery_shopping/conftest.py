"""A shop's form as XLSForm and as TOML, and visits on it in every shape they come in."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from regard.testing.reading import Reading, load_host, make_project, read_source

OLD = 1_767_000_000
"""When all files were last changed."""

Rows = Sequence[Sequence[Any]]
Read = Callable[..., Reading]

SURVEY: Rows = [
    [
        *("type", "name", "label::Español (es)", "label::English (en)", "required", "relevant"),
        *("points", "weight", "critical", "bonus", "section"),
    ],
    ["start", "start"],
    ["date", "visit_date", "Fecha de la visita", "Date of the visit", "yes"],
    ["text", "store", "Tienda", "Store", "yes"],
    ["select_one who", "subject", "¿Qué enseña?", "Which brand?"],
    ["begin_group", "welcome", "Acogida", "Welcome", "", "", "", 40],
    ["select_one yn", "greets", "¿Saluda al entrar?", "Greets on entering?", "yes", "", 5],
    ["text", "greets_comment", "Comentario", "Comment"],
    ["select_one quality", "tidy", "Orden de la tienda", "Tidiness", "yes"],
    ["end_group", "welcome"],
    ["begin_group", "service", "Atención", "Service", "", "", "", 60],
    ["select_one yn", "asks", "¿Pregunta qué necesita?", "Asks what is needed?", "yes", "", 10],
    ["select_one yn", "trial", "¿Ofrece probarlo?", "Offers a trial?", "", "${asks} = 'yes'", 4],
    [
        "select_one yn",
        "receipt",
        "¿Entrega el tique?",
        "Gives the receipt?",
        "yes",
        "",
        6,
        "",
        "yes",
    ],
    ["integer", "wait", "Minutos de espera", "Minutes waiting"],
    ["end_group", "service"],
    [
        *("select_multiple extras", "extras", "Detalles", "Extras", "", "", "", "", "", "yes"),
        "Extras",
    ],
    ["text", "remarks", "Observaciones", "Remarks"],
]
CHOICES: Rows = [
    ["list_name", "name", "label::Español (es)", "label::English (en)", "points", "na"],
    ["yn", "yes", "Sí", "Yes"],
    ["yn", "no", "No", "No"],
    ["yn", "np", "N.P.", "N/A"],
    ["quality", "good", "Bien", "Good", 5],
    ["quality", "fair", "Regular", "Fair", 3],
    ["quality", "bad", "Mal", "Bad", 0],
    ["quality", "unseen", "No se ve", "Cannot be seen", "", "yes"],
    ["extras", "coffee", "Ofrece café", "Offers coffee", 2],
    ["extras", "card", "Da su tarjeta", "Gives a card", 1],
    ["who", "us", "Nosotros", "Us"],
    ["who", "rival", "Rival", "Rival"],
]
SETTINGS: Rows = [
    ["form_title", "form_id", "version", "default_language", "pass_score", "critical_cap"],
    ["Tienda", "store", "2026-1", "Español (es)", 75, 50],
]

TOML = """\
name = "Tienda"
version = "2026-1"
language = "es"
pass_score = 75
critical_cap = 50
ignore = ["Hora de entrada"]

[columns]
place = "Tienda"

[scales.si-no]
answers = {"Sí" = 1, "No" = 0, "N.P." = "na"}

[scales.calidad]
answers = {"Bien" = 5, "Regular" = 3, "Mal" = 0, "No se ve" = "na"}

[[sections]]
name = "Acogida"
weight = 40
[[sections.items]]
name = "greets"
text = "¿Saluda al entrar?"
scale = "si-no"
points = 5
[[sections.items]]
name = "tidy"
text = "Orden de la tienda"
aliases = ["Tienda ordenada"]
scale = "calidad"

[[sections]]
name = "Atención"
weight = 60
[[sections.items]]
name = "asks"
text = "¿Pregunta qué necesita?"
scale = "si-no"
points = 10
[[sections.items]]
name = "trial"
text = "¿Ofrece probarlo?"
scale = "si-no"
points = 4
[[sections.items]]
name = "receipt"
text = "¿Entrega el tique?"
scale = "si-no"
points = 6
critical = true
"""

LABELS = (
    *("¿Saluda al entrar?", "Orden de la tienda", "¿Pregunta qué necesita?"),
    *("¿Ofrece probarlo?", "¿Entrega el tique?"),
)

KOBO = """\
"start";"visit_date";"store";"subject";"welcome/greets";"welcome/greets_comment";"welcome/tidy";\
"service/asks";"service/trial";"service/receipt";"service/wait";"extras";"extras/coffee";\
"extras/card";"remarks";"__version__";"_id";"_uuid";"_submission_time";"_validation_status";"_index"
"2026-01-12T10:00:00.000+01:00";"2026-01-12";"Centro";"us";"yes";"con una sonrisa";"good";"yes";\
"yes";"yes";"3";"coffee card";"1";"1";"Muy bien";"2026-1";"1";"u-1";"2026-01-12T09:30:00";\
"validation_status_approved";"1"
"2026-01-13T10:00:00.000+01:00";"2026-01-13";"Norte";"us";"no";"";"unseen";"no";"";"yes";"12";"";\
"";"";"";"2026-1";"2";"u-2";"2026-01-13T09:30:00";"";"2"
"2026-01-14T10:00:00.000+01:00";"2026-01-14";"Rival Centro";"rival";"yes";"";"fair";"yes";"np";\
"no";"5";"card";"0";"1";"";"2026-1";"3";"u-3";"2026-01-14T09:30:00";"validation_status_on_hold";"3"
"""


def book(sheets: Mapping[str, Rows], merged: Sequence[str] = ()) -> bytes:
    """Return a workbook; ``merged`` are ranges of its first sheet."""
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append([None if cell == "" else cell for cell in row])
    for cells in merged:
        made.worksheets[0].merge_cells(cells)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def xlsform(survey: Rows = SURVEY, choices: Rows = CHOICES, settings: Rows = SETTINGS) -> bytes:
    """Return an XLSForm."""
    return book({"survey": survey, "choices": choices, "settings": settings})


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Writes files into a project and reads its source: ``read({"v.csv": ...}, place="x")``."""

    def run(files: Mapping[str, str | bytes], **config: Any) -> Reading:
        count = len(list(tmp_path.glob("project*")))
        data = tmp_path / f"data{count}"
        (data / "visits").mkdir(parents=True, exist_ok=True)
        (data / "form.xlsx").write_bytes(xlsform())
        (data / "form.toml").write_text(TOML, "utf-8")
        for name, content in files.items():
            path = data / name if "/" in name else data / "visits" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            os.utime(path, (OLD, OLD))
        options = {"form": "form.xlsx", "path": "visits/*"} | config
        made = make_project(tmp_path / f"project{count}", "mystery-shopping", options, data=data)
        return read_source(made, host=load_host(made))

    return run


@dataclass(frozen=True, slots=True)
class Samples:
    """What the tests of this folder share: forms, exports, and what makes others of them."""

    survey: Rows = tuple(SURVEY)
    choices: Rows = tuple(CHOICES)
    settings: Rows = tuple(SETTINGS)
    toml: str = TOML
    kobo: str = KOBO
    labels: tuple[str, ...] = LABELS
    book: Callable[..., bytes] = book
    xlsform: Callable[..., bytes] = xlsform


@pytest.fixture
def samples() -> Samples:
    """Forms and exports."""
    return Samples()


@pytest.fixture
def visits() -> Callable[[Reading], dict[str, dict[str, Any]]]:
    """Returns the visits of a reading by key."""

    def of(reading: Reading) -> dict[str, dict[str, Any]]:
        return {each.key: dict(each.values) for each in reading.records if each.kind == "visit"}

    return of


@pytest.fixture
def scores() -> Callable[[Reading, str], dict[str, dict[str, Any]]]:
    """Returns the scored items of a visit by the item's name."""

    def of(reading: Reading, visit: str) -> dict[str, dict[str, Any]]:
        return {
            each.key.rpartition("|")[2]: dict(each.values)
            for each in reading.records
            if each.kind == "visit_score" and each.values["visit_key"] == visit
        }

    return of
