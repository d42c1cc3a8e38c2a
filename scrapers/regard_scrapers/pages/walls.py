"""
Pages that are none: challenges, block pages, empty shells and error pages with status 200.

What such a page does not say must never be recorded: a shop that blocks us has not sold out.
"""

from __future__ import annotations

import re
from typing import Final

from regard_scrapers.pages.documents import Document
from regard_scrapers.pages.outcomes import PageProblem

__all__ = ["wall_of"]

_SIGNS: Final = (
    ("challenged", re.compile(
        r"cf-chl-|challenge-platform|cf_chl_opt|just a moment\.\.\.|_Incapsula_Resource|"
        r"px-captcha|perimeterx|datadome|geo\.captcha-delivery|g-recaptcha|h-captcha|hcaptcha\.com|"
        r"aws-waf-token|awswaf|/_sec/cp_challenge|akamai.{0,40}(?:bot|denied)|ddos-guard|"
        r"verify(?:ing)? (?:that )?you are (?:a )?human|are you a (?:human|robot)|no soy un robot|"
        r"comprueba que eres humano|je ne suis pas un robot|vérifiez que vous êtes humain",
        re.IGNORECASE)),
    ("blocked", re.compile(
        r"access (?:to this page has been )?denied|you have been blocked|request (?:was )?blocked|"
        r"unusual traffic|too many requests|your ip (?:address )?(?:has been|is) (?:blocked|banned)|"
        r"acceso (?:denegado|bloqueado)|accès refusé|zugriff verweigert|error 1020|ref(?:erence)? ?#\d+\.[0-9a-f]+",
        re.IGNORECASE)),
)  # fmt: skip
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
