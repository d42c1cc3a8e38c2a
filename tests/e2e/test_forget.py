"""``regard forget`` as somebody types it, and what another process can still read afterwards."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

RunRegard = Callable[..., Any]

ADDRESS = "Ana.Quintanilla@mail.example"
NAME = "Ana Quintanilla Ferro"
KEY = "C-100771"
TELLING = ("quintanilla", "c-100771", "699887766")

CONFIG = """
[reports.who]
reporter = "customers"
to = "json:out/who-{date}.json"

[sources.crm]
plugin = "crm-export"
path = "crm/*.csv"
[sources.crm.map]
kind = "customer"
key = ["id"]
fields = {name = "name", email = "mail", phone = "phone", created_at = "since"}

[sources.till]
plugin = "crm-export"
path = "till/*.csv"
customers = "crm"
[sources.till.map]
kind = "purchase"
key = ["ticket"]
fields = {customer_key = "card", ordered_at = "when", sku = "article", amount = "total"}
constants = {status = "completed", currency = "EUR"}

[sources.desk]
plugin = "crm-export"
path = "desk/*.jsonl"
[sources.desk.map]
kind = "touchpoint"
key = ["id"]
fields = {email = "mail", happened_at = "when", text = "text", thread_key = "thread"}

[sources.reviews]
plugin = "review-desk"

[enrichers.says]

[enrichers.named]
"""

PLUGIN = """
from regard import source

@source("review-desk", kind="review", key=["author", "title"], cursor="published_at")
def read(config, since, ctx):
    for name in ("v1", "v2"):
        path = ctx.root / f"{name}.txt"
        if path.exists():
            author, title, text, at = path.read_text().strip().split(";")
            from datetime import datetime
            yield {"author": author, "title": title, "text": text,
                   "published_at": datetime.fromisoformat(at)}
"""

ENRICHERS = """
from pydantic import BaseModel
from regard import enricher

class Says(BaseModel):
    loud: str

@enricher("says", inputs=["touchpoint", "review"], outputs=Says)
def says(batch):
    for record in batch:
        yield {"key": record["key"], "loud": (record["text"] or "").upper()}

class Named(BaseModel):
    alike: str

@enricher("named", inputs="customer", outputs=Named, sets=True)
def named(view):
    rows = view.sql("SELECT source, key, name, email FROM customers").mappings()
    everybody = list(rows)
    for row in everybody:
        alike = "; ".join(f"{other['name']} {other['email']}" for other in everybody)
        yield {"source": row["source"], "key": row["key"], "alike": alike}
"""

FILES = {
    "crm/a.csv": (
        "id,name,mail,phone,since\n"
        f"{KEY},{NAME},{ADDRESS},+34 699 887 766,2024-01-01\n"
        "C-100772,Bob Hill,bob@mail.example,,2024-01-01\n"
        f"C-100773,{NAME},{ADDRESS},,99/99/9999\n"
    ),
    "till/a.csv": (
        "ticket,card,when,article,total\n"
        f"t1,{KEY},2024-03-03T10:00:00,tea,10\n"
        "t2,C-100772,2024-03-03T10:00:00,tea,10\n"
        f"t3,{KEY},nonsense,tea,10\n"
    ),
    "desk/a.jsonl": (
        f'{{"id": "1", "mail": "{ADDRESS.upper()}", "when": "2024-03-03T10:00:00", '
        '"text": "where is it?", "thread": "th1"}\n'
        '{"id": "2", "when": "2024-03-03T11:00:00", '
        f'"text": "Dear {NAME}, it is on its way", "thread": "th1"}}\n'
        '{"id": "3", "mail": "bob@mail.example", "when": "2024-03-03T12:00:00", '
        f'"text": "forward it to {ADDRESS}", "thread": "th2"}}\n'
    ),
    "v1.txt": f"{ADDRESS};Fine;The first of {NAME};2024-03-03T10:00:00+00:00\n",
}

_SEARCH = """
import sys
from pathlib import Path
import duckdb

root, *needles = sys.argv[1:]
seen = 0
for path in sorted(Path(root).rglob("*")):
    inputs = path.parent.name in ("crm", "till", "desk") or path.suffix in (".txt", ".py", ".pyc")
    if not path.is_file() or inputs:
        continue
    seen += 1
    held = [path.read_bytes().lower()]
    if path.suffix == ".parquet":
        query = f"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM '{path}'"
        held += [str(duckdb.sql(query).fetchall()).lower().encode()]
    for needle in needles:
        if any(needle.encode() in content for content in held):
            print(path.relative_to(root), needle)
