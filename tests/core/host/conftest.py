"""Projects with plug-ins, and installed distributions, as files on disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from regard.hookspecs import RunInfo
from regard.host import Host, PluginStatus

HEALTHY = """
from regard import hookimpl, source

@source("box", kind="touchpoint", key=["id"])
def read(config, since):
    yield {"id": "1"}

@hookimpl
def regard_run_started(run):
    pass
"""

# One project's worth of faults: file name -> (source, state, what the cause must say).
FAULTS: dict[str, tuple[str, str, str]] = {
    "an_import_error": (
        "import there_is_no_such_module",
        "broken",
        (
            "ModuleNotFoundError: No module named 'there_is_no_such_module' "
            "(an_import_error.py, line 1)"
        ),
    ),
    "a_system_exit": (
        "import sys\nsys.exit('no licence')",
        "broken",
        "SystemExit: no licence (a_system_exit.py, line 2)",
    ),
    "a_key_error": (
        "import os\nos.environ['THERE_IS_NO_SUCH_VARIABLE']",
        "broken",
        "KeyError: 'THERE_IS_NO_SUCH_VARIABLE' (a_key_error.py, line 2)",
    ),
    "a_syntax_error": ("def f(:\n", "broken", "SyntaxError: invalid syntax"),
    "a_null_byte": ("x = '\0'\n", "broken", "null bytes"),
    "a_bare_base_exception": (
        "class Odd(BaseException):\n    def __str__(self):\n        raise ValueError\nraise Odd",
        "broken",
        "Odd (a_bare_base_exception.py, line 4)",
    ),
    "an_infinite_recursion": (
        "def f():\n    return f()\nf()",
        "broken",
        "RecursionError: maximum recursion depth exceeded",
    ),
    "a_recursion_in_a_hook": (
        (
            "from regard import hookimpl\n"
            "@hookimpl\ndef regard_sources():\n    return regard_sources()"
        ),
        "broken",
        "RecursionError",
    ),
    "a_bad_signature": (
        "from regard import hookimpl\n@hookimpl\ndef regard_run_started(run, batch): pass",
        "broken",
        (
            "regard_run_started takes batch, which the hook does not give; "
            "it is regard_run_started(run)"
        ),
    ),
    "a_starred_signature": (
        "from regard import hookimpl\n@hookimpl\ndef regard_run_started(**kw): pass",
        "broken",
        "regard_run_started takes **kw",
    ),
    "a_default": (
        "from regard import hookimpl\n@hookimpl\ndef regard_run_started(run=None): pass",
        "broken",
        "regard_run_started gives run a default",
    ),
    "an_async_hook": (
        "from regard import hookimpl\n@hookimpl\nasync def regard_run_started(run): pass",
        "broken",
        "regard_run_started is async; hooks are plain functions",
    ),
    "a_generator": (
        "from regard import hookimpl\n@hookimpl\ndef regard_sources():\n    yield 1",
        "broken",
        "regard_sources yields; hooks return their result",
    ),
    "a_wrapper": (
        (
            "from regard import hookimpl\n"
            "@hookimpl(wrapper=True)\ndef regard_run_started(run):\n    yield"
        ),
        "broken",
        "hooks of regard cannot be wrapped",
    ),
    "a_misspelt_hook": (
        "from regard import hookimpl\n@hookimpl\ndef regard_run_startd(run): pass",
        "broken",
        "there is no hook 'regard_run_startd'; did you mean 'regard_run_started'?",
    ),
    "a_misspelt_undecorated_hook": (
        "def regard_source(): return []",
        "broken",
        "there is no hook 'regard_source'; did you mean 'regard_sources'?",
    ),
    "a_hook_without_prefix": (
        "from regard import hookimpl\n@hookimpl\ndef sources(): return []",
        "broken",
        "there is no hook 'sources'; did you mean 'regard_sources'?",
    ),
    "an_undecorated_hook": (
        "def regard_sources(): return []",
        "broken",
        "regard_sources is not decorated; write @hookimpl above it",
    ),
    "a_raising_hook": (
        "from regard import hookimpl\n@hookimpl\ndef regard_sources(): return [][1]",
        "broken",
        "IndexError: list index out of range (a_raising_hook.py, line 3)",
    ),
    "a_wrong_return_type": (
        "from regard import hookimpl, Source\n@hookimpl\ndef regard_sources(): return Source",
        "broken",
        "regard_sources returned the class Source; it must return a list of Source classes",
    ),
    "a_forgotten_return": (
        "from regard import hookimpl\n@hookimpl\ndef regard_sources(): pass",
        "broken",
        "regard_sources returned nothing; it must return a list of Source classes",
    ),
    "a_wrong_class": (
        "from regard import hookimpl, Source\n@hookimpl\ndef regard_reporters(): return [Source]",
        "broken",
        "regard_reporters returned a list with the class Source in it",
    ),
    "a_wrong_reference": (
        "from regard import hookimpl\n@hookimpl\ndef regard_sources(): return ['acme.Box']",
        "broken",
        "'acme.Box' does not name a class; write \"module:Class\"",
    ),
    "a_class_without_name": (
        (
            "from regard import hookimpl, Source\nclass Box(Source): pass\n"
            "@hookimpl\ndef regard_sources(): return [Box]"
        ),
        "broken",
        "the class Box needs a `name`",
    ),
    "a_missing_profile": (
        "from regard import hookimpl\n@hookimpl\ndef regard_profiles(): return ['no.toml']",
        "broken",
        "there is no such file: ",
    ),
    "a_newer_api": ("REGARD_API = 2", "incompatible", "it was written for REGARD_API 2"),
    "an_odd_api": ("REGARD_API = '1'", "incompatible", "REGARD_API is str"),
    "the same name": ("x = 1", "broken", "'the same name' cannot name a plug-in"),
    "what_is_taken": (
        (
            "from regard import source\n"
            "@source('box', kind='answer', key=['id'])\ndef read(config, since): return []"
        ),
        "broken",
        "it brings the source 'box', as 'healthy' (plugins/healthy.py",
    ),
}

WritePlugin = Callable[[str, str], Path]
"""Writes a file into the project's folder of plug-ins."""


