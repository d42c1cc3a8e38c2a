"""Web logs: what becomes of lines, bots and people's traces, and of files that grow and move."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from regard.exports import Wishes
from regard.records import kind_named
from regard.records.encoding import encode_time
from regard.tabular import Row, Table
from regard_plugins.touchpoints.addresses import campaign_of, page_of
from regard_plugins.touchpoints.bots import family_of
from regard_plugins.touchpoints.web import web_formats

DATA = Path(__file__).with_name("data")
Folder = Any

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/128.0 Safari/537.36"
GOOGLE = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def line(second: int, path: str, *, agent: str = BROWSER, status: int = 200) -> str:
    """Return one line of a log."""
    return (
        f"203.0.113.7 - - [01/Sep/2026:10:{second // 60:02}:{second % 60:02} +0200] "
        f'"GET {path} HTTP/1.1" {status} 512 "-" "{agent}"\n'
    )


def log(seconds: Iterable[int]) -> str:
    """Return a log with a view and a bot's request in each second."""
    return "".join(line(at, f"/p{at}") + line(at, "/", agent=GOOGLE) for at in seconds)


def hits(folder: Folder) -> dict[str, Decimal]:
    """Return the stored hits of bots by family."""
    found: Counter[str] = Counter()
    for row in folder.records("fact").values():
        found[row["subject"]] += row["value"]
    return dict(found)


def test_views_become_touchpoints(folder: Folder) -> None:
    """Pages that somebody saw or missed are kept; parts of pages, forms and bots are not."""
    folder.put("access.log", (DATA / "access.log").read_bytes())
    folder.run()
    views = folder.records("touchpoint").values()

    assert {"web"} == {view["channel"] for view in views}
    assert [
        ("/", "200", None),
        ("/gone-for-good", "404", None),
        ("/reset/[token]", "200", None),
        ("/shoes", "200", None),
        ("/shoes", "200", None),
        ("/shoes", "200", "Spring sale"),
        ("/shoes", "304", "Spring sale"),
        ("/unsubscribe/[e-mail]", "500", None),
    ] == sorted(
        ((view["url"], view["outcome"], view["campaign"]) for view in views),
        key=lambda view: (view[0], view[1], view[2] or ""),
    )
    assert {"Googlebot": 2, "scanner": 1, "without a user agent": 1} == hits(folder)


def test_nothing_of_a_visitor_is_stored(folder: Folder) -> None:
    """No network address, user agent, referrer or query is anywhere, not even of bad lines."""
    text = (DATA / "access.log").read_text() + '203.0.113.99 ana@example.com "GET /x SECRET\n'
    folder.put("access.log", text)
    folder.run()
    stored = folder.stored_bytes()

    assert [] == [
        trace
        for trace in (b"203.0.113.", b"198.51.", b"SECRET", b"ana@", b"ana%40", b"Mozilla", b"?q=")
        if trace in stored
    ]
    assert 2 == len(folder.refused())


def test_a_log_that_grew_is_read_on(folder: Folder) -> None:
    """Lines that were read are not stored again, and bots are counted over the whole log."""
    folder.put("access.log", log(range(100)))
    folder.run()
    folder.put("access.log", log(range(130)), hours_ago=1)
    second = folder.run()

    assert (30, 30) == (second["web-views"].counts.read, second["web-views"].counts.new)
    assert 130 == len(folder.records("touchpoint"))
    assert {"Googlebot": 130} == hits(folder)


def test_a_log_that_moves_is_not_read_twice(folder: Folder) -> None:
    """Rotation changes names: a log under another name is known, plain and gzipped."""
    folder.put("access.log", log(range(50)))
    folder.run()
    folder.put("access.log.1", log(range(60)))
    folder.put("access.log", log(range(60, 70)), hours_ago=1)
    moved = folder.run()
    (folder.root / "in" / "access.log.1").unlink()
    folder.put("access.log.2.gz", gzip.compress(log(range(60)).encode()), hours_ago=47)
    packed = folder.run()

    assert 20 == moved["web-views"].counts.read
    assert (60, 0) == (packed["web-views"].counts.unchanged, packed["web-views"].counts.new)
    assert 70 == len(folder.records("touchpoint"))
    assert {"Googlebot": 70} == hits(folder)


