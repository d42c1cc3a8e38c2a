"""``regard run`` and what one asks afterwards, as somebody types them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
MakeProject = Callable[..., Path]

TOKEN = "tok-4f1c9a77d2e8"
NOISY = """
    import logging
    import sys
    from pydantic import BaseModel, SecretStr
    from regard import Source, Stream, hookimpl
    print("noise while it is loaded")

    class Noisy(Source):
        name = "noisy"
        streams = (Stream("people", "customer"), Stream("broken", "customer"))

        class Config(BaseModel):
            token: SecretStr = SecretStr("")

        def __init__(self, config):
            print("noise while it is made")
            super().__init__(config)

        def read(self, stream, since, until, ctx):
            print("noise while it is read")
            sys.stdout.write("more noise")
            token = self.config.token.get_secret_value()
            ctx.log.warning("the token is %s", token)
            yield {"key": "ana@example.com", "name": "Ana Pérez", "email": "ana@example.com"}
            if stream.name == "broken":
                raise ValueError(f"{token} ana@example.com")
            yield {"key": "bob@example.com", "name": "Bob", "created_at": "bob@example.com"}

    @hookimpl
    def regard_sources():
        return [Noisy]

    @hookimpl
    def regard_batch_committed(run, batch):
        print("noise of an observer")
"""
BOX = """
    from regard import source

    @source("box", kind="fact", key=["name"])
    def read(config, since, ctx):
        for n in range(30):
            yield {"name": f"n{n}", "value": "x" if n < config.get("bad", 0) else n}
        if config.get("fail"):
            raise RuntimeError
"""
CONFIG = """
    [sources.good]
    plugin = "box"
    lookback = "3d"
    schedule = "every 6h"
    [sources.partial]
    plugin = "box"
    bad = 25
    [sources.failed]
    plugin = "box"
    fail = true
    [sources.absent]
    plugin = "no-such-plugin"
    [sources.off]
    plugin = "box"
    enabled = false
