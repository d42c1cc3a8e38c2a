"""Which scale a question has and what it measures, by its words in three languages."""

from __future__ import annotations

from decimal import Decimal
from pathlib import PurePath

import pytest

from regard_plugins.survey_export.contacts import contact_in
from regard_plugins.survey_export.dating import order_of
from regard_plugins.survey_export.judging import judge
from regard_plugins.survey_export.labels import family_of, number_in, plain
from regard_plugins.survey_export.naming import slug, survey_name
from regard_plugins.survey_export.scales import measures, scale_in


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("How likely are you to recommend us? (0-10)", 0, 10),
        ("On a scale from 0 to 10, how likely ...?", 0, 10),
        ("On a scale of 1 (poor) to 7 (excellent), rate us", 1, 7),
        ("How satisfied are you, from 1 to 5?", 1, 5),
        ("De 0 a 10, ¿nos recomendaría?", 0, 10),
        ("¿Qué probabilidad hay de que nos recomiende (0 – 10)?", 0, 10),
        ("Valore del 1 al 5 nuestra atención", 1, 5),
        ("Sur une échelle de 1 à 5, notez notre accueil", 1, 5),
        ("Entre 1 et 10, quelle note nous donnez-vous ?", 1, 10),
        ("How was it? 1 = very dissatisfied, 5 = very satisfied", 1, 5),
        ("Satisfacción (1: nada satisfecho; 7: muy satisfecho)", 1, 7),
        ("Rate us, where 1 is poor and 5 is excellent", 1, 5),
        ("Give us stars: 5 stars", 1, 5),
        ("On a scale of 7 points, how easy was it?", 1, 7),
        ("Rate us from 1 to 100", 1, 100),
    ],
)
def test_a_scale_is_read_from_the_text(text: str, low: int, high: int) -> None:
    """Two ends in the words of the question are its scale."""
    scale = scale_in(text)

    assert scale is not None
    assert (Decimal(low), Decimal(high), False) == (scale.low, scale.high, scale.reverse)


@pytest.mark.parametrize(
    "text",
    [
        "Did it arrive in 1 to 3 days?",
        "¿Vino de 1 a 3 veces?",
        "How many of your 10 visits were good?",
        "Are you 18-25 or 26-35?",
        "How satisfied are you?",
        "Out of 10, how do you rate us?",
        "Was it 1-5-2026?",
        "Did you stay in a 5-star hotel?",
        "Between 1 and 3 people came?",
    ],
)
def test_numbers_that_are_no_scale(text: str) -> None:
    """Days, times, ages and half a scale declare nothing."""
    assert scale_in(text) is None


def test_a_scale_that_runs_the_other_way_is_seen() -> None:
    """Where the lowest number is the best one, the scale says so."""
    scale = scale_in("1 = very satisfied, 5 = very dissatisfied")

    assert scale is not None
    assert scale.reverse


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        ("Would you recommend us?", "nps"),
        ("¿Nos recomendaría a un amigo?", "nps"),
        ("¿Qué probabilidad hay de que nos recomiende?", "nps"),
        ("Recommanderiez-vous notre magasin ?", "nps"),
        ("How satisfied were you?", "csat"),
        ("Grado de satisfacción", "csat"),
        ("Êtes-vous satisfait ?", "csat"),
        ("How much effort did it take?", "ces"),
        ("¿Le resultó fácil comprar?", "ces"),
        ("Était-ce facile ?", "ces"),
        ("What did you buy?", None),
    ],
)
def test_what_a_question_measures(text: str, metric: str | None) -> None:
    """Recommending, satisfaction and ease are known by their words."""
    assert metric == measures(text)


def test_a_zero_makes_a_question_about_recommending_an_nps() -> None:
    """Without a scale in its text, only a zero says that it begins there."""
    text = "Would you recommend us?"

    assert judge(["9", "0", "10"], text, ", ").zero
    assert not judge(["9", "1", "10"], text, ", ").zero
    assert not judge(["90", "0", "100"], text, ", ").zero


