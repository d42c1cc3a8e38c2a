"""Files over SFTP, from a real server."""

from __future__ import annotations

import gc
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from regard.errors import Cancelled

# The test's own server leaves a file open where its client breaks off.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

Desk = Any
SftpServer = Any

CSV = b"id,name\n1,Ana\n"


def test_only_new_and_changed_files_are_fetched(desk: Desk, sftp: SftpServer) -> None:
    """A glob's files land with their times; the next run takes only what has changed there."""
    sftp.put("out/b.csv", CSV, age=7_200)
    sftp.put("out/a.csv", CSV)
    sftp.put("out/a.txt", b"not wanted")
    sftp.put("out/.hidden.csv", b"not wanted")
    sftp.put("out/sub/c.csv", b"not wanted")
    (sftp.folder / "out" / "folder.csv").mkdir()
    (sftp.folder / "out" / "dangling.csv").symlink_to("nowhere")
    landed = desk.fetch(sftp.remote("/out/*.csv"))

    assert (None, ["a.csv", "b.csv"]) == (landed.error, [path.name for path in landed.files])
    assert {"a.csv": CSV, "b.csv": CSV} == desk.files
    there = (sftp.folder / "out" / "b.csv").stat().st_mtime
    assert int(there) == landed.files[1].stat().st_mtime
    assert (len(CSV), len(CSV), "bytes") == desk.progress[-1]

    sftp.opened.clear()
    sftp.put("out/b.csv", CSV + b"2,Bo\n")
    sftp.put("out/c.csv", CSV)
    (sftp.folder / "out" / "a.csv").unlink()
    again = desk.fetch(sftp.remote("/out/*.csv"))

    assert ["/out/b.csv", "/out/c.csv"] == sftp.opened
    assert ["a.csv", "b.csv", "c.csv"] == sorted(path.name for path in again.files)
    assert CSV + b"2,Bo\n" == desk.files["b.csv"]


@pytest.mark.parametrize("path", ["/out/a.csv", "/out", "/out/", "/%6Fut/a%2Ecsv", "/~/out/a.csv"])
def test_what_an_address_names(path: str, desk: Desk, sftp: SftpServer) -> None:
    """A file, a folder or a glob in the last part."""
    sftp.put("out/a.csv", CSV)
    landed = desk.fetch(sftp.remote(path))

    assert (None, {"a.csv": CSV}) == (landed.error, desk.files)


def test_what_is_not_there(desk: Desk, sftp: SftpServer) -> None:
    """A missing file or folder is a clear error; a glob that nothing matches is none yet."""
    (sftp.folder / "out").mkdir()

    assert desk.fails(sftp.remote("/none.csv")).endswith(
        "/none.csv: there is nothing; is the address right?"
    )
    assert "there is nothing" in desk.fails(sftp.remote("/none/*.csv"))
    landed = desk.fetch(sftp.remote("/out/*.csv"))
    assert (None, (), False) == (landed.error, landed.files, landed.known)


def test_a_file_that_still_grows_is_left_for_the_next_run(desk: Desk, sftp: SftpServer) -> None:
    """One that was changed just now or changes while it is read is said to, and not taken."""
    sftp.put("fresh.csv", CSV, age=0)
    sftp.put("moving.csv", CSV)
    sftp.put("still.csv", CSV)

    def grow(path: str) -> None:
        if path == "/moving.csv":
            sftp.put("moving.csv", CSV * 2)

    sftp.on_read = grow
    landed = desk.fetch(sftp.remote("/*.csv"))

    assert {"still.csv": CSV} == desk.files
    assert [".fetched.json"] == desk.hidden
    assert ["fresh.csv", "moving.csv"] == [note.split()[0] for note in landed.notes]
    assert all("still being written" in note for note in landed.notes)

    sftp.on_read = None
    sftp.put("fresh.csv", CSV)
    desk.fetch(sftp.remote("/*.csv"))

    assert {"fresh.csv": CSV, "moving.csv": CSV * 2, "still.csv": CSV} == desk.files


