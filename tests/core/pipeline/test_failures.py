"""What goes wrong in one stream: said clearly, and no harm to what others stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from regard.pipeline.streams import Limits
from regard.runs import Counts, Outcome
from regard.store import Store

World = Any
MakeWorld = Callable[..., World]

GOOD = """
    from regard import source

    @source("good", kind="fact", key=["name"])
    def read(config, since):
        yield {"name": "a", "text": "fine"}
"""

FAILING = """
    import sys
    from regard import AuthError, Source, SourceChanged, Stream, hookimpl

    class Failing(Source):
        name = "failing"
        streams = (Stream("first", "fact"), Stream("second", "fact"), Stream("third", "fact"))

        def read(self, stream, since, until, ctx):
            for n in range(25):
                if stream.name == "second" and n == 23:
                    FAIL
                yield {"key": f"{stream.name}{n}"}

    @hookimpl
    def regard_sources():
        return [Failing]
"""


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("raise ValueError('ana@example.com')", "the plug-in has a bug: ValueError at "),
        ("sys.exit(3)", "the plug-in tried to exit (code 3)"),
        ("raise AuthError('the token is refused')", "the token is refused"),
        ("raise SourceChanged('the page has no price')", "the page has no price"),
        ("raise MemoryError", "the plug-in used up all memory"),
        ("raise RecursionError", "the plug-in has a bug: RecursionError"),
        ("class Odd(BaseException): pass\n                    raise Odd", "a bug: Odd"),
        ("raise GeneratorExit", "the plug-in has a bug: GeneratorExit"),
        ("raise StopIteration", "the plug-in has a bug: RuntimeError"),
    ],
)
def test_one_stream_fails_and_the_others_go_on(
    fault: str, said: str, sqlite_world: MakeWorld
) -> None:
    """Whatever a plug-in raises fails its stream only; what it had yielded stays."""
    here = sqlite_world(
        {"failing": FAILING.replace("FAIL", fault), "good": GOOD}, limits=Limits(rows=10)
    )
    first, second, third, good = here.run("failing", "good")

    assert [Outcome.OK, Outcome.FAILED, Outcome.OK, Outcome.OK] == [
        summary.outcome for summary in (first, second, third, good)
    ]
    assert said in (second.error or "")
    assert "ana@example.com" not in (second.error or "")
    assert Counts(read=23, new=23) == second.counts
    assert 25 + 23 + 25 + 1 == len(here.rows("fact"))
    run = here.history()[1]
    assert "partial" == run.outcome
    assert second.error == run.error
    assert ["ok", "failed", "ok"] == [stream.outcome for stream in run.streams]


def test_a_changed_source_raises_a_finding(world: MakeWorld) -> None:
    """A source that no longer looks as expected keeps its data and tells people."""
    fault = FAILING.replace("FAIL", "raise SourceChanged('the page has no price')")
    here = world({"failing": fault})
    here.run("failing")
    here.run("failing")
    (finding,) = here.table("findings")

    assert ("source-changed", "critical", "second", "open") == (
        finding["code"],
        finding["severity"],
        finding["subject"],
        finding["state"],
    )
    assert 23 + 25 + 25 == len(here.rows("fact"))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def __init__(self, config): raise ValueError('secret')", "ValueError"),
        ("def __init__(self, config): raise SystemExit(5)", "SystemExit"),
        ("def discover(self, ctx): raise ValueError", "ValueError"),
        ("def discover(self, ctx): return None", "TypeError"),
        ("def discover(self, ctx): return ['contacts']", "AttributeError"),
        ("def discover(self, ctx): return [Stream('a', 'custommer')]", "did you mean 'customer'"),
        ("def read(self, stream, since, until, ctx): return None", "TypeError"),
        ("def read(self): yield {}", "TypeError"),
        ("pass", "NotImplementedError"),
    ],
)
def test_a_broken_class_fails_its_source_only(
    code: str, said: str, sqlite_world: MakeWorld
) -> None:
    """A class that cannot be made, asked or read has failed; the next source is read."""
    plugin = f"""
    from regard import Source, Stream, hookimpl

    class Broken(Source):
        name = "broken"
        streams = (Stream("records", "fact"),)

        {code}

    @hookimpl
    def regard_sources():
        return [Broken]
    """
    here = sqlite_world({"broken": plugin, "good": GOOD})
    broken, good = here.run("broken", "good")

    assert (Outcome.FAILED, Outcome.OK) == (broken.outcome, good.outcome)
    assert said in (broken.error or "")
    assert "secret" not in (broken.error or "")


def test_two_streams_of_one_name_are_refused(sqlite_world: MakeWorld) -> None:
    """Two streams of one name would share cursor and counts, so the source has failed."""
    plugin = """
    from regard import Source, Stream, hookimpl

    class Twins(Source):
        name = "twins"
        streams = (Stream("records", "fact"), Stream("records", "customer"))

        def read(self, stream, since, until, ctx):
            yield {"key": stream.kind}

    @hookimpl
    def regard_sources():
        return [Twins]
    """
    (summary,) = sqlite_world({"twins": plugin}).run("twins")

    assert Outcome.FAILED == summary.outcome
    assert "records" in (summary.error or "")


def test_rubbish_goes_to_quarantine(world: MakeWorld) -> None:
    """Whatever a plug-in yields that is no record is refused with a reason; others are stored."""
    plugin = """
        from datetime import datetime
        from regard import source
        from regard.records import Customer

        @source("box", kind="fact", key=["name"])
        def read(config, since):
            yield {"name": "good"}
            yield 17
            yield None
            yield ["name", "x"]
            yield b"bytes"
            yield "Ana, ana@example.com"
            yield {}
            yield {"name": None}
            yield {"name": ""}
            yield {"name": "naive", "happened_at": datetime(2026, 1, 1)}
            yield {"name": "time", "happened_at": "soon"}
            yield {"name": "number", "value": "ten"}
            yield {"name": "nan", "value": float("nan")}
            yield {"name": "exact", "value": "0.1234567"}
            yield {"name": "large", "value": "1e12"}
            yield {"name": "nul", "text": "a\\0b"}
            yield {"name": "pair", "text": "a\\ud800b"}
            yield {"name": "key\\0"}
            yield {"name": "key\\udcff"}
            yield {1: "a", "b": 2}
            yield {"name": "odd", 1: "a"}
            yield {"name": "nested", "what": {1: 1, "b": 2}}
            yield {"name": "early", "happened_at": "0001-01-01T00:00:00+14:00"}
            yield {"name": "early2", "as_of": "0001-01-01T00:00:00+14:00"}
            yield {"name": "also good"}
    """
    here = world({"box": plugin}, config='[sources.box]\nplugin = "box"\nerror_budget = 1.0\n')
    (summary,) = here.run("box")
    refused = here.refused()
    reasons: dict[str, int] = {}
    for item in refused:
        reasons[item.reason] = reasons.get(item.reason, 0) + 1

    assert (Outcome.OK, None) == (summary.outcome, summary.error)
    assert ["also good", "good", "odd"] == sorted(here.texts())
    assert 25 == summary.counts.read
    assert 22 == summary.counts.quarantined
    assert {
        "not-a-mapping": 5,
        "missing-key": 4,
        "naive-time": 1,
        "bad-time": 3,
        "bad-number": 2,
        "too-many-decimals": 1,
        "out-of-range": 1,
        "nul-character": 2,
        "broken-text": 2,
        "bad-value": 1,
    } == reasons
    assert all(item.raw is not None for item in refused)
    told = "refused: 5 not-a-mapping, 4 missing-key in key, 2 bad-time in happened_at and 8 other"
    assert [f"{told} causes"] == [note for note in summary.notes if note.startswith("refused")]


def test_rubbish_among_personal_data_can_be_found_for_erasure(sqlite_world: MakeWorld) -> None:
    """Also what is no record at all is kept with keyed hashes of the people in it."""
    plugin = """
        from regard import source

        @source("box", kind="fact", key=["name"])
        def read(config, since):
            yield "Ana, ana@example.com"
            yield {"name": "", "text": "ana@example.com"}
    """
    here = sqlite_world({"box": plugin})
    here.run("box")
    found = [json.loads(row["identifiers"] or "[]") for row in here.table("quarantine")]

    assert 2 == len(found)
    assert found[0]
    assert found[0] == found[1]


def test_what_a_plug_in_gives_for_a_code_is_not_repeated(sqlite_world: MakeWorld) -> None:
    """A reason or field that is no code may be somebody's: it gets into no summary."""
    plugin = """
        from regard import source

        @source("box", kind="fact", key=["name"])
        def read(config, since, ctx):
            ctx.quarantine({"x": 1}, "no ana@example.com here", field="Ana Ejemplo")
            ctx.quarantine({"x": 2}, "bad-row", field="ana@example.com")
            yield {"name": "good"}
    """
    (summary,) = sqlite_world({"box": plugin}).run("box")

    assert ["refused: 1 something that is no code, 1 bad-row"] == summary.notes


