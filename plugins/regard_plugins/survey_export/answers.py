"""From the rows of a survey export to one record for each answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from regard.errors import RecordError
from regard.exports import Format, RowMapper, Wishes
from regard.keys import compose
from regard.mapping import Mapped
from regard.mapping.headers import fold
from regard.mapping.mappers import Numbered
from regard.mapping.times import TimeReader, zone_of
from regard.mapping.values import Cell, as_text, clean, parse_email
from regard.sources import Delete, Whole
from regard_plugins.survey_export.compiling import Compiled
from regard_plugins.survey_export.layouts import Layout

__all__ = ["AnswerFormat", "AnswerMapper", "Survey"]

_NO_DATE_BEFORE = 1990
"""LimeSurvey writes 1980 where a survey keeps no dates."""

_MANY = {
    "empty": "{} without an answer passed over",
    "partial": "{} not finished: complete is false",
    "trial": "{} passed over as a preview, a test or spam",
}
"""What is counted, as a note says it."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class Survey:
    """
    The survey behind a table.

    Attributes:
        name: What records call it.
        scope: What tells its responses from those of others; empty: their ids do.
        fields: What all its answers have in common.
    """

    name: str
    scope: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AnswerFormat(Format):
    """
    How one table of a survey tool is read.

    Attributes:
        layout: What its columns are.
        compiled: What they come to.
        survey: The survey behind it.
        header: The header that it was made for.
        zone: Where times are, if not where the source says.
        dates: How they are written.
        answered_at: The column that the configuration names for times.
    """

    layout: Layout
    compiled: Compiled
    survey: Survey
    header: tuple[str, ...]
    zone: str | None = None
    dates: tuple[str, ...] = ()
    answered_at: int | None = None

    def mapper(self, header: Sequence[str], wishes: Wishes, modified_at: datetime) -> RowMapper:
        """Return what maps the rows of the table."""
        reader = TimeReader(zone_of(self.zone or wishes.timezone), wishes.dates or self.dates)
        return AnswerMapper(header, self, reader)

    def said(self) -> Sequence[str]:
        """Return what was understood, a sentence each, for `regard check`."""
        return [*_understood(self.survey.name, self.compiled), *self.compiled.notes]


