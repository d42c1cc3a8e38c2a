"""What all tests share: real databases, project folders, the command in its own process."""

from __future__ import annotations

import ctypes
import os
import pwd
import runpy
import secrets
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from regard.records import KINDS
from regard.records.encoding import Encoded, encode_time
from regard.store import Batch, Store
from regard.store.batches import decide, look_up, next_batch, write_plan
from regard.store.merging import HistoryPlan, Item, UpsertPlan

Warm = runpy.run_path(str(Path(__file__).with_name("warm.py")))["Warm"]
RunRegard = Callable[..., "subprocess.CompletedProcess[str]"]
MakeProject = Callable[..., Path]
Encode = Callable[..., Encoded]
Commit = Callable[..., UpsertPlan | HistoryPlan]

_OLD_SECONDS = 3_600
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    # Not UTC: times must not depend on what the server believes.
    "timezone": "Pacific/Chatham",
}


_INITDB = ("-U", "regard", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")


# Opened here: whoever postgres runs as may not be allowed to read this Python's libraries.
_LIBC = ctypes.CDLL(None)


class NoServer(Exception):
    """There is no PostgreSQL server to be had here."""


class PostgresServer:
    """
    A PostgreSQL server of our own, reached through a socket in a folder of our own.

    Args:
        binaries: The folder of ``initdb`` and ``postgres``.
    """

    def __init__(self, binaries: Path) -> None:
        # postgres refuses to run as root, so root runs it as somebody who may do nothing else.
        self._user = _unprivileged() if os.geteuid() == 0 else None
        # A socket's whole path may have about a hundred characters.
        self._folder = Path(tempfile.mkdtemp(prefix="regard-pg-", dir="/tmp"))
        if self._user is not None:
            os.chown(self._folder, self._user.pw_uid, self._user.pw_gid)
        try:
            self._start(binaries)
        except BaseException:
            self.stop()
            raise

    def _start(self, binaries: Path) -> None:
        data = self._folder / "data"
        made = subprocess.run(
            [binaries / "initdb", "-D", data, *_INITDB],
            capture_output=True,
            text=True,
            check=False,
            **self._as_user(),
        )
        if made.returncode:
            message = f"initdb failed: {made.stderr.strip()[-400:]}"
            raise NoServer(message)
        options = [text for item in _SETTINGS.items() for text in ("-c", "=".join(item))]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [binaries / "postgres", "-D", data, "-k", self._folder, *options],
                stdout=log,
                stderr=log,
                preexec_fn=_end_with_parent,
                **self._as_user(),
            )
        self._wait()

    _process: subprocess.Popen[bytes] | None = None
    _emptied: str | None = None

    def _as_user(self) -> dict[str, Any]:
        options: dict[str, Any] = {"cwd": self._folder, "stdin": subprocess.DEVNULL}
        if self._user is not None:
            ids = {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}
            options |= ids
        return options

    def _wait(self) -> None:
        import psycopg

        end = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                log = (self._folder / "log").read_text("utf-8", errors="replace")
                gone = self._process is None or self._process.poll() is not None
                if gone or time.monotonic() > end:
                    message = f"postgres did not start: {log[-400:]}"
                    raise NoServer(message) from None
                time.sleep(0.05)
            else:
                return

    def url(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql://regard@/{database}?host={self._folder}"

    def create(self) -> str:
        """Create an empty database and return its address."""
        name = f"test_{secrets.token_hex(6)}"
        self._command("postgres", f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)

    def empty(self) -> str:
        """
        Return the address of the one database that is emptied for each test.

        Emptying takes a fifth of the time of a new database.
        """
        if self._emptied is None:
            self._emptied = self.create()
        name = self._emptied.partition("@/")[2].partition("?")[0]
        self._command(
            name,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "DROP SCHEMA public CASCADE",
            "CREATE SCHEMA public",
        )
        return self._emptied

    def _command(self, database: str, *statements: str) -> None:
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]  # our own text

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=30)
        shutil.rmtree(self._folder, ignore_errors=True)


def _end_with_parent() -> None:
    """Let the server end also where the tests are killed; only Linux can."""
    if sys.platform == "linux":
        _LIBC.prctl(1, signal.SIGQUIT)


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoServer("postgres refuses to run as root, and there is no other user to run it as")


