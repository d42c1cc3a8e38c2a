"""The reports voice, mystery and touchpoints, from a store to the whole screen."""

from __future__ import annotations

import io
import json
import runpy
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from rich.console import Console

from regard.clock import FixedClock
from regard.directory import Directory, Named, Survey
from regard.errors import ConfigError
from regard.pipeline.reporting import Surroundings, make_report
from regard.render import render_csv, render_json, render_terminal
from regard.render.words import LANGUAGES
from regard.reports import Report
from regard.store import Store
from regard_plugins.mystery import words as mystery_words
from regard_plugins.mystery.reporter import Mystery
from regard_plugins.touchpoints_report import words as touchpoints_words
from regard_plugins.touchpoints_report.reporter import Touchpoints
from regard_plugins.voice import words as voice_words
from regard_plugins.voice.reporter import Voice

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
SCREENS = Path(__file__).with_name("screens")
REPORTERS = {"voice": Voice, "mystery": Mystery, "touchpoints": Touchpoints}
fill = runpy.run_path(str(Path(__file__).parents[1] / "core" / "columns" / "filling.py"))["fill"]
DIRECTORY = Directory(
    places=(Named("sol", "Tienda Sol", ("SOL-1",)), Named("norte", "Tienda Norte")),
    competitors=(Named("rival", "Rival", ("Rival S.A.",)),),
    surveys=(Survey("Exit", 4000),),
)


def ago(days: float) -> datetime:
    """Return a time so many days before the report."""
    return NOW - timedelta(days=days)


