"""What `--help` shows, of every command and each of its actions, on a terminal of 80 columns."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from regard.cli import COMMANDS, main
from regard.cli.parsers import CommandParser

BROUGHT = {
    "form": "regard_plugins.mystery_shopping.cli",
    "site": "regard_scrapers.cli",
    "survey": "regard_plugins.survey_mailbox.cli",
}
MODULES = {**{command.name: command.module for command in COMMANDS}, **BROUGHT}


def words_of(name: str) -> Iterator[tuple[str, ...]]:
    """Yield a command, and each of its actions."""
    yield (name,)
    parser = argparse.ArgumentParser()
    import_module(MODULES[name]).configure(parser)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from ((name, choice) for choice in action.choices)


ALL = [words for name in MODULES for words in words_of(name)]


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return what a command line prints that asks for help."""
    with pytest.raises(SystemExit) as left:
        main([*words, "--help"])

    assert 0 == left.value.code
    return capsys.readouterr().out


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_help(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """It says what it does and has an own example; no line is too wide or ends in blanks."""
    said = told(capsys, *words)
    usage, described, *_ = said.split("\n\n")
    examples = re.findall(rf"^  regard {' '.join(words)}(?!\S).*$", said, re.MULTILINE)

    assert [] == [line for line in said.splitlines() if len(line) > 80 or line != line.rstrip()]
    assert usage.startswith(f"usage: regard {' '.join(words)}")
    assert re.fullmatch(r"[A-Z].*\.", described, re.DOTALL)
    assert examples


@pytest.mark.parametrize("name", MODULES)
def test_every_argument_is_explained(name: str) -> None:
    """What an option or an argument means is said, also of those that actions have."""
    waiting, bare = [CommandParser(prog=f"regard {name}")], []
    import_module(MODULES[name]).configure(waiting[0])
    while waiting:
        parser = waiting.pop()
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                waiting += action.choices.values()
            elif not action.help:
                bare.append(f"{parser.prog} {action.dest}")

    assert [] == bare


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    """The list of all commands fits as well."""
    assert 0 == main(["--help"])

    assert [] == [line for line in capsys.readouterr().out.splitlines() if len(line) > 80]


def test_a_wide_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a wide one explanations stand beside what they explain, and sentences stay readable."""
    monkeypatch.setenv("COLUMNS", "300")
    said = told(capsys, "enrich")

    assert "regard enrich --all                 all that are enabled, each behind those" in said
    assert max(map(len, said.splitlines())) <= 100


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a b\nc d\n\ne", ["a b c d", "", "e"]),
        ("first\nexit codes: 0 done", ["first", "exit codes: 0 done"]),
        (f"{'word ' * 20}end", [" ".join(["word"] * 15), "word word word word word end"]),
        ("examples:\n  regard run   read", ["examples:", "  regard run   read"]),
        (
            f"  regard run crm   {'word ' * 15}end",
            [
                f"  regard run crm   {' '.join(['word'] * 12)}",
                f"{' ' * 19}word word word end",
            ],
        ),
        (
            f"  regard run {'x' * 45} {'y' * 45}",
            [f"  regard run {'x' * 45} \\", f"      {'y' * 45}"],
        ),
        (
            f"  regard run {'x' * 45}   {'word ' * 8}end",
            [f"  regard run {'x' * 45}", f"      {'word ' * 8}end"],
        ),
    ],
)
def test_how_it_flows(text: str, lines: list[str]) -> None:
    """Sentences fill lines, columns stay columns, and what has no room beside goes below."""
    shown = CommandParser(prog="x", add_help=False, epilog=text).format_help()

    assert lines == shown.rstrip("\n").splitlines()[2:]


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_examples_are_typed_right(words: tuple[str, ...], capsys: Any) -> None:
    """Each example in an action's help is a command line that the action takes."""
    said = re.sub(r" \\\n +", " ", told(capsys, *words))
    for example in re.findall(r"^  regard (\S.*?)(?:   *.*)?$", said, re.MULTILINE):
        name, *arguments = shlex.split(re.split(r" [|>] ", example)[0])
        parser = CommandParser(prog=name)
        import_module(MODULES[name]).configure(parser)
        parser.parse_args([word for word in arguments if word not in ("--json", "--quiet")])
