"""Every example in the documentation does what the page says."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from decimal import Decimal
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from regard.cli import COMMANDS
from regard.host import Host, PluginState
from regard.pipeline.channels import notifier_name
from regard.settings import load_project, plugin_options, validate_options
from regard.settings.models import unused
from regard_plugins.mystery_shopping.checking import faults_of
from regard_plugins.mystery_shopping.tomlform import form_of
from regard_scrapers.sites import Site

MakeProject = Callable[..., Path]
RunRegard = Callable[..., "subprocess.CompletedProcess[str]"]

_OTHERS = {"cd", "make", "pip", "python"}
_GLOBALS = {"--json", "--quiet", "--debug"}
_MODULES = {command.name: command.module for command in COMMANDS} | {
    entry.name: entry.module
    for entry in entry_points(group="regard.commands")
    if entry.module.startswith(("regard_plugins.", "regard_scrapers."))
}
"""The module of each command, those of bundled plug-ins too."""


def _captioned(blocks: list[Any], page: str, caption: str, holding: str = "") -> str:
    """Return the text of the one block of a page that stands for a file."""
    (found,) = [
        block.text
        for block in blocks
        if (block.page, block.caption) == (page, caption) and holding in block.text
    ]
    return str(found)


def _plugins_of(blocks: list[Any], page: str) -> set[str]:
    """Return the sources that the Python blocks of a page define."""
    texts = [block.text for block in blocks if block.page == page and block.language == "python"]
    return {
        name
        for text in texts
        for name in re.findall(r'(?:@source\(|^    name = )"([\w-]+)"', text, re.MULTILINE)
    }


# Configuration


def _check_channel(project: Any, host: Host, name: str, own: set[str]) -> None:
    """Refuse a channel that no notifier can take; those of the page's own are only named."""
    table = project.settings.notices[name]
    if not table.tells or table.notifier in own:
        return
    found = host.notifier_class(notifier_name(table, host))
    validate_options(found.Config, _with_secrets(table.options), f"notices.{name}")


def _with_secrets(options: dict[str, Any]) -> dict[str, Any]:
    address = "https://hooks.example/T0"
    return {key: address if "${" in str(value) else value for key, value in options.items()}


def test_toml_block_is_a_valid_project(toml_block: Any, tmp_path: Path, blocks: list[Any]) -> None:
    """Every configuration in the documentation is accepted, and all of it has an effect."""
    if toml_block.caption == "pyproject.toml":
        table = tomllib.loads(toml_block.text)
        assert ["regard"] == list(table["project"]["entry-points"])
        return
    if (toml_block.caption or "").startswith("forms/"):
        table = tomllib.loads(toml_block.text, parse_float=Decimal)
        assert [] == faults_of(form_of(table, "form"))
        return
    if (toml_block.caption or "").startswith("sites/"):
        Site.model_validate(tomllib.loads(toml_block.text))
        return
    path = tmp_path / "regard.toml"
    path.write_text(toml_block.text, "utf-8")
    project = load_project(path)
    host = Host.load(plugin_dir=None, disabled=())
    own = _plugins_of(blocks, toml_block.page)
    for name, settings in project.settings.sources.items():
        assert settings.plugin in {*host.sources, *own}
        if settings.plugin in host.sources:
            config = host.source_class(settings.plugin).Config
            validate_options(config, plugin_options(settings, config), f"sources.{name}")
    for name in project.settings.notices:
        _check_channel(project, host, name, own)
    for name, settings in project.settings.reports.items():
        params = host.reporter_class(settings.reporter).Params
        validate_options(params, settings.params, f"reports.{name}.params")

    assert [] == unused(project.settings)


# Commands


def _check_command(words: list[str]) -> None:
    """Parse a command line as the command itself does."""
    name, *arguments = [word for word in words if word not in _GLOBALS]
    parser = argparse.ArgumentParser(prog=name, allow_abbrev=False, exit_on_error=False)
    import_module(_MODULES[name]).configure(parser)
    parser.parse_args(arguments)


def test_console_block_is_typed_right(console_block: Any, root: Path) -> None:
    """Every command line in the documentation has options and arguments that exist."""
    for line in console_block.text.splitlines():
        assert line.startswith("$ ")
        words = shlex.split(line.removeprefix("$ "))
        if words[0] == "regard":
            _check_command(words[1:])
        else:
            assert words[0] in _OTHERS
        if words[0] == "make":
            targets = (root / "Makefile").read_text("utf-8")
            assert re.search(rf"^{words[1]}:", targets, re.MULTILINE)


