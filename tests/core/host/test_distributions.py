"""Plug-ins of installed distributions, each test in a process with its own packages."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

Install = Callable[..., Path]
Child = Callable[..., Any]

LIST = """
import json, sys
from pathlib import Path
from regard.host import Host
folder = Path("plugins")
host = Host.load(folder if folder.is_dir() else None, {disabled!r})
statuses = [status.as_json() for status in host.plugins if status.distribution != "regard"]
print(json.dumps(statuses))
"""

BOX = """
from regard import source

@source("box", kind="touchpoint", key=["id"])
def read(config, since):
    yield {"id": "1"}
"""


def _by_name(statuses: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {status["name"]: status for status in statuses}


def test_installed_plugin_is_listed_with_its_distribution(install: Install, child: Child) -> None:
    """A distribution's plug-in is found by its entry point, with name and version."""
    site = install("acme-box", "1.2", "[regard]\nbox = acme_box\n", {"acme_box.py": BOX})

    status = child(LIST.format(disabled=[]), site)[0]

    assert isinstance(status.pop("ms"), int)
    assert {
        "name": "box",
        "origin": "entry point acme_box",
        "distribution": "acme-box",
        "version": "1.2",
        "state": "ok",
        "kinds": ["source:box"],
        "error": None,
    } == status


def test_broken_distributions_stop_nobody(install: Install, child: Child) -> None:
    """Missing modules, classes for modules, and unreadable metadata are one line each."""
    entries = {
        "acme-gone": "[regard]\ngone = acme_gone\n",
        "acme-class": "[regard]\nclass = acme_class:Box\n",
        "acme-text": "[regard]\ntext = acme_class:TEXT\n",
        "acme-attribute": "[regard]\nattribute = acme_class:Bax\n",
        "acme-odd": "[regard]\nodd = not a module!\n",
    }
    for name, text in entries.items():
        site = install(name, "1.0", text, {})
    install("acme-box", "1.0", "[regard]\nbox = acme_box\n", {"acme_box.py": BOX})
    (site / "acme_class.py").write_text("class Box: pass\nTEXT = 'x'\n", "utf-8")
    (site / "acme_gone-1.0.dist-info" / "METADATA").unlink()
    damaged = install("acme-damaged", "1.0", "", {}) / "acme_damaged-1.0.dist-info"
    (damaged / "entry_points.txt").write_bytes(b"[regard]\nx = \xff\xfe\n")

    statuses = _by_name(child(LIST.format(disabled=[]), site))

    causes = {name: status["error"] for name, status in statuses.items()}
    assert "its entry point names the class Box; name the module" in causes["class"]
    assert "its entry point names a str; name the module" == causes["text"]
    assert "AttributeError: module 'acme_class' has no attribute 'Bax'" in causes["attribute"]
    assert causes["odd"]
    assert "its entry_points.txt cannot be read: UnicodeDecodeError" in causes["acme-damaged"]
    assert "ModuleNotFoundError: No module named 'acme_gone'" == causes["gone"]
    assert ("acme_gone", None) == (statuses["gone"]["distribution"], statuses["gone"]["version"])
    assert "ok" == statuses["box"]["state"]


def test_duplicate_names_both_distributions(install: Install, child: Child) -> None:
    """Of two distributions with one plug-in name, the second one's line names both."""
    for letter in "ab":
        site = install(
            f"acme-{letter}", "1.0", f"[regard]\nbox = box_{letter}\n", {f"box_{letter}.py": ""}
        )

    first, second = child(LIST.format(disabled=[]), site)

    assert ("ok", "duplicate") == (first["state"], second["state"])
    assert (
        "the name is taken: 'box' (acme-a 1.0) from entry point box_a is used, "
        "'box' (acme-b 1.0) from entry point box_b is not"
    ) == second["error"]


def test_project_folder_comes_before_distributions(
    install: Install, child: Child, tmp_path: Path
) -> None:
    """What is installed later never replaces what the project has in its own folder."""
    site = install("acme-box", "1.0", "[regard]\nbox = acme_box\n", {"acme_box.py": BOX})
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "box.py").write_text(BOX, "utf-8")

    origins = [(item["origin"], item["state"]) for item in child(LIST.format(disabled=[]), site)]

    assert [("plugins/box.py", "ok"), ("entry point acme_box", "duplicate")] == origins


def test_one_module_under_two_names_is_a_duplicate(install: Install, child: Child) -> None:
    """A distribution that lists one module twice keeps its first name."""
    entries = "[regard]\nsecond = acme_box\nfirst = acme_box\n"
    site = install("acme-box", "1.0", entries, {"acme_box.py": BOX})

    found = [
        (item["name"], item["state"], item["error"])
        for item in child(LIST.format(disabled=[]), site)
    ]

    assert [
        ("first", "ok", None),
        ("second", "duplicate", "it is the same module as the plug-in 'first'"),
    ] == found