def test_no_record_is_lost_beside_a_bad_one(world: MakeWorld) -> None:
    """A bad record in every place of a batch leaves all the good ones."""
    plugin = """
        from regard import source

        @source("box", kind="fact", key=["name"])
        def read(config, since):
            for n in range(100):
                yield {"name": f"n{n}", "value": "x" if n % 10 == 0 else n}
    """
    here = world({"box": plugin}, limits=Limits(rows=7))
    (summary,) = here.run("box")

    assert Counts(read=100, new=90, quarantined=10) == summary.counts
    assert 90 == len(here.rows("fact"))


BUDGET = """
    from regard import source

    @source("box", kind="fact", key=["name"], cursor="n", ordered=True)
    def read(config, since):
        for n in range(since or 0, 100):
            bad = n >= config["from"]
            yield {"name": f"n{n}", "n": n, "value": "x" if bad else n}
"""


def test_too_many_bad_records_stop_the_stream(world: MakeWorld) -> None:
    """Past the error budget the batch is rolled back, the cursor stays, the stream is partial."""
    config = '[sources.box]\nplugin = "box"\nfrom = 50\n'
    here = world({"box": BUDGET}, config=config, limits=Limits(rows=25, seconds=60))
    (summary,) = here.run("box")

    assert Outcome.PARTIAL == summary.outcome
    assert "25 of 75 records were refused" in (summary.error or "")
    assert "bad-number (25)" in (summary.error or "")
    assert Counts(read=50, new=50) == summary.counts
    assert 50 == len(here.rows("fact"))
    assert [] == here.refused()
    assert 49 == here.cursor("box")
    assert "partial" == here.history()[0].outcome


