"""From the columns of a table, its first rows and the configuration to its questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from regard.mapping.amounts import DecimalSign
from regard.mapping.headers import fold
from regard.mapping.values import clean
from regard.tabular import Value
from regard_plugins.survey_export.config import Metric, QuestionSettings, SurveyConfig
from regard_plugins.survey_export.contacts import asks_for_name, contact_in
from regard_plugins.survey_export.judging import Judged, judge
from regard_plugins.survey_export.labels import FAMILIES, Family, is_yes_or_no, plain
from regard_plugins.survey_export.layouts import Asked, Layout, Role, heads, places_of, tidy
from regard_plugins.survey_export.questions import OTHER_CODE, Question
from regard_plugins.survey_export.scales import Scale, measures, scale_in

__all__ = ["Compiled", "compile_questions"]

_OF_FIVE = (Decimal(1), Decimal(5))
_NPS = Scale(Decimal(0), Decimal(10))
_LABEL_METRICS: Mapping[Family, Metric] = {"satisfaction": "csat", "ease": "ces"}
_SHOWN = 6
_LONGEST = 60


@dataclass(slots=True)
class Compiled:
    """
    All that is known about the columns of a table.

    Attributes:
        questions: Those with answers, in the order of the columns.
        facts: The columns that fill fields of each answer.
        personal: The columns that are never stored.
        notes: What people should know.
    """

    questions: list[Question] = field(default_factory=list)
    facts: dict[Role, int] = field(default_factory=dict)
    personal: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Declared:
    """
    A question's settings.

    Attributes:
        text: What the configuration calls it.
        settings: What it says.
    """

    text: str
    settings: QuestionSettings


class _Compiler:
    """
    Works on one table.

    Args:
        layout: What its columns are.
        header: Their names.
        sample: The first rows.
        config: What the configuration says.
        decimal: The decimal sign, where it is known.
    """

    def __init__(
        self,
        layout: Layout,
        header: Sequence[str],
        sample: Sequence[Sequence[Value]],
        config: SurveyConfig,
        decimal: DecimalSign | None,
    ) -> None:
        self.layout, self.header, self.sample = layout, header, sample
        self.config, self.decimal = config, decimal
        self.made = Compiled(facts=dict(layout.facts), personal=list(layout.personal))
        self.unscaled: list[str] = []
        self.doubtful: list[str] = []
        self.reversed: list[str] = []
        self.contacts: list[int] = []
        self.used: set[str] = set()
        self.declared = {
            fold(alias): _Declared(tidy(text), settings)
            for text, settings in config.questions.items()
            for alias in (text, settings.name or text, *settings.aliases)
        }

    def compiled(self) -> Compiled:
        """Return what the columns come to."""
        taken = self._columns()
        groups: dict[str, list[Asked]] = {}
        for asked in self.layout.asked:
            if asked.place not in taken:
                groups.setdefault(_group(asked), []).append(asked)
        for name, group in groups.items():
            groups[name] = [asked for asked in group if not self._is_contact(asked, group)]
        for asked in (asked for group in groups.values() for asked in group):
            self.made.questions.append(self._question(asked, groups[_group(asked)]))
        self.made.questions.sort(key=lambda each: each.place)
        self._notes(taken)
        return self.made

    def _columns(self) -> set[int]:
        """Give the columns their meaning that the configuration names."""
        columns = self.config.columns
        places = places_of(self.header)
        for asked in self.layout.asked:
            for name in (asked.question, asked.code):
                places.setdefault(fold(name or ""), asked.place)
        taken: set[int] = set()
        for role, name in columns.named().items():
            place = places.get(fold(tidy(name)))
            if place is None:
                self.made.notes.append(f"columns.{role}: it has no column {_shown(name)}")
                continue
            taken.add(place)
            if role != "answered_at":
                self.made.facts[role] = place  # type: ignore[index]
            self.made.personal = [each for each in self.made.personal if each != place]
        for name in columns.ignore:
            place = places.get(fold(tidy(name)))
            if place is None:
                self.made.notes.append(f"columns.ignore: it has no column {_shown(name)}")
            else:
                taken.add(place)
        return taken

    def _is_contact(self, asked: Asked, group: Sequence[Asked]) -> bool:
        """Say whether a column names people, and keep at most the address."""
        if self._declared_for(asked) is not None or asked.sort in ("option", "other"):
            return False
        # "Phone" alone may be an option; beside "Name" it is somebody's number.
        names = any(asks_for_name(each.part or "") for each in group)
        contact = contact_in((asked.part if names else None) or asked.question)
        if contact is None:
            return False
        if contact == "email":
            self.made.facts.setdefault("email", asked.place)
        if self.made.facts.get("email") != asked.place:
            self.made.personal.append(asked.place)
            self.contacts.append(asked.place)
        return True

    def _declared_for(self, asked: Asked) -> _Declared | None:
        names = [f"{asked.question} [{asked.part}]"] if asked.part else []
        names += [asked.question, asked.code or ""]
        if asked.code and asked.part:
            names.insert(1, f"{asked.code}[{asked.part}]")
        for name in names:
            found = self.declared.get(fold(name)) if name else None
            if found is not None:
                self.used.add(found.text)
                return found
        return None

    def _cells(self, places: Sequence[int]) -> list[str]:
        return [
            text
            for row in self.sample
            for place in places
            if place < len(row) and (text := clean(row[place])) and text != OTHER_CODE
        ]

    def _question(self, asked: Asked, group: Sequence[Asked]) -> Question:
        declared = self._declared_for(asked)
        settings = declared.settings if declared else QuestionSettings()
        text = tidy(asked.question)
        name = settings.name or (declared.text if declared else text)
        key = asked.code or (declared.text if declared else text)
        wordings = (text, declared.text, *map(tidy, settings.aliases)) if declared else ()
        # Yesterday's export may have had texts where today's has codes.
        former = tuple(dict.fromkeys(each for each in wordings if each != key))
        question = Question(
            asked.place,
            name,
            key,
            former,
            separator=settings.separator or self.layout.separator,
            decimal=self.decimal,
        )
        if asked.sort == "text":
            return replace(question, holds="text")
        if asked.sort == "other":
            return replace(_within(question, "other"), holds="text", option=None)
        if asked.sort == "option":
            return replace(question, holds="mark", option=asked.part)
        if asked.sort == "part" and asked.part:
            marks = self._marks(group)
            if marks is not None:
                return replace(question, holds="mark", option=asked.part, marks=marks)
            question = _within(question, asked.part)
            return self._valued(question, asked, group, settings)
        valued = self._valued(question, asked, (asked,), settings)
        if settings.metric != "text" and any(each.sort == "other" for each in group):
            # Own words stand in a column beside it, so what stands here was chosen.
            return replace(valued, holds="choice") if valued.holds == "text" else valued
        return valued

    def _marks(self, group: Sequence[Asked]) -> frozenset[str] | None:
        """Return what marks chosen options in a question's columns; None: they are its rows."""
        columns = [
            (at, fold(each.part or ""), set(self._cells((each.place,))))
            for at, each in enumerate((each for each in group if each.sort == "part"), start=1)
        ]
        filled = [(at, part, cells) for at, part, cells in columns if cells]
        if not filled:
            return None
        own = all({fold(cell) for cell in cells} == {part} for _, part, cells in filled)
        if own:
            return frozenset()
        yes_or_no = all(is_yes_or_no(cell) for *_, cells in filled for cell in cells)
        if yes_or_no and self.layout.vendor == "limesurvey":
            return frozenset()
        if len(group) > 1 and self.layout.vendor in {"surveymonkey", "qualtrics"}:
            # Exported as numbers: a column holds its option's number, or 1, and nothing else.
            numbered = all(cells == {str(at)} for at, _, cells in filled)
            ones = len(filled) > 1 and all(cells == {"1"} for *_, cells in filled)
            if numbered or ones:
                return frozenset(cell for *_, cells in filled for cell in cells)
        return None

    def _valued(
        self,
        question: Question,
        asked: Asked,
        group: Sequence[Asked],
        settings: QuestionSettings,
    ) -> Question:
        """Return a question whose cells are values: scores, choices or own words."""
        if settings.metric == "text":
            return replace(question, holds="text")
        if settings.multiple:
            return replace(question, holds="several")
        if settings.metric == "choice":
            return replace(question, holds="choice")
        cells = self._cells([each.place for each in group if each.sort == asked.sort])
        if cells and all(fold(cell) == fold(asked.question) for cell in cells):
            # A column that is headed by an option and holds it where it was chosen.
            return replace(question, holds="choice")
        judged = judge(cells, asked.question, question.separator, self.decimal)
        return self._scaled(question, asked, settings, judged)

    def _scaled(
        self, question: Question, asked: Asked, settings: QuestionSettings, judged: Judged
    ) -> Question:
        scale = self._scale(asked, settings, judged)
        points = {plain(label): value for label, value in settings.points.items()}
        points_scale = settings.scale or _OF_FIVE
        # Labels say where they are on a scale of five; another one that is declared wins.
        of_five = scale is None or (scale.low, scale.high) == _OF_FIVE
        if judged.family is not None and not points and settings.metric != "nps" and of_five:
            points = dict(FAMILIES[judged.family])
        metric = _metric(asked.question, settings, scale, judged.family)
        wanted = settings.metric is not None or settings.scale is not None
        if judged.numbers or (wanted and not points) or (judged.empty and scale is not None):
            if scale is None:
                self.unscaled.append(question.name)
                return replace(question, holds="numbers")
            return replace(question, holds="scores", metric=metric, scale=scale, points=points)
        if points:
            return replace(
                question,
                holds="scores",
                metric=metric,
                scale=scale,
                points=points,
                points_scale=points_scale,
            )
        if judged.doubtful or judged.family is not None:
            self.doubtful.append(question.name)
        if judged.several and settings.multiple is not False:
            return replace(question, holds="several")
        return replace(question, holds="choice" if judged.choice else "text")

    def _scale(self, asked: Asked, settings: QuestionSettings, judged: Judged) -> Scale | None:
        if settings.scale is not None:
            return Scale(*settings.scale, reverse=settings.reverse)
        scale = scale_in(asked.question)
        if scale is None and asked.part:
            scale = scale_in(asked.part)
        if scale is not None:
            if scale.reverse and not settings.reverse:
                self.reversed.append(asked.question)
                return None
            return Scale(scale.low, scale.high, settings.reverse)
        if judged.ends is not None:
            return replace(judged.ends, reverse=settings.reverse)
        if judged.zero and measures(asked.question) == "nps":
            return _NPS
        return None

    def _notes(self, taken: set[int]) -> None:
        notes, header = self.made.notes, self.header
        notes += self.layout.notes
        missing = [text for text in map(tidy, self.config.questions) if text not in self.used]
        if missing:
            notes.append(f"it has no question {_list(missing)}")
        if self.unscaled:
            notes.append(
                f"{_list(self.unscaled)}: the scale of these numbers cannot be told, so they are "
                "kept without a score; declare scale_min and scale_max in "
                "[sources.NAME.questions]"
            )
        if self.doubtful:
            notes.append(
                f"{_list(self.doubtful)}: these labels look like points of a scale that cannot "
                "be told, so they are choices; declare points in [sources.NAME.questions]"
            )
        if self.reversed:
            notes.append(
                f"{_list(self.reversed)}: the lowest number seems to be the best one, so there "
                "is no score; declare scale_min, scale_max and reverse"
            )
        unknown = [heads(header[at])[0] for at in self.layout.unknown if at not in taken]
        if unknown:
            notes.append(
                f"{_list(unknown)}: read as no questions and left out; name what is wanted in "
                "[sources.NAME.columns]"
            )
        if self.made.personal:
            names = [heads(header[at])[0] for at in self.made.personal]
            notes.append(f"{_list(names)}: personal, not kept")


