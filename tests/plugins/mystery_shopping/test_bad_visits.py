"""Bad input is normal: it is refused with a reason, and its neighbours are read."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regard.errors import FileError
from regard.measures.visits import item_of_row, score_visit
from regard_plugins.mystery_shopping.checking import faults_of
from regard_plugins.mystery_shopping.drafting import draft_form
from regard_plugins.mystery_shopping.tomlform import form_of

D = Decimal
Read = Callable[..., Any]
Samples = Any
MakeProject = Callable[..., Path]
RunRegard = Callable[..., Any]
OPTIONS: dict[str, Any] = {"form": "form.toml", "dates": "day-first"}
GOOD = "visita,tienda,greets,tidy,asks,trial,receipt\nV1,Centro,Sí,Bien,Sí,Sí,Sí\n"


def run(run_regard: RunRegard, folder: Path) -> dict[str, dict[str, Any]]:
    """Run the source of a project and return its streams by name."""
    done = run_regard("run", "visits", "--json", cwd=folder)
    assert "Traceback" not in done.stderr

    return {item["stream"]: item for item in json.loads(done.stdout)["runs"]}


def made(project: MakeProject, samples: Samples, **files: str | bytes) -> Path:
    """Return a project with a form and files of visits."""
    config = '[sources.visits]\nplugin = "mystery-shopping"\nform = "f.toml"\npath = "visits/*"\n'
    inside = {f"visits/{name.replace('__', '.')}": content for name, content in files.items()}
    return project(config, files={"f.toml": samples.toml, **inside})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("v__csv", ""),
        ("v__csv", "\n\n\n"),
        ("v__csv", "visita,tienda\nV1,Centro\n"),
        ("v__csv", b"\x00\x01\x02\x03" * 50),
        ("v__json", "{"),
        ("v__json", '{"results": []}'),
        ("v__json", '{"results": [{"greets": "Si"'),
        ("v__xlsx", b"PK\x03\x04 cut short"),
        ("v__xlsx", b"%PDF-1.7 no workbook at all"),
        ("v__csv__gz", b"\x1f\x8b\x08 broken"),
    ],
)
def test_a_file_that_cannot_be_read_stops_no_other(
    project: MakeProject, run_regard: RunRegard, samples: Samples, name: str, content: str | bytes
) -> None:
    """Empty, broken and foreign files are named, and the good ones beside them are read."""
    found = run(run_regard, made(project, samples, good__csv=GOOD, **{name: content}))

    assert (1, 5) == (found["visits"]["new"], found["scores"]["new"])
    assert "failed" == found["unrecognised"]["outcome"]
    assert name.replace("__", ".") in found["unrecognised"]["error"]


@pytest.mark.parametrize("cut", [40, 400, 4_000])
def test_truncated_workbooks(read: Read, samples: Samples, cut: int) -> None:
    """A workbook that was cut short is refused whole."""
    whole = samples.book(
        {"V": [["visita", *samples.labels], ["V1", "Sí", "Bien", "Sí", "Sí", "Sí"]]}
    )
    with pytest.raises(FileError, match=r"v\.xlsx is a broken zip, perhaps cut short"):
        read({"v.xlsx": whole[:cut]}, **OPTIONS)


def test_a_truncated_table_of_items_keeps_back_its_last_visit(
    project: MakeProject, run_regard: RunRegard, samples: Samples
) -> None:
    """Where JSON breaks off, the visits before are stored and the one at the break is not."""
    rows = [
        {"visita": visit, "pregunta": text, "respuesta": answer}
        for visit in ("V1", "V2", "V3")
        for text, answer in zip(samples.labels, ["Sí", "Bien", "Sí", "Sí", "Sí"], strict=True)
    ]
    text = json.dumps(rows, indent=1, ensure_ascii=False)
    found = run(run_regard, made(project, samples, v__json=text[: text.rindex("V3") + 5]))

    assert (2, "failed") == (found["visits"]["new"], found["visits"]["outcome"])
    assert 10 == found["scores"]["new"]


def test_encodings(read: Read, visits: Any) -> None:
    """Excel's own encodings are recognised, and accents survive."""
    for encoding in ("cp1252", "utf-16", "utf-8-sig"):
        reading = read({"v.csv": GOOD.replace(",", ";").encode(encoding)}, **OPTIONS)

        assert [D(100)] == [visit["score"] for visit in visits(reading).values()], encoding


def test_bytes_that_are_no_text(read: Read, visits: Any) -> None:
    """A line with broken bytes is refused, its neighbours are not."""
    lines = GOOD.encode() + b"V2,Nor\xff\xfete,S\xc3,Bien,S\xc3,No,No\nV3,Sur,No,Mal,No,No,No\n"
    reading = read({"v.csv": lines}, encoding="utf-8", **OPTIONS)

    assert ["V1", "V3"] == list(visits(reading))
    assert {"undecodable"} == {each.reason for each in reading.refused}


