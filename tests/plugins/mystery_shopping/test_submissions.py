"""Submissions as Kobo, ODK and SurveyCTO export them: the same visits, whatever the file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from regard.errors import FileError
from regard.measures.visits import item_of_row, score_visit

D = Decimal
Read = Callable[..., Any]
Samples = Any


def table(text: str) -> list[list[str]]:
    """Return the cells of Kobo's CSV."""
    return list(csv.reader(io.StringIO(text), delimiter=";"))


def rewritten(rows: list[list[str]], delimiter: str = ",") -> str:
    """Return cells as CSV."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue()


def renamed(samples: Samples, change: Callable[[str], str]) -> str:
    """Return Kobo's CSV with other headers."""
    header, *rows = table(samples.kobo)
    return rewritten([[change(name) for name in header], *rows])


def test_kobo_visits(read: Read, visits: Any, samples: Samples) -> None:
    """A visit has its form, place, day, state and score."""
    found = visits(read({"kobo.csv": samples.kobo}, own="us"))

    assert ["u-1", "u-2", "u-3"] == list(found)
    first = found["u-1"]
    assert ("Tienda", "2026-1", "Centro") == tuple(
        first[name] for name in ("form", "form_version", "place")
    )
    assert datetime(2026, 1, 11, 23, tzinfo=UTC) == first["visited_at"]
    assert [
        ("approved", D(100), True),
        ("submitted", D("22.5"), False),
        ("submitted", D(50), False),
    ] == [(each["state"], each["score"], each["passed"]) for each in found.values()]
    assert [None, None, "rival"] == [each["subject"] for each in found.values()]
    assert {"remarks": "Muy bien", "service/wait": "3"} == first["extra"]


def test_kobo_items(read: Read, scores: Any, samples: Samples) -> None:
    """Each item says what was answered, what it earned and where it stands in the form."""
    found = scores(read({"kobo.csv": samples.kobo}), "u-3")

    assert ["greets", "tidy", "asks", "trial", "receipt", "extras"] == list(found)
    shown = ("section", "section_weights", "item", "answer", "points", "max_points", "weight")
    assert ("Acogida", "40", "Orden de la tienda", "Regular", D(3), D(5), D(5)) == tuple(
        found["tidy"][name] for name in shown
    )
    assert (True, None, "N.P.") == tuple(
        found["trial"][name] for name in ("not_applicable", "points", "answer")
    )
    assert (True, D(50), D(0)) == tuple(found["receipt"][n] for n in ("critical", "cap", "points"))
    assert (True, D(1), "Da su tarjeta") == tuple(
        found["extras"][name] for name in ("bonus", "points", "answer")
    )


def test_comments_stand_with_their_item(read: Read, scores: Any, samples: Samples) -> None:
    """A text question that is named after an item is its comment."""
    found = scores(read({"kobo.csv": samples.kobo}), "u-1")

    assert "con una sonrisa" == found["greets"]["comment"]


def test_scores_follow_from_the_stored_items(
    read: Read, visits: Any, scores: Any, samples: Samples
) -> None:
    """The score of every visit can be worked out again from its rows alone."""
    reading = read({"kobo.csv": samples.kobo})
    for key, visit in visits(reading).items():
        rows = [item_of_row(row) for row in scores(reading, key).values()]

        assert visit["score"] == score_visit([row for row in rows if row is not None]).score