print("searched", seen)
"""


def search(folder: Path) -> tuple[list[str], int]:
    """Return where another process reads the person, and how many files it looked into."""
    done = subprocess.run(
        [sys.executable, "-c", _SEARCH, str(folder), *TELLING],
        capture_output=True,
        text=True,
        check=True,
    )
    *found, last = done.stdout.splitlines()
    return found, int(last.split()[1])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, warm: Any) -> Path:
    """Make a project in whose store, columns, backup and quarantine a person is, once."""
    folder = tmp_path_factory.mktemp("made") / "project"
    contents = {"regard.toml": CONFIG, "plugins/review_desk.py": PLUGIN, **FILES}
    contents["plugins/enrichers.py"] = ENRICHERS
    for name, content in contents.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        # Files that were written a moment ago are left for the next run.
        old = time.time() - 3_600
        os.utime(file, (old, old))

    def regard(*arguments: str) -> None:
        done = warm.run(arguments, cwd=folder, env=os.environ, stdin=None, timeout=120)
        assert 0 == done.returncode, done.stderr

    regard("run", "--all")
    # A second version: reviews keep their history.
    text = f"{ADDRESS};Fine;The second of {NAME};2024-04-03T10:00:00+00:00\n"
    (folder / "v2.txt").write_text(text)
    for command in ("run reviews", "enrich --all", "report who", "db backup copies.db"):
        regard(*command.split())
    # Somebody's reporter may show names; what it wrote is known from the configuration.
    (folder / "out" / "who-2020-01-01.json").write_text(f'{{"best": "{NAME}"}}')
    # What a plug-in printed is in the log of its run.
    log = folder / "logs" / "source-desk" / "20240303T100000Z-1.log"
    log.parent.mkdir(parents=True)
    log.write_text(f"looking at {ADDRESS}\nand at {NAME}\nand at Bob\n")
    return folder


@pytest.fixture
def person(made: Path, tmp_path: Path) -> Path:
    """Return a copy of that project."""
    folder = shutil.copytree(made, tmp_path / "project")
    found, _ = search(folder)
    assert {"regard.db", "copies.db", "columns", "out", "logs"} == {
        place.split("/")[0].split()[0] for place in found
    }
    return folder


def counts(done: Any, place: str) -> dict[str, int]:
    """Return what a ``forget --json`` counted in a place."""
    said = json.loads(done.stdout)
    return next(each["counts"] for each in said["places"] if each["place"] == place)


def test_no_byte_is_left(person: Path, run_regard: RunRegard) -> None:
    """After forget no file but the sources' own holds address, name, number or key."""
    done = run_regard("forget", "--email", ADDRESS, "--yes", "--json", cwd=person)
    assert (0, "") == (done.returncode, done.stderr)
    expected = {
        "customer": 1,
        "purchase": 1,
        "touchpoint": 2,
        "review": 2,
        "quarantine": 2,
        # Beside those, and beside the one that only mentions the person.
        "enriched row": 5,
        "mention": 1,
    }

    assert expected == counts(done, "store") == counts(done, "copies.db")
    found, files = search(person)
    assert [] == found
    assert files > 10
    assert "ana" not in done.stdout.lower()
    (log,) = (person / "logs").glob("*/*.log")
    assert "and at Bob" == log.read_text().splitlines()[2]


def test_nothing_comes_back(person: Path, run_regard: RunRegard) -> None:
    """Read from its beginning again, every source passes the person over and says how often."""
    assert 0 == run_regard("forget", "--email", ADDRESS, "--yes", cwd=person).returncode
    passed_over = {}
    for source in ("crm", "till", "desk", "reviews"):
        arguments = ("run", source, "--full-refresh", "records")
        dry = run_regard(*arguments, "--dry-run", cwd=person)
        done = run_regard(*arguments, "--json", cwd=person)
        run = json.loads(done.stdout)["runs"][0]
        shown = run_regard("runs", "show", str(run["run_id"]), cwd=person).stdout
        note = re.search(r"(\d) records? belongs? to .*passed over", shown)

        assert (0, 0, 0) == (run["new"], run["changed"], run["quarantined"]), (source, run)
        assert note is not None
        assert note[0] in dry.stderr
        passed_over[source] = int(note[1])
    report = run_regard("report", "who", cwd=person)

    assert {"crm": 2, "till": 2, "desk": 2, "reviews": 2} == passed_over
    assert 0 == report.returncode
    assert [] == search(person)[0]


