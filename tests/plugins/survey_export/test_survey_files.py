"""Files as they come: broken, hostile, exported again, mapped, renamed, large."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from regard.errors import FileError, RecordError
from regard.pipeline.context import RunContext
from regard.pipeline.inputs import Inputs
from regard.sources import Stream
from regard_plugins.survey_export.source import SurveyExport

MakeDesk = Callable[..., Any]
Survey = Callable[..., dict[str, dict[str, Any]]]

MONKEY = (
    "Respondent ID,Collector ID,Start Date,End Date,IP Address,Recommend us? (0-10),Why?\n"
    ",,,,,Response,Open-Ended Response\n"
)
TYPEFORM = "#,Recommend us? (0-10),Why?,Start Date (UTC),Submit Date (UTC),Network ID\n"
FORM = "Marca temporal,Dirección de correo electrónico,¿Nos recomendaría de 0 a 10?,¿Por qué?\n"


def monkey(number: int, score: object = 9, why: str = "") -> str:
    """Return one row of SurveyMonkey's."""
    return f"{number},4,05/14/2026 10:00:00 AM,05/14/2026 10:01:00 AM,203.0.113.7,{score},{why}\n"


def typeform(number: int, score: object = 9, why: str = "") -> str:
    """Return one row of Typeform's."""
    return f"t{number},{score},{why},2026-05-14 08:00:00,2026-05-14 08:01:00,n\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02\x03" * 100, "bad.csv"),
        (b"<html><body>Please log in</body></html>", "bad.csv"),
        (b"name,amount\nx,1\n", "no profile fits"),
        (b"Respondent ID,Collector ID,Start Date,End Date\n1,2,3,4\n", "has no question"),
        (b"_parent_index,_uuid,_submission_time,q\n1,u,2026-05-14,x\n", "repeated group"),
    ],
)
def test_a_file_that_cannot_be_read_stops_no_other(
    desk: MakeDesk, content: bytes, said: str
) -> None:
    """The good file is read, the bad one is named with what is wrong with it."""
    made = desk({"bad.csv": content, "good.csv": TYPEFORM + typeform(1)}).run()

    assert ["t1|Recommend us? (0-10)"] == list(made.answers)
    assert "bad.csv" in made.errors
    assert said in made.errors


@pytest.mark.parametrize("header", [MONKEY, TYPEFORM, FORM])
def test_a_file_without_rows_has_no_answers(desk: MakeDesk, header: str) -> None:
    """Nobody has answered yet: that is no failure."""
    made = desk({"new.csv": header}).run()

    assert ("", {}) == (made.errors, made.answers)


def test_a_truncated_file_loses_its_last_row_only(desk: MakeDesk) -> None:
    """What was cut off goes to quarantine, what was whole is stored."""
    made = desk({"cut.csv": (MONKEY + monkey(1) + monkey(2))[:-40]}).run()

    assert ["1|Recommend us? (0-10)"] == list(made.answers)
    assert [("short-line", 4)] == made.refused


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_encodings(survey: Survey, encoding: str) -> None:
    """A sheet that went through a spreadsheet reads as the one from the tool."""
    text = FORM + "14/05/2026 10:00:00,,9,Atención rápida\n"
    answers = survey({"form.csv": text.encode(encoding)})

    assert "Atención rápida" in {each.get("text") for each in answers.values()}


def test_rows_that_come_twice_are_one_response(desk: MakeDesk) -> None:
    """A response id names a response, however often it is exported."""
    made = desk({"a.csv": TYPEFORM + typeform(1) * 2, "b.csv": TYPEFORM + typeform(1)}).run()

    assert 1 == len(made.answers)


def test_hostile_cells_stay_what_they_are(desk: MakeDesk) -> None:
    """Formulas, control characters and markup are texts; long ones stop nothing."""
    evil = ["=HYPERLINK(1)", "\x1b[31mred", "<script>alert(1)</script>", "x" * 100_000]
    made = desk({"t.csv": TYPEFORM + "".join(typeform(n, 9, w) for n, w in enumerate(evil))})
    texts = [each["text"] for each in made.run().answers.values() if each["text"]]

    assert evil == texts
    assert 4 == len([each for each in made.answers.values() if each["score"] is not None])