def test_every_export_of_a_submission_is_the_same_visit(
    read: Read, visits: Any, scores: Any, samples: Samples
) -> None:
    """Flat names, names with groups, labels, a workbook and JSON all give the same records."""
    base = read({"v.csv": samples.kobo})
    header, *rows = table(samples.kobo)
    labels = {"yes": "Sí", "no": "No", "np": "N.P.", "good": "Bien", "fair": "Regular"}
    labels |= {"unseen": "No se ve", "card": "Da su tarjeta", "us": "Nosotros", "rival": "Rival"}
    labels["coffee card"] = "Ofrece café Da su tarjeta"
    said = {
        "greets": "¿Saluda al entrar?",
        "tidy": "Orden de la tienda",
        "asks": "¿Pregunta qué necesita?",
        "trial": "¿Ofrece probarlo?",
        "receipt": "¿Entrega el tique?",
    }
    objects = [
        {name: cell for name, cell in zip(header, row, strict=True) if cell}
        | {"_validation_status": {"uid": row[19]} if row[19] else {}}
        for row in rows
    ]
    split = [
        [c for n, c in zip(header, row, strict=True) if n != "extras"] for row in (header, *rows)
    ]
    variants: dict[str, str | bytes] = {
        "flat.csv": renamed(samples, lambda name: name.rpartition("/")[2]),
        "dashes.csv": renamed(samples, lambda name: name.replace("/", "-")),
        "labels.csv": rewritten(
            [
                [said.get(name.rpartition("/")[2], name) for name in header],
                *[[labels.get(cell, cell) for cell in row] for row in rows],
            ]
        ),
        "book.xlsx": samples.book({"Tienda": [header, *rows]}),
        "v.json": json.dumps({"count": 3, "results": objects}),
        "list.json": json.dumps(objects, indent=1),
        "split.csv": rewritten(split),
    }
    expected = {key: _comparable(visit) for key, visit in visits(base).items()}
    for name, content in variants.items():
        reading = read({name: content})

        assert [] == reading.refused, name
        assert expected == {key: _comparable(visit) for key, visit in visits(reading).items()}, (
            name
        )
        for key in expected:
            mine, theirs = scores(base, key), scores(reading, key)
            for item in mine:
                shown = ("answer", "points", "not_applicable", "section", "weight")
                pairs = [(mine[item][n], theirs[item][n]) for n in shown]
                assert all(a == b for a, b in pairs), (name, key, item, pairs)


def _comparable(visit: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in visit.items() if name not in ("extra", "subject")}


ODK = """\
SubmissionDate,start,visit_date,store,subject,welcome-greets,welcome-tidy,service-asks,service-trial,\
service-receipt,meta-instanceID,KEY,SubmitterName,Status,ReviewState,FormVersion
2026-01-12T09:30:00.000Z,,2026-01-12,Centro,us,yes,good,yes,yes,yes,uuid:1,uuid:1,Eva,,approved,2026-1
2026-01-12T09:31:00.000Z,,2026-01-12,Centro,us,yes,good,yes,yes,yes,uuid:2,uuid:2,Eva,,hasIssues,2026-1
2026-01-12T09:32:00.000Z,,2026-01-12,Centro,us,yes,good,yes,yes,yes,uuid:3,uuid:3,Eva,,rejected,2025-9
2026-01-12T09:33:00.000Z,,,Centro,us,yes,good,yes,yes,yes,uuid:4,uuid:4,Eva,,,2026-1
"""


def test_odk_central(read: Read, visits: Any) -> None:
    """ODK Central's CSV names groups with dashes and has states of its own."""
    found = visits(read({"odk.csv": ODK}))

    assert ["approved", "submitted", "rejected", "submitted"] == [
        v["state"] for v in found.values()
    ]
    assert {"Eva"} == {visit["evaluator"] for visit in found.values()}
    assert "2025-9" == found["uuid:3"]["form_version"]
    assert found["uuid:4"]["visited_at"] is None


def test_odata(read: Read, visits: Any) -> None:
    """ODK Central's OData nests groups and what the system knows."""
    one = {
        "__id": "uuid:1",
        "__system": {"submissionDate": "2026-01-12T09:30:00Z", "reviewState": "approved"},
        "visit_date": "2026-01-12",
        "store": "Centro",
        "welcome": {"greets": "yes", "tidy": "fair"},
        "service": {"asks": "yes", "trial": "yes", "receipt": "yes"},
    }
    found = visits(read({"odata.json": json.dumps({"value": [one]})}))

    assert ("approved", D(92)) == (found["uuid:1"]["state"], found["uuid:1"]["score"])


def test_surveycto(read: Read, visits: Any) -> None:
    """SurveyCTO's CSV has flat names, a KEY and a review status."""
    text = (
        "SubmissionDate,visit_date,store,greets,tidy,asks,trial,receipt,instanceID,"
        "formdef_version,review_status,KEY\n"
        '"Jan 12, 2026 9:30:00 AM",2026-01-12,Centro,'
        "yes,good,yes,,yes,uuid:1,2601,APPROVED,uuid:1\n"
    )
    found = visits(read({"scto.csv": text}))

    assert ("approved", "2601", D(100)) == tuple(
        found["uuid:1"][name] for name in ("state", "form_version", "score")
    )


