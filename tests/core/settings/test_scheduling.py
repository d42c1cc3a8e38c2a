"""Schedules that nobody can have meant are refused with file, line and what would be right."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from regard.errors import ConfigError
from regard.settings import Project, load_project


def load(folder: Path, text: str) -> Project:
    """Load a project with a configuration."""
    path = folder / "regard.toml"
    path.write_text(text, encoding="utf-8")
    return load_project(path)


def source(*lines: str, name: str = "crm") -> str:
    """Return a source's table, its first key on its third line."""
    return "\n".join((f"[sources.{name}]", 'plugin = "crm-export"', *lines, ""))


def report(*lines: str, name: str = "brief") -> str:
    """Return a report's table."""
    return "\n".join((f"[reports.{name}]", 'reporter = "brief"', *lines, ""))


def refused(folder: Path, text: str) -> list[str]:
    """Return the lines with which a configuration is refused, without the file's folder."""
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return str(caught.value).replace(f"{folder}{os.sep}", "").splitlines()


ON = 'schedule = "0 6 * * *"'

REFUSALS = [
    ((ON, 'jitter = "1d"'), "4: sources.crm.jitter: must be shorter than the 1d between two"),
    (
        ('schedule = "0 6,7 * * *"', 'jitter = "90m"'),
        "4: sources.crm.jitter: must be shorter than the 1h between two due times",
    ),
    (
        ('schedule = "every 90s"', 'jitter = "90s"'),
        "4: sources.crm.jitter: must be shorter than the 90s between two due times",
    ),
    (
        (ON, 'jitter = "10m"', 'max_late = "10m"'),
        "5: sources.crm.max_late: must be longer than `jitter`",
    ),
    ((ON, 'max_late = "0s"'), "4: sources.crm.max_late: must be longer than 0s"),
    (('deadline = "0s"',), "3: sources.crm.deadline: must be longer than 0s"),
    (
        (ON, 'catch_up = "none"', 'catch_up_window = "2h"'),
        '5: sources.crm.catch_up_window: has no meaning with catch_up = "none"',
    ),
    (
        (ON, 'catch_up = "all"'),
        '4: sources.crm.catch_up: is not possible with overlap = "skip"',
    ),
    (
        (ON, 'catch_up = "all"', 'overlap = "skip"'),
        'write overlap = "queue" or catch_up = "latest"',
    ),
    (
        (ON, 'quiet_hours = "05:00-07:00"'),
        "4: sources.crm.quiet_hours: cover every time of the schedule '0 6 * * *'",
    ),
    (
        ('schedule = "0 23,1 * * *"', 'quiet_hours = "22:00-07:00"'),
        "4: sources.crm.quiet_hours: cover every time",
    ),
    (
        (ON, 'quiet_hours = "22:00-22:00"'),
        "4: sources.crm.quiet_hours: begin when they end",
    ),
    ((ON, 'quiet_hours = "10pm-7am"'), "4: sources.crm.quiet_hours: '10pm-7am' is not a span"),
    ((ON, 'catch_up = "last"'), "4: sources.crm.catch_up: "),
    ((ON, 'overlap = "wait"'), "4: sources.crm.overlap: "),
    ((ON, "retries = -1"), "4: sources.crm.retries: "),
    (('schedule = "dayly"',), "3: sources.crm.schedule: 'dayly' is not a schedule; write \"@da"),
    (('schedule = "every 36h"',), "3: sources.crm.schedule: "),
]


@pytest.mark.parametrize(("lines", "told"), REFUSALS)
def test_contradictions(tmp_path: Path, lines: tuple[str, ...], told: str) -> None:
    """What cannot have been meant is refused at its line, with what would be right."""
    (line,) = refused(tmp_path, source(*lines))

    assert line.startswith("regard.toml:")
    assert told in line


@pytest.mark.parametrize(
    "line",
    [
        'jitter = "5m"',
        'catch_up = "latest"',
        'catch_up_window = "1h"',
        'overlap = "skip"',
        'max_late = "1h"',
        'quiet_hours = "22:00-07:00"',
    ],
)
def test_keys_without_a_schedule(tmp_path: Path, line: str) -> None:
    """A key that means nothing without a schedule is refused where there is none."""
    key = line.partition(" ")[0]

    advice = "has no meaning without a `schedule`; give one, or leave it out"

    for text, place in ((source(line), "sources.crm"), (report(line), "reports.brief")):
        assert [f"regard.toml:3: {place}.{key}: {advice}"] == refused(tmp_path, text)