def test_bad_cells_cost_their_own_answer_at_most(desk: MakeDesk) -> None:
    """A number off the scale is kept without a score, a date that is none refuses its row."""
    rows = typeform(1, 99, "fine") + typeform(2).replace("2026-05-14 08:01:00", "soon")
    made = desk({"t.csv": TYPEFORM + rows + typeform(3, '"9,5"')}).run()
    question = "Recommend us? (0-10)"

    assert ("99", None) == (
        made.answers[f"t1|{question}"]["choice"],
        made.answers[f"t1|{question}"]["score"],
    )
    assert "fine" == made.answers["t1|Why?"]["text"]
    assert [("bad-date", 3)] == made.refused
    assert "'Recommend us? (0-10)': not on its scale and without a score: 1" in made.notes


def test_sentences_that_come_again_are_own_words(desk: MakeDesk) -> None:
    """Under an open question a sentence stays whole, whatever commas it has and who repeats it."""
    said = ("All fine, good price.", "Late, and broken.")
    rows = "".join(typeform(n, 9, f'"{said[n % 2]}"') for n in range(12))
    made = desk({"t.csv": TYPEFORM + rows}).run()
    texts = [made.answers[f"t{n}|Why?"]["text"] for n in range(12)]

    assert [said[n % 2] for n in range(12)] == texts


def test_a_response_without_id_or_answers(desk: MakeDesk) -> None:
    """A row without its id is refused, one without an answer is counted."""
    made = desk({"m.csv": MONKEY + monkey(1, "") + "," + monkey(2).partition(",")[2]}).run()

    assert {} == made.answers
    assert ["missing-key"] == [reason for reason, _ in made.refused]
    assert "1 response without an answer passed over" in made.notes


def test_addresses_of_machines_and_names_are_nowhere(desk: MakeDesk, tmp_path: Path) -> None:
    """What is personal and needed by nobody reaches neither records nor quarantine."""
    rows = monkey(1) + monkey(2).replace("05/14/2026 10:01:00 AM", "soon") + "3,203.0.113.7\n"
    made = desk({"m.csv": MONKEY + rows}).run()
    stored = b"".join(path.read_bytes() for path in (tmp_path / "project").glob("regard.db*"))

    assert 2 == len(made.refused)
    assert b"203.0.113.7" not in stored
    assert "'IP Address': personal, not kept" in made.notes


# Exported again


def test_an_answer_that_was_changed_replaces_the_old_one(desk: MakeDesk) -> None:
    """The same response exported again with another answer is changed, not added."""
    made = desk({"t.csv": TYPEFORM + typeform(1) + typeform(2)}).run()
    made.write({"t.csv": TYPEFORM + typeform(1, 3) + typeform(2) + typeform(3)})

    assert (1, 1, 0) == made.run().counts


