"""``REGARD_TRACE_HOOKS=1`` tells of every call, and of no value."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from regard.errors import SecretError
from regard.findings import Finding
from regard.hookspecs import Batch, CommittedBatch, RunInfo
from regard.host import Host

WritePlugin = Callable[[str, str], Path]

CODE = """
from regard import Problem, Source, hookimpl

class Box(Source):
    name = "box"

@hookimpl
def regard_sources():
    return [Box]

@hookimpl
def regard_check_batch(batch):
    return [Problem("warn", "odd", "Odd.", keys=["maria@example.org"])]

@hookimpl
def regard_batch_committed(run, batch):
    raise LookupError("maria@example.org")

@hookimpl
def regard_finding(finding):
    pass

@hookimpl
def regard_resolve_secret(reference):
    if reference == "vault:gone":
        raise ValueError("hunter2")
    return "hunter2"
"""


def _trace(capsys: pytest.CaptureFixture[str]) -> list[str]:
    text = re.sub(r"[\d.]+ ms", "N ms", capsys.readouterr().err)
    return [line for line in text.splitlines() if " in 'box': " in line]


def test_every_call_is_one_line_without_values(
    write_plugin: WritePlugin,
    plugin_dir: Path,
    run_info: RunInfo,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each call shows hook, ids, counts, plug-in, the form of its result, and the time."""
    monkeypatch.setenv("REGARD_TRACE_HOOKS", "1")
    write_plugin("box.py", CODE)
    host = Host.load(plugin_dir)
    records = [{"key": "maria@example.org"}]
    host.check_batch(run_info, Batch("contacts", "customer", records))
    host.observers.batch_committed(run_info, CommittedBatch(7, {"read": 2}))
    host.observers.finding(run_info, Finding("gone", "maria@example.org is gone."))
    host.resolve_secret("vault:crm")
    with pytest.raises(SecretError):
        host.resolve_secret("vault:gone")

    lines = _trace(capsys)

    run = (
        "RunInfo(run_id=3, source='crm', stream='contacts', kind='customer', "
        "plugin='crm-export', plugin_version='0.1.0', started_at=2026-01-31T08:00:00+00:00)"
    )
    assert [
        "hook regard_sources() in 'box': 1 x [Box], N ms",
        (
            f"hook regard_check_batch(run={run}, batch=Batch('contacts', 'customer', 1 records))"
            " in 'box': 1 x [Problem(code='odd', severity=warn, 1 keys)], N ms"
        ),
        (
            f"hook regard_batch_committed(run={run}, batch=CommittedBatch(batch_id=7, "
            "counts={read: 2})) in 'box': raised LookupError, N ms"
        ),
        (
            f"hook regard_finding(run={run}, finding=Finding(code='gone', severity=warning))"
            " in 'box': None, N ms"
        ),
        "hook regard_resolve_secret(reference=str of 9) in 'box': str of 7, N ms",
        "hook regard_resolve_secret(reference=str of 10) in 'box': raised ValueError, N ms",
    ] == lines


def test_nothing_is_traced_unasked(
    write_plugin: WritePlugin,
    plugin_dir: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without the variable stderr stays empty."""
    monkeypatch.delenv("REGARD_TRACE_HOOKS", raising=False)
    write_plugin("box.py", CODE)

    Host.load(plugin_dir)

    assert [] == _trace(capsys)