def test_commands_in_prose_exist(page: Path) -> None:
    """A command that a page names in passing exists, with the word behind it."""
    named = re.findall(r"`regard ([a-z]+)", page.read_text("utf-8"))

    assert set() == set(named) - _MODULES.keys()


def _parsers(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"regard {name}")
    import_module(_MODULES[name]).configure(parser)
    return parser


@pytest.mark.parametrize("name", _MODULES)
def test_help_explains_every_option_and_has_examples(name: str) -> None:
    """`regard COMMAND --help` says what each option means, and shows command lines that work."""
    parser = _parsers(name)
    bare = [
        action.dest
        for action in parser._actions
        if not action.help and not isinstance(action, argparse._SubParsersAction)
    ]
    examples = re.findall(r"^  regard (.+?)(?:  .*)?$", parser.epilog or "", re.MULTILINE)

    assert [] == bare
    assert examples
    for example in examples:
        _check_command(shlex.split(re.split(r" [|>] ", example)[0]))


# Plug-ins


def test_python_block_is_a_plug_in_that_loads(python_block: Any, tmp_path: Path) -> None:
    """Every plug-in in the documentation loads without a complaint."""
    if (python_block.caption or "").startswith(("tests/", "spiders/")):
        compile(python_block.text, python_block.caption, "exec")
        return
    plugins = tmp_path / "plugins"
    (plugins / "profiles").mkdir(parents=True)
    (plugins / "profiles" / "acme-till.toml").touch()
    (plugins / "example.py").write_text(python_block.text, "utf-8")
    found = next(item for item in Host.load(plugin_dir=plugins).plugins if item.name == "example")

    assert (PluginState.OK, None, None) == (found.state, found.error, found.warning)


def _counts(run: subprocess.CompletedProcess[str]) -> list[tuple[str, int, int]]:
    """Return stream, new and quarantined of each stream that was run."""
    done = json.loads(run.stdout)["runs"]
    return [(item["stream"], item["new"], item["quarantined"]) for item in done]


GUIDE = "docs/guides/writing-a-source.md"


@pytest.fixture
def suggestions(blocks: list[Any], project: MakeProject) -> Path:
    """Return the project of the guide's short form."""
    data, tests = "suggestions/2026-01.tsv", "tests/test_suggestion_box.py"
    return project(
        _captioned(blocks, GUIDE, "regard.toml", "suggestions"),
        {"suggestion_box": _captioned(blocks, GUIDE, "plugins/suggestion_box.py")},
        {
            data: _captioned(blocks, GUIDE, data),
            tests: _captioned(blocks, GUIDE, tests),
        },
    )


def test_the_short_form_stores_every_suggestion(suggestions: Path, run_regard: RunRegard) -> None:
    """The source of eight lines runs as the guide says, and stores nothing twice."""
    first = run_regard("run", "suggestions", "--json", cwd=suggestions)
    second = run_regard("run", "suggestions", "--json", cwd=suggestions)

    assert [("records", 3, 0)] == _counts(first), first.stderr
    assert [("records", 0, 0)] == _counts(second)


def test_the_readme_shows_the_same_source(blocks: list[Any]) -> None:
    """README and guide do not drift apart."""
    (shown,) = [
        block.text for block in blocks if block.page == "README.md" and block.language == "python"
    ]

    assert _captioned(blocks, GUIDE, "plugins/suggestion_box.py") == shown
    assert 8 == len(shown.splitlines())


def test_the_conformance_test_of_the_guide_passes(suggestions: Path) -> None:
    """An author who copies the guide's test has a suite that passes."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=suggestions,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == run.returncode, run.stdout
    assert re.search(r"^5 passed, 1 skipped", run.stdout, re.MULTILINE)


def test_the_source_with_a_cursor_resumes(
    blocks: list[Any], project: MakeProject, run_regard: RunRegard
) -> None:
    """The guide's source of visitors begins at its cursor, which is inclusive."""
    visits = [f"{n},2026-01-{n:02}T10:00:00+01:00,centro" for n in range(1, 5)]
    folder = project(
        '[sources.visitors]\nplugin = "visitors"\npath = "visits.csv"\n',
        {"visitors": _captioned(blocks, GUIDE, "plugins/visitors.py")},
        {"visits.csv": "\n".join(["id,at,place", *visits[:3]])},
    )
    first = json.loads(run_regard("run", "visitors", "--json", cwd=folder).stdout)["runs"][0]
    (folder / "visits.csv").write_text("\n".join(["id,at,place", *visits]), "utf-8")
    second = json.loads(run_regard("run", "visitors", "--json", cwd=folder).stdout)["runs"][0]

    assert (3, 3) == (first["read"], first["new"])
    assert (2, 1, 1) == (second["read"], second["new"], second["unchanged"])


