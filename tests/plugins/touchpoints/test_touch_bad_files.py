"""Files as they really come: empty, cut, in the wrong encoding, twice, changed, and hostile."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from regard.records import KINDS
from regard.runs import Outcome
from regard.store import Store

DATA = Path(__file__).with_name("data")
FILES = sorted(path.relative_to(DATA).as_posix() for path in DATA.rglob("*") if path.is_file())
TEXTS = [name for name in FILES if not name.startswith("Export")]
Folder = Any

GOOD = "Date,Text,URL\n2026-09-12,All is well,https://social.example/1\n"
FORMULA = '=HYPERLINK("http://evil.example","x")'
HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e" + FORMULA


def test_a_bad_file_stops_no_other(folder: Folder) -> None:
    """Beside an unreadable file all others are read, and the bad one is named."""
    folder.put("good.csv", GOOD)
    folder.put("bad.csv", b"\x00\x01\x02" * 500)
    folder.put("empty.csv", b"")
    folder.put("unknown.csv", "a,b\n1,2\n")
    summaries = folder.run()

    assert 1 == summaries["mentions"].counts.new
    assert Outcome.FAILED is summaries["unrecognised"].outcome
    for name in ("bad.csv", "empty.csv", "unknown.csv"):
        assert name in str(summaries["unrecognised"].error)


def test_a_log_that_has_just_been_rotated_is_no_failure(folder: Folder) -> None:
    """An empty log is only noted, alone or beside others, until something stands in it."""
    asked = '[27/Sep/2026:10:01:00 +0000] "GET /shoes HTTP/1.1" 200 512 "-" "Mozilla/5.0"'
    line = f"203.0.113.1 - - {asked}\n"
    folder.put("access.log", b"")
    alone = folder.run()
    folder.put("access.log.1", line)
    beside = folder.run()
    folder.put("access.log", line.replace("shoes", "hats"))
    folder.run()

    for summaries in (alone, beside):
        assert {Outcome.OK} == {each.outcome for each in summaries.values()}
        notes = [note for each in summaries.values() for note in each.notes]
        assert any(note.endswith("access.log is empty") for note in notes)
    assert 2 == len(folder.records("touchpoint"))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0.03, 0.5, 0.97])
def test_a_file_cut_short_gives_what_there_is(folder: Folder, name: str, share: float) -> None:
    """Whatever a copy that broke off holds, the good file beside it is read; nothing crashes."""
    content = (DATA / name).read_bytes()
    folder.put(name, content[: int(len(content) * share)])
    folder.put("good.csv", GOOD)
    summaries = folder.run(error_budget=1.0)

    assert "https://social.example/1" in folder.records("touchpoint")
    for summary in summaries.values():
        assert "Traceback" not in str(summary.error)


@pytest.mark.parametrize("name", FILES)
def test_a_file_with_broken_bytes_crashes_nothing(folder: Folder, name: str) -> None:
    """Bytes that were damaged on the way are refused row by row, or the file is named."""
    content = bytearray((DATA / name).read_bytes())
    chance = random.Random(name)
    for _ in range(max(4, len(content) // 40)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    folder.put(name, bytes(content))
    folder.put("good.csv", GOOD)
    summaries = folder.run(error_budget=1.0)

    assert "https://social.example/1" in folder.records("touchpoint")
    for summary in summaries.values():
        assert "Error(" not in str(summary.error)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_the_encoding_makes_no_difference(folder: Folder, name: str, encoding: str) -> None:
    """A file that was saved in another encoding gives the same number of records."""
    content = (DATA / name).read_bytes()
    text = content.decode("utf-8") if _is_utf8(content) else content.decode("cp1252")
    if encoding == "utf-16" and name.endswith((".xml", ".log")):
        pytest.skip("no server writes it so")
    folder.put(name, content)
    before = sum(summary.counts.read for summary in folder.run().values())
    folder.put(name, text.encode(encoding, "replace"), hours_ago=1)
    after = sum(summary.counts.read for summary in folder.run(timezone="Europe/Lisbon").values())

    assert before == after


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def test_the_same_file_twice_is_one(folder: Folder) -> None:
    """A copy under another name adds nothing."""
    content = (DATA / "zendesk-tickets.csv").read_bytes()
    folder.put("a.csv", content)
    folder.put("b.csv", content)
    folder.run()

    assert 3 == len(folder.records("touchpoint"))


def test_an_export_with_changes_brings_them(folder: Folder) -> None:
    """A ticket that was solved since is the same ticket, solved."""
    text = (DATA / "zendesk-tickets.csv").read_text()
    folder.put("monday.csv", text)
    folder.run()
    later = text.replace(",New,", ",Solved,").replace("2026-09-03 08:00,,,", "2026-09-06 08:00,,,")
    folder.put("tuesday.csv", later, hours_ago=1)
    summary = folder.run()["tickets"]

    assert (0, 1, 2) == (summary.counts.new, summary.counts.changed, summary.counts.unchanged)
    assert "solved" == folder.records("touchpoint")["4712"]["outcome"]


def test_a_call_log_that_grew_brings_its_new_calls(folder: Folder) -> None:
    """Asterisk writes to one file for ever: of a longer one only the new rows are stored."""
    text = (DATA / "Master.csv").read_text()
    folder.put("Master.csv", text)
    folder.run()
    more = text.splitlines(keepends=True)[0].replace("1788256800.1", "1788999999.1")
    folder.put("Master.csv", text + more, hours_ago=1)
    second = folder.run()["calls"]

    assert 1 == second.counts.new
    assert 7 == len(folder.records("touchpoint"))


HOSTILE_ROWS = {
    "calls": 'Date,From,Duration,Notes\n2026-09-01 10:00,600123456,60,"{x}"\n',
    "tickets": 'Ticket ID,Subject,Status,Created Time\n1,"{x}",Open,2026-09-01 10:00\n',
    "mentions": 'Date,Text,URL\n2026-09-12,"{x}",https://social.example/2\n',
    "suggestions": 'Date,Suggestion\n2026-09-12,"{x}"\n',
    "mailings": 'Email,Action,Timestamp,Campaign\na@example.com,open,2026-09-12,"{x}"\n',
    "audience": 'Email Address,MEMBER_RATING,OPTIN_TIME,First Name\na@b.es,1,2026-01-01,"{x}"\n',
}


@pytest.mark.parametrize("stream", HOSTILE_ROWS)
def test_formulas_controls_and_markup_are_texts(folder: Folder, stream: str) -> None:
    """Hostile text is stored as text, or its row is refused; it stops nothing."""
    text = HOSTILE_ROWS[stream].replace("{x}", HOSTILE.replace('"', '""'))
    folder.put(f"{stream}.csv", text.encode())
    summary = folder.run(error_budget=1.0)[stream]

    assert 1 == summary.counts.new + summary.counts.quarantined
    assert summary.error is None


BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>
<urlset><url><loc>&d;</loc></url></urlset>"""
OUTSIDE = """<?xml version="1.0"?>
<!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<urlset><url><loc>/&x;</loc></url></urlset>"""