def test_empty_answers_are_not_applicable_and_told(
    read: Read, visits: Any, samples: Samples
) -> None:
    """What nobody answered is left out of the score, and the visit says how many those are."""
    text = samples.kobo.replace('"good";"yes";"yes"', '"";"yes";"yes"')
    found = visits(read({"v.csv": text}))

    assert D(100) == found["u-1"]["score"]
    assert 1 == found["u-1"]["extra"]["unanswered"]


def test_a_visit_without_answers_has_no_score(read: Read, visits: Any) -> None:
    """A draft that nobody filled in is a visit without a score."""
    header = "_uuid,visit_date,store,greets,tidy,asks,trial,receipt,state\n"
    text = header + "u,2026-01-12,Sur,,,,,,borrador\n"
    found = visits(read({"v.csv": text}, state="state"))["u"]

    assert ("draft", None, None) == (found["state"], found["score"], found["passed"])


@pytest.mark.parametrize(
    ("given", "said", "reason", "field"),
    [
        ('"good"', '"great"', "unknown-value", "tidy"),
        ('"coffee card"', '"coffee gold"', "unknown-value", "extras"),
        ('"validation_status_approved"', '"maybe"', "unknown-value", "state"),
        ('"Centro";"us";"yes"', '"Centro";"us";"=1+1"', "unknown-value", "greets"),
        ('"2026-01-12";"Centro"', '"soon";"Centro"', "bad-date", None),
    ],
)
def test_what_the_form_does_not_know_refuses_the_whole_visit(  # noqa: PLR0913, RUF100
    read: Read,
    visits: Any,
    samples: Samples,
    given: str,
    said: str,
    reason: str,
    field: str | None,
) -> None:
    """An unknown answer is never silently nothing: the visit is refused, in both streams."""
    reading = read({"v.csv": samples.kobo.replace(given, said, 1)})

    assert ["u-2", "u-3"] == list(visits(reading))
    assert [(reason, field)] * 2 == [(each.reason, each.field) for each in reading.refused]
    assert 12 == sum(each.kind == "visit_score" for each in reading.records)
    assert all(said.strip('"') not in each.message for each in reading.refused)


def test_options_in_columns_of_their_own(read: Read, scores: Any, samples: Samples) -> None:
    """Of several answers each may have a column; none of them chosen is an answer, too."""
    header, *rows = table(samples.kobo)
    joined = header.index("extras")
    rows[0][joined + 1 : joined + 3] = ["TRUE", "False"]
    rows[1][joined + 1 : joined + 3] = ["0", "0"]
    rows[2][joined + 1 : joined + 3] = ["", ""]
    cells = [row[:joined] + row[joined + 1 :] for row in (header, *rows)]
    reading = read({"v.csv": rewritten(cells)})
    found = [scores(reading, key)["extras"] for key in ("u-1", "u-2", "u-3")]

    assert [(D(2), "Ofrece café"), (D(0), "-"), (None, None)] == [
        (each["points"], each["answer"]) for each in found
    ]


def test_labels_of_questions_say_what_columns_are(
    read: Read, visits: Any, scores: Any, samples: Samples
) -> None:
    """With labels as headers, brand and comment are those that their questions' names say."""
    labels = {row[1]: row[2] for row in samples.survey[1:] if len(row) > 2}
    text = renamed(samples, lambda name: labels.get(name.rpartition("/")[2], name))
    reading = read({"labels.csv": text}, own="us")

    assert [None, None, "rival"] == [each["subject"] for each in visits(reading).values()]
    assert "con una sonrisa" == scores(reading, "u-1")["greets"]["comment"]


def test_states_of_their_own(read: Read, visits: Any, samples: Samples) -> None:
    """Words that an agency uses for states are said in the configuration."""
    text = samples.kobo.replace("validation_status_approved", "Vista")
    found = visits(read({"v.csv": text}, states={"vista": "approved"}))

    assert "approved" == found["u-1"]["state"]


def test_columns_of_other_names(read: Read, visits: Any, samples: Samples) -> None:
    """Place, evaluator and wave are whatever column the configuration names."""
    found = visits(
        read(
            {"v.csv": samples.kobo},
            place="remarks",
            wave="service/wait",
            visit="_id",
            pass_score=0,
        )
    )

    assert ("Muy bien", "3", True) == tuple(found["3|1"][n] for n in ("place", "wave", "passed"))