def test_disabled_distribution_is_never_imported(install: Install, child: Child) -> None:
    """An installed plug-in that is disabled by name does not run one line."""
    code = "import pathlib\npathlib.Path('imported').touch()\n"
    site = install("acme-loud", "1.0", "[regard]\nloud = acme_loud\n", {"acme_loud.py": code})

    status = child(LIST.format(disabled=["loud"]), site)[0]

    assert "disabled" == status["state"]
    assert not (site.parent / "imported").exists()


def test_order_does_not_depend_on_the_path(install: Install, child: Child) -> None:
    """Two machines whose folders of packages come in another order list alike."""
    for folder, names in (("one", "bd"), ("two", "ac")):
        for name in names:
            modules = {f"acme_{name}.py": ""}
            entries = f"[regard]\n{name} = acme_{name}\n"
            install(f"acme-{name}", "1.0", entries, modules, folder=folder)
    one, two = (install(f"x-{name}", "1", "", {}, folder=name) for name in ("one", "two"))

    orders = [
        [item["name"] for item in child(LIST.format(disabled=[]), *folders)]
        for folders in ((one, two), (two, one))
    ]

    assert [list("abcd"), list("abcd")] == orders


def test_reference_that_fails_names_distribution_and_version(
    install: Install, child: Child
) -> None:
    """A lazily imported class that fails is told with plug-in, distribution and version."""
    hook = (
        "from regard import hookimpl\n@hookimpl\ndef regard_sources(): return ['acme.src:Desk']\n"
    )
    modules = {"acme/__init__.py": "", "acme/plugin.py": hook, "acme/src.py": "import no_such"}
    site = install("acme-desk", "2.1", "[regard]\ndesk = acme.plugin\n", modules)
    code = """
        import json
        from regard.errors import PluginError
        from regard.host import Host
        try:
            Host.load().source_class("desk")
        except PluginError as error:
            print(json.dumps(str(error)))
    """

    assert (
        "the source 'desk' is in a broken plug-in: 'desk' (acme-desk 2.1): "
        "source acme.src:Desk: ModuleNotFoundError: No module named 'no_such' (src.py, line 1)"
    ) == child(code, site)


COMMANDS = {
    "acme_cli.py": "import pathlib\npathlib.Path('imported').touch()\n"
    "def form(arguments, app):\n    return len(arguments)\nTEXT = 'x'\n",
}
COMMAND_ENTRIES = """
[regard.commands]
acme-form = acme_cli:form
acme-text = acme_cli:TEXT
acme-gone = acme_gone:run
off = acme_cli:form
"""


def test_commands_are_listed_without_import(install: Install, child: Child) -> None:
    """Other distributions' commands are known by name before any is imported."""
    site = install("acme-cli", "1.0", COMMAND_ENTRIES, COMMANDS)
    code = """
        import json, pathlib
        from regard.host import Host
        host = Host.load(disabled=["off"])
        listed = [name for name in host.commands() if name.startswith(("acme", "off"))]
        before = pathlib.Path("imported").exists()
        code = host.load_command("acme-form")(["a", "b"], None)
        print(json.dumps([listed, before, code]))
    """

    assert [["acme-form", "acme-gone", "acme-text"], False, 2] == child(code, site)


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("acme-text", "it must be a function of (arguments, app)"),
        ("acme-gone", "'acme-gone' (acme-cli 1.0) cannot be imported: ModuleNotFoundError"),
        ("acme-from", "no plug-in brings a command 'acme-from'; did you mean 'acme-form'?"),
    ],
)
def test_command_that_cannot_be_called_is_told(
    install: Install, child: Child, name: str, cause: str
) -> None:
    """A command that is missing, broken or no function is an error that says so."""
    site = install("acme-cli", "1.0", COMMAND_ENTRIES, COMMANDS)
    code = f"""
        import json
        from regard.errors import PluginError
        from regard.host import Host
        try:
            Host.load().load_command({name!r})
        except PluginError as error:
            print(json.dumps(str(error)))
    """

    assert cause in child(code, site)


@pytest.mark.slow
def test_older_pluggy_gives_the_same_answers(
    faulty_dir: Path, faults: Mapping[str, object], child: Child, tmp_path: Path
) -> None:
    """Every fault is found with the oldest pluggy that is allowed, in the same words."""
    target = tmp_path / "older"
    wanted = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "pluggy==1.6.0"]
    done = subprocess.run(
        [*wanted, "--target", str(target)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("pluggy 1.6.0 cannot be downloaded here")
    code = """
        import json
        from importlib.metadata import version
        from datetime import UTC, datetime
        from pathlib import Path
        from regard.host import Host
        from regard.hookspecs import RunInfo
        run = RunInfo(1, "s", "t", "answer", "p", None, datetime.now(UTC))
        host = Host.load(Path("plugins"))
        plugins = [(p.name, p.state, p.kinds, p.error) for p in host.plugins]
        incidents = host.observers.run_started(run)
        print(json.dumps([version("pluggy"), plugins, [i.error for i in incidents]]))
    """

    old_version, *older = child(code, target)
    new_version, *newer = child(code)

    assert "1.6.0" == old_version
    assert old_version != new_version
    assert len(faults) < len(older[0])
    assert newer == older
