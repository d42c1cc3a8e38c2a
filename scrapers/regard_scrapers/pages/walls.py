"""
Pages that are none: challenges, block pages, empty shells and error pages with status 200.

What such a page does not say must never be recorded: a shop that blocks us has not sold out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from regard_scrapers.pages.documents import Document
from regard_scrapers.pages.outcomes import PageProblem

__all__ = ["wall_of"]

_SAYINGS: Final[Mapping[str, Sequence[str]]] = {
    "challenged": (
        *("cf-chl-", "challenge-platform", "cf_chl_opt", r"just a moment\.\.\.", "px-captcha"),
        *("_Incapsula_Resource", "perimeterx", "datadome", r"geo\.captcha-delivery"),
        *("g-recaptcha", "h-captcha", r"hcaptcha\.com", "aws-waf-token", "awswaf", "ddos-guard"),
        *("/_sec/cp_challenge", "akamai.{0,40}(?:bot|denied)", "no soy un robot"),
        *(r"verify(?:ing)? (?:that )?you are (?:a )?human", r"are you a (?:human|robot)"),
        *("comprueba que eres humano", "je ne suis pas un robot"),
        "vérifiez que vous êtes humain",
    ),
    "blocked": (
        *(r"access (?:to this page has been )?denied", "you have been blocked"),
        *(r"request (?:was )?blocked", "unusual traffic", "too many requests"),
        r"your ip (?:address )?(?:has been|is) (?:blocked|banned)",
        *(r"acceso (?:denegado|bloqueado)", "accès refusé", "zugriff verweigert"),
        *("error 1020", r"ref(?:erence)? ?#\d+\.[0-9a-f]+"),
    ),
}
_SIGNS: Final = tuple(
    (code, re.compile("|".join(words), re.IGNORECASE)) for code, words in _SAYINGS.items()
)
_LONGEST_WALL: Final = 60_000
"""Pages that say anything else are longer; a shop's own page may have a captcha in its form."""

_LEAST_TEXT: Final = 40


def wall_of(document: Document, *, said_something: bool) -> PageProblem | None:
    """
    Say what a page is where it is none; None: it is one.

    Args:
        document: The page.
        said_something: Whether records were found on it: then it is no wall.
    """
    if said_something:
        return None
    text = document.text
    if len(text) <= _LONGEST_WALL:
        for code, signs in _SIGNS:
            found = signs.search(text)
            if found is not None:
                return PageProblem(code, None, f"the page says {found[0][:60]!r}")
    body = document.tree.body
    shown = " ".join((body.text(deep=True) or "").split()) if body is not None else ""
    if len(shown) < _LEAST_TEXT:
        return PageProblem("empty-page", None, "the page has next to no text")
    return None
