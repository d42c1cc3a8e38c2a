"""
Which text files are suggestions, where nobody has said so.

A source that names a folder of texts reads whatever lies there. Whoever only looks at files
finds licences, logs, notes and lists of addresses as well, which all end in ``.txt``. A text
is taken for a suggestion where it reads like one and something else says so, too: the name of
the file or its folder, or others of its sort beside it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias

from regard.errors import FileError
from regard.mapping.headers import fold
from regard.tabular.encodings import Text, detect_encoding, unmarked
from regard_plugins.touchpoints.pages import content_of

__all__ = ["Sort", "sort_of", "sorts_of"]

Sort: TypeAlias = Literal["suggestion", "table", "text"]
"""A suggestion; a table, which others may know how to map; or a text that is neither."""

_LONGEST: Final = 2_000
"""Characters: few people put more into a box."""
_SEVERAL: Final = 3
"""So many of one folder say that it is a box."""
_LINES: Final = 50
_NAMES: Final = re.compile(
    r"\b(?:sugerencias?|suggestions?|suggestion box|buzon|buzones|idea|ideas|idee|idees|boite|"
    r"boites|box|feedback|propuestas?|propositions?|comments?|comentarios?|commentaires?|"
    r"opinion(?:es|s)?|avis|quejas?|reclamacion(?:es)?|reclamations?|complaints?|mejoras?)\b"
)
_OTHER_NAMES: Final = re.compile(
    r"\b(?:readme|leeme|lisezmoi|licen[cs]es?|licencia|copying|copyright|notice|authors|credits|"
    r"change(?:s|log)|news|todo|install|version|manifest|requirements|constraints|robots|humans|"
    r"security|ads|llms|sitemap|logs?|passwords?|hosts)\b"
)
_LICENCE: Final = re.compile(
    r"copyright|©|all rights reserved|todos los derechos|tous droits|hereby granted|"
    r"without (?:any )?warrant|(?:mit|bsd|apache|public|general) licen[cs]e|licen[cs]ed under|"
    r"terms and conditions|terminos y condiciones|conditions generales",
    re.IGNORECASE,
)
_LOGGED: Final = re.compile(
    r"\W?(?:\d{4}[-/]\d\d[-/]\d\d[T ,]+\d\d:\d\d|\d\d?[-/.]\d\d?[-/.]\d{2,4},? +\d\d?:\d\d|"
    r"[A-Z][a-z]{2} +\d\d? \d\d:\d\d|\d\d:\d\d:\d\d|(?:DEBUG|INFO|NOTICE|WARN|WARNING|ERROR)\b)"
)
_KEYED: Final = re.compile(r"[-\w .*]{1,30}(?::(?!//)|=)(?=\s|$|\S)")
_ASKED: Final = re.compile(
    r"^(?:sugerencia|suggestion|idea|idee|mensaje|message|comentario|comment|commentaire|"
    r"propuesta|proposition|opinion|avis|texto|text|texte)\b[^\n:]{0,20}:",
    re.MULTILINE,
)
_CODE: Final = re.compile(
    r"^(?:#!|#include|import |from \S+ import|def |function |<\?|</?\w)|[{};]$"
)
_DELIMITERS: Final = "\t;|,"


def sorts_of(paths: Iterable[Path]) -> Mapping[Path, Sort]:
    """Return of what sort text files are; those that cannot be read are left out."""
    sorts: dict[Path, Sort] = {}
    for path in paths:
        text = _text_of(path)
        if text is not None:
            named = bool(_OTHER_NAMES.search(_words(path.stem)))
            sort = sort_of(text)
            sorts[path] = "text" if named and sort == "suggestion" else sort
    likely = Counter(path.parent for path, sort in sorts.items() if sort == "suggestion")
    unlikely = Counter(path.parent for path, sort in sorts.items() if sort != "suggestion")
    for path, sort in sorts.items():
        is_box = likely[path.parent] >= max(_SEVERAL, unlikely[path.parent])
        if sort == "suggestion" and not is_box and not _is_named_so(path):
            sorts[path] = "text"
    return sorts


def _is_named_so(path: Path) -> bool:
    names = (path.stem, path.parent.name, path.parent.parent.name)
    return any(_NAMES.search(_words(name)) for name in names)


def _words(name: str) -> str:
    """Return a name as words, so that no part of another word counts."""
    return re.sub(r"[\W\d_]+", " ", fold(name))


def _text_of(path: Path) -> str | None:
    try:
        head = content_of(path).head(4 * _LONGEST)
        decoder = Text(detect_encoding(head))
        text = "".join(decoder.blocks([head], to_end=False))
    except (FileError, OSError):
        return None
    return unmarked(text).replace("\0", "")


def sort_of(text: str) -> Sort:
    """
    Return of what sort a text is by itself.

    Args:
        text: Its beginning, at least as long as a suggestion may be.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()][:_LINES]
    if not lines or _is_table(text.splitlines()):
        return "table"
    if len(text.strip()) > _LONGEST or _LICENCE.search(text):
        return "text"
    if lines[0][0] in "{[":
        return "table"
    asked = _ASKED.search(_folded(text))
    several = len(lines) > 1
    half = len(lines) / 2
    unlike = (
        sum(bool(_LOGGED.match(line)) for line in lines) >= half,
        several and not asked and sum(bool(_KEYED.match(line)) for line in lines) >= half,
        sum(bool(_CODE.search(line)) for line in lines) >= max(1, half / 2),
        several and sum(len(line.split()) == 1 for line in lines) > half,
        len(lines) > 3 and not asked and _words_a_line(lines) < 4,
        not _is_prose(text),
    )
    return "text" if any(unlike) else "suggestion"


def _folded(text: str) -> str:
    """Return a text in small letters without accents, with its lines."""
    return "\n".join(fold(line) for line in text.splitlines())


def _words_a_line(lines: Sequence[str]) -> float:
    return sum(len(line.split()) for line in lines) / len(lines)


def _is_prose(text: str) -> bool:
    """Say whether most signs are letters, as in a sentence of any language."""
    signs = [sign for sign in text if not sign.isspace()]
    return len(text.split()) > 1 and sum(sign.isalpha() for sign in signs) > 0.7 * len(signs)


def _is_table(lines: Sequence[str]) -> bool:
    """Say whether all lines have as many cells, at least two."""
    filled = [line for line in lines if line.strip()][:_LINES]
    if len(filled) < 2:
        return len(filled) == 1 and filled[0].count("\t") > 1
    for sign in _DELIMITERS:
        counts = {line.count(sign) for line in filled}
        # Two lines of prose may have a comma each.
        if len(counts) == 1 and max(counts) >= (2 if sign == "," else 1):
            return True
    return False
