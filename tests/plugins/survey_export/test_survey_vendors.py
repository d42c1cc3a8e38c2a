"""What each tool's export becomes, on files shaped like its own."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

Survey = Callable[..., dict[str, dict[str, Any]]]
VendorFile = Callable[[str], bytes]
MakeDesk = Callable[..., Any]


def scores(answers: dict[str, dict[str, Any]], question: str) -> list[tuple[Any, ...]]:
    """Return metric, score and scale of the answers to one question."""
    names = ("metric", "score", "scale_min", "scale_max")
    return [
        tuple(each.get(name) for name in names)
        for each in answers.values()
        if each["question"] == question
    ]


def workbook(rows: list[list[Any]]) -> bytes:
    """Return a workbook with one sheet."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_surveymonkey_has_two_header_rows(survey: Survey, vendor_file: VendorFile) -> None:
    """Blank header cells continue a question, and the second row says what a column is for."""
    answers = survey({"visit.csv": vendor_file("surveymonkey.csv")})
    nps = "How likely is it that you would recommend Example Shop to a friend?"
    first = "114000000001"

    assert [("nps", n, 0, 10) for n in (10, 0, 7)] == scores(answers, nps)
    assert "Extremely likely - 10" == answers[f"{first}|{nps}"]["choice"]
    departments = "Which departments did you visit?"
    assert {"Bakery", "Toys"} == {
        each["choice"] for key, each in answers.items() if key.startswith(f"{first}|{departments}")
    }
    assert "The car park" == answers[f"114000000002|{departments} [other]"]["text"]
    staff = "Please rate our staff on a scale of 1 to 5"
    assert [("rating", 5, 1, 5), ("rating", 2, 1, 5)] == scores(answers, f"{staff} [Friendly]")
    assert "ana@example.com" == answers[f"{first}|{nps}"]["email"]
    assert datetime(2026, 5, 14, 8, 4, 30, tzinfo=UTC) == answers[f"{first}|{nps}"]["answered_at"]
    assert not any(key.startswith("114000000004") for key in answers)


def test_surveymonkey_with_a_sparse_first_row(survey: Survey) -> None:
    """One question with many options leaves the first header row nearly blank."""
    options = [f"Option {n}" for n in range(20)]
    head = ["Respondent ID", "Collector ID", "Start Date", "End Date", "Which of these?"]
    rows = [
        head + [""] * 19,
        ["", "", "", "", *options],
        ["1", "2", "05/14/2026 10:00:00 AM", "05/14/2026 10:01:00 AM", *options[:2], *[""] * 18],
    ]
    text = "\n".join(",".join(row) for row in rows) + "\n"
    answers = survey({"sparse.csv": text})

    assert {"Option 0", "Option 1"} == {each["choice"] for each in answers.values()}
    assert {"Which of these?"} == {each["question"] for each in answers.values()}


def test_surveymonkey_as_numbers(survey: Survey) -> None:
    """Where options are exported as their numbers, each column holds its own."""
    text = (
        "Respondent ID,Collector ID,Start Date,End Date,Which?,,Rate 1 to 5,\n"
        ",,,,Bread,Milk,Price,Help\n"
        "1,9,05/14/2026 10:00:00 AM,05/14/2026 10:01:00 AM,1,2,4,5\n"
        "2,9,05/14/2026 10:00:00 AM,05/14/2026 10:01:00 AM,,2,3,5\n"
    )
    answers = survey({"n.csv": text})

    assert "Milk" == answers["2|Which?|Milk"]["choice"]
    assert ("rating", 3, 1, 5) == scores(answers, "Rate 1 to 5 [Price]")[1]


def test_surveymonkey_contacts_are_not_answers(survey: Survey) -> None:
    """Of a contact question only the e-mail address is kept, in its field."""
    text = (
        "Respondent ID,Collector ID,Start Date,End Date,Your details,,,Why?\n"
        ",,,,Name,Email Address,Phone Number,Open-Ended Response\n"
        "1,9,05/14/2026 10:00:00 AM,05/14/2026 10:01:00 AM,Ana,ANA@example.com,600000000,x\n"
    )
    answers = survey({"n.csv": text})

    assert ["1|Why?"] == list(answers)
    assert "ana@example.com" == answers["1|Why?"]["email"]


