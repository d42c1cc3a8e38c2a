"""Files over HTTP and HTTPS, from servers that are well-behaved and from others."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from regard.errors import Cancelled, RateLimited
from regard.fetching import prunable

Desk = Any
Web = Any
Respond = Callable[..., Any]

CSV = b"id,name\n1,Ana\n2,Bo\n"
PAGE = b"\n<!-- x --><!DOCTYPE html>\n<html><title>Sign in</title></html>"


def test_a_file_lands_and_is_asked_for_again_only_if_it_changed(
    desk: Desk, web: Web, respond: Respond
) -> None:
    """What the server said of a file is sent along; 304 leaves it, its time and its name."""
    changed = format_datetime(datetime(2026, 1, 5, 10, tzinfo=UTC), usegmt=True)
    web.pages["/out/a.csv"] = respond(CSV, ETag='"one"', Last_Modified=changed)
    landed = desk.fetch(web.url("/out/a.csv"))

    assert (None, ["a.csv"]) == (landed.error, [path.name for path in landed.files])
    assert {"a.csv": CSV} == desk.files
    assert datetime(2026, 1, 5, 10, tzinfo=UTC).timestamp() == landed.files[0].stat().st_mtime
    assert [".fetched.json"] == desk.hidden
    assert 0o600 == landed.files[0].stat().st_mode & 0o777
    assert (len(CSV), len(CSV), "bytes") == desk.progress[-1]

    web.pages["/out/a.csv"] = respond(b"", 304)
    before = landed.files[0].stat().st_mtime_ns
    again = desk.fetch(web.url("/out/a.csv"))
    sent = web.asked[-1][1]

    assert ('"one"', changed) == (sent["if-none-match"], sent["if-modified-since"])
    assert (None, landed.files) == (again.error, again.files)
    assert before == again.files[0].stat().st_mtime_ns

    web.pages["/out/a.csv"] = respond(CSV + b"3,Cy\n", ETag='"two"', Last_Modified=changed)
    third = desk.fetch(web.url("/out/a.csv"))

    assert CSV + b"3,Cy\n" == third.files[0].read_bytes()
    assert before != third.files[0].stat().st_mtime_ns


@pytest.mark.parametrize("said", ['"' + "x" * 5_000 + '"', '"a\r\n b"', '"\x07"'])
def test_what_cannot_be_said_back_is_forgotten(said: str, desk: Desk, web: Web) -> None:
    """A strange ETag harms neither this request nor the next."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(CSV)}\r\nETag: {said}\r\n\r\n"
    web.pages["/a.csv"] = _raw(head.encode("latin-1") + CSV)

    assert [None, None] == [desk.fetch(web.url("/a.csv")).error for _ in range(2)]
    assert "if-none-match" not in web.asked[-1][1]


def test_a_file_that_was_deleted_here_is_fetched_again(
    desk: Desk, web: Web, respond: Respond
) -> None:
    """Nothing is said to be known that is no longer there."""
    web.pages["/a.csv"] = respond(CSV, ETag='"one"')
    desk.fetch(web.url("/a.csv"))
    (desk.inbox / "a.csv").unlink()
    desk.fetch(web.url("/a.csv"))

    assert "if-none-match" not in web.asked[-1][1]
    assert {"a.csv": CSV} == desk.files


@pytest.mark.parametrize(
    "damaged", ["", "{", "[]", '{"remotes": {"x": {}}}', '{"remotes": [1]}', "\0", "[" * 100_000]
)
def test_damaged_notes_have_all_fetched_anew(damaged: str, desk: Desk, web: Web) -> None:
    """A file of notes that cannot be understood is as none."""
    web.pages["/a.csv"] = CSV
    desk.inbox.mkdir(parents=True)
    (desk.inbox / ".fetched.json").write_text(damaged)

    assert desk.fetch(web.url("/a.csv")).error is None
    assert {"a.csv": CSV} == desk.files


