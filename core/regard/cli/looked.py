"""What ``regard look`` says of all files: the reports that speak of them, as one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from regard.cli.app import App
from regard.measures.series import known_series
from regard.pipeline.looking import earliest_day, reporters_for
from regard.pipeline.reporting import Surroundings, make_report, open_report_view
from regard.privacy import mask_text
from regard.render.phrases import Phrases
from regard.reports import Cell, Column, Report, Section, Table
from regard.secrets import privacy_key
from regard.settings import Project
from regard.store import Store

__all__ = ["report_on"]

_SHOWN: Final = 20
"""How many series people are shown."""

_PHRASES: Final = Phrases(
    {
        "title": (
            "What these files say",
            "Lo que dicen estos archivos",
            "Ce que disent ces fichiers",
        ),
        "series": ("Outside series", "Series externas", "Séries externes"),
        "table": ("Series", "Series", "Séries"),
        "name": ("Series", "Serie", "Série"),
        "where": ("Where", "Dónde", "Où"),
        "values": ("Values", "Valores", "Valeurs"),
        "since": ("From", "Desde", "Depuis"),
        "last_on": ("Last of", "Último de", "Dernière de"),
        "last": ("Last value", "Último valor", "Dernière valeur"),
        "unit": ("Unit", "Unidad", "Unité"),
        "others": ("{n} others", "{n} más", "{n} autres"),
        "base": (
            "n = {n} {n:value|values}; days are the first ones of periods.",
            "n = {n} {n:valor|valores}; los días son los primeros de los períodos.",
            "n = {n} {n:valeur|valeurs}; les jours sont les premiers des périodes.",
        ),
    }
)


def report_on(store: Store, project: Project, args: argparse.Namespace, app: App) -> Report | None:
    """
    Return what the reports say that speak of what was read; None: nothing speaks of it.

    Args:
        store: With what was read.
        project: Which has no configuration of its own.
        args: The command's.
        app: Its surroundings.
    """
    surroundings = Surroundings(
        columns=project.root / "columns",
        clock=app.clock,
        language=args.language,
        timezone=args.timezone,
        privacy_key=privacy_key(project),
    )
    reports = []
    for name in reporters_for(app.host, store):
        params = _params(store, name, args)
        reporter = app.host.reporter_class(name)
        reports.append(make_report(store, reporter, params, surroundings, where="look").report)
    series = _series(store, surroundings)
    if series is not None:
        reports.append(series)
    return _joined(reports, args.language) if reports else None


def _params(store: Store, reporter: str, args: argparse.Namespace) -> dict[str, Any]:
    params: dict[str, Any] = {
        name: value for name in ("since", "until") if (value := getattr(args, name))
    }
    if args.by and reporter == "customers":
        params["by"] = tuple(part.strip() for part in args.by.split(",") if part.strip())
    # Files may be old, and a report speaks of the last three months by itself.
    first = earliest_day(store, reporter, args.timezone)
    if first is not None:
        params.setdefault("since", first.isoformat())
    return params


def _series(store: Store, surroundings: Surroundings) -> Report | None:
    """Return which outside series there are; no reporter speaks of them."""
    language = surroundings.language

    def say(name: str, **values: int) -> str:
        return _PHRASES.say(name, language, **values)

    with open_report_view(store, surroundings) as (view, _):
        found = known_series(view)
        if not found:
            return None
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (
                mask_text(one.name),
                mask_text(one.where or ""),
                one.values,
                one.since,
                one.last_on,
                one.last,
                one.unit or "",
            )
            for one in found
        )
        names = ("name", "where", "values", "since", "last_on", "last", "unit")
        columns = tuple(Column(name, say(name)) for name in names)
        base = say("base", n=sum(one.values for one in found))
        rest = len(rows) - _SHOWN
        others: tuple[Cell, ...] = ()
        if rest > 0:
            others = (say("others", n=rest), "", None, None, None, None, "")
        table = Table(say("table"), columns, rows, base, _SHOWN if others else None, others)
        section = Section(say("series"), tables=(table,))
        return Report(
            "look", say("title"), view.now, (section,), view.freshness(), language=language
        )


def _joined(reports: Sequence[Report], language: str) -> Report:
    """Return several reports as one, with its sources named once."""
    first, *others = reports
    if not others:
        return first
    sources = {source.source: source for report in reports for source in report.sources}
    sections = [section for report in reports for section in report.sections]
    return replace(
        first,
        name="look",
        title=_PHRASES.say("title", language),
        sections=sections,
        sources=[*sources.values()],
        period=None,
    )