class AnswerMapper(RowMapper):
    """
    Maps the rows of one table.

    Args:
        header: The table's header.
        spec: How it is read.
        times: Reads its times.
    """

    def __init__(self, header: Sequence[str], spec: AnswerFormat, times: TimeReader) -> None:
        super().__init__(header)
        self.spec = spec
        self._times = times
        self._layout = spec.layout
        self._facts = {
            role: place
            for role, place in spec.compiled.facts.items()
            if role not in ("response_key", "email", "language", "channel")
        }
        found = spec.compiled.facts
        self._key, self._email = found.get("response_key"), found.get("email")
        self._language, self._channel = found.get("language"), found.get("channel")
        self._columns = tuple(spec.layout.times)
        if spec.answered_at is not None:
            self._columns = (spec.answered_at, *self._columns)
        self._dropped = frozenset(spec.compiled.personal)
        self._asked = frozenset(
            name for question in spec.compiled.questions for name in question.names
        )
        self._base: dict[str, Any] = {"survey": spec.survey.name, **spec.survey.fields}
        self._occurred: Counter[int] = Counter()
        self._counts: Counter[str] = Counter()
        self._outside: Counter[str] = Counter()

    @property
    def drops(self) -> bool:
        """Whether the table has columns that must never be stored."""
        return bool(self._dropped)

    @property
    def notes(self) -> Sequence[str]:
        """What was passed over or guessed, in sentences for the run's summary."""
        notes = list(self.spec.compiled.notes)
        notes += [_MANY[what].format(_many(n)) for what, n in sorted(self._counts.items())]
        notes += [
            f"{name[:60]!r}: not on its scale and without a score: {count:,}"
            for name, count in self._outside.most_common()
        ]
        return notes

    def raw(self, row: Numbered) -> Mapping[str, str]:
        """Return a row by its headers, without the columns that are never stored."""
        return {
            name: as_text(cell)
            for place, (name, cell) in enumerate(zip(self.header, row.values, strict=False))
            if place not in self._dropped
        }

    def records(self, row: Numbered) -> Sequence[Mapped | Delete | Whole]:
        """
        Return the answers of a response; none for a trial, or where nothing was answered.

        Other answers of it that the table's columns had before are gone.

        Raises:
            RecordError: ``missing-key``, ``bad-date`` or ``ambiguous-date``.
        """
        cells = row.values
        trial = self._layout.trial
        if trial is not None and fold(clean(cells[trial[0]])) in trial[1]:
            self._counts["trial"] += 1
            texts = [clean(cell) for cell in cells]
            return self._whole(self._response(cells, texts), ())
        texts = [clean(cell) for cell in cells]
        if not any(texts):
            return ()
        response = self._response(cells, texts)
        shared = self._shared(cells, texts, response)
        found: dict[str, Mapped | Delete] = {}
        for question in self.spec.compiled.questions:
            text = texts[question.place]
            if not text:
                continue
            for option, name, fields in question.read(text, self._outside):
                key = question.key + name.removeprefix(question.name)
                parts = (response, key) if option is None else (response, key, option)
                record = compose(parts)
                if record not in found:
                    found[record] = {"key": record, **shared, "question": name, **fields}
                for wording in question.former:
                    former = wording + name.removeprefix(question.name)
                    old = compose((response, former, *parts[2:]))
                    found.setdefault(old, Delete(old))
        if not found:
            self._counts["empty"] += 1
        return (*self._whole(response, found), *found.values())

    def _whole(self, response: str, found: Iterable[str]) -> Sequence[Whole]:
        """Return word that a response has no other answers; a snapshot says so as it is."""
        if self._layout.snapshot:
            return ()
        return (Whole(response, frozenset(found), self._asked),)

    def _shared(self, cells: Sequence[Cell], texts: Sequence[str], response: str) -> Mapped:
        """Return what all answers of a response have in common."""
        shared = self._base | {"response_key": response}
        for role, place in self._facts.items():
            if texts[place]:
                shared[role] = texts[place]
        if self._email is not None:
            address = parse_email(texts[self._email])
            if address and "@" in address:
                shared["email"] = address
        if self._language is not None and _LANGUAGE.fullmatch(texts[self._language]):
            shared["language"] = texts[self._language].lower()
        if self._channel is not None and texts[self._channel]:
            channel = texts[self._channel].lower()
            shared["channel"] = self._layout.channels.get(channel, channel)
        at = self._answered_at(cells)
        if at is not None:
            shared["answered_at"] = at
        complete = self._complete(texts)
        if complete is not None:
            shared["complete"] = complete
            if not complete:
                self._counts["partial"] += 1
        return shared

    def _answered_at(self, cells: Sequence[Cell]) -> datetime | None:
        for place in self._columns:
            try:
                at = self._times.time(cells[place])
            except RecordError as error:
                raise RecordError(error.reason, str(error), "answered_at") from error
            if at is not None and at.year >= _NO_DATE_BEFORE:
                return at
        return None

    def _complete(self, texts: Sequence[str]) -> bool | None:
        done = self._layout.done
        if done is None:
            return True if self._layout.whole else None
        place, words = done
        return bool(texts[place]) if words is None else fold(texts[place]) in words

    def _response(self, cells: Sequence[Cell], texts: Sequence[str]) -> str:
        """
        Return what tells a response from all others.

        Raises:
            RecordError: ``missing-key``: the tool gives ids, and this row has none.
        """
        scope = self.spec.survey.scope
        if self._key is not None:
            own = texts[self._key]
            if not own:
                name = self.header[self._key]
                message = f"column {name[:60]!r} names the response and is empty"
                raise RecordError("missing-key", message, "key")
            return f"{scope}:{own}" if scope else own
        at = texts[self._columns[0]] if self._columns else ""
        parts = [scope]
        if at:
            moment = self._answered_at(cells)
            parts.append(moment.strftime("%Y-%m-%dT%H:%M:%S") if moment else at)
            if self._email is not None and texts[self._email]:
                parts.append(_digest([texts[self._email].lower()]))
        else:
            parts.append(_digest(sorted(text for text in texts if text)))
        number = self._number(parts)
        return ":".join([*parts, str(number)] if number > 1 else parts)

    def _number(self, parts: Sequence[str]) -> int:
        """Return how many rows so far have the same time and address, or the same content."""
        name = hash(tuple(parts))
        self._occurred[name] += 1
        return self._occurred[name]


def _many(count: int) -> str:
    return "1 response" if count == 1 else f"{count:,} responses"


def _digest(texts: Sequence[str]) -> str:
    # An address is personal and a key is not: it stands for itself in the field `email` only.
    return sha256("\x1f".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _understood(survey: str, compiled: Compiled) -> list[str]:
    """Return which questions were found and what they are taken for."""
    shown = []
    for question in compiled.questions:
        if question.holds == "scores":
            low, high = (
                question.points_scale
                if question.scale is None
                else (question.scale.low, question.scale.high)
            )
            shown.append(f"{question.name[:60]!r} is {question.metric}, {low:f} to {high:f}")
    count = len({question.name for question in compiled.questions})
    questions = "1 question" if count == 1 else f"{count:,} questions"
    return [f"survey {survey!r}: {questions}", *shown]