def _group(asked: Asked) -> str:
    return f"{asked.code or ''}\n{asked.question}"


def _within(question: Question, part: str) -> Question:
    """Return the question that a row of a matrix, or what is said beside its options, is."""
    named = f" [{tidy(part)}]"
    former = tuple(each + named for each in question.former)
    name, key = question.name + named, question.key + named
    return replace(question, name=name, key=key, former=former, option=part, row=None)


def _metric(
    text: str, settings: QuestionSettings, scale: Scale | None, family: Family | None
) -> Metric | None:
    if settings.metric is not None:
        return settings.metric
    asked = measures(text)
    if asked == "nps":
        # One from 1 to 10 is no NPS, whatever it asks.
        is_nps = scale is not None and (scale.low, scale.high) == (_NPS.low, _NPS.high)
        return "nps" if is_nps and family is None else "rating"
    if family is not None and family in _LABEL_METRICS:
        return _LABEL_METRICS[family]
    return asked or "rating"


def _shown(name: str) -> str:
    text = tidy(name)
    return repr(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")


def _list(names: Sequence[str]) -> str:
    unique = list(dict.fromkeys(names))
    more = f" and {len(unique) - _SHOWN} more" if len(unique) > _SHOWN else ""
    return ", ".join(map(_shown, unique[:_SHOWN])) + more


def compile_questions(
    layout: Layout,
    header: Sequence[str],
    sample: Sequence[Sequence[Value]],
    config: SurveyConfig,
    decimal: DecimalSign | None = None,
) -> Compiled:
    """
    Return what the columns of a table come to.

    Args:
        layout: What the vendor's columns are.
        header: The table's header.
        sample: Its first rows.
        config: What the configuration says.
        decimal: The decimal sign, where it is known.
    """
    return _Compiler(layout, header, sample, config, decimal).compiled()
