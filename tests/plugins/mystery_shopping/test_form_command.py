"""``regard form check`` explains a form, ``regard form draft`` proposes one."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from regard_plugins.mystery_shopping.checking import faults_of
from regard_plugins.mystery_shopping.forms import open_form
from regard_plugins.mystery_shopping.vocabulary import vocabulary_of

D = Decimal
Samples = Any
RunRegard = Callable[..., Any]

CHECKED = """\
Tienda, version 2026-1
6 items, 30 points, bonus up to 3 of 100
a visit passes from 75
a visit that fails a critical item fails, its score is at most 50

item                       points  weight  of 100
Acogida                                40      40
  ¿Saluda al entrar?            5              20
  Orden de la tienda            5              20
Atención                               60      60
  ¿Pregunta qué necesita?      10              30
  ¿Ofrece probarlo?             4              12  not always asked
  ¿Entrega el tique?            6              18  critical
Extras                                          0
  Detalles                      3                  bonus

0 errors, 0 warnings
"""


@pytest.fixture
def form(run_regard: RunRegard, tmp_path: Path) -> Callable[..., Any]:
    """Runs ``regard form`` in an empty folder."""

    def run(*words: str) -> Any:
        return run_regard("form", *words, cwd=tmp_path, env={"COLUMNS": "80"})

    return run


def test_check_explains_a_form(form: Any, samples: Samples, tmp_path: Path) -> None:
    """Sections, items, points, weights and what each decides are on one screen."""
    (tmp_path / "f.xlsx").write_bytes(samples.xlsform())
    done = form("check", "f.xlsx")
    shown = "\n".join(line.rstrip() for line in done.stdout.splitlines()) + "\n"

    assert (0, "") == (done.returncode, done.stderr)
    assert CHECKED == shown


def test_check_shows_answers(form: Any, samples: Samples, tmp_path: Path) -> None:
    """On request each answer stands below its item with what it earns."""
    (tmp_path / "f.toml").write_text(samples.toml, "utf-8")
    lines = form("check", "f.toml", "--answers").stdout.splitlines()
    at = next(at for at, line in enumerate(lines) if "Orden de la tienda" in line)

    assert [["Bien", "5"], ["Regular", "3"], ["Mal", "0"], ["No", "se", "ve", "n/a"]] == [
        line.split() for line in lines[at + 1 : at + 5]
    ]


def test_check_fails_on_a_broken_form(form: Any, samples: Samples, tmp_path: Path) -> None:
    """A form that visits cannot be scored with has exit code 2 and says why."""
    (tmp_path / "f.toml").write_text(
        samples.toml.replace('scale = "calidad"', 'scale = "x"'), "utf-8"
    )
    done = form("check", "f.toml")

    assert 2 == done.returncode
    assert "error   item tidy: there is no scale 'x'; known: calidad, si-no" in done.stdout
    assert "2 errors, 0 warnings" in done.stdout


def test_check_as_json(form: Any, samples: Samples, tmp_path: Path) -> None:
    """Programs get the same: items with their share of the score, answers and faults."""
    (tmp_path / "f.xlsx").write_bytes(samples.xlsform())
    told = json.loads(form("check", "f.xlsx", "--json").stdout)
    receipt = next(item for item in told["items"] if item["name"] == "receipt")

    assert ("30", "3", "75", []) == (
        told["max_points"],
        told["max_bonus"],
        told["pass_score"],
        told["faults"],
    )
    assert ("18", True, ["Atención"]) == (
        receipt["share"],
        receipt["critical"],
        receipt["section"],
    )
    assert {"answer": "Sí", "points": "6", "not_applicable": False} == receipt["answers"][0]


def test_check_with_other_weights(form: Any, samples: Samples, tmp_path: Path) -> None:
    """A weight set changes what items decide."""
    weights = '\n[weights.prisa]\n"Acogida" = 10\n"Atención" = 90\n'
    (tmp_path / "f.toml").write_text(samples.toml + weights, "utf-8")
    told = json.loads(form("check", "f.toml", "--weights", "prisa", "--json").stdout)

    assert ["5", "5", "45", "18", "27"] == [item["share"] for item in told["items"]]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("check", "nobody.xlsx"), 2),
        (("check",), 2),
        (("chekc", "f.toml"), 2),
        (("draft", "nobody.xlsx"), 1),
        (("check", "f.toml", "--weights", "x"), 2),
    ],
)
def test_wrong_usage(form: Any, samples: Samples, tmp_path: Path, words: Any, code: int) -> None:
    """What cannot be done is said in one line, without a traceback."""
    (tmp_path / "f.toml").write_text(samples.toml, "utf-8")
    done = form(*words)

    assert code == done.returncode
    assert done.stderr.startswith("regard: ")
    assert "Traceback" not in done.stderr


def workbook(samples: Samples) -> bytes:
    """Return an agency's workbook with one row a visit."""
    labels = samples.labels
    return bytes(
        samples.book(
            {
                "Ola": [
                    ["Visitas de enero"],
                    ["", "", "Acogida", "", "Atención", "", "", "", ""],
                    ["Nº visita", "Tienda", *labels, "Comentario general", "Total"],
                    [
                        "V1",
                        "Centro",
                        "Sí",
                        "Bien",
                        "Sí",
                        "Sí",
                        "Sí",
                        "Una visita muy larga " * 3,
                        1,
                    ],
                    ["V2", "Norte", "No", "Regular", "Sí", "N.P.", "Sí", "Nada que decir", 0.6],
                    ["V3", "Sur", "Sí", "Mal", "Sí", "No", "No", "Todo mal, " * 8, 0.3333],
                    ["Media", "", "", "", "", "", "", "", 0.64],
                ]
            },
            ["C2:D2", "E2:G2"],
        )
    )