def test_notes_cannot_lead_out_of_the_inbox(desk: Desk, web: Web) -> None:
    """A name in the notes that is a path makes them worthless."""
    web.pages["/a.csv"] = CSV
    desk.fetch(web.url("/a.csv"))
    notes = desk.inbox / ".fetched.json"
    text = notes.read_text().replace('"a.csv"', '"../../regard.toml"')
    assert text != notes.read_text()
    notes.write_text(text)

    assert ["a.csv"] == [path.name for path in desk.fetch(web.url("/a.csv")).files]


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (401, {}, "AuthError: sources.till.path: {url}: the server answers 401: it refuses"),
        (403, {}, "AuthError: "),
        (404, {}, "FileError: sources.till.path: {url}: there is nothing (404)"),
        (410, {}, "FileError: "),
        (400, {}, "FileError: sources.till.path: {url}: the server answers 400, which brings no"),
        (206, {}, "FileError: "),
        (304, {}, "FileError: "),
        (302, {}, "FileError: "),
        (204, {}, "TransientError: "),
        (500, {}, "TransientError: sources.till.path: {url}: the server answers 500: it has"),
        (502, {}, "TransientError: "),
        (503, {}, "RateLimited: "),
        (429, {"Retry_After": "7"}, "RateLimited: "),
    ],
)
def test_answers_that_bring_no_file(
    status: int, headers: dict[str, str], said: str, desk: Desk, web: Web, respond: Respond
) -> None:
    """Each says what to do next, names its place in the configuration, and replaces nothing."""
    web.pages["/a.csv"] = CSV
    desk.fetch(web.url("/a.csv"))
    (desk.inbox / ".fetched.json").unlink()
    web.pages["/a.csv"] = respond(b"nothing", status, **headers)

    assert desk.fails(web.url("/a.csv")).startswith(said.format(url=web.url("/a.csv")))
    assert {"a.csv": CSV} == desk.files


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 1e9),
        ("soon", None),
        ("-3", None),
        ("9" * 99, None),
    ],
)
def test_how_long_a_server_asks_to_wait(
    said: str, seconds: float | None, desk: Desk, web: Web, respond: Respond
) -> None:
    """Retry-After is heeded as seconds and as a moment; what is neither is passed over."""
    web.pages["/a.csv"] = respond(b"", 503, Retry_After=said)
    error = desk.fetch(web.url("/a.csv")).error
    cause = error.__cause__
    assert isinstance(cause, RateLimited)
    wait = cause.retry_after_seconds

    assert wait is None if seconds is None else wait is not None and wait >= seconds


def test_a_page_instead_of_a_file(desk: Desk, web: Web, respond: Respond) -> None:
    """A page to sign in on, sent with status 200, is no file: the old one stays."""
    web.pages["/a.csv"] = CSV
    desk.fetch(web.url("/a.csv"))
    web.pages["/a.csv"] = respond(PAGE, Content_Type="text/csv")

    assert desk.fails(web.url("/a.csv")).startswith("SourceChanged: sources.till.path: ")
    assert {"a.csv": CSV} == desk.files

    web.pages["/a.csv"] = respond(b"<!----><!---->" * 200 + b"x,y\n", Content_Type="text/html")
    began = time.monotonic()
    desk.fetch(web.url("/a.csv"))

    assert time.monotonic() - began < 10
    assert desk.files["a.csv"].endswith(b"x,y\n")


def test_redirects_are_followed_and_credentials_stay_at_home(
    desk: Desk, secure_web: Web, web: Web, respond: Respond, certificate: Path
) -> None:
    """To another host nothing goes that signs in, and the file keeps the name of its address."""
    other = secure_web
    web.pages["/start.csv"] = respond(b"", 302, Location="/next?x=1")
    web.pages["/next"] = respond(b"", 307, Location=other.url("/deep/b.csv"))
    other.pages["/deep/b.csv"] = CSV
    url = web.url("/start.csv").replace("http://", "http://ana:s%40me@")
    landed = desk.fetch(
        {"url": url, "headers": {"X-Key": "open-sesame", "host": "evil"}, "ca": str(certificate)}
    )

    assert landed.error is None
    assert {"start.csv": CSV} == desk.files
    assert ["/start.csv", "/next?x=1"] == [path for path, _ in web.asked]
    assert all("Basic YW5hOnNAbWU=" == sent["authorization"] for _, sent in web.asked)
    assert all("open-sesame" == sent["x-key"] for _, sent in web.asked)
    assert all(sent["host"].startswith("127.0.0.1:") for _, sent in web.asked)
    ((_, sent),) = other.asked
    assert {"authorization", "x-key"}.isdisjoint(sent)


@pytest.mark.parametrize(
    "target",
    [
        "/a.csv",
        "http://example.com/a.csv",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "https://",
        "http://[",
        "//",
    ],
)
def test_redirects_that_lead_nowhere(target: str, desk: Desk, web: Web, respond: Respond) -> None:
    """Circles end, and nothing is followed out of https but to this machine."""
    web.pages["/a.csv"] = respond(b"", 301, Location=target)

    assert desk.fails(web.url("/a.csv")).startswith("FileError: ")
    assert len(web.asked) <= 6
    assert {} == desk.files


