"""Mail goes out over real servers: signed in, encrypted, and nobody is told a password."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pydantic import ValidationError

from regard.errors import AuthError, ConfigError, TransientError, Unanswered
from regard.mail.smtp import SmtpConfig, sign_in

USER, PASSWORD = "hello@shop.example", "open sesame"
TOKEN = "ya29.a0-valid_token~+/="


@dataclass
class Server:
    """
    An SMTP server on this machine that wants people to sign in.

    Attributes:
        code: What it answers to a wrong password.
        breaks: When it cuts the connection: never, on ``rcpt``, or on ``data``, after it took
            the message.
        messages: What it took.
        encrypted: Whether the connections were.
        mechanisms: By which mechanism people signed in.
        password: The right one.
    """

    code: str = "535 5.7.8 wrong: " + PASSWORD
    breaks: str = "never"
    messages: list[bytes] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    mechanisms: list[str] = field(default_factory=list)
    password: str = PASSWORD

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        """Let in who knows the password."""
        assert isinstance(data, LoginPassword)
        self.mechanisms.append(mechanism)
        if (data.login.decode(), data.password.decode()) == (USER, self.password):
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False, message=self.code)

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:
        """Let in who has the token, and say why not before saying no, as Google does."""
        said = b64decode(args[1]).decode()
        self.mechanisms.append("XOAUTH2")
        if said == f"user={USER}\x01auth=Bearer {TOKEN}\x01\x01":
            return AuthResult(success=True)
        await server.push("334 eyJzdGF0dXMiOiI0MDAifQ==")
        await server._reader.readline()
        return AuthResult(success=False, handled=False, message=self.code)

    async def handle_RCPT(  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take an address."""
        if self.breaks == "rcpt":
            server.transport.abort()
            await asyncio.sleep(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep a message."""
        self.messages.append(bytes(envelope.content or b""))
        self.encrypted.append(session.ssl is not None)
        if self.breaks == "data":
            server.transport.abort()
            await asyncio.sleep(0)
        return "554 5.6.0 no" if self.breaks == "refuse" else "250 OK"


Start = Callable[..., int]


@pytest.fixture
def server() -> Server:
    """Return the server's memory."""
    return Server()


@pytest.fixture
def start(server: Server) -> Iterator[Start]:
    """Return what starts the server, with aiosmtpd's options, and returns its port."""
    started: list[Controller] = []

    def begin(**options: Any) -> int:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            free = int(found.getsockname()[1])
        given = {"authenticator": server.authenticate, "auth_required": "tls_context" in options}
        given |= options
        controller = Controller(server, hostname="127.0.0.1", port=free, **given)
        controller.start()
        started.append(controller)
        return free

    yield begin
    for controller in started:
        controller.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate for this machine and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here")
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "30", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", folder / "key.pem", "-out", folder / "cert.pem"),
        ],
        check=True,
        capture_output=True,
    )
    return folder


