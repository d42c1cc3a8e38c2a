"""Signing in to a real server: with passwords of all sorts, and with tokens."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from regard.errors import AuthError, ConfigError, TransientError
from regard.mail.config import ImapConfig
from regard.mail.imap import connect

MakeProject = Callable[..., Path]
RunRegard = Callable[..., "subprocess.CompletedProcess[str]"]

TOKEN = "ya29.a0-valid_token~+/="
"""What the provider of the tests takes for valid, with the user's name behind it."""
MESSAGE = (
    b"From: c1@mail.example\r\nTo: support@shop.example\r\nSubject: Hello\r\n"
    b"Message-ID: <1@mail.example>\r\nDate: Mon, 05 Jan 2026 10:03:00 +0100\r\n\r\nText\r\n"
)
PROJECT = """
timezone = "Europe/Madrid"
[sources.support]
plugin = "mailbox"
own = ["shop.example"]
[sources.support.imap]
host = "127.0.0.1"
port = {port}
tls = false
user = "oauth-run"
token = "${{file:secrets/token}}"
"""


def _config(port: int, **more: Any) -> ImapConfig:
    given = {"host": "127.0.0.1", "port": port, "tls": False, "user": "ana", "seconds": 10}
    return ImapConfig.model_validate({**given, **more})


def _folders(config: ImapConfig, root: Path) -> str:
    with connect(config, root) as mailbox:
        return mailbox.open("INBOX").name


@pytest.mark.parametrize("user", ["oauth-ana", "oauth-luis"])
def test_signs_in_with_a_token(user: str, imap_server: Any, tmp_path: Path) -> None:
    """A token that the provider takes opens the mailbox of its user."""
    config = _config(imap_server.port, user=user, token=f"{TOKEN}{user}\n")

    assert "INBOX" == _folders(config, tmp_path)


def test_refused_token(imap_server: Any, tmp_path: Path) -> None:
    """An expired token stops the source, and is not shown."""
    config = _config(imap_server.port, user="oauth-ana", token="ya29.expired")
    with pytest.raises(
        AuthError, match="refuses the user or the token; it may have expired"
    ) as no:
        _folders(config, tmp_path)

    assert "ya29" not in str(no.value) + repr(config)


def test_token_of_somebody_else(imap_server: Any, tmp_path: Path) -> None:
    """A token opens nobody's mailbox but its user's."""
    config = _config(imap_server.port, user="oauth-ana", token=f"{TOKEN}oauth-luis")

    with pytest.raises(AuthError, match="refuses the user or the token"):
        _folders(config, tmp_path)


@pytest.mark.parametrize("token", ["", "  ", "two words", "tok\x01user=x", "tökén"])
def test_what_is_no_token(token: str, imap_server: Any, tmp_path: Path) -> None:
    """What cannot be a token is told before anything is sent."""
    with pytest.raises(ConfigError, match=r"imap\.token: it is empty, or has characters"):
        _folders(_config(imap_server.port, token=token), tmp_path)


@pytest.mark.slow
def test_run_with_a_token_of_a_file(
    imap_server: Any, project: MakeProject, run_regard: RunRegard
) -> None:
    """A run takes the token from a file, as it is then: a fresh one needs no other settings."""
    imap_server.put("oauth-run", MESSAGE)
    files = {"secrets/token": "ya29.expired\n"}
    root = project(PROJECT.format(port=imap_server.port), files=files)
    expired = run_regard("run", "support", cwd=root)
    (root / "secrets" / "token").write_text(f"{TOKEN}oauth-run\n")
    fresh = run_regard("run", "support", "--json", cwd=root)

    assert 1 == expired.returncode
    assert "refuses the user or the token" in expired.stderr
    assert "ya29" not in expired.stdout + expired.stderr
    assert 0 == fresh.returncode, fresh.stderr
    assert 1 == json.loads(fresh.stdout)["runs"][0]["new"]


@pytest.mark.parametrize(
    "more", [{}, {"password": "x", "token": "y"}, {"password": None, "token": None}]
)
def test_password_or_token(more: dict[str, Any]) -> None:
    """Both, or neither, is refused."""
    with pytest.raises(ValidationError, match="give either password or"):
        _config(143, **more)


def test_token_never_goes_over_a_network_in_the_clear() -> None:
    """A token is as secret as a password."""
    with pytest.raises(ValidationError, match="tls = false"):
        _config(143, host="imap.shop.example", token="x")


@pytest.fixture
def scripted() -> Iterator[Callable[..., int]]:
    """Return what starts a server that offers what is said, and answers any sign-in alike."""
    listeners: list[socket.socket] = []

    def start(offered: str, answer: str) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            with suppress(OSError):
                client, _ = listener.accept()
                with client, client.makefile("rwb", buffering=0) as stream:
                    stream.write(f"* OK [CAPABILITY IMAP4rev1 {offered}] ready\r\n".encode())
                    while line := stream.readline():
                        tag, _, rest = line.decode().partition(" ")
                        if rest.startswith("CAPABILITY"):
                            stream.write(f"* CAPABILITY IMAP4rev1 {offered}\r\n".encode())
                            stream.write(f"{tag} OK done\r\n".encode())
                        elif rest.startswith("AUTHENTICATE"):
                            stream.write(b"+ \r\n")
                            stream.readline()
                            stream.write(b"+ eyJzdGF0dXMiOiI0MDAifQ==\r\n")
                            stream.readline()
                            stream.write(f"{tag} {answer}\r\n".encode())
                        else:
                            stream.write(f"{tag} {answer}\r\n".encode())

        threading.Thread(target=serve, daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    for listener in listeners:
        listener.close()


def test_server_without_tokens(scripted: Callable[..., int], tmp_path: Path) -> None:
    """A server that knows no tokens is told none."""
    port = scripted("AUTH=PLAIN", "OK in")

    with pytest.raises(ConfigError, match=r"no sign-in with a token \(XOAUTH2 or OAUTHBEARER\)"):
        _folders(_config(port, token="t"), tmp_path)


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_refusal_in_two_steps(
    mechanism: str, scripted: Callable[..., int], tmp_path: Path
) -> None:
    """Google says why it refuses before it refuses; the exchange ends, and is told as one."""
    port = scripted(f"AUTH={mechanism}", "NO [AUTHENTICATIONFAILED] Invalid credentials t0k3n")
    with pytest.raises(AuthError) as refused:
        _folders(_config(port, token="t0k3n"), tmp_path)

    assert "t0k3n" not in str(refused.value)


def test_busy_server(scripted: Callable[..., int], tmp_path: Path) -> None:
    """A server that takes nobody now is tried again later."""
    port = scripted("AUTH=XOAUTH2", "NO [UNAVAILABLE] later")

    with pytest.raises(TransientError, match="takes nobody now"):
        _folders(_config(port, token="t"), tmp_path)


def test_password_beyond_ascii(imap_server: Any, tmp_path: Path) -> None:
    """A password with accents is sent whole, and refused where it is wrong."""
    with pytest.raises(AuthError, match="refuses the user or the password"):
        _folders(_config(imap_server.port, password="contraseña €"), tmp_path)
