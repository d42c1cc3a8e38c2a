"""A broken plug-in is one line, and everything else goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from regard.errors import ConfigError, PluginError
from regard.hookspecs import RunInfo
from regard.host import Host, PluginState, PluginStatus

WritePlugin = Callable[[str, str], Path]
StatusOf = Callable[[Host, str], PluginStatus]
Faults = Mapping[str, tuple[str, str, str]]


def test_every_fault_is_reported_by_its_cause(faulty_dir: Path, faults: Faults) -> None:
    """Each broken plug-in of a project is listed with its own state and cause."""
    statuses = {status.name: status for status in Host.load(faulty_dir).plugins}

    expected = {name: state for name, (_, state, _) in faults.items()}
    assert expected == {name: statuses[name].state.value for name in faults}
    for name, (_, _, cause) in faults.items():
        assert cause in (statuses[name].error or "")


def test_every_cause_is_one_line(faulty_dir: Path) -> None:
    """No cause breaks the line or fills the screen."""
    errors = [status.error or "" for status in Host.load(faulty_dir).plugins]

    assert [] == [error for error in errors if "\n" in error or len(error) > 400]


def test_healthy_plugin_works_among_broken_ones(faulty_dir: Path, status_of: StatusOf) -> None:
    """A healthy plug-in beside broken ones keeps its source and its observers."""
    host = Host.load(faulty_dir)
    healthy = status_of(host, "healthy")
    read: Any = host.source_class("box")({}).read

    assert PluginState.OK == healthy.state
    assert ("source:box", "hook:regard_run_started") == healthy.kinds
    assert "healthy" == host.source_entry("box").plugin
    assert [{"id": "1"}] == list(read(None, None, None, None))


def test_order_is_that_of_names(faulty_dir: Path, faults: Faults) -> None:
    """Plug-ins of the folder are listed by name, on every machine alike."""
    host = Host.load(faulty_dir)
    names = [status.name for status in host.plugins if status.distribution is None]

    assert sorted([*faults, "healthy"]) == names


def test_what_only_a_broken_plugin_may_have_names_it(faulty_dir: Path) -> None:
    """Asking for a source that nobody has tells which plug-ins are broken, and why."""
    for broken in list(faulty_dir.iterdir()):
        if broken.stem not in ("a_key_error", "a_syntax_error", "healthy"):
            shutil.rmtree(broken) if broken.is_dir() else broken.unlink()
    with pytest.raises(PluginError) as caught:
        Host.load(faulty_dir).source_class("desk")

    assert "no plug-in brings a source 'desk'" in str(caught.value)
    assert "'a_key_error' (plugins/a_key_error.py" in str(caught.value)
    assert "'a_syntax_error' (plugins/a_syntax_error.py" in str(caught.value)
    assert "THERE_IS_NO_SUCH_VARIABLE" in str(caught.value)
    assert "broken as well" not in str(caught.value)


def test_of_many_broken_plugins_the_likeliest_are_named(faulty_dir: Path) -> None:
    """Those that are called like what is missing come first, and the rest is only counted."""
    host = Host.load(faulty_dir)
    with pytest.raises(PluginError) as caught:
        host.source_class("key_error")
    first, *named, last = str(caught.value).splitlines()
    broken = sum(status.state is PluginState.BROKEN for status in host.plugins)

    assert first.startswith("no plug-in brings a source 'key_error'")
    assert named[0].startswith("  broken, so it may be in there: 'a_key_error' (plugins/")
    assert 3 == len(named)
    assert f"  broken as well: {broken - 3} more, see `regard plugins`" == last


def test_broken_plugin_of_the_same_name_is_the_reason(faulty_dir: Path) -> None:
    """Asking for a source of a broken plug-in's name tells that plug-in's cause only."""
    with pytest.raises(PluginError) as caught:
        Host.load(faulty_dir).source_class("a_key_error")

    assert "the plug-in 'a_key_error' (plugins/a_key_error.py" in str(caught.value)
    assert "is broken: KeyError: 'THERE_IS_NO_SUCH_VARIABLE'" in str(caught.value)
    assert "a_syntax_error" not in str(caught.value)


def test_disabled_plugin_is_never_imported(
    write_plugin: WritePlugin, plugin_dir: Path, tmp_path: Path, status_of: StatusOf
) -> None:
    """A plug-in that is disabled by name does not run one line."""
    proof = tmp_path / "imported"
    write_plugin("loud.py", f"import pathlib\npathlib.Path({str(proof)!r}).touch()\n")

    host = Host.load(plugin_dir, disabled=["loud"])

    assert not proof.exists()
    assert PluginState.DISABLED == status_of(host, "loud").state
    assert status_of(host, "loud").ms is None
    with pytest.raises(PluginError, match="the plug-in of that name is disabled"):
        host.source_class("loud")


def test_interrupt_from_the_keyboard_passes(write_plugin: WritePlugin, plugin_dir: Path) -> None:
    """Somebody who presses Ctrl-C while a plug-in is imported is obeyed."""
    write_plugin("stuck.py", "raise KeyboardInterrupt\n")

    with pytest.raises(KeyboardInterrupt):
        Host.load(plugin_dir)


def test_files_that_are_no_plugins_are_left_alone(
    write_plugin: WritePlugin, plugin_dir: Path
) -> None:
    """Hidden and private files, data and plain folders are not taken for plug-ins."""
    for name in ("_draft.py", ".hidden.py", "notes.txt", "data/rows.py", "__pycache__/x.py"):
        write_plugin(name, "raise RuntimeError")
    (plugin_dir / "gone.py").symlink_to(plugin_dir / "nowhere.py")

    found = [status for status in Host.load(plugin_dir).plugins if not status.distribution]

    assert [] == found


def test_file_and_package_of_one_name_are_duplicates(
    write_plugin: WritePlugin, plugin_dir: Path
) -> None:
    """Of two plug-ins with one name the first is used, and the other names both places."""
    write_plugin("box.py", "")
    write_plugin("box/__init__.py", "")

    states = [
        (status.origin, status.state.value, status.error)
        for status in Host.load(plugin_dir).plugins
        if status.name == "box"
    ]

    assert [
        ("plugins/box", "ok", None),
        (
            "plugins/box.py",
            "duplicate",
            "the name is taken: plugins/box is used, plugins/box.py is not",
        ),
    ] == states


def test_file_may_be_called_like_an_installed_module(
    write_plugin: WritePlugin, plugin_dir: Path, status_of: StatusOf
) -> None:
    """A plug-in called json.py hides nobody's json, and nobody's json hides it."""
    write_plugin("json.py", "import json\nassert json.dumps({}) == '{}'\n" + "MARK = 1\n")

    host = Host.load(plugin_dir)

    assert PluginState.OK == status_of(host, "json").state
    assert not hasattr(sys.modules["json"], "MARK")


def test_package_imports_its_own_modules(
    write_plugin: WritePlugin, plugin_dir: Path, status_of: StatusOf
) -> None:
    """A package in the folder may be split into modules, and dataclasses work in it."""
    write_plugin("desk/__init__.py", "from .tickets import read\n")
    write_plugin(
        "desk/tickets.py",
        """
        from __future__ import annotations
        from dataclasses import dataclass
        from regard import source

        @dataclass
        class Ticket:
            id: int

        @source("desk", kind="touchpoint", key=["id"])
        def read(config, since):
            yield {"id": Ticket(1).id}
        """,
    )

    host = Host.load(plugin_dir)

    assert ("source:desk",) == status_of(host, "desk").kinds


def test_imported_source_registers_once(write_plugin: WritePlugin, plugin_dir: Path) -> None:
    """A decorated function that a module only imports belongs to where it was written."""
    write_plugin(
        "desk.py",
        "import json\nfrom regard import source\n"
        "@source('desk', kind='touchpoint')\ndef read(c, s): return []\n"
        "again = read\njson.borrowed = read\n",
    )
    write_plugin("thief.py", "import json\nread = json.borrowed\ndel json.borrowed\n")

    kinds = {status.name: status.kinds for status in Host.load(plugin_dir).plugins}

    assert () == kinds["thief"]


def test_changed_file_is_read_afresh(write_plugin: WritePlugin, plugin_dir: Path) -> None:
    """Loading twice in one process sees what was changed between, with another version."""
    write_plugin("pack/__init__.py", "from .names import NAME\nREGARD_API = NAME\n")
    write_plugin("pack/names.py", "NAME = 2\n")
    before = next(item for item in Host.load(plugin_dir).plugins if item.name == "pack")
    write_plugin("pack/names.py", "NAME = 1  # now it fits\n")
    after = next(item for item in Host.load(plugin_dir).plugins if item.name == "pack")

    assert ("incompatible", "ok") == (before.state.value, after.state.value)
    assert before.version != after.version


def test_version_of_a_file_is_its_digest(write_plugin: WritePlugin, plugin_dir: Path) -> None:
    """The same file has the same 12 digits wherever it lies."""
    write_plugin("box.py", "x = 1\n")
    first = next(item for item in Host.load(plugin_dir).plugins if item.name == "box")
    second = next(item for item in Host.load(plugin_dir).plugins if item.name == "box")

    assert first.version == second.version
    assert 12 == len(first.version or "")


def test_failed_import_leaves_no_module(write_plugin: WritePlugin, plugin_dir: Path) -> None:
    """What a broken plug-in had imported of itself is forgotten."""
    write_plugin("half/__init__.py", "from . import part\nraise OSError\n")
    write_plugin("half/part.py", "")

    Host.load(plugin_dir)

    assert [] == [name for name in sys.modules if name.endswith("_half") or "_half." in name]


def test_slow_import_is_a_warning(
    write_plugin: WritePlugin, plugin_dir: Path, status_of: StatusOf
) -> None:
    """A plug-in that takes long to import works, and is told of with its milliseconds."""
    write_plugin("slow.py", "import time\ntime.sleep(0.35)\n")

    status = status_of(Host.load(plugin_dir), "slow")

    assert PluginState.OK == status.state
    assert (status.ms or 0) >= 350
    assert f"its import takes {status.ms} ms" in (status.warning or "")


def test_plugin_without_anything_is_a_warning(
    write_plugin: WritePlugin, plugin_dir: Path, status_of: StatusOf
) -> None:
    """A file that brings nothing, as when a decorator was forgotten, is told of."""
    write_plugin("empty.py", "def read(config, since): return []\n")

    status = status_of(Host.load(plugin_dir), "empty")

    assert (PluginState.OK, True) == (status.state, "brings nothing" in (status.warning or ""))


def test_words_that_only_look_like_hooks_are_allowed(
    write_plugin: WritePlugin, plugin_dir: Path, status_of: StatusOf
) -> None:
    """Modules, classes and values may be called regard_something."""
    write_plugin("fine.py", "import json as regard_json\nregard_limit = 3\n")

    assert PluginState.OK == status_of(Host.load(plugin_dir), "fine").state


def test_folder_that_cannot_be_listed_is_a_config_error(tmp_path: Path) -> None:
    """A plug-in folder that is a file is named, with what is wrong."""
    (tmp_path / "plugins").write_text("", "utf-8")

    with pytest.raises(ConfigError, match="cannot be listed: Not a directory"):
        Host.load(tmp_path / "plugins")


def test_stdout_stays_clean_while_plugins_load(
    write_plugin: WritePlugin, plugin_dir: Path, tmp_path: Path
) -> None:
    """Nothing a plug-in prints while it loads, on any level, reaches the results."""
    write_plugin(
        "noisy.py",
        """
        import os, subprocess, sys
        from regard import hookimpl
        kept = sys.stdout
        print("noise")
        sys.stdout.reconfigure(encoding="utf-8")
        sys.stdout.buffer.write(b"noise")
        sys.__stdout__.write("noise")
        os.write(1, b"noise")
        subprocess.run(["echo", "noise"], check=True)

        @hookimpl
        def regard_sources():
            print("noise")
            return []

        @hookimpl
        def regard_profiles():
            kept.write("noise")
            return []
        """,
    )
    code = (
        "import sys\nfrom pathlib import Path\nfrom regard.host import Host\n"
        "sys.stdout.write('before ')\n"
        "host = Host.load(Path('plugins'))\n"
        "noisy = next(item for item in host.plugins if item.name == 'noisy')\n"
        "print(noisy.state, noisy.warning)\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    expected = "before ok it prints to stdout while it is loaded; that is thrown away\n"
    assert expected == process.stdout


def test_loading_works_with_stdout_closed(write_plugin: WritePlugin, tmp_path: Path) -> None:
    """A process that was started without a stdout loads its plug-ins all the same."""
    write_plugin("box.py", "print('noise')\n")
    code = (
        "import sys\nfrom pathlib import Path\nfrom regard.host import Host\n"
        "sys.stderr.write(str(len(Host.load(Path('plugins')).plugins) > 0))\n"
    )
    process = subprocess.run(
        ["/bin/sh", "-c", f'exec "{sys.executable}" -c "$CODE" >&-'],
        cwd=tmp_path,
        env=os.environ | {"CODE": code},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert "True" == process.stderr


def test_observer_of_a_broken_plugin_is_never_called(
    write_plugin: WritePlugin, plugin_dir: Path, tmp_path: Path, run_info: RunInfo
) -> None:
    """Nothing of a plug-in that failed to load stays registered."""
    proof = tmp_path / "called"
    write_plugin(
        "half.py",
        f"""
        import pathlib
        from regard import hookimpl

        @hookimpl
        def regard_run_started(run):
            pathlib.Path({str(proof)!r}).touch()

        @hookimpl
        def regard_sources():
            return 5
        """,
    )

    incidents = Host.load(plugin_dir).observers.run_started(run_info)

    assert ([], False) == (incidents, proof.exists())