@pytest.mark.parametrize("text", [BOMB, OUTSIDE, "<urlset>" * 5_000])
def test_a_hostile_sitemap_is_refused(folder: Folder, text: str) -> None:
    """Entities are never expanded, other files never opened, depth is bounded."""
    folder.put("sitemap.xml", text)
    folder.put("good.csv", GOOD)
    summaries = folder.run()

    assert Outcome.FAILED is summaries["pages"].outcome
    assert {} == folder.records("fact")
    assert 1 == len(folder.records("touchpoint"))
    assert b"root:" not in folder.stored_bytes()


def test_a_sitemap_cut_short_keeps_what_was_known(folder: Folder) -> None:
    """Of a sitemap that breaks off no page is taken for one that is gone."""
    pages = "".join(f"<url><loc>https://shop.example/p{at}</loc></url>" for at in range(10))
    folder.put("sitemap.xml", f"<urlset>{pages}</urlset>")
    folder.run()
    folder.put("sitemap.xml", f"<urlset>{pages[:400]}", hours_ago=1)
    summary = folder.run()["pages"]

    assert "no whole XML" in str(summary.error)
    assert 10 == len(folder.records("fact"))


def test_a_list_with_other_columns_is_no_list_of_pages(folder: Folder) -> None:
    """Addresses beside likes and days are not pages of ours, and the file is named."""
    folder.put("x.csv", "Date,URL,Likes\n2026-09-12,https://elsewhere.example/1,3\n")
    summaries = folder.run()

    assert "x.csv" in str(summaries["unrecognised"].error)
    assert {} == folder.records("fact")


def test_a_text_that_is_too_long_is_no_suggestion(folder: Folder) -> None:
    """A log or a book that strays into the box is named, not stored."""
    folder.put("box/book.txt", "word " * 100_000)
    folder.put("box/idea.txt", "Open on Sundays")
    summaries = folder.run()

    assert "book.txt" in str(summaries["unrecognised"].error)
    assert 1 == len(folder.records("touchpoint"))


def test_a_text_without_a_word_is_refused(folder: Folder) -> None:
    """An empty card in the box is no suggestion."""
    folder.put("box/2026-09-01.txt", "\n \n.\n")
    folder.put("box/2026-09-02.txt", "\x07\x07 \n")
    folder.run(error_budget=1.0)

    assert ["."] == [row["text"] for row in folder.records("touchpoint").values()]


def test_a_profile_can_be_named(folder: Folder) -> None:
    """A named profile is read as the plug-in reads it, with what follows from its columns."""
    folder.put("aircall.csv", (DATA / "aircall.csv").read_bytes())
    folder.run(profile="aircall-calls")

    assert "missed-closed" == folder.records("touchpoint")["9003"]["outcome"]


def test_a_refused_row_is_replayed_with_what_follows_from_it(
    project: Any, run_regard: Any
) -> None:
    """Once the order of dates is declared, a call in quarantine gets its outcome and its wait."""
    rows = "Date,From,Direction,Duration,Wait\n03/04/2026 10:15,600123456,in,00:03:20,12\n"
    config = '[sources.calls]\nplugin = "touchpoints"\npath = "calls.csv"\n'
    here = project(config, files={"calls.csv": rows})
    run_regard("run", "calls", cwd=here)
    (here / "regard.toml").write_text(config + 'dates = "day-first"\n')
    run_regard("quarantine", "replay", "--source", "calls", cwd=here)
    store = Store.open(f"sqlite:///{here / 'regard.db'}", readonly=True)
    with store.read() as transaction:
        (call,) = transaction.connection.execute(select(KINDS["touchpoint"].table)).mappings()
    store.close()

    assert ("answered", 200, {"wait_s": 12}) == (
        call["outcome"],
        call["duration_s"],
        json.loads(call["extra"]),
    )


def test_any_other_file_is_mapped(folder: Folder) -> None:
    """A list that nobody knows is read by a map in the configuration."""
    folder.put("chat.csv", "session,began,said\nS1,2026-09-01 10:00,Hello\n")
    spec = {
        "kind": "touchpoint",
        "key": "session",
        "fields": {"happened_at": "began", "text": "said"},
        "constants": {"channel": "chat", "type": "chat"},
    }
    folder.run(map=spec)

    assert "Hello" == folder.records("touchpoint")["S1"]["text"]