def test_surveymonkey_workbook(survey: Survey) -> None:
    """A workbook has real dates and numbers, and reads as its CSV does."""
    rows: list[list[Any]] = [
        ["Respondent ID", "Collector ID", "Date Created", "Date Modified", "Rate us 1 to 5"],
        [None, None, None, None, "Response"],
        [118000000001, 9, datetime(2026, 5, 14, 10), datetime(2026, 5, 14, 10, 1), 4],
    ]
    answers = survey({"n.xlsx": workbook(rows)})

    assert [("rating", 4, 1, 5)] == scores(answers, "Rate us 1 to 5")
    assert ["118000000001|Rate us 1 to 5"] == list(answers)


def test_typeform_times_are_utc_and_partial_responses_are_marked(
    survey: Survey, vendor_file: VendorFile
) -> None:
    """Times say UTC in their header; a partial response is kept apart from whole ones."""
    answers = survey({"responses.csv": vendor_file("typeform.csv")})
    nps = "How likely are you to recommend us? (0-10)"

    assert datetime(2026, 5, 14, 8, 3, tzinfo=UTC) == answers[f"aaaaaaaa01|{nps}"]["answered_at"]
    assert answers[f"aaaaaaaa01|{nps}"]["complete"] is True
    assert answers[f"aaaaaaaa03|{nps}"]["complete"] is False
    ease = "How easy was it to find your size? (1 = very difficult and 7 = very easy)"
    assert ("ces", 7, 1, 7) == scores(answers, ease)[0]
    channels = "Which channels do you use?"
    assert "Shop" == answers[f"aaaaaaaa01|{channels}|Shop"]["choice"]


def test_typeform_options_in_columns_of_their_own(survey: Survey) -> None:
    """An older export heads the column of an option with the option itself."""
    text = (
        "#,Bread,Milk,Start Date (UTC),Submit Date (UTC),Network ID\n"
        "t1,Bread,,2026-05-14 08:00:00,2026-05-14 08:01:00,n\n"
        "t2,Bread,Milk,2026-05-14 08:00:00,2026-05-14 08:01:00,n\n"
    )
    answers = survey({"r.csv": text})

    assert ["Bread", "Bread", "Milk"] == [each["choice"] for each in answers.values()]


def test_qualtrics_third_row_has_the_zone_and_previews_are_no_responses(
    desk: MakeDesk, vendor_file: VendorFile
) -> None:
    """UTF-16 with tabs; dates are in the zone of the third row; trials are counted."""
    made = desk({"visit.tsv": vendor_file("qualtrics.tsv")}).run()
    answers = made.answers

    assert {"R_1", "R_3"} == {each["response_key"] for each in answers.values()}
    assert "1 response passed over as a preview" in made.notes
    nps = answers["R_1|Q1"]
    assert "2026-05-14 16:05:00.000000" == str(nps["answered_at"])
    assert ("nps", "es", "email", "C-7") == (
        nps["metric"], nps["language"], nps["channel"], nps["customer_key"],
    )  # fmt: skip
    assert not any("NPS_GROUP" in key or "Click" in key for key in answers)
    assert "Todo muy bien, gracias" == answers["R_1|Q5"]["text"]
    assert {"App", "Other"} == {
        each["choice"] for each in answers.values() if each["question"] == "What did you use?"
    }
    assert ["The chat"] == [
        each["text"]
        for each in answers.values()
        if each["question"] == "What did you use? [other]"
    ]
    assert 0 == answers["R_3|Q1"]["complete"]


def test_embedded_data_can_be_declared(survey: Survey, vendor_file: VendorFile) -> None:
    """A column of a header of several rows is named by any of them."""
    answers = survey({"q.tsv": vendor_file("qualtrics.tsv")}, columns={"place": "segment"})

    assert {"gold", None} == {each.get("place") for each in answers.values()}


def test_qualtrics_without_its_lower_header_rows(desk: MakeDesk) -> None:
    """People remove the second and third row; then codes are the questions, and a note says so."""
    text = (
        "StartDate,EndDate,Status,Progress,Finished,RecordedDate,ResponseId,Q1,Q2_NPS_GROUP\n"
        "2026-05-14 10:00:00,2026-05-14 10:01:00,0,100,1,2026-05-14 10:01:00,R_1,Yes,\n"
        "2026-05-14 10:00:00,2026-05-14 10:01:00,1,100,1,2026-05-14 10:01:00,R_2,Yes,\n"
    )
    made = desk({"q.csv": text}).run()

    assert ["R_1|Q1"] == list(made.answers)
    assert "second and third header row are missing" in made.notes