def test_draft_proposes_a_form(form: Any, samples: Samples, tmp_path: Path) -> None:
    """Items, sections, scales and columns are proposed, and what is unsure is said."""
    (tmp_path / "Agencia enero.xlsx").write_bytes(workbook(samples))
    done = form("draft", "Agencia enero.xlsx")
    made = open_form(tmp_path / "forms" / "agencia-enero.toml")

    assert 0 == done.returncode, done.stderr
    assert done.stdout.startswith("wrote forms/agencia-enero.toml\n5 items, one row a visit;")
    assert "it reads 3 visits of this file" in done.stdout
    assert "- totals agree with the items in 3 of 3 visits" in done.stdout
    assert "'Orden de la tienda': points were given in the order of the words" in done.stdout
    assert "not taken as items, under ignore: 'Comentario general'" in done.stdout
    assert list(samples.labels) == [item.label for item in made.items]
    assert [("Acogida",), ("Atención",)] == list(made.sections)
    assert {"visit": "Nº visita", "place": "Tienda", "stated_score": "Total"} == dict(made.columns)
    assert "share" == made.stated
    assert [] == faults_of(made)


def test_draft_never_writes_over_a_file(form: Any, samples: Samples, tmp_path: Path) -> None:
    """A form that somebody corrected stays, unless writing over it is asked for."""
    (tmp_path / "a.xlsx").write_bytes(workbook(samples))
    (tmp_path / "mine.toml").write_text("mine", "utf-8")
    refused = form("draft", "a.xlsx", "--output", "mine.toml")
    kept = (tmp_path / "mine.toml").read_text("utf-8")
    forced = form("draft", "a.xlsx", "--output", "mine.toml", "--force", "--json")
    told = json.loads(forced.stdout)

    assert (2, "mine", 0) == (refused.returncode, kept, forced.returncode)
    assert "mine.toml is there already; give --force" in refused.stderr
    assert ("mine.toml", "visits", 5, 3) == (
        told["written"],
        told["shape"],
        told["items"],
        told["trial"]["visits"],
    )


def test_draft_of_rows_of_items(form: Any, samples: Samples, tmp_path: Path) -> None:
    """Points beside the answers say what each answer earns."""
    header = ["ID visita", "Tienda", "Apartado", "Pregunta", "Respuesta", "Puntos"]
    rows = [
        ["L1", "Centro", "Acogida", "Saluda", "Sí", 5],
        ["L1", "Centro", "Acogida", "Orden", "Regular", 3],
        ["L1", "Centro", "Acogida", "Subtotal", "", 8],
        ["L2", "Norte", "Acogida", "Saluda", "No", 0],
        ["L2", "Norte", "Acogida", "Orden", "Bien", 4],
    ]
    (tmp_path / "l.xlsx").write_bytes(samples.book({"Items": [header, *rows]}))
    done = form("draft", "l.xlsx")
    made = open_form(tmp_path / "forms" / "l.toml")

    assert "2 items, one row an item; it reads 2 visits" in done.stdout, done.stderr
    assert [D(5), D(4)] == [item.max_points for item in made.items]
    assert D(3) == made.items[1].earn("Regular").points
    assert "Respuesta" == made.columns["answer"]


