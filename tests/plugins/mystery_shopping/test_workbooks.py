"""Agencies' workbooks: one row a visit, one row an item, one sheet a visit."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

D = Decimal
Read = Callable[..., Any]
Samples = Any
OPTIONS: dict[str, Any] = {"form": "form.toml", "dates": "day-first", "decimal": ","}


def told(visits: dict[str, dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """Return what matters of each visit."""
    return {
        key: (each["place"], each["score"], each["stated_score"]) for key, each in visits.items()
    }


def wide(samples: Samples, *rows: list[Any]) -> list[list[Any]]:
    """Return a sheet with titles, two header rows and one row a visit."""
    return [
        ["Informe de visitas, ola 1"],
        [],
        ["Datos", "", "", "Acogida", "", "Atención", "", "", "Resultado"],
        ["Nº visita", "Tienda", "Fecha", *samples.labels, "Total"],
        *rows,
    ]


MERGED = ("A1:I1", "A3:C3", "D3:E3", "F3:H3")


def test_one_row_a_visit(read: Read, visits: Any, samples: Samples) -> None:
    """Items are columns below two header rows with merged cells; totals are no visits."""
    rows = wide(
        samples,
        ["V1", "Centro", "12/01/2026", "Sí", "Bien", "Sí", "Sí", "Sí", "100 %"],
        ["V2", "Norte", "13/01/2026", "No", "Regular", "Sí", "N.P.", "Sí", 72],
        ["Total", "", "", "", "", "", "", "", 86],
        ["Media", "", "", "", "", "", "", "", "86 %"],
    )
    found = visits(read({"w.xlsx": samples.book({"Ola": rows}, MERGED)}, **OPTIONS))

    assert {"V1": ("Centro", D(100), D(100)), "V2": ("Norte", D(72), D(72))} == told(found)


def test_one_row_a_visit_with_points_beside_answers(
    read: Read, visits: Any, scores: Any, samples: Samples
) -> None:
    """Below each item may stand answer, points and comment, one beside the other."""
    heads = [cell for label in samples.labels for cell in (label, "", "")]
    parts = ["Respuesta", "Puntos", "Comentario"] * 5
    rows = [
        ["Visita", "Tienda", *heads],
        ["", "", *parts],
        [
            *("V1", "Centro", "Sí", 5, "", "Regular", 3, "polvo", "Sí", 10, "", "No", 4, ""),
            *("Sí", 6, ""),
        ],
    ]
    merged = [f"{a}1:{b}1" for a, b in ("CE", "FH", "IK", "LN", "OQ")] + ["A1:A2", "B1:B2"]
    reading = read({"w.xlsx": samples.book({"V": rows}, merged)}, **OPTIONS)
    found = scores(reading, "V1")

    assert "polvo" == found["tidy"]["comment"]
    assert [D(5), D(3), D(10), D(0), D(6)] == [each["points"] for each in found.values()]
    assert {"stated_points": "4"} == found["trial"]["extra"]
    assert found["tidy"].get("extra") is None


def long_rows(samples: Samples, visit: str, *answers: str) -> list[list[Any]]:
    """Return the rows of one visit: its number and place stand on the first of them only."""
    first = [[visit, f"Tienda {visit}", "12/01/2026"], ["", "", ""]]
    return [
        [*first[min(at, 1)], text, answer, ""]
        for at, (text, answer) in enumerate(zip(samples.labels, answers, strict=True))
    ]


LONG = ["ID visita", "Tienda", "Fecha", "Pregunta", "Respuesta", "Comentario"]


def test_one_row_an_item(read: Read, visits: Any, scores: Any, samples: Samples) -> None:
    """Rows of one visit are put together; subtotals and headings are no items."""
    first = long_rows(samples, "L1", "Sí", "Bien", "No", "N.P.", "Sí")
    first.insert(2, ["", "", "", "Subtotal Acogida", "10", ""])
    first.insert(3, ["", "", "", "Atención", "", ""])
    first.append(["", "", "", "Total", "62,5", ""])
    second = long_rows(samples, "L2", "Sí", "Mal", "Sí", "Sí", "Sí")
    second[1][3] = "Tienda ordenada"
    second[1][5] = "ropa en el suelo"
    rows = [LONG, *first, *second]
    reading = read({"l.xlsx": samples.book({"Items": rows}, ["A2:A9"])}, **OPTIONS)

    assert {"L1": ("Tienda L1", D("62.5"), D("62.5")), "L2": ("Tienda L2", D(80), None)} == told(
        visits(reading)
    )
    assert "ropa en el suelo" == scores(reading, "L2")["tidy"]["comment"]


def test_a_total_among_items_may_stand_with_the_points(
    read: Read, visits: Any, samples: Samples
) -> None:
    """Where answers and points have a column each, the total is in that of the points."""
    rows = [[*row[:5], ""] for row in long_rows(samples, "L1", "Sí", "Bien", "No", "N.P.", "Sí")]
    rows.append(["", "", "", "TOTAL", "", 55])
    head = [*LONG[:5], "Puntos"]
    reading = read({"l.xlsx": samples.book({"Items": [head, *rows]}, ["A2:A7"])}, **OPTIONS)

    assert {"L1": ("Tienda L1", D("62.5"), D(55))} == told(visits(reading))


def test_items_numbered_anew_are_the_same(read: Read, visits: Any, samples: Samples) -> None:
    """Numbers of several parts in front of a text make no difference: 1.1 becomes 2.3."""
    rows = long_rows(samples, "L1", "Sí", "Bien", "No", "N.P.", "Sí")
    for at, row in enumerate(rows):
        row[3] = f"{at}.{at + 1} {row[3]}"
    reading = read({"l.xlsx": samples.book({"Items": [LONG, *rows]}, ["A2:A6"])}, **OPTIONS)

    assert ["L1"] == list(visits(reading))


def test_one_row_an_item_in_csv(read: Read, visits: Any, samples: Samples) -> None:
    """The same shape works as CSV, also where the rows of a visit are scattered."""
    first = long_rows(samples, "L1", "Sí", "Bien", "No", "N.P.", "Sí")
    second = long_rows(samples, "L2", "Sí", "Mal", "Sí", "Sí", "Sí")
    for rows, number in ((first, "L1"), (second, "L2")):
        for row in rows:
            row[0] = number
    mixed = [LONG, *first[:2], *second[:4], *first[2:], *second[4:]]
    text = "\n".join(";".join(map(str, row)) for row in mixed)
    found = visits(read({"l.csv": text}, **OPTIONS))

    assert {"L1": D("62.5"), "L2": D(80)} == {key: each["score"] for key, each in found.items()}


def test_an_item_row_that_nobody_knows_refuses_its_visit_only(
    read: Read, visits: Any, samples: Samples
) -> None:
    """A changed text refuses the visit with the item it resembles; the next visit is read."""
    first = long_rows(samples, "L1", "Sí", "Bien", "No", "N.P.", "Sí")
    first[0][3] = "¿Saluda al llegar?"
    rows = [LONG, *first, *long_rows(samples, "L2", "Sí", "Bien", "Sí", "Sí", "Sí")]
    reading = read({"l.xlsx": samples.book({"Items": rows})}, **OPTIONS)

    assert ["L2"] == list(visits(reading))
    assert [("unknown-value", 2)] * 2 == [(each.reason, each.line) for each in reading.refused]
    assert "is it an alias of '¿Saluda al entrar?'?" in reading.refused[0].message


def test_an_item_that_is_answered_twice(read: Read, visits: Any, samples: Samples) -> None:
    """Two different answers to one item refuse the visit; the same answer twice does not."""
    first = long_rows(samples, "L1", "Sí", "Bien", "No", "N.P.", "Sí")
    second = long_rows(samples, "L2", "Sí", "Bien", "Sí", "Sí", "Sí")
    rows = [LONG, *first, ["", "", "", samples.labels[0], "No", ""], *second, second[4]]
    reading = read({"l.xlsx": samples.book({"Items": rows})}, **OPTIONS)

    assert ["L2"] == list(visits(reading))
    assert {"duplicate-key"} == {each.reason for each in reading.refused}


def sheet(samples: Samples, place: str, answers: list[str], total: Any = "") -> list[list[Any]]:
    """Return a sheet that is one visit, with labels in cells."""
    texts = list(samples.labels)
    return [
        ["INFORME CLIENTE MISTERIOSO"],
        ["Tienda:", place, "", "Fecha:", "12/01/2026"],
        ["Evaluador: Ana"],
        ["Hora de entrada", "10:15"],
        [],
        ["Pregunta", "", "Respuesta", "Observaciones"],
        ["Acogida"],
        [f"1. {texts[0]}", "", answers[0], "sonríe"],
        ["2. Tienda ordenada", "", answers[1]],
        ["Subtotal Acogida", "", "10"],
        ["Atención"],
        *[[f"{n}. {texts[n - 1]}", "", answers[n - 1]] for n in (3, 4, 5)],
        ["Puntuación total", "", total],
    ]


def test_one_sheet_a_visit(read: Read, visits: Any, scores: Any, samples: Samples) -> None:
    """Labels stand beside their values, items beside their answers; a summary is passed over."""
    made = samples.book(
        {
            "Centro": sheet(samples, "Centro", ["Sí", "Bien", "No", "N.P.", "Sí"], "62,5 %"),
            "Norte": sheet(samples, "Norte", ["No", "Mal", "Sí", "Sí", "No"], 30),
            "Resumen": [["Resumen"], ["Tienda", "Nota"], ["Centro", 62.5]],
        }
    )
    reading = read({"enero.xlsx": made}, **OPTIONS)

    assert {
        "enero|Centro": ("Centro", D("62.5"), D("62.5")),
        "enero|Norte": ("Norte", D(42), D(30)),
    } == told(visits(reading))
    assert {"Ana"} == {each["evaluator"] for each in visits(reading).values()}
    assert "sonríe" == scores(reading, "enero|Centro")["greets"]["comment"]
    assert [] == reading.refused


def test_labels_beside_each_other_without_a_header(
    read: Read, visits: Any, samples: Samples
) -> None:
    """A sheet without any header row is read by where its answers stand."""
    rows = [
        ["Visita", "S-9"],
        ["Tienda", "Sur"],
        *zip(samples.labels, ["Sí", "Bien"] + ["Sí"] * 3, strict=True),
    ]
    found = visits(read({"s.xlsx": samples.book({"Hoja1": rows})}, **OPTIONS))

    assert {"S-9": ("Sur", D(100), None)} == told(found)


def test_the_item_behind_a_difference_is_named(read: Read, visits: Any, samples: Samples) -> None:
    """Where the agency's total differs, the visit says which item makes the difference."""
    rows = wide(
        samples,
        ["V1", "Centro", "12/01/2026", "Sí", "Bien", "Sí", "No", "Sí", 100],
        ["V2", "Norte", "13/01/2026", "Sí", "Bien", "Sí", "N.P.", "Sí", 88],
        ["V3", "Sur", "13/01/2026", "Sí", "Bien", "Sí", "Sí", "Sí", 3],
    )
    found = visits(read({"w.xlsx": samples.book({"Ola": rows}, MERGED)}, **OPTIONS))
    why = {key: (visit["extra"] or {}).get("stated_because") for key, visit in found.items()}

    assert why["V1"].startswith("¿Ofrece probarlo?: counted with all points")
    assert why["V2"].startswith("¿Ofrece probarlo?: not applicable, counted as nothing")
    assert why["V3"] is None or why["V3"] == ""