@pytest.fixture
def plugin_dir(tmp_path: Path) -> Path:
    """Make the project's folder of plug-ins."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    return folder


@pytest.fixture
def write_plugin(plugin_dir: Path) -> WritePlugin:
    """Return what writes one plug-in into the folder."""

    def write(name: str, text: str) -> Path:
        path = plugin_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), "utf-8")
        return path

    return write


@pytest.fixture
def faulty_dir(write_plugin: WritePlugin, plugin_dir: Path) -> Path:
    """Make a folder with one plug-in of every fault and a healthy one among them."""
    for name, (text, _, _) in FAULTS.items():
        write_plugin(f"{name}.py", text)
    write_plugin("healthy.py", HEALTHY)
    return plugin_dir


@pytest.fixture
def faults() -> Mapping[str, tuple[str, str, str]]:
    """Return the faults of `faulty_dir`."""
    return FAULTS


@pytest.fixture
def run_info() -> RunInfo:
    """Return a run as observers see it."""
    began = datetime(2026, 1, 31, 8, tzinfo=UTC)
    return RunInfo(3, "crm", "contacts", "customer", "crm-export", "0.1.0", began)


@pytest.fixture
def status_of() -> Callable[[Host, str], PluginStatus]:
    """Return what finds one plug-in's status."""

    def find(host: Host, name: str) -> PluginStatus:
        return next(status for status in host.plugins if status.name == name)

    return find


Install = Callable[..., Path]
"""Puts a distribution on disk as pip would."""


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Return what writes modules and a dist-info folder into a folder of packages."""

    def write(
        name: str,
        version: str,
        entries: str,
        modules: Mapping[str, str],
        folder: str = "site",
    ) -> Path:
        site = tmp_path / folder
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (info / "METADATA").write_text(metadata, "utf-8")
        (info / "entry_points.txt").write_text(textwrap.dedent(entries), "utf-8")
        for path, text in modules.items():
            file = site / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(text), "utf-8")
        return site

    return write


Child = Callable[..., Any]
"""Runs Python in a process of its own and returns the JSON that it printed."""


@pytest.fixture
def child(tmp_path: Path) -> Child:
    """Return what runs code in a process of its own, with folders in front of sys.path."""

    def run(code: str, *folders: Path) -> Any:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, folders))}
        process = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert process.returncode == 0, process.stderr
        return json.loads(process.stdout)

    return run