def answered() -> list[dict[str, Any]]:
    """Return answers: better before than now, and worst in the north."""
    rows: list[dict[str, Any]] = []
    for n in range(160):
        north, now = n % 4 in (0, 3), n < 80
        score = (3 if north else 8 + n % 3) - (3 if now and n % 2 else 0)
        common = {
            "response_key": f"r{n}",
            "survey": "Exit",
            "channel": "store" if n % 2 else "email",
            "place": "norte" if north else ("SOL-1" if n % 8 != 1 else "Elsewhere"),
            "answered_at": ago(1 + n % 80 if now else 91 + n % 80),
            "complete": n % 10 != 0,
        }
        rows.append(
            {**common, "metric": "nps", "score": Decimal(score), "scale_min": 0, "scale_max": 10}
        )
        if n % 2:
            value = Decimal(max(1, score // 2))
            rows.append(
                {**common, "metric": "csat", "score": value, "scale_min": 1, "scale_max": 5}
            )
        if n % 20 == 0:
            text = "I waited for 20 minutes\nand nobody came; "
            text += "call me at 600 123 456 \x1b[31m[b]now[/b]"
            rows.append({**common, "metric": "text", "text": f"{text} {n}"})
    return [{"key": f"a{n}", **row} for n, row in enumerate(rows)]


def visited() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return visits of two waves with their items, and some of a competitor."""
    visits, items = [], []
    for n in range(100):
        ours, second = n < 60, n % 2
        failed = ours and (n % 3 == 0 or (second and n % 5 == 0))
        score = Decimal(50) if failed else Decimal(100)
        visits.append(
            {
                "key": f"v{n}",
                "subject": None if ours else "Rival S.A.",
                "place": "SOL-1" if n % 4 else "norte",
                "wave": "spring" if second else "winter",
                "state": "submitted" if n == 1 else "approved",
                "visited_at": ago(20 if second else 100),
                "score": score,
                "stated_score": Decimal(100) if n == 3 else score,
                "passed": not failed,
            }
        )
        for at, name in enumerate(("Greeted", "Receipt given")):
            points = Decimal(0 if failed and at else 1)
            items.append(
                {"key": f"v{n}|{at}", "visit_key": f"v{n}", "section": "Till", "item": name,
                 "points": points, "max_points": 1, "weight": 1, "critical": bool(at)}
            )  # fmt: skip
    return visits, items


def met() -> list[dict[str, Any]]:
    """Return calls, tickets, a campaign, page views and suggestions."""
    rows: list[dict[str, Any]] = []
    ends = ("answered", "answered", "missed-closed", "missed-queue")
    for n in range(80):
        call = {"channel": "call", "type": "call", "direction": "inbound"}
        call["extra"] = json.dumps({"wait_s": 10 + n})
        call["customer_key"] = str(n % 30)
        rows.append({**call, "outcome": ends[n % 4], "happened_at": ago(1 + n)})
    for n in range(40):
        told = json.dumps({"first_reply_s": 3600 * (n % 5 + 1), "replies": n % 3, "reopens": 0})
        rows.append({"channel": "ticket", "type": "ticket", "outcome": "solved", "extra": told,
                     "happened_at": ago(1 + n)})  # fmt: skip
        mail = {
            "channel": "email",
            "campaign": "Spring",
            "email": f"{n}@example.com",
            "happened_at": ago(9),
        }
        rows.append({**mail, "type": "sent"})
        rows += [{**mail, "type": "click"}] if n % 8 == 0 else []
        page = {"url": ("/", "/shoes", "/gone")[n % 3], "outcome": "404" if n % 3 == 2 else "200"}
        rows.append({"channel": "web", "type": "view", "happened_at": ago(5), **page})
    for text in ("Open on Sunday", "Abrid los domingos", "Too expensive"):
        rows.append({"channel": "box", "type": "suggestion", "text": text, "happened_at": ago(3)})
    return [{"key": f"t{n}", **row} for n, row in enumerate(rows)]


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Report]:
    """Return what makes a report, of a full store or of an empty one."""

    def made(
        name: str, params: Mapping[str, Any] = {}, language: str = "en", full: bool = True
    ) -> Report:
        store = Store.open(f"sqlite:///{tmp_path / 'regard.db'}", clock=FixedClock(NOW))
        if full and not (tmp_path / "columns").exists():
            visits, items = visited()
            pages = [
                {"key": path, "subject": path, "name": "web.page", "value": 1}
                for path in ("/", "/gifts")
            ]
            fill(store, "answer", answered())
            fill(store, "visit", visits)
            fill(store, "visit_score", items)
            fill(store, "touchpoint", met())
            fill(store, "fact", pages)
        surroundings = Surroundings(
            columns=tmp_path / "columns",
            clock=FixedClock(NOW),
            language=language,
            timezone="Europe/Madrid",
            privacy_key=b"k" * 32,
            directory=DIRECTORY,
        )
        report = make_report(
            store, REPORTERS[name], params, surroundings, where=f"report {name}"
        ).report
        store.close()
        return report

    return made


def screen(report: Report, width: int = 80) -> str:
    """Return what a terminal shows, without colours."""
    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None, force_terminal=False)
    render_terminal(report, console, timezone="Europe/Madrid")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("voice", "en"),
        ("voice", "es"),
        ("mystery", "en"),
        ("mystery", "fr"),
        ("touchpoints", "en"),
    ],
)
def test_screen(name: str, language: str, make: Callable[..., Report]) -> None:
    """The whole screen at 80 columns is as it was agreed on."""
    expected = (SCREENS / f"{name}-{language}.txt").read_text(encoding="utf-8")

    assert expected == screen(make(name, language=language))


@pytest.mark.parametrize("name", REPORTERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_empty(name: str, language: str, make: Callable[..., Report]) -> None:
    """An empty store gives a report that says what is missing, in every format."""
    report = make(name, language=language, full=False)

    assert report.sections[0].note
    assert screen(report)
    assert render_csv(report)
    assert json.loads(render_json(report))["name"] == name


@pytest.mark.parametrize("name", REPORTERS)
def test_widths_and_secrets(name: str, make: Callable[..., Report]) -> None:
    """No line is too long, nothing from outside steers the terminal, no number is personal."""
    report = make(name)
    for width in (60, 80, 200):
        shown = screen(report, width)

        assert max(map(len, shown.splitlines())) <= width
        assert "\x1b" not in shown
        assert "600 123 456" not in shown


def test_findings(make: Callable[..., Report]) -> None:
    """What is clear is said first, each with its code and its base."""
    found = {
        one.code: one.n
        for name in REPORTERS
        for section in make(name).sections
        for one in section.findings
    }

    assert {
        "nps-fell", "place-worst", "response-rate-low", "critical-failed", "score-misstated",
        "behind-competitor", "answer-rate-felt-lower", "pages-never-used", "stages-unfelt",
    } <= set(found)  # fmt: skip
    assert 80 == found["nps-fell"]
    assert 80 == found["answer-rate-felt-lower"]


@pytest.mark.parametrize(
    ("name", "title"), [("voice", "the best"), ("mystery", "The best places")]
)
def test_best_places_are_named(name: str, title: str, make: Callable[..., Report]) -> None:
    """Where not all places are shown the best ones are, too; programs get all of them."""
    report = make(name, {"rows": 1})
    tables = [table for section in report.sections for table in section.tables]
    at = next(n for n, table in enumerate(tables) if title in table.title)
    lowest, best = tables[at - 1], tables[at]

    assert 2 == len(lowest.rows) == len(lowest.shown_rows)
    assert [lowest.rows[-1]] == list(best.rows)


def test_small_samples(make: Callable[..., Report]) -> None:
    """A number that rests on fewer than thirty answers says so."""
    report = make("voice", {"since": "2026-03-10"})
    shown = {one.id: one for section in report.sections for one in section.figures}

    assert "Fewer than 30" in shown["nps"].note
    assert 0 < (shown["nps"].n or 0) < 30


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"by": "plaec"}, "did you mean 'place'"),
        ({"since": "soon"}, "is no day"),
        ({"since": "2027"}, "not in the past"),
        ({"verbatims": -1}, "verbatims"),
    ],
)
def test_wrong_params(params: dict[str, Any], message: str, make: Callable[..., Report]) -> None:
    """A wrong parameter is refused with what would be right."""
    with pytest.raises(ConfigError, match=message):
        make("voice", params, full=False)


def test_old_answers(make: Callable[..., Report]) -> None:
    """Where nobody answered in the period the report says how to reach the newest answer."""
    report = make("voice", {"since": "2026-03-15"})

    assert "--since 2026-03" in report.sections[0].note


@pytest.mark.parametrize("words", [voice_words, mystery_words, touchpoints_words])
def test_words_are_complete(words: Any) -> None:
    """Every text exists in all languages, with the same gaps to fill."""

    def gaps(text: str) -> frozenset[str]:
        return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)

    for name, texts in words.WORDS.items():
        assert len(LANGUAGES) == len(texts), name
        assert all(texts) or not any(texts), name
        assert 1 == len({gaps(text) for text in texts}), name