def test_a_form_is_a_snapshot(desk: MakeDesk) -> None:
    """Edited answers replace those before, removed rows disappear, same rows stay."""
    rows = [
        f"{day:02}/05/2026 10:00:00,{mail},{score},\n"
        for day, mail, score in [
            (14, "ana@example.com", 9), (15, "", 8), (16, "", 7), (17, "", 6), (18, "", 5),
        ]
    ]  # fmt: skip
    made = desk({"form.csv": FORM + "".join(rows)}).run()
    rows[0] = rows[0].replace(",9,", ",2,")
    made.write({"form.csv": FORM + "".join([*rows[:2], *rows[3:]])})

    assert (0, 1, 1) == made.run().counts
    assert [2, 5, 6, 8] == sorted(each["score"] // 1_000_000 for each in made.answers.values())


def test_two_forms_in_one_folder_do_not_delete_each_other(desk: MakeDesk) -> None:
    """A form that was not exported again keeps its answers, and the other one loses its rows."""
    rows = [f"{day}/05/2026 10:00:00,,{day - 10},\n" for day in range(14, 19)]
    files = {"one.csv": FORM + "".join(rows), "two.csv": FORM + "".join(rows)}
    made = desk(files).run()
    made.write({"one.csv": FORM + "".join(rows[1:])})
    counts = made.run().counts

    assert (0, 0, 1) == counts
    assert 9 == len(made.answers)


def test_two_rows_of_one_second_are_two_responses(survey: Survey) -> None:
    """Without an id and an address, equal times are told apart by their number."""
    row = "14/05/2026 10:00:00,,9,\n"

    assert 2 == len(survey({"form.csv": FORM + row + row}))


def test_rows_without_a_time_are_told_apart_by_what_they_say(survey: Survey) -> None:
    """A row that somebody typed into the sheet has no time, and is a response."""
    rows = ",,9,uno\n,,8,dos\n,,8,dos\n"

    assert 3 == len({each["response_key"] for each in survey({"f.csv": FORM + rows}).values()})


def test_another_wording_joins_by_its_alias(desk: MakeDesk) -> None:
    """A question that was worded anew is the old one once the configuration says so."""
    again = TYPEFORM.replace("Recommend us? (0-10)", "Would you recommend us? (0-10)")
    files = {"a.csv": TYPEFORM + typeform(1), "b.csv": again + typeform(1, 8) + typeform(2)}
    made = desk(files).run()

    assert 3 == len(made.answers)
    declared = {"Recommend us? (0-10)": {"aliases": ["Would you recommend us? (0-10)"]}}
    joined = desk(files, questions=declared).run()
    assert {"Recommend us? (0-10)"} == {each["question"] for each in joined.answers.values()}
    assert 2 == len(joined.answers)


def test_what_an_earlier_wording_was_answered_is_deleted(desk: MakeDesk) -> None:
    """A question that is named by its new wording takes the place of what its aliases hold."""
    again = TYPEFORM.replace("Recommend us? (0-10)", "Would you recommend us? (0-10)")
    declared = {"Would you recommend us? (0-10)": {"aliases": ["Recommend us? (0-10)"]}}
    files = {"a.csv": TYPEFORM + typeform(1)}
    assert 1 == len(desk(files).run().answers)
    made = desk({"a.csv": again + typeform(1)}, questions=declared).run()

    assert ["Would you recommend us? (0-10)"] == [
        each["question"] for each in made.answers.values()
    ]


# Configuration


def test_columns_that_are_no_questions(survey: Survey) -> None:
    """Declared columns fill fields of each answer; ignored ones are left out."""
    text = TYPEFORM.replace("Why?", "Store,cid,Notes") + typeform(1, 9, "Centro,C1,x")
    columns = {"place": "Store", "customer_key": "cid", "ignore": "Notes"}
    (answer,) = survey({"t.csv": text}, columns=columns).values()

    assert ("Centro", "C1") == (answer["place"], answer["customer_key"])


def test_what_is_not_there_is_noted(desk: MakeDesk) -> None:
    """A column or question that the configuration names and no file has is no secret."""
    made = desk(
        {"t.csv": TYPEFORM + typeform(1)},
        columns={"place": "Store"},
        questions={"How?": {"metric": "text"}},
    ).run()

    assert "columns.place: it has no column 'Store'" in made.notes
    assert "it has no question 'How?'" in made.notes


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"scale_min": 1}, "belong together"),
        ({"scale_min": 5, "scale_max": 1}, "must be below"),
        ({"points": {"Great": 5}}, "points need the scale"),
        ({"metric": "text", "scale_min": 1, "scale_max": 5}, "has no scale"),
        ({"scale_min": 1, "scale_max": 5, "points": {"Great": 9}}, "lies outside"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], said: str) -> None:
    """Half a scale, or points outside of it, are told before anything is read."""
    config = {"path": "*", "questions": {"How?": settings}}
    with pytest.raises(ValidationError, match=said):
        SurveyExport.Config.model_validate(config)


def test_a_map_reads_any_other_shape(survey: Survey) -> None:
    """One row an answer, under any header, is mapped as for every source."""
    text = "when;who;stars\n14/05/2026 10:00;C1;4\n"
    spec = {
        "kind": "answer",
        "key": ["who", "when"],
        "fields": {"answered_at": "when", "customer_key": "who", "score": "stars"},
        "constants": {"metric": "rating", "scale_min": 1, "scale_max": 5, "question": "stars"},
        "dates": "%d/%m/%Y %H:%M",
    }
    (answer,) = survey({"x.csv": text}, map=spec).values()

    assert (4, 1, 5) == (answer["score"], answer["scale_min"], answer["scale_max"])


def test_profile_names_the_tool(desk: MakeDesk) -> None:
    """A named tool is believed, and a file of another one is told."""
    files = {"t.csv": TYPEFORM + typeform(1)}

    assert 1 == len(desk(files, profile="typeform").run().answers)
    made = desk(files, profile="qualtrics").run()
    assert "are not those of qualtrics" in made.errors