def test_google_forms_in_spanish_puts_the_day_first(
    survey: Survey, vendor_file: VendorFile
) -> None:
    """`Marca temporal` means day first; grids become a question for each row."""
    answers = survey({"Opinión (respuestas).csv": vendor_file("formulario (respuestas).csv")})
    june = [each for each in answers.values() if each["answered_at"].month == 6]

    assert len(june) == 13
    assert {"Opinión"} == {each["survey"] for each in answers.values()}
    assert 4 == len({each["response_key"] for each in answers.values()})
    assert ("csat", 5, 1, 5) == scores(answers, "¿Cómo valora la atención? [Caja]")[0]
    assert not any("ana@example.com" in key for key in answers)


def test_google_forms_in_french_from_1_to_10_is_no_nps(
    survey: Survey, vendor_file: VendorFile
) -> None:
    """A question about recommending on a scale from 1 to 10 is a rating, unless declared."""
    files = {"avis.csv": vendor_file("horodateur.csv")}
    question = "Sur une échelle de 1 à 10, recommanderiez-vous notre magasin ?"

    assert ("rating", 10, 1, 10) == scores(survey(files), question)[0]
    declared = {question: {"metric": "nps", "scale_min": 1, "scale_max": 10}}
    assert ("nps", 10, 1, 10) == scores(survey(files, questions=declared), question)[0]


@pytest.mark.parametrize(
    ("stamp", "day"),
    [
        ("5/14/2026 9:05:00", 14),
        ("5/4/2026 9:05:00", 4),
        ("14/05/2026 09:05:00", 14),
        ("2026/05/14 9:05:00 AM GMT+2", 14),
    ],
)
def test_google_forms_in_english(survey: Survey, stamp: str, day: int) -> None:
    """`Timestamp` says nothing about the order, but how it is written does."""
    answers = survey({"f.csv": f"Timestamp,Why?,How?\n{stamp},Because,So\n"})

    assert {(5, day)} == {
        (each["answered_at"].month, each["answered_at"].day) for each in answers.values()
    }


def test_google_forms_dates_that_can_be_read_in_two_ways_are_refused(desk: MakeDesk) -> None:
    """04/05 in an English sheet is refused until the configuration says what it is."""
    text = "Timestamp,Why?,How?\n04/05/2026 09:05:00,Because,So\n"

    assert [("ambiguous-date", 2)] == desk({"f.csv": text}).run().refused


def test_google_forms_workbook_with_a_score(survey: Survey) -> None:
    """The points of a quiz are no question, and dates of a workbook need no order."""
    rows: list[list[Any]] = [
        ["Timestamp", "Score", "Would you recommend us, from 0 to 10?"],
        [datetime(2026, 5, 4, 10), "3 / 5", 9],
    ]
    answers = survey({"f.xlsx": workbook(rows)})

    assert [("nps", 9, 0, 10)] == scores(answers, "Would you recommend us, from 0 to 10?")
    assert 1 == len(answers)


def test_limesurvey_incomplete_responses(survey: Survey, vendor_file: VendorFile) -> None:
    """An empty submit date is an incomplete response; timings are no questions."""
    answers = survey({"results-survey123456.csv": vendor_file("results-survey123456.csv")})

    assert {"123456:1|Q1", "123456:2|Q1", "123456:3|Q1"} <= set(answers)
    assert (True, False) == (
        answers["123456:1|Q1"]["complete"],
        answers["123456:2|Q1"]["complete"],
    )
    assert "answered_at" not in answers["123456:3|Q1"]
    assert "Galletas" == answers["123456:1|Q2 [other]"]["text"]
    assert "Pan" == answers["123456:1|Q2|Pan"]["choice"]
    assert Decimal(5) == answers["123456:3|Q3 [Precio]"]["score"]
    assert not any("Time" in key or "time" in key for key in answers)


