"""What all tests share: real databases, project folders, the command in its own process."""

from __future__ import annotations

import os
import runpy
import subprocess
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from regard.records import KINDS
from regard.records.encoding import Encoded, encode_time
from regard.store import Batch, Store
from regard.store.batches import decide, look_up, next_batch, write_plan
from regard.store.merging import HistoryPlan, Item, UpsertPlan


def _beside(name: str) -> SimpleNamespace:
    """Return what a file beside this one defines; pytest imports tests as no package."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name(name))))


Warm = _beside("warm.py").Warm
postgres = _beside("postgres.py")
webservers = _beside("webservers.py")
RunRegard = Callable[..., "subprocess.CompletedProcess[str]"]
MakeProject = Callable[..., Path]
Encode = Callable[..., Encoded]
Commit = Callable[..., UpsertPlan | HistoryPlan]

_OLD_SECONDS = 3_600


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """
    Return one PostgreSQL server for all tests.

    Where there is none, CI fails and others skip: a promise that nobody checks is none.
    """
    try:
        server = postgres.PostgresServer(postgres.binaries())
    except postgres.NoServer as error:
        if os.environ.get("CI"):
            pytest.fail(f"PostgreSQL is not tested: {error}", pytrace=False)
        pytest.skip(f"PostgreSQL is not tested: {error}")
    yield server
    server.stop()


@pytest.fixture
def postgres_url(postgres_server: Any) -> str:
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


@pytest.fixture
def web_server() -> Iterator[Any]:
    """Return a server on this machine that can be asked."""
    made = webservers.WebServer()
    yield made
    made.close()


@pytest.fixture
def other_server() -> Iterator[Any]:
    """Return a server that nobody should be led to."""
    made = webservers.WebServer()
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


@pytest.fixture
def web() -> Iterator[Any]:
    """Return a web server on this machine, without encryption."""
    server = webservers.Web()
    yield server
    server.stop()


@pytest.fixture
def respond() -> Callable[..., Callable[[Any], None]]:
    """Return what makes an answer with a status and headers: ``respond(b"x", 429, ETag="1")``."""

    def make(body: bytes = b"", status: int = 200, **headers: str) -> Callable[[Any], None]:
        return lambda handler: webservers.answer(handler, body, status, **headers)

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
def secure_web(certificate: Path) -> Iterator[Any]:
    """Return a web server on this machine whose certificate is its own authority."""
    server = webservers.Web(certificate)
    yield server
    server.stop()
