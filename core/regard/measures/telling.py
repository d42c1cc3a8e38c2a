"""
What texts speak of, told by words.

Words are read from left to right. Where several entries begin at one place, the longest counts,
and what it covers tells nothing else: *in order to* is about no order, *sales assistant* about
no sale. So a phrase is the way to say when a word misleads.

Each thought, which is a sentence or what comes after a *but* in it, has one theme: the one that
most of its words tell, and of several a team's own, or the one told first. Words of many uses
are hints: *early* or *bread* tell a theme only in a text in which no other word does, and which
hints at no other theme as much.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, TypeAlias

from regard.measures.themes import LEXICONS, OTHER, THEMES

__all__ = ["Entry", "Teller", "entries_of", "fault_of", "folded", "teller_of"]

_WORD: Final = re.compile(r"[^\W_]+|[€$£%]")
_PART: Final = re.compile(r"[^\W_]+\*?(?![^\W_])|[€$£%#]")
_SENTENCE: Final = re.compile(r"[.!?;]+(?=\s|$)|\n+")
_LONGEST: Final = 10_000
"""Characters that are read of a text: nobody's theme stands only behind them."""

_Count: TypeAlias = tuple[int, bool, int]
"""How much words tell a theme, whether a team's own do, and less the place of the first."""


@dataclass(frozen=True, slots=True)
class Entry:
    """
    A word or phrase, and what it tells.

    Attributes:
        parts: Its words, folded: ``deliver*`` begins a word, ``#`` is a number.
        theme: Which it tells; None: the phrase only misleads.
        own: The team's, which goes before what is bundled.
        hint: It tells its theme only where no other word tells one.
    """

    parts: tuple[str, ...]
    theme: str | None
    own: bool = False
    hint: bool = False