def test_constants_fill_what_no_column_says(read: Read, visits: Any, samples: Samples) -> None:
    """The wave of a file can be said once for all of its visits."""
    found = visits(read({"v.csv": samples.kobo}, constants={"wave": "1T", "place": "not used"}))

    assert {("1T", "Centro"), ("1T", "Norte"), ("1T", "Rival Centro")} == {
        (visit["wave"], visit["place"]) for visit in found.values()
    }


def test_versions_of_a_form_side_by_side(
    read: Read, visits: Any, scores: Any, samples: Samples
) -> None:
    """Each visit is scored by the version of the form that it was filled in on."""
    old = [list(row) for row in samples.survey]
    old[6][6] = 1  # greeting was worth one point
    settings = [samples.settings[0], ["Tienda", "store", "2025-2", "Español (es)", 75, 50]]
    older = samples.xlsform(survey=old, settings=settings)
    text = samples.kobo.replace('"2026-1";"3"', '"2025-2";"3"')
    reading = read({"forms/old.xlsx": older, "v.csv": text}, form=["forms/old.xlsx", "form.xlsx"])

    assert ["2026-1", "2026-1", "2025-2"] == [v["form_version"] for v in visits(reading).values()]
    assert [D(5), D(1)] == [scores(reading, key)["greets"]["points"] for key in ("u-1", "u-3")]


def test_weight_sets(read: Read, visits: Any, scores: Any, samples: Samples) -> None:
    """A named set of weights scores the same visits in another way."""
    survey = [list(row) for row in samples.survey]
    survey[0] = [*survey[0], "weight::rush"]
    survey[5] = [*survey[5], "", "", "", 10]
    for row in survey[6:]:
        row.extend([""] * (12 - len(row)))
    form = samples.xlsform(survey=survey)
    reading = read(
        {"forms/rush.xlsx": form, "v.csv": samples.kobo}, form="forms/rush.xlsx", weights="rush"
    )

    assert "10" == scores(reading, "u-2")["greets"]["section_weights"]
    assert D("32.14") == visits(reading)["u-2"]["score"]


def test_questions_that_are_called_like_something_else(
    read: Read, visits: Any, samples: Samples
) -> None:
    """A question called state or note is a question, unless the configuration says otherwise."""
    survey = [*samples.survey, ["text", "state", "Provincia"], ["text", "note", "Nota"]]
    lines = samples.kobo.replace('"_validation_status"', '"state"').replace('"_index"', '"note"')
    text = lines.replace('"validation_status_approved";"1"', '"Madrid";"limpio"')
    files = {"forms/f.xlsx": samples.xlsform(survey=survey), "v.csv": text}
    found = visits(read(files, form="forms/f.xlsx"))["u-1"]

    assert (None, None) == (found["state"], found["stated_score"])
    assert ("Madrid", "limpio") == (found["extra"]["state"], found["extra"]["note"])


def test_an_empty_name_takes_no_column(read: Read, visits: Any, samples: Samples) -> None:
    """What a column is usually called can be overruled by an empty text."""
    found = visits(read({"v.csv": samples.kobo}, state="", place=""))["u-1"]

    assert (None, None) == (found["state"], found["place"])


def test_a_column_that_is_not_there(read: Read, samples: Samples) -> None:
    """A column that the configuration names and no file has is an error with the nearest name."""
    with pytest.raises(FileError, match=r"no column 'stroe' .place.; did you mean 'store'"):
        reading = read({"v.csv": samples.kobo}, place="stroe")
        assert ["unrecognised"] == [stream.name for stream in reading.streams]


def test_boxes_that_are_ticked(read: Read, scores: Any, samples: Samples) -> None:
    """What a spreadsheet calls TRUE is the answer yes."""
    text = samples.kobo.replace('"Centro";"us";"yes"', '"Centro";"us";"TRUE"')

    assert "Sí" == scores(read({"v.csv": text}), "u-1")["greets"]["answer"]


def test_exports_with_very_many_columns(read: Read, visits: Any, samples: Samples) -> None:
    """A workbook of more columns than any agency's is read as well."""
    header, *rows = table(samples.kobo)
    more = [f"matrix/row_{n}" for n in range(450)]
    sheet = [[*header, *more], *[[*row, *["x"] * 450] for row in rows]]
    found = visits(read({"v.xlsx": samples.book({"Tienda": sheet})}))

    assert [D(100), D("22.5"), D(50)] == [visit["score"] for visit in found.values()]