def test_a_line_that_cannot_be_read_spoils_the_visits_beside_it(
    read: Read, visits: Any, samples: Samples
) -> None:
    """In a table of items a lost line may be an item: its visit is refused, not scored without."""
    lines = ["visita;pregunta;respuesta"]
    for visit in ("V1", "V2", "V3", "V4"):
        for text, answer in zip(samples.labels, ["Sí", "Bien", "Sí", "Sí", "Sí"], strict=True):
            lines.append(f"{visit};{text};{answer}")
    lines[8] = "V2;too;many;cells;here"
    reading = read({"v.csv": "\n".join(lines)}, **OPTIONS)

    assert ["V1", "V4"] == list(visits(reading))
    assert {"long-line", "incomplete-visit"} == {each.reason for each in reading.refused}


def test_the_same_visit_twice(
    project: MakeProject, run_regard: RunRegard, samples: Samples
) -> None:
    """The same row twice is one visit; of two different rows with one number one is refused."""
    twice = GOOD + GOOD.splitlines()[1] + "\nV2,Sur,No,Mal,No,No,No\nV2,Sur,Sí,Mal,No,No,No\n"
    found = run(run_regard, made(project, samples, v__csv=twice))["visits"]

    assert (2, 1, 1) == (found["new"], found["unchanged"], found["quarantined"])


def test_an_export_that_comes_again_with_changes(
    project: MakeProject, run_regard: RunRegard, samples: Samples
) -> None:
    """A corrected answer changes the visit and that item; everything else is as it was."""
    folder = made(project, samples, v__csv=GOOD + "V2,Sur,No,Mal,No,No,No\n")
    first = run(run_regard, folder)
    path = folder / "visits" / "v.csv"
    path.write_text(path.read_text("utf-8").replace("Sur,No", "Sur,Sí"), "utf-8")
    (folder / "visits" / "copy.csv").write_bytes(path.read_bytes())
    time.sleep(2.1)
    second = run(run_regard, folder)

    assert (2, 10) == (first["visits"]["new"], first["scores"]["new"])
    assert (0, 1) == tuple(second["scores"][name] for name in ("new", "changed"))
    assert (0, 1) == tuple(second["visits"][name] for name in ("new", "changed"))


HOSTILE = (
    '=HYPERLINK("http://x.example")',
    "\x1b[31mred\x1b[0m",
    "<script>alert(1)</script>",
    "[bold]Centro[/bold]",
    "\u202eortneC",
    "{{7*7}} ${jndi:ldap://x}",
    "a|b\\c",
)


def test_hostile_text_stays_text(read: Read, visits: Any, samples: Samples) -> None:
    """Formulas, markup and control characters are kept as they are, and are nobody's command."""
    rows = [["visita", "tienda", "evaluador", *samples.labels]]
    rows += [
        [f"V{n}", text, text, "Sí", "Bien", "Sí", "Sí", "Sí"] for n, text in enumerate(HOSTILE)
    ]
    text = "\n".join("\t".join(row) for row in rows)
    found = visits(read({"v.tsv": text}, **OPTIONS))

    assert list(HOSTILE) == [visit["place"] for visit in found.values()]


def test_own_names_without_a_brand_are_told(
    project: MakeProject, run_regard: RunRegard, samples: Samples
) -> None:
    """Where no column says whom visits were to, all count as ours, and the run says so."""
    folder = made(project, samples, v__csv=GOOD)
    config = folder / "regard.toml"
    config.write_text(config.read_text("utf-8") + 'own = ["Us"]\n', "utf-8")

    assert "no column says whom visits were to" in run_regard("run", "visits", cwd=folder).stderr


def test_hostile_text_never_reaches_the_terminal(
    project: MakeProject, run_regard: RunRegard, samples: Samples
) -> None:
    """What files and forms hold cannot colour or steer the terminal."""
    toml = samples.toml.replace("Orden de la tienda", "\\u001b[31mOrden [bold]x[/bold]")
    text = "visita\ttienda\t\x1b[31mraro\x1b[0m\tgreets\tasks\ttrial\treceipt\n"
    text += "V1\t\x1b[31mCentro\t1\tSí\tSí\tSí\t\x1b]0;title\x07\n"
    folder = made(project, samples, v__tsv=text)
    (folder / "f.toml").write_text(toml, "utf-8")
    for command in (
        ("check",),
        ("preview", "visits", "--reveal"),
        ("run", "visits"),
        ("form", "check", "f.toml", "--answers"),
        ("quarantine", "list"),
    ):
        done = run_regard(*command, cwd=folder)

        assert "\x1b" not in done.stdout + done.stderr, command
        assert "Traceback" not in done.stderr, command
    assert "[bold]x[/bold]" in run_regard("form", "check", "f.toml", cwd=folder).stdout


def test_personal_values_never_reach_messages(read: Read, samples: Samples) -> None:
    """A refused visit is refused without repeating what somebody wrote."""
    text = GOOD.replace("V1,Centro,Sí", "V1,Centro,ana.lopez@example.com")
    reading = read({"v.csv": text}, **OPTIONS)

    assert reading.refused
    assert all("lopez" not in each.message for each in reading.refused)


