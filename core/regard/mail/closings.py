"""
What stands under a mail: closing words, a name, what a telephone or a company adds.

A signature is known by its mark, by complimentary words, or by the name of whoever sent the mail.
Who writes no such words and signs with another name than the mail's own is not found out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

__all__ = ["names_in", "without_signature"]

_MAX_LINES = 10
_MAX_LINE = 70
_DEVICE = re.compile(
    r"^\W{0,3}(?:sent from (?:my|outlook|mail|yahoo|proton|samsung)|get outlook for"
    r"|enviado (?:desde|con) (?:mi|outlook|correo|yahoo|el m[óo]vil|proton|samsung|gmail)"
    r"|obt[ée]n(?:er|ga)? (?:bluemail|outlook) para|descarga outlook"
    r"|envoy[ée] (?:de|depuis|[àa] partir de) (?:mon|ma|outlook|l['’]|yahoo|proton|courrier)"
    r"|t[ée]l[ée]charge[rz] outlook|obtenir outlook|obtenez outlook"
    r"|von meinem .{2,30} gesendet|gesendet von|inviato da(?:l mio)?\s).{0,120}$",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"^\W{0,3}(?:(?:aviso (?:legal|de confidencialidad)|confidentiality notice|disclaimer"
    r"|avis de confidentialit[ée]|clause de confidentialit[ée])\b"
    r"|(?:este (?:mensaje|correo|e-?mail)|this (?:e-?mail|message|communication)"
    r"|ce (?:message|courriel|mail)).{0,300}(?:confiden|privileg))",
    re.IGNORECASE,
)
_DISCLAIMER_START = re.compile(
    r"^\W{0,3}(?:aviso|confidentiality|disclaimer|avis|clause|este|this|ce)\b", re.I
)
_SIGNATURE_MARK = re.compile(r"^(?:--|—|__)\s?$")
_CLOSING = re.compile(
    r"^\W{0,2}(?:(?:un |muchos |mis )?(?:cordial(?:es)? )?saludos?(?: cordial(?:es)?)?"
    r"|atentamente|cordialmente|un abrazo|(?:bien )?cordialement|(?:bien )?[àa] vous"
    r"|sinc[èe]res salutations|salutations(?: distingu[ée]es)?"
    r"|(?:kind|best|warm|many)(?: kind)? (?:regards|wishes)|regards|sincerely"
    r"|yours (?:sincerely|faithfully|truly)|mit freundlichen gr[üu][ßs]+en)[\s,.!;:-]*$",
    re.IGNORECASE,
)
_POSTSCRIPT = re.compile(
    r"^\W{0,2}(?:p\.?\s?[sd]|pos(?:t)?data|post[- ]?scriptum|n\.?\s?b)\b\.?\s?[:.,;)-]?",
    re.IGNORECASE,
)
_SCORE = re.compile(r"\W*\d{1,3}(?:\s?(?:/|de|sur|out of|von)\s?\d{1,3})?\W*", re.IGNORECASE)
_CONTACT = re.compile(r"@|www\.|\||(?:\d[\s().-]{0,2}){6}")
_WORD = re.compile(r"[^\W\d_]+")
_BEHIND_NAME = re.compile(r"\s*(?:[|·•,–—-]|$)")


def names_in(sender: str) -> tuple[str, ...]:
    """
    Return the words that somebody's name consists of, lower-case and without accents.

    Args:
        sender: A name, an address or both, as in the header From; ``García, Ana`` has the
            first name last.
    """
    name, at, _ = sender.rpartition("@")
    shown, bracket, local = (name if at else sender).rpartition("<")
    last, comma, first = (shown if bracket else local).strip(' "').partition(",")
    ordered = f"{first} {last}" if comma else last
    return tuple(_WORD.findall(_plain(f"{ordered} {local if bracket else ''}")))


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text[: _MAX_LINE * 4].casefold())
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def without_signature(
    lines: Sequence[str], names: Sequence[str] = ()
) -> tuple[list[str], list[str]]:
    """
    Return the lines that somebody wrote, and those of their signature.

    Args:
        lines: Without quotes.
        names: Of the sender, as `names_in` returns them.
    """
    cut = len(lines)
    for at, line in enumerate(lines):
        if _SIGNATURE_MARK.match(line) or _is_disclaimer(lines, at):
            cut = at
            break
    kept, signature = list(lines[:cut]), list(lines[cut:])
    device = [line for line in kept if _DEVICE.match(line)]
    kept = [line for line in kept if not _DEVICE.match(line)]
    signed, behind = _signed(kept, names)
    return [*kept[:signed], *kept[behind:]], [*kept[signed:behind], *device, *signature]


def _is_disclaimer(lines: Sequence[str], at: int) -> bool:
    if not _DISCLAIMER_START.match(lines[at]):
        return False
    return _DISCLAIMER.match(" ".join(lines[at : at + 4])[:600]) is not None


def _signed(lines: Sequence[str], names: Sequence[str]) -> tuple[int, int]:
    """
    Return where closing words or a name begin that little follows, and where that ends.

    What is written after that, a postscript, is text again.
    """
    found, end = len(lines), len(lines)
    below: list[str] = []
    for at in range(len(lines) - 1, -1, -1):
        line = lines[at].strip()
        if not line:
            continue
        if _CLOSING.match(line):
            return at, end
        if _POSTSCRIPT.match(line):
            found, end, below = at, at, []
            continue
        if len(line) > _MAX_LINE or len(below) >= _MAX_LINES or _SCORE.fullmatch(line):
            break
        if _is_name(line, names, below) and any(each.strip() for each in lines[:at]):
            found = at
        below.append(line)
    return found, end


def _is_name(line: str, names: Sequence[str], below: Sequence[str]) -> bool:
    """Say whether a line is the sender's name, alone or before a post and a number."""
    plain = _plain(line)
    words = 0
    end = 0
    for word in _WORD.finditer(plain):
        if word[0] not in names:
            break
        words, end = words + 1, word.end()
    if not words or not _BEHIND_NAME.match(plain, end):
        return False
    alone = not plain[end:].strip(" ,.-–—!")
    # A first name in the midst of a text may be somebody else's, and a last name a word.
    first = alone and plain.startswith(names[0])
    return words > 1 or (first and (not below or any(map(_CONTACT.search, below))))