def _context(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


def _config(port: int, **more: Any) -> SmtpConfig:
    given = {"host": "127.0.0.1", "port": port, "user": USER, "password": PASSWORD}
    return SmtpConfig.model_validate({"security": "none", "seconds": 10, **given, **more})


def _send(config: SmtpConfig, root: Path) -> bool:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = USER, "ana@mail.example", "Hello"
    message.set_content("From 0 to 10?\n")
    with sign_in(config, root) as postman:
        return postman.send(message, USER, "ana@mail.example")


@pytest.mark.parametrize("password", [PASSWORD, "contraseña €"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_signs_in(
    mechanism: str, password: str, start: Start, server: Server, tmp_path: Path
) -> None:
    """Whatever a server offers of the usual ways to sign in is used, with any password."""
    others = {"PLAIN", "LOGIN"} - {mechanism}
    port = start(auth_require_tls=False, auth_exclude_mechanism=others)
    server.password = password

    assert _send(_config(port, password=password), tmp_path)
    assert ([mechanism], 1) == (server.mechanisms, len(server.messages))


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_signs_in_over_starttls(
    mechanism: str, start: Start, server: Server, certificate: Path, tmp_path: Path
) -> None:
    """The connection is encrypted before anybody signs in, and the message goes over it."""
    port = start(
        tls_context=_context(certificate),
        require_starttls=True,
        auth_exclude_mechanism={"PLAIN", "LOGIN"} - {mechanism},
    )
    trusted = str(certificate / "cert.pem")

    assert _send(_config(port, security="starttls", ca=trusted), tmp_path)
    assert ([mechanism], [True]) == (server.mechanisms, server.encrypted)


def test_signs_in_with_a_token(
    start: Start, server: Server, certificate: Path, tmp_path: Path
) -> None:
    """Where a provider wants OAuth, a token signs in, over an encrypted connection."""
    port = start(tls_context=_context(certificate), require_starttls=True)
    trusted = str(certificate / "cert.pem")
    config = _config(port, password=None, token=f"{TOKEN}\n", security="starttls", ca=trusted)

    assert _send(config, tmp_path)
    assert (["XOAUTH2"], 1) == (server.mechanisms, len(server.messages))


def test_refused_token(start: Start, server: Server, tmp_path: Path) -> None:
    """An expired token is a clear error that does not say the token, and nothing is sent."""
    server.code = "535 5.7.8 ya29.expired is over"
    port = start(auth_require_tls=False)
    with pytest.raises(AuthError, match="the token; it may have expired") as refused:
        _send(_config(port, password=None, token="ya29.expired"), tmp_path)

    assert "ya29" not in str(refused.value)
    assert [] == server.messages


def test_server_without_tokens(start: Start, server: Server, tmp_path: Path) -> None:
    """A server that knows no tokens is told none, and what is no token is told to nobody."""
    port = start(auth_require_tls=False, auth_exclude_mechanism={"XOAUTH2"})

    with pytest.raises(ConfigError, match=r"no sign-in with a token \(XOAUTH2 or OAUTHBEARER\)"):
        _send(_config(port, password=None, token="t"), tmp_path)
    with pytest.raises(ConfigError, match=r"smtp\.token: it is empty, or has characters"):
        _send(_config(port, password=None, token="two words"), tmp_path)
    assert [] == server.mechanisms


def test_encrypted_from_the_beginning(
    start: Start, server: Server, certificate: Path, tmp_path: Path
) -> None:
    """Where the server speaks nothing but TLS, so do we."""
    port = start(ssl_context=_context(certificate), auth_require_tls=False)
    trusted = str(certificate / "cert.pem")

    assert _send(_config(port, security="tls", ca=trusted), tmp_path)
    assert (["PLAIN"], 1) == (server.mechanisms, len(server.messages))
    with pytest.raises(ConfigError, match="does not check out"):
        _send(_config(port, security="tls"), tmp_path)


def test_certificate_that_nobody_vouches_for(
    start: Start, server: Server, certificate: Path, tmp_path: Path
) -> None:
    """No password is sent to a server whose certificate does not check out."""
    port = start(tls_context=_context(certificate), require_starttls=True)

    with pytest.raises(ConfigError, match=rf"certificate of 127\.0\.0\.1:{port} does not check"):
        _send(_config(port, security="starttls"), tmp_path)
    assert ([], []) == (server.mechanisms, server.messages)


def test_server_without_starttls(start: Start, server: Server, tmp_path: Path) -> None:
    """A server that cannot encrypt is told no password."""
    port = start(auth_require_tls=False)

    with pytest.raises(ConfigError, match="cannot do what `security` or `user` asks for"):
        _send(_config(port, security="starttls"), tmp_path)
    assert [] == server.mechanisms


@pytest.mark.parametrize("password", ["wr0ng-one", "falsche Ñ"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_wrong_password(
    mechanism: str, password: str, start: Start, server: Server, tmp_path: Path
) -> None:
    """A wrong password is a clear error that does not say the password, and nothing is sent."""
    others = {"PLAIN", "LOGIN"} - {mechanism}
    port = start(auth_require_tls=False, auth_exclude_mechanism=others)
    config = _config(port, password=password)

    with pytest.raises(AuthError) as refused:
        _send(config, tmp_path)
    said = str(refused.value)
    assert f"127.0.0.1:{port}: the server refuses the user or the password" == said
    assert password not in repr(config)
    assert [] == server.messages


def test_sign_in_that_fails_for_now(start: Start, server: Server, tmp_path: Path) -> None:
    """A server that cannot look up passwords now is tried again later."""
    server.code = "454 4.7.0 try again later"
    port = start(auth_require_tls=False)

    with pytest.raises(TransientError, match=r"signs nobody in now \(code 454\)"):
        _send(_config(port, password="whatever"), tmp_path)


def test_server_where_nobody_signs_in(start: Start, tmp_path: Path) -> None:
    """A user for a server that knows none is a wrong setting."""
    port = start(
        authenticator=None, auth_required=False, auth_exclude_mechanism=("LOGIN", "PLAIN")
    )

    with pytest.raises(ConfigError, match="cannot do what `security` or `user` asks for"):
        _send(_config(port), tmp_path)


def test_connection_that_breaks_before_the_message(
    start: Start, server: Server, tmp_path: Path
) -> None:
    """What was surely not sent may be sent again."""
    server.breaks = "rcpt"
    port = start(auth_require_tls=False)

    with pytest.raises(TransientError) as broken:
        _send(_config(port), tmp_path)
    assert not isinstance(broken.value, Unanswered)
    assert [] == server.messages


def test_connection_that_breaks_after_the_message(
    start: Start, server: Server, tmp_path: Path
) -> None:
    """Of what the server took without saying so, nobody knows whether it was sent."""
    server.breaks = "data"
    port = start(auth_require_tls=False)

    with pytest.raises(Unanswered, match="broke before the message was acknowledged"):
        _send(_config(port), tmp_path)
    assert 1 == len(server.messages)


def test_message_that_is_refused(start: Start, server: Server, tmp_path: Path) -> None:
    """A message that the server refuses after its text was not sent."""
    server.breaks = "refuse"
    port = start(auth_require_tls=False)

    with pytest.raises(TransientError, match=r"does not take the message \(code 554\)") as refused:
        _send(_config(port), tmp_path)
    assert not isinstance(refused.value, Unanswered)


def test_authority_that_is_not_there(tmp_path: Path) -> None:
    """A file of an authority that is missing is named."""
    with pytest.raises(ConfigError, match=r"smtp\.ca: there is no file 'own\.pem' in"):
        _send(_config(25, ca="own.pem"), tmp_path)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"password": None}, "user and password, or user and token, belong together"),
        ({"user": None}, "user and password, or user and token, belong together"),
        ({"user": None, "password": None, "token": "t"}, "belong together"),
        ({"token": "t"}, "give either password or"),
        ({"host": "smtp.shop.example"}, "only for a server on this machine"),
    ],
)
def test_contradictions(more: dict[str, Any], said: str) -> None:
    """Settings that cannot be meant together are refused."""
    with pytest.raises(ValidationError, match=said):
        _config(25, **more)