@pytest.mark.parametrize(
    ("stated", "written"), [("share", 0.5), ("points", 15), ("percent", 50), ("percent", "15/30")]
)
def test_totals_are_understood_as_the_form_says(
    read: Read, visits: Any, samples: Samples, stated: str, written: Any
) -> None:
    """A total may be a share, a number of points, a percentage, or points of points."""
    rows = wide(samples, ["V1", "Centro", "12/01/2026", "Sí", "Bien", "No", "No", "Sí", written])
    files = {
        "forms/f.toml": f'stated = "{stated}"\n' + samples.toml,
        "w.xlsx": samples.book({"Ola": rows}, MERGED),
    }
    found = visits(read(files, **OPTIONS | {"form": "forms/f.toml"}))

    assert D(50) == found["V1"]["stated_score"]


def test_texts_that_changed_between_waves(read: Read, visits: Any, samples: Samples) -> None:
    """An item whose text was changed is the same item, by its aliases."""
    labels = ["P1. ¿SALUDA AL ENTRAR", "2) Tienda ordenada", *samples.labels[2:]]
    rows = [["Visita", "Tienda", *labels], ["V1", "Centro", "Sí", "Mal", "Sí", "Sí", "Sí"]]
    found = visits(read({"w.xlsx": samples.book({"Ola 2": rows})}, **OPTIONS))

    assert {"V1": ("Centro", D(80), None)} == told(found)