def test_a_few_bad_records_are_always_allowed(sqlite_world: MakeWorld) -> None:
    """Up to twenty refused records are no reason to stop, whatever their share."""
    config = '[sources.box]\nplugin = "box"\nfrom = 80\n'
    here = sqlite_world({"box": BUDGET}, config=config)
    (summary,) = here.run("box", error_budget=0.0)

    assert Outcome.OK == summary.outcome
    assert 20 == summary.counts.quarantined


def test_known_bad_records_do_not_count_again(world: MakeWorld) -> None:
    """A source that gives the same bad records each time is not stopped by them."""
    plugin = """
        from regard import source

        @source("box", kind="fact", key=["name"])
        def read(config, since):
            for n in range(30):
                yield {"name": f"n{n}", "value": "x"}
    """
    here = world({"box": plugin})
    (first,) = here.run("box", error_budget=1.0)
    here.now = here.now.replace(hour=13)
    (second,) = here.run("box", error_budget=0.0)

    assert [Outcome.OK, Outcome.OK] == [first.outcome, second.outcome]
    assert [30, 30] == [first.counts.quarantined, second.counts.quarantined]
    assert 30 == len(here.refused())
    assert {(12, 13)} == {
        (item.first_seen_at.hour, item.last_seen_at.hour) for item in here.refused()
    }