def test_draft_of_sheets(form: Any, samples: Samples, tmp_path: Path) -> None:
    """Where each sheet is a visit, items that only some of them have are doubtful."""

    def sheet(place: str, first: str, answer: str) -> list[list[Any]]:
        return [
            ["Tienda:", place],
            ["Pregunta", "Respuesta", "Observaciones"],
            ["Acogida"],
            [first, answer, ""],
            ["Orden", "Bien", ""],
            ["Da las gracias", "No", "nada"],
            ["TOTAL", 50, ""],
        ]

    made = samples.book(
        {
            "A": sheet("Centro", "Saluda", "Sí"),
            "B": sheet("Norte", "Saluda al entrar", "No"),
            "C": sheet("Sur", "Saluda", "S.O."),
        }
    )
    (tmp_path / "s.xlsx").write_bytes(made)
    done = form("draft", "s.xlsx")

    assert "4 items, one sheet a visit; it reads 3 visits" in done.stdout, done.stderr
    assert "'Saluda al entrar' is in 1 of 3 visits: if it is a new text" in done.stdout


def test_draft_of_sheets_without_headings(form: Any, samples: Samples, tmp_path: Path) -> None:
    """Sheets that do not say which column holds answers show it by their answers."""

    def sheet(place: str, *answers: str) -> list[list[Any]]:
        texts = ("Le vendeur salue", "Le vendeur sourit", "Pose des questions", "Propose un thé")
        rows = [[text, answer] for text, answer in zip(texts, answers, strict=True)]
        return [
            ["Grille"],
            ["Magasin :", place],
            ["ACCUEIL"],
            *rows[:2],
            ["Sous-total accueil", 50],
            ["CONSEIL"],
            *rows[2:],
            ["Note globale", 67],
        ]

    made = samples.book(
        {
            "Visite 1": sheet("Lyon", "Oui", "Non", "Oui", "S.O."),
            "Visite 2": sheet("Paris", "Oui", "Oui", "Non", "Oui"),
        }
    )
    (tmp_path / "s.xlsx").write_bytes(made)
    done = form("draft", "s.xlsx")
    drafted = open_form(tmp_path / "forms" / "s.toml")

    assert "4 items, one sheet a visit; it reads 2 visits" in done.stdout, done.stderr
    assert [("ACCUEIL",)] * 2 + [("CONSEIL",)] * 2 == [item.path for item in drafted.items]


def test_draft_of_two_header_rows(form: Any, samples: Samples, tmp_path: Path) -> None:
    """Columns named in the upper of two header rows and items in the lower one are a header."""
    rows = [
        ["Nº visita", "Tienda", "Fecha", "Acogida", "", "", "Caja", "", "Total"],
        ["", "", "", "1.1 Saluda", "1.2 Sonríe", "Subtotal", "2.1 Ticket", "2.2 Bolsa", ""],
        [1, "Centro", "2026-09-01", "Sí", "Sí", 1, "Sí", "No", 0.75],
        [2, "Norte", "2026-09-02", "No", "Sí", 0.5, "Sí", "N.P.", 0.67],
        [3, "Sur", "2026-09-03", "Sí", "No", 0.5, "No", "No", 0.25],
        ["Media", "", "", "", "", 0.67, "", "", 0.56],
    ]
    made = samples.book({"Oleada": rows}, ["D1:F1", "G1:H1"])
    (tmp_path / "w.xlsx").write_bytes(made)
    done = form("draft", "w.xlsx")
    drafted = open_form(tmp_path / "forms" / "w.toml")

    assert "4 items, one row a visit; it reads 3 visits" in done.stdout, done.stderr
    assert "totals agree with the items in 3 of 3 visits" in done.stdout
    assert ["saluda", "sonrie", "ticket", "bolsa"] == [item.name for item in drafted.items]
    assert ("Subtotal",) == drafted.ignored