def test_refused_visits_pass_once_the_form_knows_the_answer(
    project: MakeProject, run_regard: RunRegard, samples: Samples
) -> None:
    """What was refused is judged again by today's form, without its file."""
    folder = made(project, samples, v__csv=GOOD + "V2,Sur,Quizás,Mal,No,No,No\n")
    first = run(run_regard, folder)
    (folder / "visits" / "v.csv").unlink()
    toml = samples.toml.replace('"N.P." = "na"}', '"N.P." = "na", "Quizás" = 0}', 1)
    (folder / "f.toml").write_text(toml, "utf-8")
    done = run_regard("quarantine", "replay", "--source", "visits", "--json", cwd=folder)
    listed = json.loads(run_regard("quarantine", "list", "--json", cwd=folder).stdout)

    assert (1, 1) == (first["visits"]["quarantined"], first["scores"]["quarantined"])
    assert 0 == done.returncode, done.stderr
    assert [] == listed


def test_a_corrected_export_resolves_what_was_refused(
    project: MakeProject, run_regard: RunRegard, samples: Samples
) -> None:
    """A later file with a good version of a refused visit leaves nothing in quarantine."""
    rows = [("L1", text, "Quizás") for text in samples.labels]
    long = "\n".join(";".join(row) for row in [("visita", "pregunta", "respuesta"), *rows])
    folder = made(project, samples, v__csv=GOOD + "V2,Sur,Quizás,Mal,No,No,No\n", l__csv=long)
    first = run(run_regard, folder)
    for path in (folder / "visits").iterdir():
        text = path.read_text("utf-8").replace("Quizás", "N.P.")
        path.write_text(text.replace("tienda;N.P.", "tienda;No se ve"), "utf-8")
    time.sleep(2.1)
    run(run_regard, folder)
    listed = json.loads(run_regard("quarantine", "list", "--json", cwd=folder).stdout)

    assert (2, 2) == (first["visits"]["quarantined"], first["scores"]["quarantined"])
    assert [] == listed


@pytest.mark.slow
def test_a_hundred_thousand_visits(read: Read, visits: Any, scores: Any) -> None:
    """A large export is read whole, and each of its scores follows from its items."""
    answers = ["Sí,Bien,Sí,Sí,Sí", "No,Regular,Sí,N.P.,Sí", "Sí,No se ve,No,No,No"]
    header, _ = GOOD.splitlines()
    lines = (f"V{n},Tienda {n % 50},{answers[n % 3]}" for n in range(100_000))
    reading = read({"v.csv": "\n".join([header, *lines])}, **OPTIONS)
    found = visits(reading)

    assert (100_000, 600_000) == (len(found), len(reading.records))
    for key in ("V0", "V50001", "V99998"):
        rows = [item_of_row(row) for row in scores(reading, key).values()]
        assert found[key]["score"] == score_visit([row for row in rows if row]).score


# Forms


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=12) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    *(
                        "name",
                        "weight",
                        "items",
                        "sections",
                        "text",
                        "scale",
                        "answers",
                        "min",
                        "max",
                    ),
                    *(
                        "points",
                        "critical",
                        "aliases",
                        "columns",
                        "scales",
                        "weights",
                        "stated",
                        "x",
                    ),
                )
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(table=st.dictionaries(st.sampled_from(["name", "scales", "sections", "items", "weights",
       "columns", "ignore", "pass_score", "stated", "bonus_cap"]), JUNK, max_size=8))  # fmt: skip
def test_no_table_breaks_the_reading_of_a_form(table: dict[str, Any]) -> None:
    """Whatever a TOML form holds, what is wrong is said and nothing is raised."""
    form = form_of(table, "junk")

    assert all(fault.text for fault in faults_of(form))


CELLS = (
    st.none()
    | st.text(max_size=20)
    | st.integers(-5, 120)
    | st.sampled_from(["Sí", "No", "N.P.", "Total", "Respuesta", "Pregunta", "Visita", "Tienda:"])
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(cells=st.lists(st.lists(CELLS, min_size=1, max_size=8), min_size=1, max_size=12))
def test_no_sheet_breaks_drafting(
    cells: list[list[Any]], samples: Samples, tmp_path: Path
) -> None:
    """Whatever a workbook holds, a form is proposed that can be read, or it is said why not."""
    import tomllib

    from openpyxl.utils.exceptions import IllegalCharacterError

    path = tmp_path / "x.xlsx"
    try:
        path.write_bytes(samples.book({"Hoja": cells}))
    except IllegalCharacterError:
        return
    try:
        draft = draft_form(path)
    except FileError:
        return
    form = form_of(tomllib.loads(draft.toml(), parse_float=Decimal), "x")

    assert [] == [fault for fault in form.faults if "there is no" in fault.text]
