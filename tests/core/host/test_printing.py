"""What plug-ins print can neither steer the terminal, nor spoil results, nor tell a secret."""

from __future__ import annotations

import io
import json
import os
import signal
import time
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


RAW = r"""
import ctypes
import os
import subprocess
import sys
from regard import source

@source("loud", kind="fact", key=["name"])
def read(config, since):
    os.write(1, b"raw \x1b[31mred\x1b]0;title\x07 " + config["token"].encode() + b"\n")
    os.write(2, b"half \xff\xc3")
    os.write(2, b"\xa9\n")
    subprocess.run([sys.executable, "-c", "print('from a program \x1b[2J')"], check=True)
    ctypes.CDLL(None).puts(b"from C \x1b[1m")
    ctypes.CDLL(None).fflush(None)
    os.write(2, b"no end of line")
    yield {"name": "one"}
    {END}
"""


def test_bytes_past_the_streams(project: MakeProject, run_regard: RunRegard) -> None:
    """What libraries in C and other programs write is as harmless, and stays out of results."""
    folder = project(CONFIG, {"loud": RAW.replace("{END}", "")})
    done = run_regard("run", "loud", "--json", cwd=folder, env={"TOKEN": "hush-hush-hush"})

    assert 0 == done.returncode, done.stderr
    assert 1 == json.loads(done.stdout)["runs"][0]["new"]
    assert "raw �red� ***\n" in done.stderr
    assert "half �é\n" in done.stderr
    assert "from a program " in done.stderr
    assert "from C " in done.stderr
    assert "no end of line" in done.stderr
    assert "hush" not in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize(
    "end", ["os.kill(os.getpid(), 9)", "os.abort()", "os._exit(3)", "raise SystemExit"]
)
def test_what_was_written_before_a_crash(
    end: str, project: MakeProject, run_regard: RunRegard
) -> None:
    """However a plug-in ends its process, all that it had written is there."""
    many = f"os.write(2, b'x' * 30_000 + b' all of it\\n'); {end}"
    folder = project(CONFIG, {"loud": RAW.replace("{END}", many)})
    done = run_regard("run", "loud", cwd=folder, env={"TOKEN": "hush-hush-hush"})

    assert 1 == done.returncode
    assert f"no end of line{'x' * 30_000} all of it" in done.stderr
    assert "hush" not in done.stderr


def test_a_flood(project: MakeProject, run_regard: RunRegard) -> None:
    """A plug-in that writes without end, and one that writes no line, hold no run up."""
    much = 'os.write(1, b"y" * 3_000_000); [os.write(2, b"line\\n" * 1_000) for _ in range(200)]'
    folder = project(CONFIG, {"loud": RAW.replace("{END}", much)})
    done = run_regard("run", "loud", cwd=folder, env={"TOKEN": "hush-hush-hush"})

    assert 0 == done.returncode
    assert (3_000_000, 200_000) == (done.stderr.count("y"), done.stderr.count("line\n"))


def test_a_program_that_outlives_its_run(project: MakeProject, run_regard: RunRegard) -> None:
    """What a plug-in has started and left behind keeps no run from ending."""
    left = (
        'child = subprocess.Popen(["sleep", "60"], start_new_session=True); '
        'open("pid", "w").write(str(child.pid))'
    )
    folder = project(CONFIG, {"loud": RAW.replace("{END}", left)})
    began = time.monotonic()
    done = run_regard("run", "loud", cwd=folder, env={"TOKEN": "hush-hush-hush"})
    took = time.monotonic() - began
    os.kill(int((folder / "pid").read_text()), signal.SIGKILL)

    assert 0 == done.returncode
    assert took < 30