def test_labels_with_numbers_declare_their_scale() -> None:
    """The worst and the best label tell where the numbers begin and end."""
    ends = judge(["1 - Very dissatisfied", "5 - Very satisfied", "3"], "How?", ", ").ends

    assert ends is not None
    assert (1, 5) == (ends.low, ends.high)
    assert judge(["10 - Excellent", "9"], "How?", ", ").ends is None


@pytest.mark.parametrize(
    "labels",
    [
        ["Very satisfied", "Neutral", "Dissatisfied", "N/A"],
        ["Muy satisfecha", "Insatisfecho/a", "Ni satisfecho ni insatisfecho"],
        ["Très satisfait(e)", "Plutôt satisfait", "Pas du tout satisfait·e"],
        ["Very satisfied", "Muy satisfecho", "Très satisfait"],
    ],
)
def test_labels_of_satisfaction(labels: list[str]) -> None:
    """The same point has many spellings, in three languages."""
    assert ("satisfaction", False) == family_of(labels)


@pytest.mark.parametrize(
    "labels",
    [
        ["Very satisfied", "Slightly satisfied"],  # of seven points
        ["Very satisfied", "Extremely satisfied"],  # one of them must be another point
        ["Very satisfied", "Strongly agree"],
    ],
)
def test_labels_that_cannot_be_told(labels: list[str]) -> None:
    """Labels of another scale are no points of this one, and that is known."""
    assert (None, True) == family_of(labels)


def test_labels_are_compared_without_gender() -> None:
    """Forms for women and men are one label."""
    assert {"muy satisfecho"} == {plain("Muy satisfecha"), plain("MUY SATISFECHO/A")}
    assert {"tres satisfait"} == {plain("Très satisfaite"), plain("très satisfait(e)")}


def test_the_number_in_a_label() -> None:
    """It stands before or behind the words."""
    assert (Decimal(10), "Extremely likely") == number_in("Extremely likely - 10")
    assert (Decimal(5), "Muy bien") == number_in("5 = Muy bien")
    assert number_in("2026-05-14") is None
    assert number_in("CENTRO-01") is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("What is your email address?", "email"),
        ("Correo electrónico", "email"),
        ("Votre adresse e-mail (facultatif)", "email"),
        ("Nombre y apellidos", "personal"),
        ("Téléphone", "personal"),
        ("Your phone number:", "personal"),
        ("Name your favourite product", None),
        ("How was the name of our app chosen?", None),
        ("Did our e-mail help?", None),
    ],
)
def test_questions_that_ask_who_somebody_is(text: str, kind: str | None) -> None:
    """Only a question that asks for nothing else is one."""
    assert kind == contact_in(text)


def test_the_order_of_day_and_month() -> None:
    """Days above twelve say it, else missing zeros; both ways say nothing."""
    assert "day-first" == order_of(["01/02/2026", "14/05/2026"])
    assert "month-first" == order_of(["01/02/2026", "5/14/2026"])
    assert "month-first" == order_of(["5/4/2026"])
    assert order_of(["05/04/2026"]) is None
    assert order_of(["13/01/2026", "01/13/2026"]) is None


@pytest.mark.parametrize(
    ("name", "survey"),
    [
        ("Visit (Responses) - Form Responses 1.csv", "Visit"),
        ("Visit_January+1,+2026_10.22.csv", "Visit"),
        ("visit-2026-05-14.csv", "visit"),
        ("Visit (2).xlsx", "Visit"),
        ("Encuesta (respuestas).xlsx", "Encuesta"),
        ("Visit - all versions - labels - 2026-05-14-10-22-33.xlsx", "Visit"),
        ("2026-05-14.csv", "2026-05-14"),
    ],
)
def test_surveys_are_named_by_their_files(name: str, survey: str) -> None:
    """Dates, counters and what tools add are no part of a survey's name."""
    assert survey == survey_name(PurePath(name), None)
    assert slug(survey)