def folded(text: str) -> str:
    """Return a text without case and accents."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("œ", "oe").replace("ß", "ss"))
    return "".join(each for each in plain if not unicodedata.combining(each))


def words_in(text: str) -> list[str]:
    """Return the words of a text, folded; signs of currencies and percents are words."""
    return _WORD.findall(folded(text))


def fault_of(word: str) -> str | None:
    """Return what is wrong with an entry as people write it; None: nothing."""
    text = folded(word.strip().removeprefix("!"))
    if not _WORD.search(text) and "#" not in text:
        return "it has no letter and no digit"
    if "*" in _PART.sub("", text):
        return "a star stands for the rest of a word, so it comes right behind its beginning"
    return None


def entries_of(
    theme: str | None, words: Iterable[str], *, own: bool = False, hint: bool = False
) -> Iterator[Entry]:
    """
    Yield the entries that people write for a theme.

    ``price`` is a word, ``car park`` a phrase, ``deliver*`` all words that begin so, ``#`` a
    number, and ``!price tag`` tells nothing. Case, accents and what parts the words of a phrase
    make no difference, and nothing else has a meaning of its own.
    """
    for word in words:
        plain = word.strip()
        parts = tuple(_PART.findall(folded(plain)))
        if parts:
            told = None if plain.startswith("!") else theme
            yield Entry(parts, told, own, hint)


@dataclass(slots=True)
class _Lexicon:
    """
    Entries by how they begin.

    Attributes:
        whole: By their first word, ``#`` for any number, and their second; an empty second
            where there is none, or where it is not one word.
        begun: By the beginning of their first word.
    """

    whole: dict[tuple[str, str], list[Entry]] = field(default_factory=dict)
    begun: dict[str, list[Entry]] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> _Lexicon:
        """Return the lexicon of some entries."""
        made = cls()
        for entry in dict.fromkeys(entries):
            first = entry.parts[0]
            second = entry.parts[1] if len(entry.parts) > 1 else ""
            if first.endswith("*"):
                made.begun.setdefault(first[:-1], []).append(entry)
            else:
                known = "" if second == "#" or second.endswith("*") else second
                made.whole.setdefault((first, known), []).append(entry)
        return made

    def at(self, words: Sequence[str], place: int) -> list[Entry]:
        """Return the entries that stand at a place and go before all others there."""
        word = words[place]
        firsts = [word, "#"] if word[0].isdigit() else [word]
        seconds = ["", words[place + 1]] if place + 1 < len(words) else [""]
        near = [
            entry
            for first in firsts
            for second in seconds
            for entry in self.whole.get((first, second), ())
        ]
        for end in range(1, len(word) + 1):
            near += self.begun.get(word[:end], ())
        found = [
            ((entry.own, len(entry.parts), sum(map(len, entry.parts))), entry)
            for entry in near
            if _stands(entry.parts, words, place)
        ]
        best = max((rank for rank, _ in found), default=None)
        return [entry for rank, entry in found if rank == best]


def _stands(parts: Sequence[str], words: Sequence[str], place: int) -> bool:
    if place + len(parts) > len(words):
        return False
    return all(
        word.startswith(part[:-1])
        if part.endswith("*")
        else word[0].isdigit()
        if part == "#"
        else word == part
        for part, word in zip(parts, words[place:], strict=False)
    )


class Teller:
    """
    Tells what texts speak of.

    Args:
        entries: By language; those of None hold in every language.
        common: By language: the words by which a text of it is known, folded.
        turns: By language: the words that begin a new thought within a sentence, folded.
    """

    def __init__(
        self,
        entries: Mapping[str | None, Sequence[Entry]],
        common: Mapping[str, frozenset[str]],
        turns: Mapping[str, frozenset[str]],
    ) -> None:
        always = entries.get(None, ())
        self._common = common
        self._turns: dict[str | None, frozenset[str]] = {None: frozenset().union(*turns.values())}
        self._turns.update(turns.items())
        self._lexicons: dict[str | None, _Lexicon] = {
            language: _Lexicon.of((*entries.get(language, ()), *always)) for language in common
        }
        self._lexicons[None] = _Lexicon.of(each for some in entries.values() for each in some)

    def themes(self, text: str, language: str | None = None) -> tuple[str, ...]:
        """
        Return the themes of a text, each told by most words of a thought; nothing: none is told.

        Args:
            text: What somebody wrote.
            language: In which, as far as it is known, such as ``es`` or ``es-ES``.
        """
        spoken = (language or "")[:2].lower()
        sentences = [words_in(each) for each in _SENTENCE.split(text[:_LONGEST])]
        known = spoken if spoken in self._common else self._spoken(chain(*sentences))
        counts = [
            self._counts(thought, known)
            for words in sentences
            for thought in _thoughts(words, self._turns[known])
        ]
        told = {theme for each, _ in counts for theme in _most(each)}
        return tuple(sorted((told or _hinted(each for _, each in counts)) - {OTHER}))

    def _counts(
        self, words: Sequence[str], language: str | None
    ) -> tuple[dict[str, _Count], dict[str, _Count]]:
        """Return by theme how much words tell it; what hints tell stands apart, as the second."""
        lexicon = self._lexicons[language]
        counts: tuple[dict[str, _Count], dict[str, _Count]] = ({}, {})
        place = 0
        while place < len(words):
            found = lexicon.at(words, place)
            for entry in found:
                if entry.theme is not None:
                    so_far = counts[entry.hint]
                    count, own, first = so_far.get(entry.theme, (0, False, -place))
                    # A phrase says more than a word.
                    count += min(len(entry.parts), 2)
                    so_far[entry.theme] = count, own or entry.own, first
            place += len(found[0].parts) if found else 1
        return counts

    def _spoken(self, words: Iterable[str]) -> str | None:
        """Return the language that most different common words are of; None: it is open."""
        said = set(words)
        counts = sorted((len(said & some), name) for name, some in self._common.items())
        if len(counts) > 1 and counts[-1][0] == counts[-2][0]:
            return None
        return counts[-1][1]


def _thoughts(words: Sequence[str], turns: frozenset[str]) -> Iterator[Sequence[str]]:
    """Yield the words of a sentence, cut before each *but*."""
    start = 0
    for place, word in enumerate(words):
        if word in turns:
            yield words[start:place]
            start = place
    yield words[start:]


def _most(counts: Mapping[str, _Count]) -> Iterator[str]:
    """Yield the theme that most words tell, of several the team's own, or the one told first."""
    most = max(counts.values(), default=None)
    yield from (theme for theme, count in counts.items() if count == most)


def _hinted(counts: Iterable[Mapping[str, _Count]]) -> set[str]:
    """Return the theme that more hints of a text tell than any other; nothing: they differ."""
    sums = Counter[str]()
    for each in counts:
        sums.update({theme: count for theme, (count, *_) in each.items()})
    first, second = [*sums.most_common(2), ("", 0), ("", 0)][:2]
    return {first[0]} if first[1] > second[1] else set()


def teller_of(
    own: Mapping[str, Sequence[str]] | None = None, bundled: Iterable[str] = THEMES
) -> Teller:
    """
    Return what tells themes by the bundled words and by a team's own ones.

    Args:
        own: By theme what a team has written, which holds in every language.
        bundled: The bundled themes that count.
    """
    kept = list(bundled)
    entries: dict[str | None, list[Entry]] = {
        None: [
            each
            for theme, words in (own or {}).items()
            for each in entries_of(theme, words, own=True)
        ]
    }
    for language, lexicon in LEXICONS.items():
        some = entries.setdefault(language, [])
        if kept:
            some += entries_of(None, lexicon.misleading.split(","))
            some += entries_of(OTHER, lexicon.other.split(","))
        for theme in kept:
            some += entries_of(theme, lexicon.themes[theme].split(","))
            some += entries_of(theme, lexicon.hints.get(theme, "").split(","), hint=True)
    return Teller(
        entries,
        {language: _set_of(lexicon.common) for language, lexicon in LEXICONS.items()},
        {language: _set_of(lexicon.turns) for language, lexicon in LEXICONS.items()},
    )


def _set_of(words: str) -> frozenset[str]:
    return frozenset(folded(word.strip()) for word in words.split(","))