def test_items_called_alike_in_two_sections(read: Read, scores: Any, samples: Samples) -> None:
    """The section above a column tells two items of one name apart, else their order does."""
    form = """
[[sections]]
name = "Sala"
[[sections.items]]
name = "sala"
text = "Limpieza"
[[sections]]
name = "Baños"
[[sections.items]]
name = "banos"
text = "Limpieza"
"""
    rows = [
        ["", "", "Baños", "Sala"],
        ["Visita", "Tienda", "Limpieza", "Limpieza"],
        ["V1", "Centro", "Sí", "No"],
    ]
    files = {"forms/f.toml": form, "w.xlsx": samples.book({"V": rows})}
    by_section = scores(read(files, form="forms/f.toml"), "V1")
    plain = {"forms/f.toml": form, "w.csv": "Visita,Tienda,Limpieza,Limpieza\nV1,Centro,Sí,No\n"}
    by_order = scores(read(plain, form="forms/f.toml"), "V1")

    assert {"sala": D(0), "banos": D(1)} == {
        name: each["points"] for name, each in by_section.items()
    }
    assert {"sala": D(1), "banos": D(0)} == {
        name: each["points"] for name, each in by_order.items()
    }


def test_visits_without_a_number_go_by_place_and_day(
    read: Read, visits: Any, samples: Samples
) -> None:
    """Where nothing numbers the visits, place, day and evaluator name them."""
    rows = [
        ["Tienda", "Fecha", "Evaluadora", *samples.labels],
        ["Centro", "12/01/2026", "Eva", "Sí", "Bien", "Sí", "Sí", "Sí"],
        ["Centro", "", "Eva", "Sí", "Bien", "Sí", "Sí", "Sí"],
    ]
    reading = read({"w.xlsx": samples.book({"V": rows})}, **OPTIONS)

    assert ["Centro|2026-01-11T23:00:00+00:00|Eva"] == list(visits(reading))
    assert {("missing-key", 3)} == {(each.reason, each.line) for each in reading.refused}