def _binaries() -> Path:
    """Return the folder with the newest ``initdb`` and ``postgres``."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: float(path.parent.name) if path.parent.name.isdigit() else 0,
        reverse=True,
    )
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path).resolve().parent)
    wheel = find_spec("pgserver")
    if wheel is not None and wheel.origin:
        found.append(Path(wheel.origin).parent / "pginstall" / "bin")
    for folder in found:
        if all((folder / name).exists() for name in ("initdb", "postgres")):
            return folder
    raise NoServer("there is no PostgreSQL here: apt-get install postgresql")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """
    Return one PostgreSQL server for all tests.

    Where there is none, CI fails and others skip: a promise that nobody checks is none.
    """
    try:
        server = PostgresServer(_binaries())
    except NoServer as error:
        if os.environ.get("CI"):
            pytest.fail(f"PostgreSQL is not tested: {error}", pytrace=False)
        pytest.skip(f"PostgreSQL is not tested: {error}")
    yield server
    server.stop()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """Return the address of an empty PostgreSQL database."""
    return postgres_server.empty()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a store that does not exist yet, once for each database."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        return url
    return f"sqlite:///{tmp_path / 'regard.db'}"


@pytest.fixture
def project(tmp_path: Path) -> MakeProject:
    """Return what writes a project: its regard.toml, its plug-ins and its files."""

    def make(
        config: str = "",
        plugins: Mapping[str, str] | None = None,
        files: Mapping[str, str | bytes] | None = None,
        *,
        store: str | None = None,
        name: str = "project",
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        head = f'store = "{store}"\n' if store else ""
        contents: dict[str, str | bytes] = {"regard.toml": head + textwrap.dedent(config)}
        for plugin, text in (plugins or {}).items():
            contents[f"plugins/{plugin}.py"] = textwrap.dedent(text)
        contents |= files or {}
        for path, content in contents.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
            # Files that were written a moment ago are left for the next run.
            old = time.time() - _OLD_SECONDS
            os.utime(file, (old, old))
        return folder

    return make


@pytest.fixture(scope="session")
def warm() -> Iterator[Any]:
    """Return what starts the command without importing everything again."""
    process = Warm()
    yield process
    process.close()


@pytest.fixture
def run_regard(tmp_path: Path, warm: Any) -> RunRegard:
    """Return what runs the command in a process of its own with a clean environment."""

    def run(
        *arguments: str | Path,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        stdin: str | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        surroundings = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
            "COLUMNS": "200",
            "NO_COLOR": "1",
            **(env or {}),
        }
        words = [str(word) for word in arguments]
        return warm.run(words, cwd=cwd, env=surroundings, stdin=stdin, timeout=timeout)

    return run


@pytest.fixture
def encode() -> Encode:
    """Return what validates and encodes one record as a run does."""

    def encoded(
        kind: str,
        record: Mapping[str, Any],
        key: str = "1",
        as_of: datetime = datetime(2026, 1, 1, tzinfo=UTC),
    ) -> Encoded:
        typed, problems = KINDS[kind].validator().validate([record])
        if problems:
            raise problems[0]
        assert typed[0] is not None
        return KINDS[kind].encoder().encode(key, encode_time(as_of), typed[0])

    return encoded


@pytest.fixture
def commit() -> Commit:
    """Return what decides and stores items as one batch, through the bulk write path."""

    def committed(
        store: Store,
        kind: str,
        items: Sequence[Item],
        *,
        source: str = "crm",
        run_id: int = 1,
        files: Sequence[str | None] = (),
    ) -> UpsertPlan | HistoryPlan:
        batch = Batch(KINDS[kind], items=list(items), item_files=list(files))
        with store.write() as transaction:
            transaction.writer.lock()
            plan = decide(batch, look_up(transaction, batch, source))
            if plan.writes:
                number = next_batch(transaction, run_id, kind)
                write_plan(
                    transaction,
                    batch.kind,
                    plan,
                    source=source,
                    run_id=run_id,
                    batch_id=number,
                )
        return plan

    return committed


class _Handler(BaseHTTPRequestHandler):
    """Answers what the server was told to, and keeps what it was asked."""

    server: Any

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        asked = (self.command, self.path, self.rfile.read(length))
        self.server.asked.append(asked)
        self.server.answers[self.path](self)

    do_GET = do_POST = _answer

    def log_message(self, *said: Any) -> None:
        """Say nothing."""


class _WebServer(ThreadingHTTPServer):
    """Says nothing of those who leave in the midst of an answer."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, *about: Any) -> None:
        """Say nothing."""


