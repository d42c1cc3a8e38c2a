"""A form: its items in their sections, and what each answer earns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from regard.errors import ConfigError, RecordError
from regard.mapping.amounts import DecimalSign, parse_number
from regard.mapping.headers import fold
from regard.mapping.values import Cell, clean
from regard.measures.visits import ScoredItem
from regard.names import did_you_mean
from regard_plugins.mystery_shopping.words import NO_WORDS, NOT_APPLICABLE, YES_WORDS

__all__ = ["Answer", "Earned", "Fault", "Form", "Item", "Question", "Scale", "check_answers"]

_SIX_PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Fault:
    """
    Something about a form that its author should know.

    Attributes:
        severity: ``error``: visits cannot be scored with it; ``warning``: they can.
        where: The item, section or line.
        text: What is wrong and what would be right.
    """

    severity: Literal["error", "warning"]
    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """
    One answer that may be chosen.

    Attributes:
        name: What exports write, or the label where there is no other name.
        labels: What people see, the form's language first.
        points: What it earns before it is fitted to the item; None: the form does not say.
        not_applicable: Choosing it leaves the item out.
    """

    name: str
    labels: tuple[str, ...] = ()
    points: Decimal | None = None
    not_applicable: bool = False

    @property
    def label(self) -> str:
        """What people see."""
        return self.labels[0] if self.labels else self.name


@dataclass(frozen=True, slots=True)
class Scale:
    """
    What may be answered: one of some answers, several of them, or a number.

    Attributes:
        answers: What may be chosen; of numbers, the words beside them.
        many: Whether several may be chosen; what they earn adds up.
        low: The number that earns nothing; None: there are no numbers. Where it is above
            ``high``, as of minutes to wait, all beyond it earns nothing, too.
        high: The number that earns all points.
    """

    answers: tuple[Answer, ...] = ()
    many: bool = False
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def best(self) -> Decimal:
        """What the best answer earns; 0 where none earns anything."""
        if self.low is not None and self.high is not None:
            return abs(self.high - self.low)
        earned = [a.points for a in self.answers if a.points is not None and not a.not_applicable]
        if self.many:
            return sum((each for each in earned if each > 0), Decimal(0))
        return max(earned, default=Decimal(0))


@dataclass(frozen=True, slots=True)
class Earned:
    """
    What an answer came to.

    Attributes:
        points: None: not applicable, or not answered.
        answer: As people see it; None: not answered.
    """

    points: Decimal | None = None
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """
    One thing that is looked at.

    Attributes:
        name: Unique within the form.
        labels: What it is called, in each language, the form's own first.
        aliases: What it was called in other waves.
        path: The sections around it, outermost first.
        group: The groups of the questionnaire around it, as exports name them.
        scale: What may be answered.
        points: What the best answer earns; None: what the scale says.
        weight: Its weight among its neighbours; None: its points.
        critical: Whether earning nothing fails the visit.
        bonus: Whether it adds to the score instead of being part of it.
        relevant: Under which condition it is asked; None: always.
        comment: The question that explains its answer.
    """

    name: str
    labels: tuple[str, ...]
    scale: Scale
    aliases: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    points: Decimal | None = None
    weight: Decimal | None = None
    critical: bool = False
    bonus: bool = False
    relevant: str | None = None
    comment: str | None = None

    @property
    def label(self) -> str:
        """What people see."""
        return self.labels[0] if self.labels else self.name

    @property
    def max_points(self) -> Decimal:
        """What the best answer earns."""
        return self.scale.best if self.points is None else self.points

    def fitted(self, raw: Decimal) -> Decimal:
        """Return points of the scale as points of the item, to six decimals."""
        best = self.scale.best
        if self.points is None or best == self.points:
            return raw
        return (raw * self.points / best).quantize(_SIX_PLACES).normalize() + 0

    def earn(self, cell: Cell, decimal: DecimalSign | None = None) -> Earned:
        """
        Return what one cell earns.

        Raises:
            RecordError: ``unknown-value``, ``bad-number`` or ``ambiguous-number``: it is no
                answer that the form knows; never silently nothing.
        """
        text = clean(cell)
        if not text:
            return Earned()
        scale = self.scale
        if scale.many:
            return self.earn_many(_parted(text, scale.answers))
        found = answer_of(cell, scale.answers)
        if found is not None:
            return self._chosen(found)
        if scale.low is None or scale.high is None:
            raise self.unknown()
        number = parse_number(cell, decimal)
        low, high = scale.low, scale.high
        if number is not None and low > high:
            number = min(number, low)
        if number is None or not min(low, high) <= number <= max(low, high):
            raise self.unknown()
        return Earned(self.fitted((number - low) * (1 if high > low else -1)), text)

    def earn_many(self, chosen: Sequence[Answer] | None) -> Earned:
        """
        Return what several chosen answers earn together; not more than all there is.

        Raises:
            RecordError: ``unknown-value``: one of them is not known.
        """
        if chosen is None:
            raise self.unknown()
        chosen = [answer for answer in self.scale.answers if answer in chosen]
        said = "; ".join(answer.label for answer in chosen) or "-"
        if any(answer.not_applicable for answer in chosen):
            return Earned(None, said)
        for answer in chosen:
            self._chosen(answer)
        raw = sum((answer.points or Decimal(0) for answer in chosen), Decimal(0))
        return Earned(self.fitted(min(raw, self.scale.best)), said)

    def _chosen(self, answer: Answer) -> Earned:
        if answer.not_applicable:
            return Earned(None, answer.label)
        if answer.points is None:
            message = f"item {self.name!r}: the form does not say what {answer.name!r} earns"
            raise RecordError("unknown-value", message, self.name)
        return Earned(self.fitted(answer.points), answer.label)

    def unknown(self) -> RecordError:
        """Return what is said of an answer that the form does not have, without repeating it."""
        scale = self.scale
        known = ", ".join(repr(answer.label) for answer in scale.answers[:8])
        if scale.low is not None and scale.high is not None:
            known = ", ".join(filter(None, (f"{scale.low:f} to {scale.high:f}", known)))
        message = f"item {self.name!r}: the answer is none of the form's: {known}"
        return RecordError("unknown-value", message, self.name)


@dataclass(frozen=True, slots=True)
class Question:
    """
    A question that earns nothing.

    Attributes:
        name: As exports name it.
        labels: What people see.
        group: The groups around it.
        type: Such as ``text`` or ``date``.
        answers: The names of what may be chosen.
    """

    name: str
    labels: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    type: str = "text"
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """
    A form, whatever it was written in.

    Attributes:
        name: What visits say their form is.
        version: As its author numbers it.
        language: Of its labels, such as ``es``; None: one cannot tell.
        items: In their order.
        sections: The weight of each section by its path; None: only a heading.
        questions: All that earns nothing.
        weight_sets: Other weights by the name of the set, then of the item or section.
        pass_score: The score that a visit needs.
        critical_cap: The highest score of a visit that fails a critical item.
        bonus_cap: The most that all bonus items add.
        stated: How totals are written: ``percent``, ``share`` (0 to 1) or ``points``.
        columns: What workbooks call the columns that are no items, by their role.
        ignored: Texts of workbooks that are no items, such as the time of arrival.
        faults: What its author should know.
    """

    name: str
    items: tuple[Item, ...]
    version: str | None = None
    language: str | None = None
    sections: Mapping[tuple[str, ...], Decimal | None] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    weight_sets: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    pass_score: Decimal | None = None
    critical_cap: Decimal | None = None
    bonus_cap: Decimal | None = None
    stated: Literal["percent", "share", "points"] = "percent"
    columns: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def broken(self) -> bool:
        """Whether visits cannot be scored with it."""
        return any(fault.severity == "error" for fault in self.faults)

    def weighted(self, name: str | None) -> Form:
        """
        Return the form with the weights of a set; what the set leaves out keeps its own.

        Raises:
            ConfigError: There is no such set.
        """
        if name is None:
            return self
        if name not in self.weight_sets:
            hint = did_you_mean(name, self.weight_sets) or "; it has no weight sets"
            message = f"weights: the form {self.name!r} has no weight set {name!r}{hint}"
            raise ConfigError(message)
        weights = self.weight_sets[name]
        items = tuple(
            replace(item, weight=weights[item.name]) if item.name in weights else item
            for item in self.items
        )
        sections = {path: weights.get(path[-1], own) for path, own in self.sections.items()}
        return replace(self, items=items, sections=sections)

    def scored(self, item: Item, points: Decimal | None) -> ScoredItem:
        """Return an item with what it earned in a visit, as scores are worked out from it."""
        depths = range(1, len(item.path) + 1)
        most = item.max_points
        return ScoredItem(
            item.label,
            item.path,
            tuple(self.sections.get(item.path[:depth]) for depth in depths),
            points=points,
            max_points=most,
            weight=most if item.weight is None else item.weight,
            critical=item.critical,
            bonus=item.bonus,
            cap=self.bonus_cap if item.bonus else self.critical_cap if item.critical else None,
        )


def answer_of(cell: Cell, answers: Iterable[Answer]) -> Answer | None:
    """Return the answer that a cell says, by its name or else by one of its labels."""
    wanted = fold(clean(cell))
    listed = tuple(answers)
    by_label = None
    for answer in listed:
        if fold(answer.name) == wanted:
            return answer
        if by_label is None and any(fold(label) == wanted for label in answer.labels):
            by_label = answer
    if by_label is None and wanted in ("true", "false"):
        # What a spreadsheet makes of a box that is ticked, or of "verdadero" and "vrai".
        words = YES_WORDS if wanted == "true" else NO_WORDS
        return next((a for a in listed if {fold(a.name), fold(a.label)} & words), None)
    return by_label


def _parted(text: str, answers: Sequence[Answer]) -> list[Answer] | None:
    """Return the answers that a cell joins: names by spaces, labels by almost anything."""
    whole = answer_of(text, answers)
    if whole is not None:
        return [whole]
    for sign in (None, ";", ",", "|"):
        parts = [part for part in text.split(sign) if part.strip()]
        found = [answer_of(part, answers) for part in parts]
        if all(found):
            return [answer for answer in found if answer is not None]
    # Kobo joins labels by spaces, and labels have spaces of their own: the longest goes first.
    rest, chosen = f" {fold(text)} ", []
    labels = [(fold(label), a) for a in answers for label in (a.name, *a.labels) if fold(label)]
    for label, answer in sorted(labels, key=lambda pair: -len(pair[0])):
        if f" {label} " in rest:
            rest = rest.replace(f" {label} ", "  ", 1)
            chosen.append(answer)
    return chosen if chosen and not rest.strip() else None


def check_answers(answers: Iterable[Answer], points: Decimal | None) -> tuple[Answer, ...]:
    """
    Return answers with what goes without saying: what "n/a" means, and what "yes" earns.

    Args:
        answers: As the form lists them.
        points: What the item is worth, where the form says so.
    """
    listed = tuple(answers)
    any_points = any(answer.points is not None for answer in listed)
    made = []
    for answer in listed:
        words = {fold(answer.name), *map(fold, answer.labels)}
        if answer.points is not None or answer.not_applicable:
            made.append(answer)
        elif words & NOT_APPLICABLE:
            made.append(replace(answer, not_applicable=True))
        elif not any_points and points is not None and words & YES_WORDS:
            made.append(replace(answer, points=points))
        elif not any_points and points is not None and words & NO_WORDS:
            made.append(replace(answer, points=Decimal(0)))
        else:
            made.append(answer)
    return tuple(made)