def test_a_later_good_version_resolves(world: MakeWorld) -> None:
    """A refused record leaves quarantine when a good version of it has been stored."""
    plugin = """
        from regard import source

        @source("box", kind="fact", key=["name"])
        def read(config, since):
            yield {"name": "a", "value": config["value"]}
            yield {"name": "b", "value": "x"}
    """
    here = world({"box": plugin}, config='[sources.box]\nplugin = "box"\nvalue = "x"\n')
    here.run("box")
    config = here.folder / "regard.toml"
    config.write_text(config.read_text().replace('value = "x"', 'value = "1"'))
    here.run("box")

    assert ["b"] == [item.record for item in here.refused()]
    assert ["stored"] == [
        item.resolution for item in here.refused(resolved=True) if item.resolved_at
    ]


def test_a_broken_stored_cursor_fails_its_source_only(world: MakeWorld) -> None:
    """A cursor that somebody broke by hand fails one source with a clear reason."""
    config = '[sources.box]\nplugin = "box"\nfrom = 100\n[sources.good]\nplugin = "good"\n'
    here = world({"box": BUDGET, "good": GOOD}, config=config)
    here.run("box")
    store = Store.open(here.url)
    with store.write() as transaction:
        transaction.connection.execute(text("UPDATE cursors SET value = 'garbage'"))
    store.close()
    broken, good = here.run("box", "good")

    assert (Outcome.FAILED, Outcome.OK) == (broken.outcome, good.outcome)
    assert "cursor" in (broken.error or "")
    assert "failed" == here.history()[1].outcome


OVERTAKEN = """
    from regard import source
    from regard.store import Store
    from sqlalchemy import text

    @source("box", kind="fact", key=["name"])
    def read(config, since):
        for n in range(30):
            if n == 15:
                store = Store.open(config["url"])
                with store.write() as transaction:
                    transaction.connection.execute(
                        text("UPDATE leases SET owner = 'another', fence = fence + 1")
                    )
                store.close()
            yield {"name": f"n{n}"}
"""


def test_an_overtaken_run_stores_nothing_more(world: MakeWorld) -> None:
    """A run that lost its lease rolls back and fails; the next source is read all the same."""
    here = world({"box": OVERTAKEN, "good": GOOD}, limits=Limits(rows=10))
    config = here.folder / "regard.toml"
    tables = (
        f'[sources.box]\nplugin = "box"\nurl = "{here.url}"\n[sources.good]\nplugin = "good"\n'
    )
    config.write_text(config.read_text().partition("[sources.box]")[0] + tables)
    box, good = here.run("box", "good")

    assert (Outcome.FAILED, Outcome.OK) == (box.outcome, good.outcome)
    assert "took over" in (box.error or "")
    assert len(here.rows("fact")) <= 21
    assert ["another", None] == [row["owner"] for row in here.table("leases")]


def test_a_second_run_is_skipped(world: MakeWorld) -> None:
    """While a source is being read a second run of it is told so and does nothing."""
    nested = """
        from regard import source

        @source("box", kind="fact", key=["name"])
        def read(config, since, ctx):
            from pathlib import Path
            import subprocess, sys
            done = subprocess.run(
                [sys.executable, "-m", "regard", "run", "box", "--json"],
                cwd=ctx.root, capture_output=True, text=True,
            )
            yield {"name": "inner", "value": done.returncode, "text": done.stdout}
    """
    here = world({"box": nested})
    here.run("box")
    (row,) = here.rows("fact")
    inner = json.loads(row["text"])

    assert 4 == row["value"]
    assert "skipped" == inner["outcome"]
    assert "being read already" in inner["runs"][0]["error"]
    assert 1 == len(here.history())