def test_https_never_leads_back_to_http(
    desk: Desk, secure_web: Web, web: Web, respond: Respond, certificate: Path
) -> None:
    """An encrypted address that redirects to an open one is refused, also on this machine."""
    secure_web.pages["/a.csv"] = respond(b"", 302, Location=web.url("/a.csv"))
    web.pages["/a.csv"] = CSV

    assert "no https address" in desk.fails(
        {"url": secure_web.url("/a.csv"), "ca": str(certificate)}
    )
    assert [] == web.asked


def test_certificates_are_checked(desk: Desk, secure_web: Web, certificate: Path) -> None:
    """An own authority must be named; another name than the certificate's is refused."""
    secure_web.pages["/a.csv"] = CSV
    url = secure_web.url("/a.csv")

    assert desk.fails(url).startswith("ConfigError: ")
    assert "goes into `ca`" in desk.fails(url)
    assert "ConfigError" in desk.fails(
        {"url": url.replace("localhost", "127.0.0.1"), "ca": str(certificate)}
    )
    assert "is no file in" in desk.fails({"url": url, "ca": "absent.pem"})
    (desk.root / "odd.pem").write_text("none")
    assert "is no certificate" in desk.fails({"url": url, "ca": "odd.pem"})
    assert desk.fetch({"url": url, "ca": str(certificate)}).error is None


def _raw(text: bytes) -> Any:
    return lambda handler: handler.wfile.write(text)


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + CSV,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nid,na",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nid,na",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
        + gzip.compress(CSV, mtime=0)[:-9],
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + CSV,
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"SSH-2.0-OpenSSH\r\n",
        b"",
    ],
    ids=[
        *("short", "chunk-short", "chunk-odd", "gzip-short", "gzip-odd"),
        *("header-short", "no-http", "nothing"),
    ],
)
def test_a_body_that_breaks_off_replaces_nothing(text: bytes, desk: Desk, web: Web) -> None:
    """A server that dies in the middle is tried again, and its half file is never seen."""
    web.pages["/a.csv"] = CSV
    desk.fetch(web.url("/a.csv"))
    web.pages["/a.csv"] = _raw(text)

    assert desk.fails(web.url("/a.csv")).startswith("TransientError: ")
    assert {"a.csv": CSV} == desk.files
    assert [".fetched.json"] == desk.hidden


def test_a_server_that_dies_once_is_tried_again(desk: Desk, web: Web) -> None:
    """The second try has the whole file, and the summary says that there was a first."""

    def dies(handler: Any) -> None:
        web.pages["/a.csv"] = CSV
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + CSV)

    web.pages["/a.csv"] = dies
    landed = desk.fetch(web.url("/a.csv"), retries=2)

    assert (None, 1) == (landed.error, desk.waits)
    assert "the connection ended after 19 of 500 bytes" in landed.notes[0]
    assert {"a.csv": CSV} == desk.files


def test_packing_of_the_way_is_taken_off(desk: Desk, web: Web, respond: Respond) -> None:
    """A gzipped body lands as what it holds; a name that tells of the packing loses its end."""
    halves = gzip.compress(CSV[:5]) + gzip.compress(CSV[5:])
    web.pages["/a.csv"] = respond(halves, Content_Encoding="gzip")
    web.pages["/b.csv.gz"] = respond(gzip.compress(CSV), Content_Encoding="x-gzip")
    web.pages["/c.csv.gz"] = respond(gzip.compress(CSV, mtime=0))
    for path in ("/a.csv", "/b.csv.gz", "/c.csv.gz"):
        assert desk.fetch(web.url(path)).error is None

    assert {"a.csv": CSV, "b.csv": CSV, "c.csv.gz": gzip.compress(CSV, mtime=0)} == desk.files

    web.pages["/a.csv"] = respond(b"x", Content_Encoding="br")

    assert "not asked for ('br')" in desk.fails(web.url("/a.csv"))


