"""What suggestions speak of: words, phrases, languages, and a team's own themes."""

from __future__ import annotations

import runpy
from collections import Counter
from pathlib import Path

import pytest

from regard.measures.telling import fault_of, teller_of
from regard.measures.themes import LEXICONS, OTHER, THEMES

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("text", "themes"),
    [
        ("Queremos más ofertas", ("price",)),
        ("Las dependientas son un encanto", ("staff",)),
        ("¿Por qué cerráis tan pronto?", ("hours",)),
        ("Mi PEDIDO llegó roto", ("delivery",)),
        ("Esperé veinte minutos en la cola", ("waiting",)),
        ("Falta una rampa en la entrada", ("access",)),
        ("HUELE MAL EN EL BAÑO", ("cleanliness",)),
        ("Les employés ne disent pas bonjour", ("staff",)),
        ("Pourquoi fermer si tôt le samedi ?", ("hours",)),
        ("Plus de choix en taille 46", ("product",)),
        ("Où se garer ?", ("access",)),
        ("Impossible de commander sur l'appli, mot de passe refusé", ("web",)),
        ("L’œuf était cassé, colis mal emballé", ("delivery",)),
        ("Your assistants are rude", ("staff",)),
        ("The app forgets my password", ("web",)),
        ("Sold out again", ("product",)),
        ("Please play more jazz records", ()),
        ("", ()),
        ("\x00 \ud800 ﷽ 🛒", ()),
    ],
)
def test_bundled_words(text: str, themes: tuple[str, ...]) -> None:
    """Words tell their theme in any case, with and without accents."""
    assert themes == teller_of().themes(text)


@pytest.mark.parametrize(
    ("text", "themes"),
    [
        ("In order to tell you, I write", ()),
        ("Live close to the park", ()),
        ("Les fermetures éclair de la ferme", ("product",)),
        ("Open another till", ("waiting",)),
        ("Ouvrez plus de caisses", ("waiting",)),
        ("The sales assistants smiled", ("staff",)),
        ("Le ticket de caisse est illisible", ("returns",)),
    ],
)
def test_a_longer_phrase_goes_before_its_words(text: str, themes: tuple[str, ...]) -> None:
    """What a phrase covers tells nothing else."""
    assert themes == teller_of().themes(text)


def test_words_count_in_their_language() -> None:
    """The same letters mean a price in one language and dirt in another."""
    teller = teller_of()

    assert ("price",) == teller.themes("When is the next sale on your shoes?")
    assert ("cleanliness",) == teller.themes("Le magasin est sale depuis des mois")
    assert ("cleanliness",) == teller.themes("sale", language="fr-FR")
    assert {"price", "cleanliness"} == set(teller.themes("sale"))


def test_each_sentence_has_its_theme() -> None:
    """A text that speaks of two things has two themes, and one mention beside many is none."""
    teller = teller_of()

    assert ("delivery", "price") == teller.themes("Prix trop chers. Livraison ratée !")
    assert ("price",) == teller.themes("Prix, tarifs, soldes: trop cher, malgré la livraison")


def test_but_begins_a_new_thought() -> None:
    """What comes after a *but* has a theme of its own."""
    teller = teller_of()

    assert ("staff", "waiting") == teller.themes("Long queue, but the cashier was cheerful")
    assert ("price", "product") == teller.themes("Beau choix de vins quoique trop chers")
    assert ("staff", "waiting") == teller.themes("Mucha cola pero la cajera fue simpática")


def test_of_equal_themes_the_first_is_told() -> None:
    """A thought has one theme: where two are told as much, the one named first."""
    teller = teller_of()

    assert ("price",) == teller.themes("Discounts for deliveries")
    assert ("delivery",) == teller.themes("Deliveries with discounts")
    assert ("gifts",) == teller_of({"gifts": ["wrap*"]}).themes("Discounts for wrapping")


