"""
Files over SFTP, from the server that most of them come from: OpenSSH's.

It runs without any rights, so it lets in only whoever has the right key: that a password lets
in is tested with the server in Python.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import pytest

Desk = Any

CSV = b"id,name\n1,Ana\n"
CONFIG = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/allowed
PasswordAuthentication yes
KbdInteractiveAuthentication no
# Without it the server lets in nobody whose account has no password that it can see.
UsePAM yes
StrictModes no
PidFile none
LogLevel VERBOSE
MaxAuthTries 3
Subsystem sftp internal-sftp
"""


@dataclass
class OpenSsh:
    """
    A server of OpenSSH's that runs as somebody without rights, and serves a folder to that user.

    Attributes:
        folder: Its own files.
        user: Who it runs as, and lets in.
        port: Where it listens.
    """

    folder: Path
    user: pwd.struct_passwd
    port: int
    host_key: asyncssh.SSHKey = field(
        default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519")
    )
    own_key: asyncssh.SSHKey = field(
        default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519")
    )
    _process: subprocess.Popen[bytes] | None = None

    @property
    def served(self) -> Path:
        """The folder with the files."""
        return self.folder / "served"

    @property
    def log(self) -> str:
        """What the server logged."""
        return (self.folder / "log").read_text("utf-8", errors="replace")

    def start(self, program: str) -> None:
        """Start it, and wait until it answers."""
        self.served.mkdir()
        (self.folder / "host").write_bytes(self.host_key.export_private_key("openssh"))
        (self.folder / "allowed").write_bytes(self.own_key.export_public_key("openssh"))
        (self.folder / "config").write_text(CONFIG.format(port=self.port, folder=self.folder))
        for path in (self.folder, *self.folder.iterdir()):
            os.chown(path, self.user.pw_uid, self.user.pw_gid)
        (self.folder / "host").chmod(0o600)
        who: dict[str, Any] = {}
        if os.geteuid() == 0:
            who = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [program, "-D", "-e", "-f", self.folder / "config"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **who,
            )
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        pytest.fail(f"sshd does not start: {self.log}")

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=30)

    def put(self, name: str, content: bytes, age: float = 3_600) -> Path:
        """Write a file that was last changed a while ago."""
        path = self.served / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o644)
        moment = time.time() - age
        os.utime(path, (moment, moment))
        return path

    def remote(self, name: str, port: int | None = None, **changes: Any) -> dict[str, Any]:
        """Return a path's table, with all that is needed to sign in."""
        known = " ".join(self.host_key.export_public_key("openssh").decode().split()[:2])
        return {
            "url": f"sftp://{self.user.pw_name}@127.0.0.1:{port or self.port}{self.served}{name}",
            "host_key": known,
            "key": self.own_key.export_private_key("openssh").decode(),
            **changes,
        }


@pytest.fixture(scope="session")
def running() -> Iterator[OpenSsh]:
    """
    Return one OpenSSH server for all tests.

    Where there is none, CI fails and others skip: a promise that nobody checks is none.
    """
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        reason = "OpenSSH is not tested: there is no sshd here: apt-get install openssh-server"
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    # Not pytest's own folder: others may not look into it.
    folder = Path(tempfile.mkdtemp(prefix="regard-ssh-", dir="/tmp"))
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = int(found.getsockname()[1])
    server = OpenSsh(folder, user, port)
    try:
        server.start(program)
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def sshd(running: OpenSsh) -> OpenSsh:
    """Return the server with nothing in its folder."""
    shutil.rmtree(running.served)
    running.served.mkdir(mode=0o755)
    return running


def test_only_new_and_changed_files_are_fetched(desk: Desk, sshd: OpenSsh) -> None:
    """A glob's files land whole with their times, and a second run takes what has changed."""
    large = os.urandom(5_000_000)
    sshd.put("out/b.csv", CSV, age=7_200)
    sshd.put("out/großer Export.csv", large)
    sshd.put("out/a.txt", b"not wanted")
    sshd.put("out/.hidden.csv", b"not wanted")
    (sshd.served / "out" / "dangling.csv").symlink_to("nowhere")
    landed = desk.fetch(sshd.remote("/out/*.csv"))

    assert None is landed.error, sshd.log
    assert {"b.csv": CSV, "großer Export.csv": large} == desk.files
    there = (sshd.served / "out" / "b.csv").stat().st_mtime
    assert int(there) == (desk.inbox / "b.csv").stat().st_mtime

    sshd.put("out/b.csv", CSV + b"2,Bo\n")
    sshd.put("out/c.csv", CSV)
    desk.progress.clear()
    again = desk.fetch(sshd.remote("/out/*.csv"))

    assert None is again.error
    assert {len(CSV) + 5, len(CSV)} == {done for done, _, _ in desk.progress}
    assert CSV + b"2,Bo\n" == desk.files["b.csv"]