def test_a_body_that_is_too_large(desk: Desk, web: Web, respond: Respond) -> None:
    """It is refused when it is announced, when it comes, and when it unpacks."""

    def endless(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            handler.wfile.write(b"x" * 65_536)

    web.pages["/announced"] = _raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
    web.pages["/endless"] = endless
    bomb = gzip.compress(b"\0" * 50_000_000)
    web.pages["/bomb"] = respond(bomb, Content_Encoding="gzip")
    for path in web.pages:
        said = desk.fails({"url": web.url(path), "limit": "2MB"})

        assert said.startswith("FileError: ")
        assert "the 2,000,000 bytes" in said
    assert {} == desk.files
    assert [] == desk.hidden


def _dribbling(head: bytes, each: bytes) -> Any:
    def respond(handler: Any) -> None:
        handler.wfile.write(head)
        for _ in range(400):
            handler.wfile.write(each)
            time.sleep(0.05)

    return respond


@pytest.mark.parametrize(
    "slow",
    [
        _dribbling(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        _dribbling(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"x"),
        _dribbling(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
        _dribbling(b"", b""),
    ],
    ids=["body", "open-end", "headers", "silent"],
)
def test_a_server_that_sends_next_to_nothing(slow: Any, desk: Desk, web: Web) -> None:
    """Neither a slow body nor slow headers nor silence holds a run for ever."""
    web.pages["/a.csv"] = slow
    began = time.monotonic()
    said = desk.fails({"url": web.url("/a.csv"), "seconds": 0.7})

    assert said.startswith("TransientError: ")
    assert time.monotonic() - began < 15
    assert {} == desk.files


@pytest.mark.parametrize("each", [b"x" * 5_000, b""])
def test_a_run_that_should_stop_stops_fetching(each: bytes, desk: Desk, web: Web) -> None:
    """A wish to stop is heard while a body comes, and while nothing comes."""
    web.pages["/a.csv"] = _dribbling(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n", each)
    threading.Timer(0.3, desk.stop.set).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        desk.fetch(web.url("/a.csv"))

    assert time.monotonic() - began < 12
    assert {} == desk.files


NAMES = [
    ("/a.csv", None, "a.csv"),
    ("/", None, "file"),
    ("/%2e%2e%2f%2e%2e%2fregard.toml", None, "regard.toml"),
    ("/x/.hidden.csv", None, "hidden.csv"),
    ("/..%5c..%5cb.csv", None, "b.csv"),
    ("/%00a%0a%1b[31m.csv", None, "a_31m.csv"),
    ("/" + "ñ" * 300 + ".csv.gz", None, "ñ" * 71 + ".csv.gz"),
    ("/x", 'attachment; filename="../../etc/Orders 2026-01-05.csv"', "Orders 2026-01-05.csv"),
    ("/x", "attachment; filename*=UTF-8''ping%C3%BCinos%2F%2E%2Ecsv", "csv"),
    ("/x", 'attachment; filename=".fetched.json"', "fetched.json"),
    ("/x", 'attachment; filename="..."', "file"),
    ("/x", "attachment; filename*=nonsense''%ff%00a.csv", "a.csv"),
    ("/x", 'attachment; filename="*?.csv"', "__.csv"),
    ("/x", 'attachment; filename="~$lock.csv"', "lock.csv"),
]


@pytest.mark.parametrize(("path", "said", "name"), NAMES)
def test_what_a_file_is_called(
    path: str, said: str | None, name: str, desk: Desk, web: Web, respond: Respond
) -> None:
    """Whatever a server or an address says, a file is one visible file in the inbox."""
    from urllib.parse import quote

    more = {} if said is None else {"Content_Disposition": said}
    web.pages = dict.fromkeys(
        (path, quote(path, safe="/%:@!$&'()*+,;=~?#[]")), respond(CSV, **more)
    )
    landed = desk.fetch(web.url(path))

    assert landed.error is None
    found = [file.name for file in landed.files]
    assert [name] == found or (name == "a.csv" and found[0].endswith("a.csv"))
    assert [desk.inbox] == [file.parent for file in landed.files]
    assert CSV == landed.files[0].read_bytes()
    assert not any(file.name.startswith(".") for file in landed.files)


def test_places_with_files_of_one_name(desk: Desk, web: Web, respond: Respond) -> None:
    """Two addresses whose files are called alike do not take each other's place."""
    web.pages = {"/a/x.csv": b"a\n1\n", "/b/x.csv": b"b\n2\n"}
    first = desk.fetch(web.url("/a/x.csv"))
    second = desk.fetch(web.url("/b/x.csv"))

    assert [b"a\n1\n", b"b\n2\n"] == [each.files[0].read_bytes() for each in (first, second)]
    assert first.files == desk.fetch(web.url("/a/x.csv")).files
    assert second.files == desk.fetch(web.url("/b/x.csv")).files
    assert 2 == len(desk.files)


def test_a_name_that_the_server_dates(desk: Desk, web: Web, respond: Respond) -> None:
    """Where the server names each day's file anew, all of them are kept."""
    for day in ("05", "06"):
        said = f"attachment; filename=orders-2026-01-{day}.csv"
        web.pages["/orders"] = respond(CSV, Content_Disposition=said)
        landed = desk.fetch(web.url("/orders"))

    names = ["orders-2026-01-05.csv", "orders-2026-01-06.csv"]
    assert names == sorted(file.name for file in landed.files)

    old = prunable(desk.root / "inbox", datetime(2100, 1, 1, tzinfo=UTC))
    assert [names[0]] == [path.name for path in old]
    assert [] == prunable(desk.root / "inbox", datetime(2000, 1, 1, tzinfo=UTC))
    assert [] == prunable(desk.root / "nowhere", datetime(2100, 1, 1, tzinfo=UTC))


def test_secrets_stay_out_of_errors_and_notes(desk: Desk, web: Web, respond: Respond) -> None:
    """Neither a password nor a token in a query is in what is said or written down."""
    url = web.url("/a.csv?token=t0psecret").replace("http://", "http://ana:pa55word@")
    web.pages["/a.csv"] = respond(b"", 500)
    said = desk.fails({"url": url, "headers": {"Authorization": "Bearer b3arer"}})
    web.pages["/a.csv"] = CSV
    desk.fetch(url)
    notes = (desk.inbox / ".fetched.json").read_text()

    for secret in ("t0psecret", "pa55word", "b3arer"):
        assert secret not in said + notes
    assert web.url("/a.csv?...") in said

    bad = desk.fails({"url": url, "headers": {"Authorization": "b3arer\r\nX: y"}})
    assert "ConfigError" in bad
    assert "b3arer" not in bad


def test_a_secret_in_an_address_may_change(
    desk: Desk, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new token is the same remote: its file keeps its name."""
    from regard.secrets import resolve

    web.pages["/a.csv"] = CSV
    for token in ("first-t0ken", "second-t0ken"):
        monkeypatch.setenv("FETCH_TOKEN", token)
        url = resolve(web.url("/a.csv?token=${FETCH_TOKEN}"), where="sources.till.path")
        desk.fetch(url)

    assert ["a.csv"] == list(desk.files)
    assert 1 == len(json.loads((desk.inbox / ".fetched.json").read_text())["remotes"])


def test_what_is_left_of_a_killed_run_is_cleared_away(desk: Desk, web: Web) -> None:
    """Half a file under a hidden name is gone with the next run."""
    web.pages["/a.csv"] = CSV
    desk.inbox.mkdir(parents=True)
    (desk.inbox / ".part-dead").write_bytes(b"id,na")
    desk.fetch(web.url("/a.csv"))

    assert [".fetched.json"] == desk.hidden


def test_who_only_looks_leaves_nothing(desk: Desk, web: Web, respond: Respond) -> None:
    """A dry run reads what is there now, a check only asks; neither changes the inbox."""
    web.pages["/a.csv"] = respond(CSV, ETag='"one"')
    desk.fetch(web.url("/a.csv"), writes=False)

    assert {"a.csv": CSV} == desk.contents
    assert not desk.inbox.exists()

    desk.fetch(web.url("/a.csv"))
    web.pages["/a.csv"] = respond(CSV * 2, ETag='"two"')
    dry = desk.fetch(web.url("/a.csv"), writes=False)

    assert {"a.csv": CSV * 2} == desk.contents
    assert not dry.files[0].exists()
    assert {"a.csv": CSV} == desk.files

    looked = desk.fetch(web.url("/a.csv"), writes=False, looks=True)

    assert [f"{web.url('/a.csv')}: a.csv would be fetched, 38 bytes"] == desk.said
    assert {"a.csv": CSV} == desk.files
    assert [desk.inbox / "a.csv"] == list(looked.files)


def test_an_inbox_that_cannot_be_written_to(desk: Desk, web: Web) -> None:
    """A file in the inbox's place is named in a clear error."""
    web.pages["/a.csv"] = CSV
    (desk.root / "inbox").write_text("")

    assert "cannot be written to" in desk.fails(web.url("/a.csv"))


def test_times_from_the_future_are_now(desk: Desk, web: Web, respond: Respond) -> None:
    """A server whose clock is wrong does not make records from tomorrow."""
    for said in ("Fri, 31 Dec 2100 23:59:59 GMT", "Mon, 99 Foo", "Thu, 01 Jan 1970 00:00:00 GMT"):
        web.pages["/a.csv"] = respond(CSV, Last_Modified=said)
        landed = desk.fetch(web.url("/a.csv"))

        assert landed.files[0].stat().st_mtime <= time.time()
    assert landed.files[0].exists()