def test_hints_tell_only_where_nothing_else_does() -> None:
    """Words of many uses tell a theme only in a text without any clearer word."""
    teller = teller_of()

    assert ("product",) == teller.themes("I miss the walnut bread")
    assert ("waiting",) == teller.themes("Bread, milk and cheese. I queued for them!")
    assert ("delivery",) == teller.themes("El pan, la leche y el queso. El repartidor se fue.")
    assert () == teller.themes("The bread on the wall")


def test_what_speaks_of_other_things() -> None:
    """Work, charity and advertising are no theme, and keep hints from telling one."""
    teller = teller_of()

    assert () == teller.themes("Please sponsor the bread for our football team")
    assert ("price",) == teller.themes("Sponsor our team. And lower your prices!")
    assert ("parking",) == teller_of({"parking": ["sponsor"]}).themes("please sponsor")


def test_own_themes() -> None:
    """A team's words make themes, in any language, and go before the bundled ones."""
    own = {"parking": ["aparca*", "car park"], "Молоко": ["молоко", "#%"], "price": ["dear me"]}
    teller = teller_of(own)

    assert ("parking",) == teller.themes("Aparcamiento, por favor")
    assert ("parking",) == teller.themes("the CAR-PARK is full")
    assert ("Молоко",) == teller.themes("Молоко!")
    assert ("Молоко",) == teller.themes("50%")
    assert ("price",) == teller.themes("dear me")
    assert () == teller_of(own, ()).themes("the queue is too expensive")
    assert ("waiting",) == teller_of({}, ("waiting",)).themes("the queue is too expensive")


def test_a_word_that_tells_nothing() -> None:
    """A phrase after an exclamation mark takes its words out."""
    teller = teller_of({"price": ["!price tag colours"]})

    assert () == teller.themes("I like the price tag colours")
    assert ("price",) == teller.themes("I like the price tag")


@pytest.mark.parametrize(
    "word", ["(a+)+$", ".*", "[", "\\", "a|b", "a{9}", "(?i)x", "%s", "'; --"]
)
def test_nothing_in_a_word_is_a_pattern(word: str) -> None:
    """Signs with which patterns are written are only signs."""
    teller = teller_of({"mine": [word]}, ())

    assert () == teller.themes("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa x1 something else")


@pytest.mark.parametrize("word", ["", "  ", "!", "*", "a*b", "* a", "...", "car *park", "!*"])
def test_what_is_no_word(word: str) -> None:
    """What can match nothing, or a star in the wrong place, is refused with a reason."""
    assert fault_of(word)


@pytest.mark.parametrize("word", ["a", "aparca*", "gift* card*", "#", "# €", "!price tag", "C&A"])
def test_what_is_a_word(word: str) -> None:
    """Words, phrases, beginnings, numbers and exceptions are accepted."""
    assert fault_of(word) is None


def test_huge_texts() -> None:
    """A text of a megabyte is read only as far as anybody would."""
    assert ("price",) == teller_of().themes("price " * 200_000)
    assert () == teller_of().themes("x" * 1_000_000)


def test_the_words_themselves() -> None:
    """Each bundled entry can match, and all languages have the same themes."""
    for lexicon in LEXICONS.values():
        cells = (*lexicon.themes.values(), lexicon.common, lexicon.misleading)

        assert [] == [word for cell in cells for word in cell.split(",") if fault_of(word)]
        assert THEMES == tuple(lexicon.themes)


def test_texts_that_people_labelled() -> None:
    """The accuracy that the documentation tells of does not get lost."""
    bench = runpy.run_path(str(ROOT / "benchmarks" / "themes.py"))
    teller = teller_of()
    for name, least, most in (
        ("dev", 0.92, 0.04),
        ("dev2 odd", 0.92, 0.04),
        ("dev2 even", 0.82, 0.08),
        ("test", 0.65, 0.2),
    ):
        folder, part = bench["_SETS"][name]
        for language in LEXICONS:
            lines = list(bench["_lines"](folder, language))[part]
            counts = Counter(
                bench["judged"](labels, teller.themes(text) or (OTHER,)) for labels, text in lines
            )

            assert counts["right"] / len(lines) >= least
            assert counts["wrong"] / len(lines) <= most
