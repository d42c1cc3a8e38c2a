"""Wholes: of a response, or of a visit's items, nothing stays that its source has no longer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regard.keys import compose
from regard.pipeline.streams import Limits
from regard.runs import Outcome

World = Any
MakeWorld = Callable[..., World]

POLL = """
    import json
    from pathlib import Path
    from regard import Source, Stream, hookimpl
    from regard.sources import Whole

    class Poll(Source):
        name = "poll"
        streams = (Stream("answers", "answer"),)

        def read(self, stream, since, until, ctx):
            for name, answers, among in json.loads(Path("ROWS").read_text()):
                yield Whole(name, frozenset(answers), among and frozenset(among))
                for key, question in answers.items():
                    yield {"key": key, "response_key": name, "question": question}

    @hookimpl
    def regard_sources():
        return [Poll]
"""


def stored(made: World) -> set[str]:
    """Return the keys of what is stored and not deleted."""
    return {row["key"] for row in made.rows("answer") if row["deleted_at"] is None}


@pytest.fixture
def ask(world: MakeWorld, tmp_path: Path) -> Callable[..., set[str]]:
    """Runs a poll: of each response its name, its answers, and the questions it was asked."""
    made = world({"poll": POLL.replace("ROWS", str(tmp_path / "poll"))}, limits=Limits(rows=3))

    def run(*responses: tuple[str, dict[str, str], list[str] | None]) -> set[str]:
        (tmp_path / "poll").write_text(json.dumps(responses))
        (summary,) = made.run("poll")
        assert summary.error is None
        return stored(made)

    return run


@pytest.mark.parametrize(
    "name", ["r1", "a|b", "día", "r" * 250], ids=["plain", "with a bar", "accented", "long"]
)
def test_what_a_whole_has_no_longer_is_gone(ask: Callable[..., set[str]], name: str) -> None:
    """Only the other records of the same whole go, whatever it is called."""
    kept, gone, odd = (compose((name, question)) for question in ("q1", "q2", "q3"))
    other = ("r", {f"r|{number}": "q" for number in range(4)}, None)
    before = ask((name, {kept: "q1", gone: "q2", odd: "q3"}, None), other)
    after = ask((name, {kept: "q1"}, None), other)

    assert {kept, gone, odd, *other[1]} == before
    assert {kept, *other[1]} == after


def test_only_what_was_asked_can_be_gone(ask: Callable[..., set[str]]) -> None:
    """Where a source knows some questions only, answers to the others stay."""
    ask(("r1", {"r1|a": "a", "r1|b": "b", "r1|c": "c"}, None))

    assert {"r1|a", "r1|c"} == ask(("r1", {"r1|a": "a"}, ["a", "b"]))


def test_a_whole_may_come_twice_in_one_run(ask: Callable[..., set[str]]) -> None:
    """What came last counts, also where nothing of it was stored before."""
    first, last = {"r1|a": "a", "r1|b": "b"}, {"r1|a": "a", "r1|c": "c"}

    assert set(last) == ask(("r1", first, None), ("r1", last, None))
    assert set() == ask(("r1", {}, None))


def test_a_whole_of_another_kind_is_the_fault_of_the_plugin(world: MakeWorld) -> None:
    """Only answers and items of visits belong together: else the stream fails, and says so."""
    plugin = POLL.replace('Stream("answers", "answer")', 'Stream("answers", "purchase")')
    made = world(
        {"poll": plugin.replace('json.loads(Path("ROWS").read_text())', "[('r1', {}, None)]")}
    )
    (summary,) = made.run("poll")

    assert Outcome.FAILED is summary.outcome
    assert "not of purchase records" in (summary.error or "")