def test_one_that_grows_and_one_that_may_not_be_read(desk: Desk, sshd: OpenSsh) -> None:
    """What was changed just now waits, what may not be read is named, the others land."""
    sshd.put("fresh.csv", CSV, age=0)
    sshd.put("good.csv", CSV)
    landed = desk.fetch(sshd.remote("/*.csv"))
    sshd.put("also good.csv", CSV)
    sshd.put("shut.csv", CSV).chmod(0)
    if os.geteuid() == 0:
        os.chown(sshd.served / "shut.csv", 0, 0)
    shut = desk.fetch(sshd.remote("/*.csv"))

    assert ["fresh.csv"] == [note.split()[0] for note in landed.notes]
    assert "'shut.csv': the user may not read it" in str(shut.error)
    assert {"also good.csv": CSV, "good.csv": CSV} == desk.files
    assert "there is nothing; is the address right?" in desk.fails(sshd.remote("/none.csv"))


def test_another_host_key(
    desk: Desk, sshd: OpenSsh, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A key that is not known is shown to be compared, a changed one stops; neither signs in."""
    monkeypatch.setenv("HOME", str(tmp_path))
    sshd.put("a.csv", CSV)
    right = sshd.remote("/a.csv")["host_key"]
    unknown = desk.fails(sshd.remote("/a.csv", host_key=None))
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key("openssh").decode()
    changed = desk.fails(sshd.remote("/a.csv", host_key=other))

    assert unknown.startswith("ConfigError: ")
    assert f'host_key = "{right}"' in unknown
    assert changed.startswith("SourceChanged: ")
    assert right in changed
    assert {} == desk.files


def test_a_known_host(
    desk: Desk, sshd: OpenSsh, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What `ssh-keyscan` says of the server, in known_hosts as people have it, is enough."""
    scan = shutil.which("ssh-keyscan")
    if scan is None:
        pytest.skip("there is no ssh-keyscan here: apt-get install openssh-client")
    monkeypatch.setenv("HOME", str(tmp_path))
    sshd.put("a.csv", CSV)
    said = subprocess.run(
        [scan, "-H", "-p", str(sshd.port), "127.0.0.1"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "known_hosts").write_text(said.stdout)
    landed = desk.fetch(sshd.remote("/a.csv", host_key=None))

    assert None is landed.error
    assert {"a.csv": CSV} == desk.files


def test_who_is_refused(desk: Desk, sshd: OpenSsh) -> None:
    """Another key, a wrong password and an unknown user stop at once, and no secret is told."""
    sshd.put("a.csv", CSV)
    other = asyncssh.generate_private_key("ssh-ed25519").export_private_key("openssh").decode()
    url = sshd.remote("/a.csv")["url"]
    said = [
        desk.fails(sshd.remote("/a.csv", key=other), retries=3),
        desk.fails(sshd.remote("/a.csv", key=None, password="0pen-sesame"), retries=3),
        desk.fails(sshd.remote("/a.csv", url=url.replace("//", "//not-", 1)), retries=3),
    ]

    assert ["AuthError"] * 3 == [one.partition(":")[0] for one in said]
    assert 0 == desk.waits
    assert "0pen-sesame" not in "".join(said)
    assert {} == desk.files


@contextmanager
def cutting(port: int, after: int) -> Iterator[int]:
    """Yield the port of what passes everything on to a server, and cuts the line after a while."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    over = threading.Event()

    def pump(source: socket.socket, sink: socket.socket, most: int | None) -> None:
        passed = 0
        with suppress(OSError):
            while data := source.recv(16_384):
                passed += len(data)
                if most is not None and passed > most:
                    break
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        threads: list[threading.Thread] = []
        sockets: list[socket.socket] = []
        while not over.is_set():
            with suppress(TimeoutError):
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", port))
                sockets += [client, server]
                for ends in ((client, server, None), (server, client, after)):
                    threads.append(threading.Thread(target=pump, args=ends))
                    threads[-1].start()
        for one in sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
        for one in (*sockets, listener):
            one.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        over.set()
        thread.join()


def test_a_line_that_is_cut(desk: Desk, sshd: OpenSsh) -> None:
    """Where the line breaks midway nothing half lands, what is whole stays, and it may pass."""
    large = os.urandom(3_000_000)
    sshd.put("a.csv", CSV)
    sshd.put("b.csv", large)
    with cutting(sshd.port, 1_000_000) as port:
        said = desk.fails(sshd.remote("/*.csv", port), retries=1)

    assert said.startswith("TransientError: ")
    assert 1 == desk.waits
    assert {"a.csv": CSV} == desk.files
    assert [".fetched.json"] == desk.hidden

    landed = desk.fetch(sshd.remote("/*.csv"))

    assert None is landed.error
    assert large == desk.files["b.csv"]


def test_a_line_that_is_cut_at_the_start(desk: Desk, sshd: OpenSsh) -> None:
    """A line that breaks while keys are exchanged or somebody signs in may be tried again."""
    sshd.put("a.csv", CSV)
    for after in (0, 100, 1_500, 2_500):
        with cutting(sshd.port, after) as port:
            assert desk.fails(sshd.remote("/a.csv", port)).startswith("TransientError: ")
    assert {} == desk.files