def test_ignored_texts_are_kept_beside(read: Read, visits: Any, samples: Samples) -> None:
    """What the form ignores is kept with the visit and asks nothing of anybody."""
    rows = [
        ["Visita", "Tienda", "Hora de entrada", *samples.labels],
        ["V1", "Centro", "10:15", "Sí", "Bien", "Sí", "Sí", "Sí"],
    ]
    found = visits(read({"w.xlsx": samples.book({"V": rows})}, **OPTIONS))

    assert {"Hora de entrada": "10:15"} == found["V1"]["extra"]


def test_competitors_on_the_same_form(read: Read, visits: Any, samples: Samples) -> None:
    """Visits to competitors keep whom they were to; ours name nobody."""
    rows = [
        ["Visita", "Enseña", *samples.labels],
        ["V1", "Nosotros", "Sí", "Bien", "Sí", "Sí", "Sí"],
        ["V2", "Rival S.A.", "Sí", "Bien", "Sí", "Sí", "Sí"],
    ]
    found = visits(read({"w.xlsx": samples.book({"V": rows})}, own="nosotros", **OPTIONS))

    assert [None, "Rival S.A."] == [each["subject"] for each in found.values()]


LIKE = """
[[sections]]
name = "Sala"
[[sections.items]]
name = "a"
text = "Limpieza"
[[sections]]
name = "Baños"
[[sections.items]]
name = "b"
text = "Limpieza"
[[sections.items]]
name = "five"
text = "5 minutos"
[[sections.items]]
name = "ten"
text = "10 minutos"
"""


def test_headings_without_merged_cells_go_on(read: Read, scores: Any, samples: Samples) -> None:
    """A heading above its first column only goes for the columns behind it, too."""
    rows = [
        ["", "Baños", "", "", "Sala"],
        ["Visita", "10 minutos", "5 minutos", "Limpieza", "Limpieza"],
        ["V1", "Sí", "No", "Sí", "No"],
    ]
    files = {"forms/f.toml": LIKE, "w.xlsx": samples.book({"V": rows})}
    found = scores(read(files, form="forms/f.toml"), "V1")

    assert {"a": D(0), "b": D(1), "five": D(0), "ten": D(1)} == {
        name: each["points"] for name, each in found.items()
    }


def test_headings_between_rows_tell_items_apart(read: Read, scores: Any, samples: Samples) -> None:
    """In a table of items the heading read last says which of two like texts is meant."""
    rows = [
        ["Visita", "Pregunta", "Respuesta"],
        ["V1", "Baños", ""],
        ["V1", "Limpieza", "Sí"],
        ["V1", "5 minutos", "No"],
        ["V1", "10 minutos", "Sí"],
        ["V1", "Sala", ""],
        ["V1", "Limpieza", "No"],
    ]
    files = {"forms/f.toml": LIKE, "w.xlsx": samples.book({"V": rows})}
    found = scores(read(files, form="forms/f.toml"), "V1")

    assert {"a": D(0), "b": D(1), "five": D(0), "ten": D(1)} == {
        name: each["points"] for name, each in found.items()
    }


