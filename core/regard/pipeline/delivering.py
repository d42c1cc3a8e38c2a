"""
A report on its way: made as the project describes it, and brought to where it should go.

Files are written so that they are there whole or not at all. A target that fails spares the
others. The terminal is none of our business here: whoever asked has one, or a log.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from regard.errors import ConfigError, RegardError
from regard.measures.periods import local_day
from regard.pipeline.enrichers import sides_of
from regard.pipeline.reporting import MadeReport, Surroundings, make_report
from regard.pipeline.telling import send_text
from regard.pipeline.workplace import Workplace
from regard.render import render_csv, render_json, render_text
from regard.reports import Report
from regard.secrets import privacy_key
from regard.settings import directory_of

__all__ = ["FORMATS", "deliver", "make_configured", "rendered", "surroundings_of", "write_file"]

FORMATS: Final = ("terminal", "json", "csv")
_FILE_WIDTH: Final = 100


def surroundings_of(place: Workplace, language: str | None = None) -> Surroundings:
    """Return what reports of a project are made in, in a language or the project's."""
    project = place.project
    enrichers = [name for name, one in project.settings.enrichers.items() if one.enabled]
    return Surroundings(
        columns=project.root / "columns",
        clock=place.clock,
        language=language or project.settings.language,
        timezone=project.settings.timezone,
        privacy_key=privacy_key(project, place.host.resolve_secret),
        sources=frozenset(project.settings.sources),
        directory=directory_of(project.settings),
        threads=project.settings.limits.threads,
        enrichers=enrichers,
        sides=sides_of(place, enrichers),
    )


def make_configured(place: Workplace, name: str, threads: int | None = None) -> MadeReport:
    """
    Make a report as its ``[reports.NAME]`` table describes it.

    Args:
        place: The project.
        name: The report's name.
        threads: At most so many for queries, where the configuration does not say.

    Raises:
        ConfigError: A parameter is wrong.
        PluginError: Its reporter is broken or missing, or failed.
        StoreError: There is no store, or its columns cannot be made.
    """
    configured = place.project.settings.reports[name]
    reporter = place.host.reporter_class(configured.reporter)
    surroundings = surroundings_of(place, configured.language)
    if surroundings.threads is None:
        surroundings = replace(surroundings, threads=threads)
    params: Mapping[str, Any] = configured.params
    with place.open_store(readonly=True) as store:
        return make_report(store, reporter, params, surroundings, where=f"reports.{name}.params")


def deliver(
    place: Workplace, name: str, report: Report, show: Callable[[Report], None]
) -> list[str]:
    """
    Bring a configured report to each of its targets.

    Args:
        place: The project.
        name: The report's name in the configuration.
        report: What to bring.
        show: Draws it, for the target ``terminal``.

    Returns:
        What went wrong, one sentence for each target; empty: it is everywhere.
    """
    problems = []
    for target in place.project.settings.reports[name].to:
        try:
            _bring(place, target, report, show)
        except (RegardError, OSError) as error:
            problems.append(f"reports.{name}.to: {error}")
    return problems


def _bring(place: Workplace, target: str, report: Report, show: Callable[[Report], None]) -> None:
    form, _, where = target.partition(":")
    zone = place.project.settings.timezone
    if form == "terminal":
        show(report)
    elif form in FORMATS:
        day = local_day(report.made_at, zone).isoformat()
        path = place.project.resolve(where.replace("{date}", day))
        write_file(path, rendered(report, form, timezone=zone))
    elif form in ("mail", "webhook"):
        text = rendered(report, "terminal", timezone=zone)
        send_text(place.project, place.host, where, report.title, text, clock=place.clock)
    else:
        message = (
            f"{target!r} is not possible yet; use terminal, json:FILE, csv:FILE, mail:NAME or "
            "webhook:NAME"
        )
        raise ConfigError(message)


def rendered(report: Report, form: str, *, timezone: str) -> str:
    """Return a report as text in one of `FORMATS`."""
    if form == "terminal":
        return render_text(report, timezone=timezone, width=_FILE_WIDTH)
    return render_json(report) if form == "json" else render_csv(report)


def write_file(path: Path, text: str) -> None:
    """
    Write a file, and the folders above it, so that it is there whole or not at all.

    Raises:
        ConfigError: It cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"{path}: its folder cannot be made: {error.strerror}"
        raise ConfigError(message) from error
    try:
        with temporary.open("x", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        message = f"{path}: cannot be written: {error.strerror}"
        raise ConfigError(message) from error
