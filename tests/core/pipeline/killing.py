"""
Runs the real command again and again, and kills it at random instants.

The command is called in forks of this process, which has imported everything already: so a
kill costs a tenth of a second instead of a whole one. Everything else is as in a shell: the
command starts a child that reads, and either of the two is killed.

Arguments: the project's folder, how many kills, the seed, how many runners at once, the
source's last generation (0: the source does not change).
Prints how commands ended that were not hit, as JSON; the store's history tells the others.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from regard.cli import main, reading, run  # noqa: F401  # imported once, for all forks
from regard.pipeline import streams
from regard.store import Store  # noqa: F401

folder, kills, seed, runners, last = Path(sys.argv[1]), *map(int, sys.argv[2:6])
random.seed(seed)
os.chdir(folder)
os.environ["REGARD_NOW"] = "2026-01-31T12:00:00Z"
# Small batches: kills are to fall into many commits, and between them.
streams.Limits.__init__.__defaults__ = (7, 60.0, 0.1)  # type: ignore[misc]


def start() -> int:
    """Start the command and return its process number."""
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open("out.txt", os.O_CREAT | os.O_WRONLY | os.O_APPEND), 1)
        os.dup2(os.open("err.txt", os.O_CREAT | os.O_WRONLY | os.O_APPEND), 2)
        code = 99
        try:
            code = main(["run", "desk", "--quiet"])
            sys.stdout.flush()
        finally:
            os._exit(code)
    return pid


def reader_of(pid: int) -> int | None:
    """Return the child that reads, where there is one."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return None
    return int(children[0]) if children else None


def chosen(going: list[int]) -> int:
    """Return the process number of the command to kill, once it is time to."""
    end = time.monotonic() + 2
    while not any(map(reader_of, going)) and time.monotonic() < end:
        time.sleep(0.005)
    time.sleep(random.uniform(0.0, 0.4))
    # Who has a reader still is more worth killing than who has ended, or was not let in.
    return random.choice([pid for pid in going if reader_of(pid)] or going)


def kill(pid: int) -> tuple[int, ...]:
    """Kill the command, or the child that reads for it; return the codes of a hit."""
    reader = reader_of(pid)
    target = reader if reader is not None and random.random() < 0.5 else pid
    try:
        os.kill(target, signal.SIGKILL)
    except ProcessLookupError:
        return ()
    # A command whose child was killed notes that: it failed, or is partial with some streams.
    return (-signal.SIGKILL,) if target == pid else (1, 3)


def change(generation: int) -> None:
    """Let the source change."""
    for name in ("generation", f"till/{generation}.csv"):
        text = str(generation) if name == "generation" else TILL.replace("G", str(generation))
        Path(f"{name}.new").write_text(text)
        os.utime(f"{name}.new", (1_700_000_000 + generation, 1_700_000_000 + generation))
        Path(f"{name}.new").rename(name)


TILL = "order,line,amount,ordered_at\n" + "".join(
    f"9G{n},{line},{n}.5,2026-01-0G 10:00\n" if n % 30 else f"9G{n},{line}\n"
    for n in range(40)
    for line in (1, 2)
)

hit, codes, tries = 0, [], 0
going: list[int] = []
generation = 1
while hit < kills and tries < 20 * kills:
    tries += 1
    while len(going) < runners:
        going.append(start())
    pid = chosen(going)
    going.remove(pid)
    wanted = kill(pid)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    hit += code in wanted
    if code not in wanted:
        codes.append(code)
    if generation < last and (code == 0 or random.random() < 0.2):
        generation += 1
        change(generation)
    elif code == 0:
        # All has been read: there is nothing left to be killed in.
        break
codes += [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in going]
while generation < last:
    generation += 1
    change(generation)
# Whoever lost its command a moment ago may live a moment longer.
for _ in range(50):
    code = os.waitstatus_to_exitcode(os.waitpid(start(), 0)[1])
    if code != 4:
        break
    time.sleep(0.1)
codes.append(code)
sys.stdout.write(json.dumps(codes))