def test_the_servers_key_must_be_known(
    desk: Desk, sftp: SftpServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An unknown key is shown to be compared; a changed one is told apart; both stop."""
    sftp.put("a.csv", CSV)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    remote = {"url": sftp.url("/a.csv"), "password": "sesame"}
    unknown = desk.fails(remote)

    assert unknown.startswith("ConfigError: sources.till.path: sftp://127.0.0.1:")
    assert f'host_key = "{sftp.key}"' in unknown

    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key("openssh").decode()
    changed = desk.fails({**remote, "host_key": other})

    assert changed.startswith("SourceChanged: ")
    assert sftp.key in changed
    rsa = asyncssh.generate_private_key("ssh-rsa", key_size=2048).export_public_key("openssh")
    assert desk.fails({**remote, "host_key": rsa.decode()}).startswith("SourceChanged: ")
    assert "no public key" in desk.fails({**remote, "host_key": "ssh-ed25519 nonsense"})
    assert [] == sftp.opened

    known = tmp_path / "home" / ".ssh" / "known_hosts"
    known.parent.mkdir(parents=True)
    known.write_text(f"[127.0.0.1]:{sftp.port} {other}")
    assert desk.fails(remote).startswith("SourceChanged: ")
    known.write_text(f"[127.0.0.1]:{sftp.port} {sftp.key}\n")
    assert desk.fetch(remote).error is None
    assert {"a.csv": CSV} == desk.files


def test_who_may_sign_in(desk: Desk, sftp: SftpServer) -> None:
    """Password, key file, key text and passphrase; what is refused stops without a try more."""
    sftp.put("a.csv", CSV)
    key = asyncssh.generate_private_key("ssh-ed25519")
    sftp.keys.append(key)
    (desk.root / "id").write_bytes(key.export_private_key("openssh", "hush", rounds=50))
    plain = key.export_private_key("openssh").decode()
    base = {"url": sftp.url("/a.csv"), "host_key": sftp.key}

    assert desk.fails({**base, "password": "wr0ng-word"}, retries=3).startswith("AuthError: ")
    assert 0 == desk.waits
    for right in ({"key": "id", "passphrase": "hush"}, {"key": plain}):
        assert desk.fetch({**base, **right}).error is None
    url = sftp.url("/a.csv").replace("ana@", "ana:sesame@")
    assert desk.fetch({"url": url, "host_key": sftp.key}).error is None
    for wrong in ({"key": "id", "passphrase": "no"}, {"key": "id"}, {"key": "absent"}):
        assert desk.fails({**base, **wrong}).startswith("ConfigError: ")
    broken = desk.fails({**base, "key": plain.replace("b", "c")})
    assert broken.startswith("ConfigError: ")
    assert plain.splitlines()[1] not in broken


def test_a_file_that_cannot_be_had_does_not_stop_the_rest(desk: Desk, sftp: SftpServer) -> None:
    """One that is too large is named, and its neighbours land."""
    sftp.put("a.csv", CSV)
    sftp.put("big.csv", b"x" * 1_500_000)
    sftp.put("z.csv", CSV)
    said = desk.fails(sftp.remote("/*.csv", limit="1MB"))

    assert "'big.csv': it is more than the 1,000,000 bytes" in said
    assert ["a.csv", "z.csv"] == sorted(desk.files)


def test_names_that_servers_give(desk: Desk, sftp: SftpServer) -> None:
    """What is no name here becomes one, and two that become one are kept apart."""
    for name in ("a|b.csv", "a:b.csv", "~$c.csv", "d\x1b[31m.csv"):
        sftp.put(name, name.encode())
    (sftp.folder / os.fsdecode(b"e\xff.csv")).write_bytes(b"e")
    os.utime(sftp.folder / os.fsdecode(b"e\xff.csv"), (1, 1))
    landed = desk.fetch(sftp.remote("/*"))
    names = sorted(path.name for path in landed.files)

    assert landed.error is None
    assert 5 == len(names)
    assert {"a_b.csv", "c.csv", "d_31m.csv", "e.csv"} < set(names)
    assert sorted(desk.files) == names
    before = len(sftp.opened)
    desk.fetch(sftp.remote("/*"))
    assert before == len(sftp.opened)


def test_a_server_that_is_not_there_or_says_nothing(desk: Desk, sftp: SftpServer) -> None:
    """Both may pass; neither holds the run."""
    silent = socket.create_server(("127.0.0.1", 0))
    port = silent.getsockname()[1]
    base = {"host_key": sftp.key, "password": "x", "seconds": 0.5}
    began = time.monotonic()
    said = desk.fails({"url": f"sftp://ana@127.0.0.1:{port}/a", **base}, retries=1)
    silent.close()

    assert said.startswith("TransientError: ")
    assert 1 == desk.waits
    assert desk.fails({"url": f"sftp://ana@127.0.0.1:{port}/a", **base}).startswith("Transient")
    assert time.monotonic() - began < 30


def test_a_run_that_should_stop_stops_fetching(desk: Desk, sftp: SftpServer) -> None:
    """A wish to stop is heard while the server keeps us waiting."""
    sftp.put("a.csv", CSV)
    hold = threading.Event()
    sftp.on_read = lambda path: hold.wait(30) and None
    threading.Timer(0.3, desk.stop.set).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        desk.fetch(sftp.remote("/a.csv"))
    took = time.monotonic() - began
    hold.set()
    time.sleep(0.2)
    gc.collect()

    assert took < 15
    assert {} == desk.files


def test_who_only_looks_lists(desk: Desk, sftp: SftpServer) -> None:
    """A check says how many files there are and are new, and opens none."""
    sftp.put("a.csv", CSV)
    assert desk.fetch(sftp.remote("/*.csv")).error is None
    sftp.put("b.csv", CSV)
    sftp.opened.clear()
    assert desk.fetch(sftp.remote("/*.csv"), writes=False, looks=True).error is None
    assert [
        f"sftp://127.0.0.1:{sftp.port}/*.csv: 2 files there, 1 would be fetched, 14 bytes"
    ] == (desk.said)
    assert [] == sftp.opened


def test_without_the_extra_the_error_names_it(tmp_path: Path) -> None:
    """Where nothing speaks SFTP, the message says what to install."""
    code = f"""
import sys
sys.modules["asyncssh"] = None
from datetime import UTC, datetime
from pathlib import Path
from regard.fetching import Fetcher, Surroundings
from regard.settings.paths import Remote
around = Surroundings(Path({str(tmp_path)!r}), lambda: datetime.now(UTC))
with Fetcher("till", around) as fetcher:
    print(fetcher.land(Remote(url="sftp://host/a.csv"), "sources.till.path").error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert 'pip install "regard[sftp]"' in done.stdout
    assert done.stdout.startswith("sources.till.path: ")
