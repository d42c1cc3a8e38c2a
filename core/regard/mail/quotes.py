"""
What somebody wrote, without what they answer and without what stands under every mail.

The rules are those of the programs that people answer with (Outlook, Gmail, Apple Mail,
Thunderbird, Yahoo and telephones) in Spanish, French and English, and some German, Italian and
Portuguese. A program marks a quote in one of three ways: by a sign before each line, by a line
that says who wrote when, or by a block of headers. Text below or between quoted lines stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from regard.mail.closings import names_in, without_signature

__all__ = ["Split", "split_quotes"]

_MAX_LINE = 2_000
_MAX_ATTRIBUTION_LINES = 4
_MAX_ATTRIBUTION = 400


@dataclass(frozen=True, slots=True)
class Split:
    """
    A text in its parts.

    Attributes:
        text: What the sender wrote.
        quoted: What they answer or pass on.
        signature: What stands under it.
    """

    text: str
    quoted: str = ""
    signature: str = ""


_RULE = r"[-_—–*=\s]{0,40}"
_CUTS = re.compile(
    rf"^\s*(?:{_RULE}(?:original message|original appointment|forwarded message"
    r"|mensaje original|mensaje reenviado|mensaje de origen|correo original"
    r"|message d['’]origine|message original|message transf[ée]r[ée]|message initial"
    r"|urspr[üu]ngliche nachricht|weitergeleitete nachricht|messaggio originale"
    rf"|messaggio inoltrato|mensagem original|mensagem encaminhada){_RULE}"
    r"|begin forwarded message\s?:|inicio del mensaje reenviado\s?:"
    r"|d[ée]but du message (?:transf[ée]r[ée]|r[ée]exp[ée]di[ée])\s?:)\s*$",
    re.IGNORECASE,
)
_ATTRIBUTION_START = re.compile(r"^\W{0,3}(?:on|el|le|am|il|em|a las|en)\s", re.IGNORECASE)
_ATTRIBUTION_END = re.compile(
    r"(?:\bwrote|\bescribi[óo]|\ba [ée]crit|\bschrieb(?:\s.{0,120})?|\bha scritto|\bescreveu"
    r"|\bha escrito)\s?:\s*$",
    re.IGNORECASE,
)
_SIGNED_ATTRIBUTION = re.compile(
    r"^.{0,120}<[^<>\s]+@[^<>\s]+>\)?,?\s(?:wrote|escribi[óo]|a [ée]crit)(?:\s.{0,80})?\s?:\s*$"
    r"|^\d{4}-\d\d-\d\d.{0,40}<[^<>\s]+@[^<>\s]+>\s?:\s*$",
    re.IGNORECASE,
)
_MARK = r"^\s*[>*_]{0,2}\s?"
_FROM = re.compile(_MARK + r"(?:from|de|von|da|expéditeur|remitente)\s?:\s?\*?\s*\S", re.I)
_OTHER_HEADER = re.compile(
    _MARK + r"(?:sent|date|enviado(?: el)?|fecha|envoy[ée](?: le)?|gesendet|datum|inviato|data"
    r"|to|para|[àa]|an|cc|subject|asunto|objet|betreff|oggetto|assunto|reply-to|responder a"
    r"|répondre à)\s?:\s?",
    re.IGNORECASE,
)


def split_quotes(text: str, sender: str = "") -> Split:
    """
    Part what somebody wrote from quotes and signature.

    Args:
        text: The plain text of a message, with plain line ends.
        sender: Who wrote it, as in the header From: a name that it ends with is no words.
    """
    lines = [line[:_MAX_LINE] for line in text.split("\n")]
    kept, quoted = _without_quotes(lines)
    kept, signature = without_signature(kept, names_in(sender))
    return Split(_joined(kept), _joined(quoted), _joined(signature))


def _joined(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()


def _without_quotes(lines: list[str]) -> tuple[list[str], list[str]]:
    kept: list[str] = []
    quoted: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line or line.isspace():
            kept.append("")
            at += 1
            continue
        if _CUTS.match(line) or _is_header_block(lines, at):
            quoted += lines[at:]
            break
        length = _attribution(lines, at)
        if length:
            follows = _next_filled(lines, at + length)
            quoted += lines[at : at + length]
            at += length
            if follows is not None and not lines[follows].lstrip().startswith(">"):
                # No sign before its lines: the quote is all that is left.
                quoted += lines[at:]
                break
            continue
        if line.lstrip().startswith(">"):
            quoted.append(line)
        else:
            kept.append(line)
        at += 1
    # Outlook rules a line above the headers that it quotes.
    while kept and re.fullmatch(r"\s*[_-]{8,}\s*|\s*", kept[-1]):
        kept.pop()
    return kept, quoted


def _next_filled(lines: list[str], at: int) -> int | None:
    return next((i for i in range(at, min(len(lines), at + 20)) if lines[i].strip()), None)


def _is_header_block(lines: list[str], at: int) -> bool:
    """Say whether the headers of another message begin here: From, and two more of them."""
    if not _FROM.match(lines[at]):
        return False
    following = [line for line in lines[at + 1 : at + 9] if line.strip()][:6]
    return sum(_OTHER_HEADER.match(line) is not None for line in following) >= 2


def _attribution(lines: list[str], at: int) -> int:
    """Return how many lines say who wrote what follows; 0: none."""
    first = lines[at].lstrip("> ")
    if _SIGNED_ATTRIBUTION.match(first[:_MAX_ATTRIBUTION]):
        return 1
    if not _ATTRIBUTION_START.match(first):
        return 0
    said = ""
    for length in range(1, _MAX_ATTRIBUTION_LINES + 1):
        if at + length > len(lines):
            return 0
        part = lines[at + length - 1].lstrip("> ").strip()
        if not part or len(said) > _MAX_ATTRIBUTION:
            return 0
        said = f"{said} {part}"
        if _ATTRIBUTION_END.search(said[-160:]):
            return length if re.search(r"\d", said) or "@" in said else 0
    return 0