def test_limesurvey_codes_or_full_text(survey: Survey) -> None:
    """Headers may be codes only, or texts only, in the language of whoever exported."""
    codes = "id,submitdate,lastpage,startlanguage,Q1,Q2[SQ001],Q2_SQ002\n"
    texts = "ID de respuesta,Fecha de envío,Última página,Lenguaje inicial,¿Qué tal?,Pan [Sí],x\n"
    row = "1,2026-05-14 10:00:00,2,es,A2,Y,\n"

    assert "A2" == next(iter(survey({"a.csv": codes + row}).values()))["text"]
    assert "¿Qué tal?" in {each["question"] for each in survey({"a.csv": texts + row}).values()}


def test_limesurvey_other_option(survey: Survey) -> None:
    """Who chose "Other" chose an option, and what they write there is in the column beside it."""
    header = "id,submitdate,lastpage,startlanguage,canal,canal[other]\n"
    rows = ["1,2026-05-14 10:00:00,2,es,A1,", "2,2026-05-14 10:00:00,2,es,-oth-,Por un amigo"]
    answers = survey({"results-survey700700.csv": header + "\n".join(rows) + "\n"})

    assert {
        "700700:1|canal": ("choice", "A1", None),
        "700700:2|canal": ("choice", "other", None),
        "700700:2|canal [other]": ("text", None, "Por un amigo"),
    } == {
        key: (each["metric"], each.get("choice"), each.get("text"))
        for key, each in answers.items()
    }


def test_limesurvey_timings_of_any_question(survey: Survey) -> None:
    """The time that a question took is called after it, whatever that is called."""
    header = "id,submitdate,lastpage,startlanguage,NPS,Use[SQ001],NPSTime,UseTime,groupTime12\n"
    row = "1,2026-05-14 10:00:00,2,es,9,Y,3.5,4.1,8\n"

    assert {"NPS", "Use"} == {
        each["question"].split(" [")[0] for each in survey({"a.csv": header + row}).values()
    }


def test_formbricks(survey: Survey, vendor_file: VendorFile) -> None:
    """Numbers before questions are left out, and Finished says what is whole."""
    answers = survey({"f.csv": vendor_file("formbricks.csv")})
    nps = "How likely are you to recommend us?"
    csat = "How satisfied are you with the checkout? (1-5)"

    assert [("nps", n, 0, 10) for n in (0, 10, 9)] == scores(answers, nps)
    assert {"metric": "csat", "score": 4}.items() <= answers[f"cma1|{csat}"].items()
    assert ("6", None) == (
        answers[f"cma2|{csat}"]["choice"],
        answers[f"cma2|{csat}"].get("score"),
    )
    assert answers[f"cma2|{csat}"]["complete"] is False
    assert "Wishlist" == answers["cma1|Which features do you use?|Wishlist"]["choice"]
    assert "u1" == answers[f"cma1|{nps}"]["customer_key"]


def test_kobo_groups_and_several_answers(survey: Survey, vendor_file: VendorFile) -> None:
    """Groups are no part of a question's name, and each chosen option is a record."""
    declared = {"nps": {"metric": "nps", "name": "recommend"}}
    answers = survey(
        {"k.csv": vendor_file("kobo.csv")},
        questions=declared,
        columns={"place": "visit/store"},
        channel="store",
    )

    assert ("nps", 9, 0, 10) == scores(answers, "recommend")[0]
    assert {"bread", "milk"} == {
        each["choice"] for key, each in answers.items() if key.startswith("uuid-1|visit/bought|")
    }
    assert {("CENTRO-01", "store")} == {
        (each["place"], each["channel"]) for each in answers.values()
    }
    assert datetime(2026, 5, 14, 8, 5, tzinfo=UTC) == answers["uuid-1|visit/nps"]["answered_at"]


def test_odk_central(survey: Survey) -> None:
    """ODK's submissions have other names for the same."""
    text = (
        "SubmissionDate,visit-ok,visit-why,meta-instanceID,KEY,SubmitterName,ReviewState\n"
        "2026-05-14T08:05:00.000Z,yes,slow,uuid:1,uuid:1,ana,\n"
    )
    answers = survey({"o.csv": text})

    assert {"ok", "why"} == {each["question"] for each in answers.values()}
    assert {"uuid:1"} == {each["response_key"] for each in answers.values()}
