"""``regard plugins``, as a process with a real project."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path

import pytest

WritePlugin = Callable[[str, str], Path]
Regard = Callable[..., "subprocess.CompletedProcess[str]"]

# Whatever regard itself brings is another room's matter.
BUNDLED = sorted(
    entry.name
    for entry in entry_points(group="regard")
    if entry.value.startswith(("regard_plugins.", "regard_scrapers"))
)


@pytest.fixture
def regard(tmp_path: Path, run_regard: Regard) -> Regard:
    """Return what runs a command in the project's folder."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return run_regard(*arguments, cwd=tmp_path, env={"COLUMNS": "80"} | environment)

    return run


@pytest.fixture
def project(tmp_path: Path, write_plugin: WritePlugin) -> Path:
    """Make a project with a plug-in that works, one that does not and one that is off."""
    (tmp_path / "regard.toml").write_text(
        f"[plugins]\ndisabled = {json.dumps([*BUNDLED, 'off'])}\n", "utf-8"
    )
    write_plugin(
        "box.py",
        "from regard import source\n"
        "@source('suggestion-box', kind='touchpoint')\ndef read(config, since): return []\n",
    )
    write_plugin("off.py", "")
    return tmp_path


@pytest.mark.parametrize("columns", ["80", "200"])
def test_table_is_readable_at_any_width(
    project: Path, write_plugin: WritePlugin, regard: Regard, columns: str
) -> None:
    """The list shows name, version, state and what it brings; causes follow, one a line."""
    write_plugin("bad.py", "raise ValueError('[red]\\x1b[31mnot red')\n")

    done = regard("plugins", COLUMNS=columns)

    table = done.stdout.partition("\n\n")[0].splitlines()
    rows = {line.split()[0]: line.split()[2:] for line in table}
    assert (0, "") == (done.returncode, done.stderr)
    assert max(len(line.rstrip()) for line in table) <= 80
    assert ["ok", "source", "suggestion-box"] == rows["box"]
    assert (["disabled"], ["broken"]) == (rows["off"], rows["bad"])
    line = next(item for item in done.stdout.splitlines() if item.startswith("bad (plugins/bad"))
    assert line.endswith(
        " is broken: ValueError: [red]\N{REPLACEMENT CHARACTER}[31mnot red (bad.py, line 1)"
    )
    disabled = len(BUNDLED) + 1
    last = done.stdout.splitlines()[-1]
    assert f"{disabled + 2} plug-ins: 1 ok, 1 broken, {disabled} disabled" == last


def test_json_has_the_documented_form(project: Path, regard: Regard) -> None:
    """Programs get the same facts, with None for what cannot be told."""
    done = regard("plugins", "--json")

    box, off = (item for item in json.loads(done.stdout) if item["origin"].startswith("plugins/"))
    assert ["name", "origin", "distribution", "version", "state", "kinds", "error", "ms"] == list(
        box
    )
    assert ("box", None, "ok", ["source:suggestion-box"], None) == (
        box["name"],
        box["distribution"],
        box["state"],
        box["kinds"],
        box["error"],
    )
    assert ("off", "disabled", [], None) == (off["name"], off["state"], off["kinds"], off["ms"])


@pytest.mark.parametrize(("text", "code"), [("", 0), ("import no_such_module", 1)])
def test_strict_fails_where_a_plugin_is_broken(
    project: Path, write_plugin: WritePlugin, regard: Regard, text: str, code: int
) -> None:
    """With --strict a broken plug-in is exit 1; a disabled one, or an odd one, is not."""
    write_plugin("maybe.py", text)

    assert code == regard("plugins", "--strict").returncode
    assert 0 == regard("plugins").returncode


def test_strict_fails_where_a_class_cannot_be_imported(
    project: Path, write_plugin: WritePlugin, regard: Regard
) -> None:
    """A class that would only be imported on use is tried, too."""
    write_plugin(
        "lazy.py",
        "from regard import hookimpl\n@hookimpl\ndef regard_sources(): return ['no_such:Box']\n",
    )

    done = regard("plugins", "--strict")

    assert 1 == done.returncode
    assert "is broken: source no_such:Box: ModuleNotFoundError" in done.stdout


def test_every_fault_leaves_the_command_working(
    project: Path, faulty_dir: Path, faults: Mapping[str, object], regard: Regard
) -> None:
    """A project full of broken plug-ins gets a list, no traceback, and nothing on stderr."""
    done = regard("plugins", "--json")

    states = {item["name"]: item["state"] for item in json.loads(done.stdout)}
    assert (0, "") == (done.returncode, done.stderr)
    assert {"broken", "incompatible"} == {states[name] for name in faults}
    assert "ok" == states["healthy"]


def test_help_shows_examples(regard: Regard) -> None:
    """The help says how to switch a plug-in off."""
    done = regard("plugins", "--help")

    assert 'disabled = ["crm-export"]' in done.stdout