class WebServer:
    """An HTTP server on this machine, with what it was asked."""

    def __init__(self) -> None:
        self._http: Any = _WebServer(("127.0.0.1", 0), _Handler)
        self._http.answers = {}
        self._http.asked = []
        self.asked: list[tuple[str, str, bytes]] = self._http.asked
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def on(self, path: str, status: int, **headers: str) -> str:
        """Answer a path with a status, and return its address."""

        def answer(handler: Any) -> None:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()

        return self.does(path, answer)

    def does(self, path: str, answer: Callable[[Any], None]) -> str:
        """Answer a path in a way of one's own, and return its address."""
        self._http.answers[path] = answer
        return f"{self.url}{path}"

    def close(self) -> None:
        """Stop it."""
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def web_server() -> Iterator[WebServer]:
    """Return a server on this machine that can be asked."""
    made = WebServer()
    yield made
    made.close()


@pytest.fixture
def other_server() -> Iterator[WebServer]:
    """Return a server that nobody should be led to."""
    made = WebServer()
    yield made
    made.close()


@dataclass
class MovingClock:
    """
    A clock that a test moves on.

    Attributes:
        shown: What it shows.
    """

    shown: datetime = datetime(2026, 1, 31, 12, tzinfo=UTC)

    def now(self) -> datetime:
        """Return what it shows."""
        return self.shown

    def monotonic(self) -> float:
        """Return the machine's monotonic seconds."""
        return time.monotonic()

    def move(self, **length: float) -> None:
        """Move it on, by ``minutes=5`` for instance."""
        self.shown += timedelta(**length)


@pytest.fixture
def moving() -> MovingClock:
    """Return a clock that a test moves on."""
    return MovingClock()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Return an empty store, once for each database."""
    opened = Store.open(store_url)
    yield opened
    opened.close()


Respond = Callable[[BaseHTTPRequestHandler], None]


class Web:
    """
    A web server on this machine that says what it is told to.

    Attributes:
        pages: What it answers, by path: a body, or what writes the whole answer.
        asked: What it was asked: paths, each with the headers, names in lower case.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        self.pages: dict[str, bytes | Respond] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.certificate = certificate
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                web.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.close_connection = True
                page = web.pages.get(self.path.partition("?")[0])
                with suppress(OSError):
                    if callable(page):
                        page(self)
                    else:
                        answer(self, b"" if page is None else page, 404 if page is None else 200)

            do_POST = do_GET

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *args: Any) -> None:
                """Say nothing: tests break connections off."""

        self._server = Server(("127.0.0.1", 0), Handler)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, certificate.with_suffix(".key"))
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, path: str = "") -> str:
        """Return the address of a page."""
        host = "http://127.0.0.1" if self.certificate is None else "https://localhost"
        return f"{host}:{self._server.server_address[1]}{path}"

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def answer(to: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    """Write an answer; an underscore in a header's name stands for a hyphen."""
    to.send_response(status)
    for name, value in {"Content_Length": str(len(body)), **headers}.items():
        to.send_header(name.replace("_", "-"), value)
    to.end_headers()
    to.wfile.write(body)


@pytest.fixture
def web() -> Iterator[Web]:
    """Return a web server on this machine, without encryption."""
    server = Web()
    yield server
    server.stop()


@pytest.fixture
def respond() -> Callable[..., Respond]:
    """Return what makes an answer with a status and headers: ``respond(b"x", 429, ETag="1")``."""

    def make(body: bytes = b"", status: int = 200, **headers: str) -> Respond:
        return lambda handler: answer(handler, body, status, **headers)

    return make


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a certificate of this machine and a made-up host, which is its own authority."""
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"),
            *("ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"),
            *("-keyout", path.with_suffix(".key"), "-out", path),
            *(
                "-subj",
                "/CN=localhost",
                "-addext",
                "subjectAltName=DNS:localhost,DNS:files.example",
            ),
        ],
        check=True,
        capture_output=True,
    )
    return path


@pytest.fixture
def secure_web(certificate: Path) -> Iterator[Web]:
    """Return a web server on this machine whose certificate is its own authority."""
    server = Web(certificate)
    yield server
    server.stop()