def test_the_class_form_reads_pages_and_checks_its_secret(
    blocks: list[Any], project: MakeProject, run_regard: RunRegard
) -> None:
    """The guide's help desk reads both streams page by page, and goes on at its cursor."""
    ticket = {"id": 1, "opened": "2026-01-12T09:30:00Z", "title": "No heating"}
    folder = project(
        _captioned(blocks, GUIDE, "regard.toml", "helpdesk"),
        {"helpdesk": _captioned(blocks, GUIDE, "plugins/helpdesk.py")},
        {
            "desk/tickets-0.json": json.dumps([ticket, {**ticket, "id": 2}]),
            "desk/agents-0.json": json.dumps([{"id": "a", "name": "Desk 1"}]),
        },
    )
    token = {"HELPDESK_TOKEN": "hd-0123456789"}
    first = run_regard("run", "desk", "--json", cwd=folder, env=token)
    (folder / "desk" / "tickets-1.json").write_text(json.dumps([{**ticket, "id": 3}]), "utf-8")
    second = run_regard("run", "desk", "--json", cwd=folder, env=token)
    refused = run_regard("check", cwd=folder, env={"HELPDESK_TOKEN": "something-else"})

    assert [("tickets", 2, 0), ("agents", 1, 0)] == _counts(first), first.stderr
    assert [("tickets", 1, 0), ("agents", 0, 0)] == _counts(second)
    assert 2 == refused.returncode
    assert "begins with hd-" in refused.stdout


# Exports


def test_getting_started_stores_its_contacts(
    blocks: list[Any], project: MakeProject, run_regard: RunRegard
) -> None:
    """The export on the page is recognised and stored whole."""
    page = "docs/getting-started.md"
    (caption,) = [
        block.caption
        for block in blocks
        if block.page == page and (block.caption or "").startswith("exports/")
    ]
    folder = project(
        _captioned(blocks, page, "regard.toml", 'language = "es"'),
        files={caption: _captioned(blocks, page, caption)},
    )
    run = run_regard("run", "crm", "--json", cwd=folder)

    assert [("contacts", 2, 0)] == _counts(run), run.stderr
    assert 0 == run_regard("report", "customers", cwd=folder).returncode


def test_the_map_of_the_guide_fits_its_file(
    blocks: list[Any], project: MakeProject, run_regard: RunRegard
) -> None:
    """The till's map reads every line of the file below it, refunds and commas included."""
    page, data = "docs/guides/mapping.md", "till/2026-01-31.csv"
    folder = project(
        _captioned(blocks, page, "regard.toml", "till"),
        files={data: _captioned(blocks, page, data)},
    )
    run = run_regard("run", "till", "--json", cwd=folder)
    shown = json.loads(run_regard("preview", "till", "--json", cwd=folder).stdout)

    assert [("records", 3, 0)] == _counts(run), run.stderr
    records = shown[0]["records"]
    assert ["19.9", "4.5", "-9.95"] == [record["amount"] for record in records]
    assert ["completed", "completed", "refunded"] == [record["status"] for record in records]


def test_columns_of_the_second_map_fit(
    blocks: list[Any], project: MakeProject, run_regard: RunRegard
) -> None:
    """The map of members joins names and reads words as the page says."""
    config = _captioned(blocks, "docs/guides/mapping.md", "regard.toml", "members")
    folder = project(
        config.replace("members.xlsx", "members.csv"),
        files={
            "members.csv": "number,first name,last name,e-mail,work e-mail,born,newsletter\n"
            "1,Ana,García,,ana@example.com,05/04/1980,Subscribed\n"
            "2,Luc,,luc@example.com,,,never asked\n"
        },
    )
    run = run_regard("preview", "members", "--json", "--reveal", cwd=folder)
    ana, luc = json.loads(run.stdout)[0]["records"]

    assert ("Ana García", "ana@example.com", "1980-04-05", True) == (
        ana["name"],
        ana["email"],
        ana["birth_on"],
        ana["consent"],
    )
    assert "consent" not in luc


def test_examples_are_old_enough_to_be_read(suggestions: Path) -> None:
    """The files of these tests are not taken for files that are still being written."""
    changed = max(path.stat().st_mtime for path in suggestions.rglob("*.tsv"))

    assert changed < time.time() - 2