def test_a_log_that_is_written_to_is_read(folder: Folder) -> None:
    """A log is never done: what is whole is read, the line that has no end yet comes later."""
    whole, torn = log(range(10)), line(10, "/p10")
    folder.put("access.log", whole + torn[:60], hours_ago=0)
    first = folder.run()
    folder.put("access.log", whole + torn, hours_ago=0)
    folder.run()

    assert 10 == first["web-views"].counts.new
    assert any("no end yet" in note for note in first["web-views"].notes)
    assert 11 == len(folder.records("touchpoint"))
    assert [] == folder.refused()


def test_a_long_log_that_grew_within_a_second(folder: Folder) -> None:
    """Lines far behind the beginning are read on, numbered on, and named by their line."""
    begin = log(range(3_000)) + line(3_000, "/same") * 2
    folder.put("access.log", begin)
    folder.run()
    folder.put("access.log", begin + line(3_000, "/same") + "bad\n", hours_ago=1)
    second = folder.run(error_budget=1.0)["web-views"]
    folder.put("again.log", begin + line(3_000, "/same"), hours_ago=0.5)
    third = folder.run()["web-views"]

    assert (1, 1) == (second.counts.new, second.counts.quarantined)
    assert [6_004] == [each.line for each in folder.refused()]
    assert 0 == third.counts.new
    assert 3_003 == len(folder.records("touchpoint"))


def test_views_are_encoded_as_any_other_record() -> None:
    """What is encoded at once is what the encoder makes of the same fields."""
    kind = kind_named("touchpoint")
    header = ("second", "page", "status", "number", "campaign")
    written_at = datetime(2026, 10, 1, tzinfo=UTC)
    mapper = web_formats(Table(Path("a.log"), None, "log", header, lambda _: iter(())))[0].mapper(
        header, Wishes("UTC", None, ()), written_at
    )
    happened_at = datetime(2026, 9, 1, 10, 0, 7, tzinfo=UTC)
    fields = {"channel": "web", "type": "view", "happened_at": happened_at, "url": "/é|x"}
    for campaign in (None, "Spring"):
        row = Row(1, ("2026-09-01 10:00:07", "/é|x", "404", 2, campaign))
        record = fields | {"outcome": "404", "campaign": campaign}
        key = "2026-09-01 10:00:07|404|/é\\|x|2"
        expected = kind.encoder().encode(key, encode_time(happened_at), record)

        assert [expected] == list(mapper.records(row))


def test_equal_lines_of_one_second_are_counted(folder: Folder) -> None:
    """Three people who open a page in the same second are three views, in each read the same."""
    folder.put("access.log", line(0, "/") * 3)
    folder.run()
    folder.put("copy.log", line(0, "/") * 3 + line(1, "/"), hours_ago=1)
    folder.run()

    assert 4 == len(folder.records("touchpoint"))


def test_a_common_log_says_that_it_has_no_user_agents(folder: Folder) -> None:
    """Without user agents bots cannot be told apart, which is said."""
    text = line(0, "/").partition(' "-"')[0] + "\n"
    folder.put("common.log", text)
    notes = folder.run()["web-views"].notes

    assert any("no user agents" in note for note in notes)
    assert 1 == len(folder.records("touchpoint"))


def test_hosts_in_front_and_zones_that_are_no_whole_hours(folder: Folder) -> None:
    """A log with its hosts' names in front is read, and every zone is placed in UTC."""
    text = "shop.example:443 " + line(0, "/a").replace("+0200", "-0330")
    folder.put("vhosts.log", text)
    folder.run()
    (view,) = folder.records("touchpoint").values()

    assert "2026-09-01T13:30:00" == view["happened_at"].isoformat()[:19]


def test_broken_lines_are_put_aside_within_reason(folder: Folder) -> None:
    """A file with thousands of bad lines fills neither the quarantine nor the screen."""
    good = log(range(30)) * 50
    folder.put("access.log", good + "garbage \x00\x1b[31m\xff line\n" * 1_500)
    summary = folder.run(error_budget=1.0)["web-views"]

    assert 1_000 == len(folder.refused())
    assert any("none of a web server's log: 500" in note for note in summary.notes)


