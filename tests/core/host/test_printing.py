"""What plug-ins print can neither steer the terminal, nor spoil results, nor tell a secret."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regard.host.printing import Printed
from regard.secrets import redactor

MakeProject = Callable[..., Path]
RunRegard = Callable[..., Any]

PLUGIN = r"""
import os
import sys
from regard import source

@source("loud", kind="fact", key=["name"])
def read(config, since):
    print("printed \x1b[31mred\x1b]0;title\x07", config["token"])
    sys.stderr.write("written \x1b[2J\r" + config["token"] + "\n")
    yield {"name": "one"}
"""
CONFIG = '[sources.loud]\nplugin = "loud"\ntoken = "${TOKEN}"\n'


@pytest.fixture
def secret() -> str:
    """Return a text that is masked."""
    redactor.add("hush-hush-hush")
    return "hush-hush-hush"


def test_what_comes_in_pieces(secret: str) -> None:
    """An escape sequence and a secret that are written in two pieces are harmless all the same."""
    stream = io.StringIO()
    printed = Printed(stream)
    for piece in ("a\x1b", "[31mb ", secret[:5], secret[5:], "\nrest"):
        printed.write(piece)

    assert "a�b ***\n" == stream.getvalue()
    printed.flush()
    assert stream.getvalue().endswith("\nrest")


@pytest.mark.parametrize("command", [("run", "loud"), ("preview", "loud")])
def test_prints_of_a_plugin(
    command: tuple[str, ...], project: MakeProject, run_regard: RunRegard
) -> None:
    """Results stay results; what is printed comes to stderr, without control and secrets."""
    folder = project(CONFIG, {"loud": PLUGIN})
    done = run_regard(*command, "--json", cwd=folder, env={"TOKEN": "hush-hush-hush"})

    assert 0 == done.returncode, done.stderr
    json.loads(done.stdout)
    assert "printed �red� ***" in done.stderr
    assert "hush" not in done.stderr
    assert "\x1b" not in done.stderr
