"""The tables of notices: what is taken, and what is refused with its line and the right word."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from regard.errors import ConfigError
from regard.host import Host
from regard.pipeline.channels import (
    channel_faults,
    notifier_name,
    ping_address,
    smtp_faults,
    telling_channels,
)
from regard.settings import Project, load_project
from regard.settings.faults import fault_lines

SMTP = '[smtp]\nhost = "127.0.0.1"\nsecurity = "none"\n'


@pytest.fixture(scope="module")
def host() -> Host:
    """Return the bundled plug-ins."""
    return Host.load()


def load(folder: Path, text: str) -> Project:
    """Return the project of a configuration."""
    path = folder / "regard.toml"
    path.write_text(text, "utf-8")
    return load_project(path)


def test_what_stands_in_a_table_and_what_does_not(tmp_path: Path, host: Host) -> None:
    """Without a word about it all events are told, warnings and worse, every five minutes."""
    project = load(tmp_path, SMTP + '[notices.ops]\nmail = "ops@shop.example"\n')
    table = project.settings.notices["ops"]

    assert ("failed", "recovered", "late", "finding", "disk") == table.on
    assert ("warning", timedelta(minutes=5)) == (table.severity, table.pause)
    assert (timedelta(days=1), None) == (table.repeat, table.ping)
    assert {"mail": "ops@shop.example"} == table.options
    assert ("mail", []) == (notifier_name(table, host), channel_faults(project, host, "ops"))


def test_everything_said(tmp_path: Path, host: Host) -> None:
    """Every key of the guide's example is taken; a channel that is only pinged tells nothing."""
    project = load(
        tmp_path,
        SMTP + '[notices.ops]\nmail = ["a@shop.example", "b@shop.example"]\n'
        'on = "failed"\nseverity = "critical"\npause = "1h"\nrepeat = "2d"\n'
        '[notices.desk]\nnotifier = "terminal"\n'
        '[notices.dead]\nping = "https://hc.example/uuid"\n',
    )

    assert ["ops", "desk"] == list(telling_channels(project))
    assert [] == [
        fault for name in project.settings.notices for fault in channel_faults(project, host, name)
    ]
    assert "https://hc.example/uuid" == ping_address(project, host, "dead")
    assert ping_address(project, host, "ops") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[notices]\nhost = "x"', "2: notices.host: must be a table [notices.host], not 'x'"),
        ("[[notices]]\nx = 1", "notices: each needs a name: write [notices.NAME]"),
        ('[notices."a b"]\nterminal = true', "notices.'a b': a name has letters"),
        ('[notices.a]\non = ["fialed"]', "2: notices.a.on[0]: 'fialed' is not known here; did"),
        ("[notices.a]\non = []", "2: notices.a.on: [] is not accepted: name at least one event"),
        ('[notices.a]\nseverity = "bad"', "2: notices.a.severity: 'bad' is not known here"),
        ("[notices.a]\npause = 5", '2: notices.a.pause: 5 has no unit; write "5s" or'),
        ('[notices.a]\nrepeat = "dayly"', "2: notices.a.repeat: 'dayly' is not a length of time"),
        ('[notices.a]\nping = "hc.example"', "2: notices.a.ping: the address is no web address"),
        (
            '[reports.r]\nreporter = "customers"\nto = ["mail:ops"]',
            "3: reports.r.to: 'mail:ops' names no channel; write a table [notices.ops]",
        ),
        (
            '[notices.ops]\nterminal = true\n[reports.r]\nreporter = "customers"\nto = "mail:osp"',
            "5: reports.r.to: 'mail:osp' names no channel; did you mean 'ops'?",
        ),
        (
            '[notices.o]\nwebhook = "${W}"\n[reports.r]\nreporter = "customers"\nto = "mail:o"',
            "5: reports.r.to: 'mail:o' goes by webhook; did you mean 'webhook:o'?",
        ),
    ],
)
def test_what_the_file_alone_shows(text: str, expected: str, tmp_path: Path) -> None:
    """What is wrong whatever plug-ins there are is refused when the file is read."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)

    assert expected in str(caught.value).replace('"a b"', "'a b'")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[notices.a]", '1: notices.a: names no notifier; write mail = ["ops@shop.example"]'),
        ('[notices.a]\nwebhok = "x"', "1: notices.a: names no notifier; did you mean 'webhook'?"),
        (
            '[notices.a]\nterminal = true\nwebhook = "https://x.example"',
            "1: notices.a: names more than one notifier: 'terminal' and 'webhook'",
        ),
        (
            '[notices.a]\nnotifier = "pager"',
            "2: notices.a.notifier: no plug-in brings a notifier 'pager'; known: mail",
        ),
        ('[notices.a]\nmail = "a@b.example"', "1: notices.a: the notifier 'mail' mails; write a"),
        (f'{SMTP}[notices.a]\nmail = ["boss"]', "5: notices.a.mail: ['boss'] is not accepted"),
        (f"{SMTP}[notices.a]\nmail = []", "each must be a bare address, such as ops@shop.example"),
        ("[notices.a]\nterminal = false", "2: notices.a.terminal: "),
        (
            "[notices.a]\nterminal = true\npauze = 1",
            "3: notices.a.pauze: there is no such setting; did you mean 'pause'?",
        ),
        ('[notices.a]\nwebhook = "${RT_NONE}"', "2: notices.a.webhook: the environment variable"),
        (
            '[notices.a]\nwebhook = "http://hooks.example/T0/B0/word"',
            "2: notices.a.webhook: the address must begin with https://",
        ),
        ('[notices.a]\nping = "${RT_NONE}"', "2: notices.a.ping: the environment variable RT_N"),
        ('[notices.a]\nping = "${RT_SET}"', "2: notices.a.ping: the address is no web address"),
        (
            '[notices.a]\nping = "https://hc.example/1"\npause = "1h"',
            "3: notices.a.pause: has no effect: the table names no notifier",
        ),
    ],
)
def test_what_plug_ins_show(
    text: str, expected: str, tmp_path: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that no notifier can take is refused with its line, and no secret is repeated."""
    monkeypatch.setenv("RT_SET", "a-secret-word")
    project = load(tmp_path, text)
    lines = fault_lines(channel_faults(project, host, "a"), project.path, project.text)
    said = "\n".join(lines)

    assert expected in said
    assert "word" not in said


def test_the_server_is_checked_too(tmp_path: Path, host: Host) -> None:
    """A mistake in `[smtp]` is found before the first mail."""
    project = load(tmp_path, '[smtp]\nhots = "x"\nsender = "nobody"\n')
    lines = fault_lines(smtp_faults(project, host), project.path, project.text)

    assert 3 == len(lines)
    assert any("smtp.hots: there is no such setting; did you mean 'host'?" in one for one in lines)
    assert [] == smtp_faults(load(tmp_path, SMTP), host)