def test_neighbours_stay(person: Path, run_regard: RunRegard) -> None:
    """Whoever was not meant keeps every record; a text of theirs only loses the address."""
    run_regard("forget", "--email", ADDRESS, "--yes", cwd=person)
    with closing(sqlite3.connect(person / "regard.db")) as connection:
        customers = connection.execute("SELECT key, name FROM customers").fetchall()
        purchases = connection.execute("SELECT key FROM purchases").fetchall()
        touchpoints = connection.execute("SELECT key, text FROM touchpoints").fetchall()

    assert [("C-100772", "Bob Hill")] == customers
    assert [("t2",)] == purchases
    assert [("3", "forward it to [e-mail]")] == touchpoints


def test_dry_run_changes_nothing(person: Path, run_regard: RunRegard) -> None:
    """A dry run counts what a real one then erases, by address, key and pseudonym alike."""
    before = search(person)
    said = []
    names = (["--email", ADDRESS], ["--key", KEY], ["--key", KEY, "--source", "crm"])
    for name in names:
        done = run_regard("forget", *name, "--dry-run", "--json", cwd=person)
        said.append(json.loads(done.stdout))
    followed = said[0]["followed"]["customers"][0]
    shown = run_regard("forget", "--key", followed["customer"], "--dry-run", "--json", cwd=person)

    assert said[0] == said[1] == said[2] == json.loads(shown.stdout)
    assert before == search(person)
    real = run_regard("forget", "--key", followed["customer"], "--yes", "--json", cwd=person)
    assert {**said[0], "dry_run": False} == json.loads(real.stdout)
    assert [] == search(person)[0]


def test_copy_that_cannot_be_read(person: Path, run_regard: RunRegard) -> None:
    """What may be a copy and cannot be looked into is named, and nothing is called complete."""
    damaged = person / "old" / "regard.db.backup"
    damaged.parent.mkdir()
    damaged.write_bytes(b"SQLite format 3\x00" + b"\xff" * 4096)
    looked = run_regard("forget", "--email", ADDRESS, "--dry-run", cwd=person)
    done = run_regard("forget", "--email", ADDRESS, "--yes", cwd=person)
    damaged.unlink()
    again = run_regard("forget", "--email", ADDRESS, "--yes", cwd=person)

    assert "old/regard.db.backup" in looked.stdout + looked.stderr
    assert 3 == done.returncode
    assert "old/regard.db.backup: it may be a copy of the store, and cannot be read" in (
        done.stdout + done.stderr
    )
    assert 0 == again.returncode
    assert [] == search(person)[0]


def test_copy_of_an_older_version(person: Path, run_regard: RunRegard) -> None:
    """A copy that was made before an upgrade is brought up to date, and erased from as well."""
    from alembic import command

    from regard.store import connections, schema

    url = connections.parse_url(f"sqlite:///{person / 'copies.db'}")
    engine = connections.make_engine(url, readonly=False)
    with engine.begin() as connection:
        for name in ("side_says", "side_named"):
            connection.exec_driver_sql(f"DROP TABLE {name}")
        command.downgrade(schema._alembic_config(connection), "0005")
    engine.dispose()
    looked = run_regard("forget", "--email", ADDRESS, "--dry-run", cwd=person)
    done = run_regard("forget", "--email", ADDRESS, "--yes", cwd=person)

    assert "copies.db: it is of an older version" in looked.stdout + looked.stderr
    assert (0, "") == (done.returncode, done.stderr)
    assert [] == search(person)[0]


def test_wrong_calls_are_refused(person: Path, run_regard: RunRegard) -> None:
    """What cannot be meant is refused, and so is any erasure without the privacy key."""
    calls = {
        ("--email", "C-100771"): "this is no e-mail address; a customer's key goes with --key",
        ("--email", ADDRESS, "--source", "crm"): "--source goes with --key",
        ("--key", KEY, "--source", "cmr"): "there is no source 'cmr'; did you mean 'crm'?",
        ("--key", "unheard-of"): "no record has this key; give --source NAME",
        ("--key", " "): "--key: name whom to erase",
        (): "one of the arguments --email --key is required",
    }
    for arguments, said in calls.items():
        done = run_regard("forget", *arguments, "--yes", cwd=person)

        assert (2, True) == (done.returncode, said in done.stderr), done.stderr
    (person / "regard.key").unlink()
    done = run_regard("forget", "--email", ADDRESS, "--yes", cwd=person)

    assert 2 == done.returncode
    assert "openssl rand -hex 32 > regard.key" in done.stderr
    assert not (person / "regard.key").exists()


def test_nobody_can_be_asked(person: Path, run_regard: RunRegard) -> None:
    """Without a terminal and without --yes nothing is erased."""
    before = search(person)
    done = run_regard("forget", "--email", ADDRESS, cwd=person)

    assert 2 == done.returncode
    assert "give --yes" in done.stderr
    assert ADDRESS.lower() not in (done.stdout + done.stderr).lower()
    assert before == search(person)