HOSTILE = [
    pytest.param(b'1 - - [32/Foo/2026:10:00:00 +0200] "GET / HTTP/1.1" 200 1\n', id="no day"),
    pytest.param(b'1 - - [01/Sep/2026:25:00:00 +0200] "GET / HTTP/1.1" 200 1\n', id="no hour"),
    pytest.param(b'1 - - [01/Sep/2026:10:61:00 +0200] "GET / HTTP/1.1" 200 1\n', id="no minute"),
    pytest.param(b"A" * 100_000 + b"\n", id="long line"),
    pytest.param(
        b'1 - - [01/Sep/2026:10:00:00 +0200] "GET ' + b'" "' * 20_000 + b"\n", id="quotes"
    ),
    pytest.param(b"\xff\xfe\x00\x00\n", id="bytes"),
    pytest.param(b"[" * 60_000 + b"\n", id="brackets"),
]


@pytest.mark.parametrize("bad", HOSTILE)
def test_a_hostile_line_spares_its_neighbours(folder: Folder, bad: bytes) -> None:
    """A line that no server writes is put aside, quickly, and all others are read."""
    good = log(range(20)).encode()
    folder.put("access.log", good + bad + log(range(20, 40)).encode())
    folder.run(error_budget=1.0)

    assert 40 == len(folder.records("touchpoint"))
    assert ["bad-line"] == [each.reason for each in folder.refused()]


def test_markup_in_a_path_stays_text(folder: Folder) -> None:
    """What an attacker writes into an address is kept as harmless text, without controls."""
    folder.put("access.log", log(range(5)) + line(9, "/<script>\x1b[31malert(1)</script>"))
    folder.run()
    urls = {row["url"] for row in folder.records("touchpoint").values()}

    assert "/<script>[31malert(1)</script>" in urls


def test_a_log_cut_short_in_its_gzip_data_gives_what_there_is(folder: Folder) -> None:
    """What could be unpacked is stored, and the file is named as broken."""
    packed = gzip.compress("".join(log([at % 3600]) for at in range(30_000)).encode())
    folder.put("access.log.gz", packed[: len(packed) // 2])
    summaries = folder.run()

    assert "cut short" in str(summaries["web-views"].error)
    assert folder.records("touchpoint")


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/a/b?token=1#x", "/a/b"),
        ("https://ana:pw@shop.example/a?b", "/a"),
        ("//shop.example/a", "/a"),
        ("https://shop.example", "/"),
        ("/how-to-choose-the-best-running-shoes-for-2026-and-beyond", None),
        ("/v/123e4567-e89b-12d3-a456-426614174000", "/v/[token]"),
        ("/m/ana%40example.com/x", "/m/[e-mail]/x"),
        ("/tel/600123456", "/tel/[phone]"),
    ],
)
def test_addresses_lose_what_is_personal(address: str, page: str | None) -> None:
    """A page is a path, without host, query, tokens, mail addresses and telephone numbers."""
    assert (page or address) == page_of(address)


def test_the_campaign_of_an_address() -> None:
    """The campaign is what utm_campaign says, else where somebody came from."""
    assert "Spring sale" == campaign_of("/x?a=1&utm_campaign=Spring%20sale&utm_source=mail")
    assert "mail" == campaign_of("/x?utm_source=mail")
    assert campaign_of("/x?a=1") is None


@pytest.mark.parametrize(
    ("agent", "family"),
    [
        (GOOGLE, "Googlebot"),
        ("curl/8.5.0", "Programs"),
        ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0", "Browsers without people"),
        ("SomeNewBot/1.0", "other"),
        ("-", "without a user agent"),
        (BROWSER, None),
        ("Mozilla/5.0 (Linux; Android 14; CUBOT X30) Chrome/120.0 Mobile Safari/537.36", None),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1", None),
    ],
)
def test_bots_are_told_from_people(agent: str, family: str | None) -> None:
    """Crawlers and programs are known by their user agent; telephones are people's."""
    assert family == family_of(agent)


@pytest.mark.slow
def test_a_million_lines(folder: Folder) -> None:
    """A million lines are read whole, in bounded memory and without a quadratic step."""
    text = "".join(
        line(at % 3600, f"/p{at % 500}", agent=GOOGLE if at % 4 == 0 else BROWSER)
        for at in range(10_000)
    )
    path = folder.put("access.log", "")
    with path.open("w") as file:
        for hour in range(100):
            file.write(
                text.replace("01/Sep/2026:10", f"{1 + hour // 24:02}/Sep/2026:{hour % 24:02}")
            )
    folder.run()

    assert 750_000 == len(folder.records("touchpoint"))
    assert {"Googlebot": 250_000} == hits(folder)
