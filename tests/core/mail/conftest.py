"""A real IMAP server on this machine, and a proxy that cuts connections."""

from __future__ import annotations

import grp
import imaplib
import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

PASSWORD = "open-sesame"
CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
disable_plaintext_auth = no
auth_failure_delay = 0
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
auth_mechanisms = plain login xoauth2 oauthbearer
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
passdb {{
  driver = static
  mechanisms = plain login
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""

OAUTH = """
introspection_mode = post
introspection_url = http://127.0.0.1:{port}/introspect
username_attribute = username
active_attribute = active
active_value = true
"""
TOKEN = "ya29.a0-valid_token~+/="


class Provider(BaseHTTPRequestHandler):
    """Says of a token whether it is valid (RFC 7662), and whose."""

    def do_POST(self) -> None:
        """Answer one question."""
        asked = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        token = parse_qs(asked).get("token", [""])[0]
        # One token is for everybody; in it stands nobody's name.
        told = {"active": token.startswith(TOKEN), "username": token.removeprefix(TOKEN)}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _dovecot() -> str | None:
    return shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@dataclass
class ImapServer:
    """A dovecot of its own, whose users all have the same password."""

    folder: Path
    port: int = field(default_factory=_free_port)
    tls_port: int = field(default_factory=_free_port)
    process: subprocess.Popen[bytes] | None = None
    provider: ThreadingHTTPServer | None = None

    @property
    def ca(self) -> Path:
        """The certificate of the server, which is its own authority."""
        return self.folder / "cert.pem"

    def start(self, program: str) -> None:
        """Write the configuration, start the server and wait until it answers."""
        uid, gid = os.getuid(), os.getgid()
        user, group = pwd.getpwuid(uid).pw_name, grp.getgrgid(gid).gr_name
        if uid == 0:  # dovecot refuses to read mail as root
            user = "nobody"
            uid, gid = pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid
            group = grp.getgrgid(gid).gr_name
        self._make_certificate()
        for name in ("mail", "home", "run", "state"):
            (self.folder / name).mkdir()
            os.chown(self.folder / name, uid, gid)
        self.folder.chmod(0o755)
        text = CONFIG.format(
            folder=self.folder,
            user=user,
            group=group,
            uid=uid,
            gid=gid,
            port=self.port,
            tls_port=self.tls_port,
            password=PASSWORD,
        )
        (self.folder / "dovecot.conf").write_text(text)
        self.provider = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
        threading.Thread(target=self.provider.serve_forever, daemon=True).start()
        conf = OAUTH.format(port=self.provider.server_address[1])
        (self.folder / "oauth2.conf").write_text(conf)
        command = [program, "-F", "-c", str(self.folder / "dovecot.conf")]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self._wait()

    def _make_certificate(self) -> None:
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"),
                *("-keyout", self.folder / "key.pem", "-out", self.folder / "cert.pem"),
                *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            ],
            check=True,
            capture_output=True,
        )

    def _wait(self) -> None:
        for _ in range(100):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.1)
        log = self.folder / "log"
        pytest.fail(f"dovecot does not start: {log.read_text() if log.exists() else 'no log'}")

    def put(self, user: str, *messages: bytes, folder: str = "INBOX") -> None:
        """Deliver messages into a user's folder."""
        with imaplib.IMAP4("127.0.0.1", self.port) as server:
            server.login(user, PASSWORD)
            if folder != "INBOX":
                server.create(f'"{folder}"')
            for message in messages:
                answer, said = server.append(
                    f'"{folder}"', "", '"05-Jan-2026 10:03:00 +0100"', message
                )
                assert "OK" == answer, said

    def flags(self, user: str) -> list[bytes]:
        """Return the flags of a user's messages."""
        with imaplib.IMAP4("127.0.0.1", self.port) as server:
            server.login(user, PASSWORD)
            server.select("INBOX", readonly=True)
            return [line for line in server.fetch("1:*", "(FLAGS)")[1] if isinstance(line, bytes)]

    def stop(self) -> None:
        """End the server."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=30)
        if self.provider is not None:
            self.provider.shutdown()
            self.provider.server_close()


@pytest.fixture(scope="session")
def imap_server() -> Iterator[ImapServer]:
    """
    Return one IMAP server for all tests.

    Where there is none, CI fails and others skip: a promise that nobody checks is none.
    """
    program = _dovecot()
    if program is None:
        reason = "IMAP is not tested: there is no dovecot here: apt-get install dovecot-imapd"
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    # Not pytest's own folder: others may not look into it.
    folder = Path(tempfile.mkdtemp(prefix="regard-imap-"))
    server = ImapServer(folder)
    try:
        server.start(program)
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Proxy:
    """Hands bytes on, and cuts connections once the server has said so much."""

    target: int
    cut_after: list[int]
    port: int = 0
    connections: int = 0

    def serve(self, listener: socket.socket) -> None:
        """Take connections until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                limit = self.cut_after.pop(0) if self.cut_after else None
                self.connections += 1
                threading.Thread(target=self._carry, args=(client, limit), daemon=True).start()

    def _carry(self, client: socket.socket, limit: int | None) -> None:
        with client, socket.create_connection(("127.0.0.1", self.target)) as server:
            threading.Thread(target=self._copy, args=(client, server, None), daemon=True).start()
            self._copy(server, client, limit)
            for each in (client, server):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _copy(self, source: socket.socket, target: socket.socket, limit: int | None) -> None:
        left = limit
        with suppress(OSError):
            while data := source.recv(4096):
                if left is not None:
                    data = data[:left]
                    left -= len(data)
                target.sendall(data)
                if left == 0:
                    return


@pytest.fixture
def proxy() -> Iterator[Callable[..., Proxy]]:
    """Return what makes proxies: ``proxy(port, [cut the first after so many bytes, ...])``."""
    listeners: list[socket.socket] = []

    def make(target: int, cut_after: list[int]) -> Proxy:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        made = Proxy(target, cut_after, int(listener.getsockname()[1]))
        threading.Thread(target=made.serve, args=(listener,), daemon=True).start()
        return made

    yield make
    for listener in listeners:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