_READER = """
import sqlite3, sys
connection = sqlite3.connect("regard.db", isolation_level=None)
connection.execute("BEGIN")
connection.execute("SELECT count(*) FROM customers").fetchone()
print("reading", flush=True)
sys.stdin.readline()
"""

_VIEWER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from regard.columns import open_view
with open_view(Path("columns"), now=datetime(2026, 1, 1, tzinfo=UTC), language="en",
               timezone="UTC", freshness=(), pseudonym_key=b"k" * 32):
    print("reading", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(params=[_READER, _VIEWER], ids=["store", "columns"])
def blocked(request: pytest.FixtureRequest, person: Path) -> Iterator[Callable[[], None]]:
    """Have another process read the store or the columns; yield what ends it."""
    with subprocess.Popen(
        [sys.executable, "-c", request.param],
        cwd=person,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert "reading\n" == child.stdout.readline()

        def end() -> None:
            child.communicate("\n")

        yield end
        child.kill()


def test_readers_block_the_last_step(
    person: Path, run_regard: RunRegard, blocked: Callable[[], None]
) -> None:
    """While somebody reads the state of before it exits 3 and says so; a run completes it."""
    done = run_regard("forget", "--email", ADDRESS, "--yes", "--wait", "0.1", cwd=person)
    assert 3 == done.returncode
    assert "the next `regard run` or `regard forget` completes it" in done.stderr
    assert [] != search(person)[0]
    still = run_regard("run", "till", cwd=person)
    assert "an erasure is not complete" in still.stderr
    blocked()
    then = run_regard("run", "till", cwd=person)

    assert (0, "not complete" in then.stderr) == (then.returncode, False)
    assert [] == search(person)[0]


def held_by(url: str) -> list[str]:
    """Return the tables in which the person can be read, and the database's own files."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        names = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        found = []
        for (name,) in names:
            rows = connection.execute(f"SELECT t::text FROM {name} t").fetchall()  # type: ignore[call-overload]
            text = str(rows).lower()
            found += [name for needle in TELLING if needle in text]
        connection.execute("CHECKPOINT")
        (folder,) = connection.execute("SHOW data_directory").fetchone()
        (number,) = connection.execute(
            "SELECT oid FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    for path in (Path(folder) / "base" / str(number)).iterdir():
        content = path.read_bytes().lower()
        found += [f"file {path.name}" for needle in TELLING if needle.encode() in content]
    return found


@pytest.fixture
def on_server(made: Path, tmp_path: Path, postgres_url: str, run_regard: RunRegard) -> Path:
    """Return the same project with its store in PostgreSQL."""
    folder = shutil.copytree(made, tmp_path / "project")
    for path in ("regard.db", "copies.db"):
        (folder / path).unlink()
    (folder / "regard.toml").write_text(f'store = "{postgres_url}"\n{CONFIG}')
    for command in (["run", "--all"], ["enrich", "--all"], ["report", "who"]):
        done = run_regard(*command, cwd=folder)
        assert 0 == done.returncode, done.stderr
    found = {*held_by(postgres_url)}
    assert {"customers", "purchases", "touchpoints", "reviews", "side_says", "side_named"} <= found
    return folder


def test_no_byte_is_left_on_a_server(
    on_server: Path, postgres_url: str, run_regard: RunRegard
) -> None:
    """After forget neither a table nor a file of the database, nor the columns, hold a trace."""
    done = run_regard("forget", "--key", KEY, "--yes", "--json", cwd=on_server)
    assert (0, "") == (done.returncode, done.stderr)

    assert [] == held_by(postgres_url)
    assert [] == search(on_server)[0]
    run_regard("run", "crm", "--full-refresh", "records", cwd=on_server)
    assert [] == held_by(postgres_url)


def test_transaction_blocks_the_last_step_on_a_server(
    on_server: Path, postgres_url: str, run_regard: RunRegard
) -> None:
    """While a transaction sees the state of before it exits 3; a later run completes it."""
    import psycopg

    with psycopg.connect(postgres_url) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM batches").fetchall()
        arguments = ("forget", "--email", ADDRESS, "--yes", "--wait", "0.1")
        done = run_regard(*arguments, cwd=on_server)

        assert 3 == done.returncode
        assert "still see what was deleted" in done.stderr
    then = run_regard("run", "till", cwd=on_server)

    assert (0, "not complete" in then.stderr) == (then.returncode, False)
    assert [] == held_by(postgres_url)