def test_all_at_once(tmp_path: Path) -> None:
    """All contradictions are told at once, in the order of the file."""
    text = source(ON, 'jitter = "2d"') + report('overlap = "queue"', 'depends_on = "brief"')

    assert [
        "regard.toml:4: sources.crm.jitter",
        "regard.toml:7: reports.brief.overlap",
        "regard.toml:8: reports.brief.depends_on",
    ] == [":".join(line.split(":")[:3]) for line in refused(tmp_path, text)]


class TestDependencies:
    """What waits for what."""

    def test_itself(self, tmp_path: Path) -> None:
        """A source that waits for itself is refused."""
        (line,) = refused(tmp_path, source('depends_on = "crm"'))

        assert "regard.toml:3: sources.crm.depends_on: waits for itself: crm -> crm" == line

    def test_a_circle(self, tmp_path: Path) -> None:
        """Each job of a circle is told, with the way back to it."""
        text = "".join(
            source(f'depends_on = "{other}"', name=name)
            for name, other in (("a", "b"), ("b", "c"), ("c", "a"))
        )

        assert [
            "regard.toml:3: sources.a.depends_on: waits for itself: a -> b -> c -> a",
            "regard.toml:6: sources.b.depends_on: waits for itself: b -> c -> a -> b",
            "regard.toml:9: sources.c.depends_on: waits for itself: c -> a -> b -> c",
        ] == refused(tmp_path, text)

    def test_a_circle_of_reports(self, tmp_path: Path) -> None:
        """Reports may wait for each other, but not in a circle."""
        text = report('depends_on = ["crm", "two"]', name="one") + report(
            'depends_on = "one"', name="two"
        )
        lines = refused(tmp_path, source(name="crm") + text)

        assert ["waits for itself: one -> two -> one", "waits for itself: two -> one -> two"] == [
            line.partition("depends_on: ")[2] for line in lines
        ]

    def test_an_unknown_one(self, tmp_path: Path) -> None:
        """A report that waits for nothing there is is told the nearest name."""
        (line,) = refused(tmp_path, source() + report('depends_on = "crn"'))

        assert (
            "regard.toml:5: reports.brief.depends_on: 'crn' is no source, enricher or report"
            in line
        )
        assert "did you mean 'crm'?" in line

    def test_a_report_named_like_its_source(self, tmp_path: Path) -> None:
        """A report may have its source's name: it waits for the source, not for itself."""
        load(tmp_path, source(ON) + report(ON, 'depends_on = "crm"', name="crm"))


SANE = [
    (ON,),
    (ON, 'jitter = "0s"'),
    (ON, 'jitter = "10m"', 'max_late = "2h"', 'deadline = "30m"', "retries = 0"),
    (ON, 'catch_up = "none"', 'overlap = "skip"'),
    (ON, 'catch_up = "all"', 'overlap = "queue"', 'catch_up_window = "7d"'),
    (ON, 'quiet_hours = "22:00-06:00"'),
    ('schedule = "every 1h"', 'quiet_hours = "22:00-07:00"'),
    ('schedule = "0 0 29 2 *"', 'jitter = "1h"', 'quiet_hours = "22:00-23:00"'),
    ('schedule = "every 3650d"', 'jitter = "1d"'),
    ("enabled = false", ON, 'jitter = "10m"'),
    ('deadline = "5s"', "retries = 3"),
]


@pytest.mark.parametrize("lines", SANE)
def test_sane_schedules(tmp_path: Path, lines: tuple[str, ...]) -> None:
    """What can have been meant passes, for sources and for reports."""
    settings = load(tmp_path, source(*lines) + report(*lines, 'depends_on = "crm"')).settings

    assert settings.sources["crm"].schedule == settings.reports["brief"].schedule


def test_the_projects_zone_counts(tmp_path: Path) -> None:
    """Quiet hours and schedules go by the same wall clock, whatever the zone."""
    lines = ('schedule = "30 23 * * *"', 'quiet_hours = "23:00-00:00"')
    text = 'timezone = "Asia/Kathmandu"\n' + source(*lines)
    (line,) = refused(tmp_path, text)

    assert "regard.toml:5: sources.crm.quiet_hours: cover every time" in line