"""


def told(done: subprocess.CompletedProcess[str]) -> Any:
    """Return the JSON that a command printed, which must be all that stdout holds."""
    return json.loads(done.stdout)


def test_exit_codes_for_several_sources(project: MakeProject, run_regard: Run) -> None:
    """The gravest outcome of all named sources decides the exit code; each source is read."""
    folder = project(CONFIG, {"box": BOX})
    codes = {
        names: run_regard("run", *names.split(), cwd=folder).returncode
        for names in ("good", "good partial", "absent good")
    }

    assert {"good": 0, "good partial": 3, "absent good": 1} == codes

    everything = run_regard("run", "--all", "--json", cwd=folder)
    runs = told(everything)["runs"]

    assert 1 == everything.returncode
    assert "partial" == told(everything)["outcome"]
    assert {
        "good": "ok",
        "partial": "partial",
        "failed": "failed",
        "absent": "failed",
    } == {item["source"]: item["outcome"] for item in runs}
    assert {
        *("source", "stream", "run_id", "outcome", "read", "new", "changed", "unchanged"),
        *("stale", "quarantined", "deleted", "seconds", "error", "notes"),
    } == set(runs[0])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run"], "which source?"),
        (["run", "goood"], "did you mean 'good'?"),
        (["run", "--all", "good"], "not both"),
        (["run", "good", "--error-budget", "2"], "is no share"),
    ],
)
def test_wrong_usage(
    arguments: list[str], said: str, project: MakeProject, run_regard: Run
) -> None:
    """A command that cannot be understood exits with 2, says why, and makes no store."""
    folder = project(CONFIG, {"box": BOX})
    done = run_regard(*arguments, cwd=folder)

    assert 2 == done.returncode
    assert said in done.stderr
    assert "" == done.stdout
    assert not (folder / "regard.db").exists()


def test_a_wrong_configuration_runs_nothing(project: MakeProject, run_regard: Run) -> None:
    """A fault anywhere in the configuration exits with 2 before any source is read."""
    folder = project(CONFIG + "\n    scheduel = 1\n    [sorces.x]\n", {"box": BOX})
    done = run_regard("run", "good", cwd=folder)

    assert 2 == done.returncode
    assert "sorces" in done.stderr
    assert not (folder / "regard.db").exists()


def test_a_quiet_good_run_says_nothing_on_stderr(project: MakeProject, run_regard: Run) -> None:
    """A run without trouble leaves stderr empty, whatever its table says."""
    folder = project(CONFIG, {"box": BOX})
    done = run_regard("run", "good", "--quiet", cwd=folder)

    assert (0, "") == (done.returncode, done.stderr)
    assert "stored 30 of 30 records" in done.stdout


def test_nothing_private_is_said(project: MakeProject, run_regard: Run) -> None:
    """Neither plug-ins that print nor errors nor refused records spoil or betray anything."""
    config = '[sources.desk]\nplugin = "noisy"\ntoken = "${DESK_TOKEN}"\n'
    folder = project(config, {"noisy": NOISY})
    secret = {"DESK_TOKEN": TOKEN}
    outputs = {
        "json": run_regard("run", "desk", "--json", cwd=folder, env=secret),
        "text": run_regard("run", "desk", cwd=folder, env=secret),
        "dry": run_regard("run", "desk", "--dry-run", cwd=folder, env=secret),
        "show": run_regard("runs", "show", "1", cwd=folder, env=secret),
        "status": run_regard("status", cwd=folder, env=secret),
        "list": run_regard("quarantine", "list", "--json", cwd=folder, env=secret),
        "record": run_regard("quarantine", "show", "1", cwd=folder, env=secret),
    }

    assert {3} == {outputs[name].returncode for name in ("json", "text", "dry")}
    assert ["ok", "failed"] == [item["outcome"] for item in told(outputs["json"])["runs"]]
    for name, done in outputs.items():
        for private in (TOKEN, "ana@example.com", "bob@example.com", "Bob", "Pérez"):
            assert private not in done.stdout + done.stderr, name
        assert "noise" not in done.stdout, name
        assert "Traceback" not in done.stderr, name
    assert "customer#" in outputs["list"].stdout

    revealed = run_regard("quarantine", "show", "1", "--reveal", cwd=folder, env=secret)

    assert "bob@example.com" in revealed.stdout
    assert "revealed" in revealed.stderr
    assert "bob@" not in revealed.stderr


def test_asking_afterwards(project: MakeProject, run_regard: Run) -> None:
    """The history, the state and the quarantine of a project are told as people and as JSON."""
    folder = project(CONFIG, {"box": BOX})
    at = {"REGARD_NOW": "2026-01-31T08:00:00+00:00"}
    nothing = run_regard("status", "--json", cwd=folder, env=at)
    run_regard("run", "--all", "--error-budget", "90%", cwd=folder, env=at)

    assert {"good", "partial", "failed", "absent", "off"} == {
        job["job"] for job in told(nothing)["jobs"]
    }

    history = told(run_regard("runs", "--json", cwd=folder))

    assert ["failed", "ok", "ok"] == [item["outcome"] for item in history]
    assert "2026-01-31T08:00:00Z" == history[0]["started_at"]
    number = str(history[1]["run_id"])
    assert (
        25
        == told(run_regard("runs", "show", number, "--json", cwd=folder))["streams"][0][
            "quarantined"
        ]
    )
    assert 2 == run_regard("runs", "show", "999", cwd=folder).returncode

    status = run_regard("status", "--json", cwd=folder, env=at)
    jobs = {job["job"]: job for job in told(status)["jobs"]}

    assert 1 == status.returncode
    assert ("ok", 30, 0) == tuple(
        jobs["good"][name] for name in ("outcome", "records", "quarantined")
    )
    assert "2026-01-31T12:00:00Z" == jobs["good"]["next_due_at"]
    assert 25 == jobs["partial"]["quarantined"]
    assert "failed" == jobs["failed"]["outcome"]

    late = run_regard("status", "--json", cwd=folder, env={"REGARD_NOW": "2026-01-31T13:00:00Z"})

    assert ["good"] == told(late)["late"]

    refused = told(run_regard("quarantine", "list", "--json", "-n", "3", cwd=folder))

    assert [("partial", "records", "bad-number", "value")] * 3 == [
        tuple(item[name] for name in ("source", "stream", "reason", "field")) for item in refused
    ]
    assert "3 of 25 shown" in run_regard("quarantine", "list", "-n", "3", cwd=folder).stdout
    assert 2 == run_regard("quarantine", "show", "999", cwd=folder).returncode


def test_there_is_no_store_yet(project: MakeProject, run_regard: Run) -> None:
    """Commands that only read say that there is nothing yet, and make nothing."""
    folder = project(CONFIG, {"box": BOX})
    for command in (["runs"], ["quarantine", "list"], ["db", "check"]):
        done = run_regard(*command, cwd=folder)

        assert 1 == done.returncode
        assert "there is no store" in done.stderr
    assert not (folder / "regard.db").exists()


def test_the_store_is_checked_copied_and_upgraded(project: MakeProject, run_regard: Run) -> None:
    """A sound store is said to be so, copied privately, and left alone by an upgrade."""
    folder = project(CONFIG, {"box": BOX})
    run_regard("run", "good", cwd=folder)
    check = run_regard("db", "check", "--json", cwd=folder)
    backup = run_regard("db", "backup", "copy.db", cwd=folder)
    again = run_regard("db", "backup", "copy.db", cwd=folder)
    upgrade = run_regard("db", "upgrade", "--json", cwd=folder)

    assert (0, {"faults": []}) == (check.returncode, told(check))
    assert 0 == backup.returncode, backup.stderr
    assert 0o600 == (folder / "copy.db").stat().st_mode & 0o777
    assert (1, True) == (again.returncode, "never overwrites" in again.stderr)
    assert (0, None) == (upgrade.returncode, told(upgrade)["backup"])
    assert [] == list(folder.glob("*.backup"))


def test_a_run_that_is_asked_to_stop(project: MakeProject, tmp_path: Path) -> None:
    """SIGTERM ends a run after its batch: what was read is stored, and the exit code is 3."""
    endless = """
        import time
        from regard import source

        @source("box", kind="fact", key=["name"], cursor="n", ordered=True)
        def read(config, since, ctx):
            n = since or 0
            while True:
                n += 1
                yield {"name": f"n{n}", "n": n}
                time.sleep(0.002)
                if n == 20:
                    ctx.root.joinpath("going").touch()
    """
    folder = project('[sources.box]\nplugin = "box"\n', {"box": endless})
    process = subprocess.Popen(
        [sys.executable, "-m", "regard", "run", "box", "--json"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (folder / "going").exists():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    (run,) = json.loads(out)["runs"]

    assert 3 == process.returncode, err
    assert "partial" == run["outcome"]
    assert "asked to stop" in run["error"]