def test_draft_of_nothing(form: Any, samples: Samples, tmp_path: Path) -> None:
    """A workbook without items says what would be right, and nothing is written."""
    (tmp_path / "x.xlsx").write_bytes(samples.book({"Hoja": [["Hola"], ["Adiós"]]}))
    done = form("draft", "x.xlsx")

    assert 1 == done.returncode
    assert "x.xlsx: no items were found" in done.stderr
    assert not (tmp_path / "forms").exists()


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (["Sí", "No", "N.P.", "Sí"], [("Sí", 1), ("No", 0), ("N.P.", None)]),
        (["Oui", "Oui"], [("Oui", 1), ("Non", 0)]),
        (["no", "sans objet"], [("Yes", 1), ("no", 0), ("sans objet", None)]),
        (["Mal", "Bien", "Regular"], [("Bien", 2), ("Regular", 1), ("Mal", 0)]),
        (["good", "poor", "good"], [("good", 1), ("poor", 0)]),
        (["A", "B", "A", "B", "A"], [("A", 0), ("B", 0)]),
        (["first", "second", "third"], None),
        (["", None], None),
        ([1, 5, 3], [(1, 5)]),
        ([0, 1, 1, 0], [(0, 1)]),
        ([7, 10, "n/a"], [(0, 10), ("n/a", None)]),
        ([120], None),
    ],
)
def test_what_answers_have_in_common(answers: Any, expected: Any) -> None:
    """Scales are told from answers: yes and no, words of praise, marks."""
    found = vocabulary_of(answers)
    if found is None:
        assert expected is None
        return
    told: list[Any] = [] if found.low is None else [(found.low, found.high)]

    assert expected == [*told, *found.answers]


def report(shop: str, points: list[Any], total: str) -> list[list[Any]]:
    """Return a French agency's report: points of a maximum, and no answers."""
    return [
        ["RAPPORT CLIENT MYSTÈRE"],
        ["Point de vente :", shop, "", "Date de visite :", "12/01/2026"],
        ["Enquêteur :", "M. Exemple"],
        ["Rubrique", "N°", "Critères", "Barème", "Note obtenue", "Commentaires"],
        ["Accueil", 1, "Sourire à l'entrée", 5, points[0], "chaleureux"],
        ["", 2, "Bonjour dans les 30 secondes", 5, points[1], ""],
        ["Caisse", 3, "Ticket remis", 10, points[2], ""],
        ["", 4, "Propreté", 5, points[3], ""],
        ["Sanitaires", 5, "Propreté", 5, points[4], ""],
        ["", "", "TOTAL", 30, total, ""],
    ]


def test_draft_of_points_without_answers(form: Any, samples: Samples, tmp_path: Path) -> None:
    """Columns with sections and the most points are used; totals of the proposal agree."""
    made = samples.book(
        {
            "Lyon": report("Lyon", [5, 3, 10, 4, "S.O."], "22/25"),
            "Nice": report("Nice", [0, 5, 0, 5, 5], "15/30"),
        },
        ["A5:A6", "A7:A8"],
    )
    (tmp_path / "visites.xlsx").write_bytes(made)
    done = form("draft", "visites.xlsx")
    found = open_form(tmp_path / "forms" / "visites.toml")

    assert "- totals agree with the items in 2 of 2 visits" in done.stdout, done.stdout
    assert [("Accueil",), ("Caisse",), ("Sanitaires",)] == list(found.sections)
    assert [D(5), D(5), D(10), D(5), D(5)] == [item.max_points for item in found.items]
    assert {"place", "visited_at", "evaluator", "stated_score"} == set(found.columns)


def test_draft_keeps_weights(form: Any, samples: Samples, tmp_path: Path) -> None:
    """A column of weights becomes the items' weights, words earn the points beside them."""
    header = ["N° visite", "Magasin", "Question", "Réponse", "Points", "Poids"]
    rows = [
        ["1", "Lyon", "Accueil souriant ?", "oui", 2, 1],
        ["1", "Lyon", "Temps d'attente", "moins de 2 min", 3, 2],
        ["2", "Nice", "Accueil souriant ?", "non", 0, 1],
        ["2", "Nice", "Temps d'attente", "2 à 5 min", 1, 2],
        ["3", "Nice", "Accueil souriant ?", "S.O.", "", 1],
        ["3", "Nice", "Temps d'attente", "plus de 5 min", 0, 2],
    ]
    (tmp_path / "lignes.xlsx").write_bytes(samples.book({"Data": [header, *rows]}))
    done = form("draft", "lignes.xlsx")
    found = open_form(tmp_path / "forms" / "lignes.toml")

    assert "2 items, one row an item; it reads 3 visits" in done.stdout, done.stderr
    assert [(D(2), D(1)), (D(3), D(2))] == [(i.max_points, i.weight) for i in found.items]
    assert D(1) == found.items[1].earn("2 à 5 min").points