def test_a_text_that_was_changed_is_never_left_out(
    read: Read, visits: Any, samples: Samples
) -> None:
    """A visit whose item probably stands under another text is refused until somebody says so."""
    rows = [
        ["Visita", "¿Saluda al salir?", *samples.labels[1:]],
        ["V1", "Sí", "Bien", "Sí", "Sí", "Sí"],
    ]
    made = samples.book({"V": rows})
    refused = read({"w.xlsx": made}, **OPTIONS).refused
    toml = samples.toml.replace('"Hora de entrada"', '"¿Saluda al salir?"')
    ignored = read({"w.xlsx": made, "forms/f.toml": toml}, **OPTIONS | {"form": "forms/f.toml"})

    assert [("unknown-value", "greets", 2)] * 2 == [(r.reason, r.field, r.line) for r in refused]
    assert "is probably the item '¿Saluda al entrar?'" in refused[0].message
    assert D(100) == visits(ignored)["V1"]["score"]
    assert {"¿Saluda al salir?": "Sí"} == visits(ignored)["V1"]["extra"]


def test_a_column_that_is_no_item_is_kept_beside(
    read: Read, visits: Any, samples: Samples
) -> None:
    """What resembles no item of the form is kept with the visit."""
    rows = [
        ["Visita", *samples.labels, "Tiempo"],
        ["V1", "Sí", "Bien", "Sí", "Sí", "Sí", "Lluvia"],
    ]
    reading = read({"w.xlsx": samples.book({"V": rows})}, **OPTIONS)

    assert {"Tiempo": "Lluvia"} == visits(reading)["V1"]["extra"]


def test_what_is_called_like_a_total_is_a_visit(read: Read, visits: Any, samples: Samples) -> None:
    """A place may be called Total, and an item may begin like a sum: only figures make a total."""
    rows = [
        ["Tienda", "Fecha", *samples.labels, "Total"],
        ["Total Gasolinera", "12/01/2026", "Sí", "Bien", "Sí", "Sí", "Sí", 100],
        ["Total general", "", "", "", "", "", "", "100,0 %"],
    ]
    long = [
        ["Visita", "Pregunta", "Respuesta"],
        *[["L1", text, "Sí"] for text in samples.labels[:1]],
        ["L1", "Media hora de espera", "No"],
    ]
    reading = read(
        {"w.xlsx": samples.book({"V": rows}), "l.xlsx": samples.book({"V": long})}, **OPTIONS
    )

    assert ["Total Gasolinera"] == [each["place"] for each in visits(reading).values()]
    assert {"a row is no item of the form: add its text to aliases of an item, or to ignore"} == {
        each.message for each in reading.refused
    }


def test_agencies_count_from_one_in_each_wave(read: Read, visits: Any, samples: Samples) -> None:
    """Visit 1 of the second wave does not take the place of visit 1 of the first."""
    header = ["Visita", "Ola", "Tienda", *samples.labels]
    files = {
        f"{wave}.xlsx": samples.book(
            {"V": [header, [1, wave, "Centro", "Sí", "Bien", "Sí", "Sí", "Sí"]]}
        )
        for wave in ("2026-1", "2026-2")
    }
    found = visits(read(files, **OPTIONS))

    assert {"2026-1|1": "2026-1", "2026-2|1": "2026-2"} == {
        key: each["wave"] for key, each in found.items()
    }


def test_rows_of_items_name_their_version(read: Read, scores: Any, samples: Samples) -> None:
    """In a table of items, too, each visit is scored by the version that it names."""
    older = samples.toml.replace('"2026-1"', '"2025-2"').replace("points = 5", "points = 1", 1)
    rows = [
        [*LONG, "Version"],
        *[[*row, "2025-2"] for row in long_rows(samples, "L1", "Sí", "Bien", "No", "N.P.", "Sí")],
        *[[*row, "2026-1"] for row in long_rows(samples, "L2", "Sí", "Bien", "No", "N.P.", "Sí")],
    ]
    files = {"forms/old.toml": older, "l.xlsx": samples.book({"Items": rows})}
    reading = read(files, **OPTIONS | {"form": ["forms/old.toml", "form.toml"]})

    assert [D(1), D(5)] == [scores(reading, key)["greets"]["points"] for key in ("L1", "L2")]