# Responses that come again

CHOICES = "#,Recommend us? (0-10),Shop,Web,Why?,Start Date (UTC),Submit Date (UTC),Network ID\n"
ONLY_ONE = "t1,9,{},{},{},2026-05-14 08:00:00,2026-05-14 08:01:00,n\n"
OTHERS = "t2,8,Shop,,,2026-05-14 08:00:00,2026-05-14 08:01:00,n\n"
OTHERS += "t3,8,,Web,Fair,2026-05-14 08:00:00,2026-05-14 08:01:00,n\n"


def of_response(answers: dict[str, Any], number: int = 1) -> set[str]:
    """Return what is stored of one response, without the scores."""
    mine = {key for key in answers if key.startswith(f"t{number}|")}
    return {key.removeprefix(f"t{number}|") for key in mine if "Recommend" not in key}


@pytest.mark.parametrize("name", ["day.csv", "day (1).csv"])
def test_what_was_taken_back_is_gone(desk: MakeDesk, name: str) -> None:
    """A text that was removed and an option that is no longer chosen are answers no more."""
    made = desk({"day.csv": CHOICES + ONLY_ONE.format("Shop", "", "Late") + OTHERS})
    os.utime(made.project.root / "surveys/day.csv", (1_780_000_000,) * 2)
    made.run()
    before = of_response(made.answers)
    made.write({name: CHOICES + ONLY_ONE.format("", "Web", "") + OTHERS})
    made.run()

    assert {"Shop", "Why?"} == before
    assert {"Web"} == of_response(made.answers)
    assert {"Web", "Why?"} == of_response(made.answers, 3)
    assert (1, 0, 2) == made.counts


def test_two_exports_of_one_folder_are_taken_in_their_order(desk: MakeDesk) -> None:
    """What yesterday's export says and today's says no longer is gone in a first run as well."""
    made = desk(
        {
            "2026-06-02.csv": CHOICES + ONLY_ONE.format("", "Web", "") + OTHERS,
            "2026-06-01.csv": CHOICES + ONLY_ONE.format("Shop", "", "Late") + OTHERS,
        }
    ).run()

    assert {"Web"} == of_response(made.answers)


def test_a_question_that_is_no_longer_asked_keeps_its_answers(desk: MakeDesk) -> None:
    """An export without a column says nothing of what was answered in it."""
    made = desk({"a.csv": TYPEFORM + typeform(1, 9, "Late")}).run()
    header = TYPEFORM.replace("Why?,", "")
    made.write({"a.csv": header + typeform(1, 3, "x").replace(",x,", ",")})
    made.run()

    assert {"Why?"} == of_response(made.answers)
    assert 3_000_000 == made.answers["t1|Recommend us? (0-10)"]["score"]


def test_a_response_that_turns_out_to_be_a_test_is_none(desk: MakeDesk) -> None:
    """What the tool marks as spam afterwards is taken out, and what was answered in it."""
    header = "StartDate,EndDate,Status,Finished,RecordedDate,ResponseId,Q1\n"
    header += "Start Date,End Date,Response Type,Finished,Recorded Date,Response ID,"
    header += "How likely are you to recommend us? (0-10)\n"
    row = "2026-05-14 08:00:00,2026-05-14 08:01:00,{},True,2026-05-14 08:01:00,R_1,9\n"
    made = desk({"a.csv": header + row.format("IP Address")}).run()
    before = len(made.answers)
    made.write({"a.csv": header + row.format("Spam")})
    made.run()

    assert (1, {}) == (before, made.answers)


@pytest.mark.parametrize(
    ("written", "expected"), [((2026, 11, 1), "2026-10-11"), ((2026, 11, 20), "2026-11-10")]
)
def test_dates_that_would_lie_ahead_of_their_file(
    desk: MakeDesk, written: tuple[int, int, int], expected: str
) -> None:
    """Where the usual order would make answers of the future, the other one is meant."""
    row = "1,4,11/10/2026 10:00:00 AM,11/10/2026 10:01:00 AM,203.0.113.7,9,\n"
    made = desk({"a.csv": MONKEY + row})
    at = datetime(*written, tzinfo=UTC).timestamp()
    os.utime(made.project.root / "surveys/a.csv", (at, at))
    (answer,) = made.run().answers.values()

    assert expected == answer["answered_at"][:10]


