"""Scores in what people really write, and the numbers that are none."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from regard.errors import RecordError
from regard_plugins.survey_mailbox.scores import Scale, find_score

NPS = Scale(0, 10, whole=True)
FIVE = Scale(1, 5)

FOUND = [
    ("Sorry, I meant 8", 8),
    ("I meant to say 8, not 3", 8),
    ("I meant 8 not 3", 8),
    ("Perdón, quería decir un 8", 8),
    ("Pardon, je voulais dire 8.", 8),
    ("9", 9),
    ("9.", 9),
    ("  *9*  ", 9),
    ("10!!!", 10),
    ("0", 0),
    ("9️⃣", 9),
    ("🔟", 10),
    ("９", 9),
    ("9 puntos", 9),
    ("Nota: 7", 7),
    ("Mi nota es 7", 7),
    ("Score: 8", 8),
    ("Note : 8", 8),
    ("un 8", 8),
    ("Un 8.", 8),
    ("diez", 10),
    ("Diez!", 10),
    ("DIX", 10),
    ("neuf", 9),
    ("nine", 9),
    ("cero", 0),
    ("uno", 1),
    ("8/10", 8),
    ("8 / 10", 8),
    ("8 de 10", 8),
    ("8 sobre 10", 8),
    ("8 sur 10", 8),
    ("8 out of 10", 8),
    ("nueve sobre diez", 9),
    ("9, muy contenta", 9),
    ("9 - todo perfecto", 9),
    ("Diez, sois los mejores", 10),
    ("9\nTodo perfecto", 9),
    ("Hola:\n\n9\n\nGracias", 9),
    ("Le doy un 7 porque tardó 3 días.", 7),
    ("Os pongo un ocho, gracias", 8),
    ("I would give it an 8", 8),
    ("Je vous mets 9 !", 9),
    ("Je donne un 6 car retard de 2 jours", 6),
    ("Muy bien todo, un 9.", 9),
    ("La atención fue de 9/10, volveré", 9),
    ("Mi valoración: 6. Llegó tarde el pedido 12345", 6),
    ("7 (por la espera)", 7),
    ("9\nMi teléfono es 600 123 456, pedido nº 7", 9),
    ("9 muy bien todo gracias", 9),
    ("10 Excelente servicio, volveré", 10),
    ("6 por la espera en tienda", 6),
    ("8 El envío tardó", 8),
    ("Un 8 por la atención", 8),
    ("un diez como una casa", 10),
    ("9 because it was quick", 9),
    ("9 très bien", 9),
    ("Muy contento, 9", 9),
    ("Muy contenta!! 10", 10),
    ("Buenos días. 8. Gracias", 8),
    ("No me ha gustado, un 3.", 3),
    ("Un 9, aunque no le pondría un 10", 9),
    ("9 de 10, pero 2 veces tuve que llamar", 9),
    ("De 0 a 10, un 7", 7),
    ("On a scale of 0 to 10, 8", 8),
    ("Sur une échelle de 0 à 10 : 9", 9),
    ("Mi puntuación es de 8.", 8),
    ("I'd say 8", 8),
    ("Diría 7", 7),
    ("a solid 9!", 9),
    ("nueve (9)", 9),
    ("9 (nueve)", 9),
    ("1) 9", 9),
    ("Pregunta 1: 9", 9),
    ("Probabilidad: 9", 9),
    ("Pedido 12345: 9", 9),
    ("_9_", 9),
    ("7\n\nCompré 2 camisas y 1 pantalón por 45,90 € el 3/2/2026", 7),
]


@pytest.mark.parametrize(("text", "score"), FOUND)
def test_score_is_found(text: str, score: int) -> None:
    """A score is found in digits, words and fractions, alone or in a sentence."""
    assert Decimal(score) == find_score(text, NPS).score


COMMENTS = [
    ("9", None),
    ("9\nTodo perfecto", "Todo perfecto"),
    ("Hola:\n\n9\n\nGracias", "Hola:\n\nGracias"),
    ("9, muy contenta", "9, muy contenta"),
    ("Un 9.\n\nTel. 600 123 456", "Tel. 600 123 456"),
    ("8/10", None),
    ("8/10\nMuy bien", "Muy bien"),
    ("9 sobre diez!", None),
    ("Os doy un 7", None),
    ("Je mets 7 sur 10", None),
    ("Je vous donne 8", None),
    ("Le doy un 8 por la espera", "Le doy un 8 por la espera"),
]


@pytest.mark.parametrize(("text", "comment"), COMMENTS)
def test_comment_is_what_the_score_leaves(text: str, comment: str | None) -> None:
    """A line that only says the score is no comment; a sentence with it stays whole."""
    assert comment == find_score(text, NPS).comment


STARS = [
    ("★★★★☆", 4),
    ("⭐⭐⭐⭐⭐", 5),
    ("⭐", 1),
    ("4 estrellas", 4),
    ("Cinco estrellas!", 5),
    ("4 étoiles", 4),
    ("3 stars", 3),
    ("Le pongo 4 estrellas por la espera", 4),
    ("4/5", 4),
    ("4,5", Decimal("4.5")),
    ("Muy buen servicio ★★★★★ volveré", 5),
]


@pytest.mark.parametrize(("text", "score"), STARS)
def test_stars_are_counted(text: str, score: int) -> None:
    """Stars are counted, and read where they are written in words."""
    assert Decimal(score) == find_score(text, FIVE).score


NONE = [
    "",
    "no sé",
    "No lo sé, la verdad",
    "Je ne sais pas",
    "Muy bien, gracias",
    "Llámenme al 600 123 456",
    "600123456",
    "Mi pedido es el 8",
    "Pedido nº 9 sin llegar",
    "Order #7",
    "Commande 8 jamais reçue",
    "Me costó 9 €",
    "9,90 euros es caro",
    "It cost $8",
    "Compré el 8 de marzo",
    "Compré el 5/10 y no llegó",
    "Le 8 mars",
    "2026-03-09",
    "09/03/2026",
    "A las 10:30",
    "Llegó a las 9h",
    "Un 10% más barato en otra tienda",
    "9 días esperando",
    "3 weeks late",
    "Llevo 5 años comprando aquí",
    "2 de 3 paquetes llegaron rotos",
    "12/10 no llegó",
    "Uno de los pantalones está roto",
    "Un desastre",
    "One of the best shops",
    "Neuf et propre",
    "Vivo en la calle Mayor, 7",
    "COVID-19",
    "iPhone 8",
    "Estoy de vacaciones hasta el 10.",
    "Je reviens le 9.",
    "Les doy las gracias por las 3 camisas",
    "Merece la pena esperar 3 semanas",
    "Please give me back the 2 shirts",
    "Compramos 2 camisas, 3 pantalones",
    "2 me llegaron rotos",
    "4 for the price of 3",
    "2 por 1 no era",
    "5 de 10 paquetes llegaron rotos",
    "Os doy un 3 por ciento de confianza",
    "Tarda de 1 a 10 días",
    "Te doy mi número: 7",
    "Nota: llegó 2 días tarde",
    "1. Bien\n2. Mal",
    "www.tienda.example/9",
]


@pytest.mark.parametrize("text", NONE)
def test_other_numbers_are_no_scores(text: str) -> None:
    """Telephones, orders, prices, dates and amounts are passed over, and nothing is guessed."""
    found = find_score(text, NPS)

    assert (None, text.strip() or None) == (found.score, found.comment)


REFUSED = [
    ("8 o 9", NPS, "ambiguous-score"),
    ("Entre 8 y 9", NPS, "ambiguous-score"),
    ("8-9", NPS, "ambiguous-score"),
    ("8 ou 9 je dirais", NPS, "ambiguous-score"),
    ("Hola\n8\n3", NPS, "ambiguous-score"),
    ("Producto 9/10, envío 3/10", NPS, "ambiguous-score"),
    ("Al producto le doy un 9 y al envío le pongo un 3", NPS, "ambiguous-score"),
    ("Le doy un 10 a Marta y un 3 a la web", NPS, "ambiguous-score"),
    ("9 por el trato, 3 por el envío", NPS, "ambiguous-score"),
    ("5 estrellas por el trato, 3 por el envío", FIVE, "ambiguous-score"),
    ("1. 9\n2. 3", NPS, "ambiguous-score"),
    ("no le pondría un 10", NPS, "ambiguous-score"),
    ("casi un 10", NPS, "ambiguous-score"),
    ("8.5/10", NPS, "score-not-whole"),
    ("No os doy un 10", NPS, "ambiguous-score"),
    ("I can't give it a 9", NPS, "ambiguous-score"),
    ("11", NPS, "score-out-of-scale"),
    ("100", NPS, "score-out-of-scale"),
    ("0", FIVE, "score-out-of-scale"),
    ("8/10", FIVE, "other-scale"),
    ("4 estrellas", NPS, "other-scale"),
    ("★★★★", NPS, "other-scale"),
    ("8,5", NPS, "score-not-whole"),
]


@pytest.mark.parametrize(("text", "scale", "reason"), REFUSED)
def test_unclear_scores_are_refused(text: str, scale: Scale, reason: str) -> None:
    """Two scores, one off the scale or of another one: a person decides, not the program."""
    with pytest.raises(RecordError) as caught:
        find_score(text, scale)

    assert reason == caught.value.reason


def test_lone_number_on_the_first_line_decides() -> None:
    """Whoever writes the number alone on the first line may write others below it."""
    assert 9 == find_score("9\n\nAl envío le pongo un 3", NPS).score


HOSTILE = [
    "de 0 a " * 50_000,
    "a una escala " * 50_000,
    ", un 9 por " * 50_000,
    ". " * 50_000,
    "." + " " * 50_000,
    "doy the x " * 50_000,
    "nueve ( " * 50_000,
    "9 " * 200_000,
    "un " * 200_000,
    "doy " * 100_000,
    "★ " * 200_000,
    "9/" * 200_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_answer_takes_no_long_time(text: str) -> None:
    """An answer made to hurt is judged within seconds."""
    began = time.monotonic()
    try:
        find_score(text[:50_000], NPS)
    except RecordError:
        pass

    assert 5.0 > time.monotonic() - began