def test_codes_and_texts_as_headers_are_one_question(desk: MakeDesk) -> None:
    """Whoever names a question's code among its aliases may export with either."""
    text = "How likely are you to recommend us from 0 to 10?"
    rows = "1,2026-05-14 08:00:00,2,es,9,{},{}\n"
    codes = "id,submitdate,lastpage,startlanguage,Q1,Q2[SQ1],Q2[SQ2]\n" + rows.format("Y", "N")
    texts = "Response ID,Date submitted,Last page,Start language,"
    texts += f'"{text}","Used? [Mail]","Used? [Web]"\n' + rows.format("Yes", "No")
    questions = {text: {"metric": "nps", "aliases": ["Q1"]}, "Used?": {"aliases": ["Q2"]}}
    name = "results-survey12345.csv"
    made = desk({name: texts}, questions=questions).run()
    stored = []
    for content in (codes, texts, codes):
        made.write({name: content})
        made.run()
        stored.append(sorted(key.partition("|")[2] for key in made.answers))

    assert [["Q1", "Q2|SQ1"], [text, "Used?|Mail"], ["Q1", "Q2|SQ1"]] == stored


def test_an_export_of_qualtrics_without_its_third_header_row(desk: MakeDesk) -> None:
    """Who takes out the row that means nothing keeps the questions' texts and their scales."""
    header = "StartDate,EndDate,Finished,RecordedDate,ResponseId,Q1\n"
    header += "Start Date,End Date,Finished,Recorded Date,Response ID,Recommend us? (0-10)\n"
    row = "2026-05-14 08:00:00,2026-05-14 08:01:00,True,2026-05-14 08:01:00,R_1,9\n"
    made = desk({"a.csv": header + row}).run()

    assert [("Recommend us? (0-10)", "nps")] == [
        (each["question"], each["metric"]) for each in made.answers.values()
    ]
    assert [] == made.refused
    assert "third header row is missing" in made.notes


# Replay


def _context(root: Path) -> RunContext:
    from regard.clock import SystemClock

    inputs = Inputs(root, (), settle=False)
    return RunContext(
        "tested",
        root=root,
        timezone="UTC",
        clock=SystemClock(),
        inputs=inputs,
        identify=lambda raw: (),
        profiles=(),
    )


def test_a_row_from_quarantine_is_read_by_itself(tmp_path: Path) -> None:
    """Joined headers say all there is to know, also where the file is gone."""
    source = SurveyExport(SurveyExport.Config.model_validate({"path": "*"}))
    raw = {
        "Respondent ID": "1",
        "Collector ID": "4",
        "End Date": "05/14/2026 10:01:00 AM",
        "Recommend us? (0-10) ⏎ Response": "9",
    }
    stream = Stream("surveymonkey", "answer")
    raw = dict(sorted(raw.items()))  # as quarantine keeps them
    (record,) = source.replay(raw, stream, _context(tmp_path), file="gone.csv")

    assert isinstance(record, dict)
    assert ("nps", 9) == (record["metric"], record["score"])
    with pytest.raises(RecordError, match="is"):
        source.replay(raw | {"End Date": "soon"}, stream, _context(tmp_path), file="gone.csv")


def test_a_row_of_a_form_is_not_judged_alone(tmp_path: Path) -> None:
    """Which of several rows of one second it was cannot be told from one row."""
    source = SurveyExport(SurveyExport.Config.model_validate({"path": "*"}))
    raw = dict(zip(FORM.strip().split(","), ["14/05/2026", "", "9", ""], strict=True))
    with pytest.raises(FileError, match="--full-refresh"):
        source.replay(raw, Stream("google-forms-form", "answer"), _context(tmp_path), file="f.csv")


@pytest.mark.slow
def test_many_responses_take_no_more_memory(survey: Survey, desk: MakeDesk) -> None:
    """A hundred thousand responses are read row by row, in time that grows with them."""
    seconds = []
    for count in (10_000, 100_000):
        made = desk({"t.csv": TYPEFORM + "".join(typeform(n, n % 11, "x") for n in range(count))})
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.perf_counter()
        made.run()
        seconds.append(time.perf_counter() - start)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000  # kB

    assert seconds[1] < 20 * seconds[0]
