"""What happens becomes notices: for whom, how often, and with which text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from regard.findings import Severity
from regard.notifiers import EVENTS
from regard.pipeline.announcing import Announcer, Event
from regard.secrets import redactor
from regard.settings import make_settings
from regard.settings import notices as notices_settings
from regard.store import Store
from regard.store import notices as stored


@pytest.fixture
def outbox(tmp_path: Path, moving: Any) -> Iterator[Store]:
    """Return an empty store, where it does not matter which, under a clock that moves."""
    opened = Store.open(f"sqlite:///{tmp_path / 'regard.db'}", clock=moving)
    yield opened
    opened.close()


@pytest.fixture
def any_outbox(store_url: str, moving: Any) -> Iterator[Store]:
    """Return an empty store, once for each database, under a clock that moves."""
    opened = Store.open(store_url, clock=moving)
    yield opened
    opened.close()


def event(kind: str = "failed", occasion: str = "2026-01-31T06:00:00Z", **changes: Any) -> Event:
    """Return something that happened to the source ``crm``."""
    values = {"severity": "warning", "text": "The run of crm failed.", **changes}
    subject = values.pop("subject", "source:crm")
    return Event(kind, subject, occasion, **values)


def announce(store: Store, channels: dict[str, Any], *events: Event) -> int:
    """Announce events in a project with some channels."""
    with store.write() as transaction:
        return Announcer(make_settings({"notices": channels})).announce(transaction, events)


def texts(store: Store) -> list[tuple[str, str]]:
    """Return channel and event of every notice, the oldest first."""
    with store.read() as transaction:
        return [(one.channel, one.notice.event) for one in stored.listed(transaction)][::-1]


def tell_all(store: Store) -> None:
    """Note everything as told."""
    with store.write() as transaction:
        numbers = [one.notice.id for one in stored.listed(transaction)]
        stored.told(transaction, numbers)


DESK = {"desk": {"terminal": True}}


def test_the_events_of_settings_and_notifiers_are_the_same() -> None:
    """What `on` may say is what there is to hear of."""
    assert set(EVENTS) == set(get_args(notices_settings.Event))


def test_each_channel_gets_what_it_wants(outbox: Store) -> None:
    """A channel hears of the events in `on`, and one that is only pinged of none."""
    channels = {
        "all": {"terminal": True},
        "disk": {"terminal": True, "on": "disk"},
        "dead": {"ping": "https://hc.example/1"},
    }
    count = announce(outbox, channels, event(), event("disk", subject="disk"))

    assert 3 == count
    assert [("all", "failed"), ("all", "disk"), ("disk", "disk")] == texts(outbox)


@pytest.mark.parametrize(
    ("least", "told"),
    [
        ("info", ["info", "warning", "critical"]),
        (None, ["warning", "critical"]),
        ("critical", ["critical"]),
    ],
)
def test_findings_below_the_severity_are_not_told(
    outbox: Store, least: str | None, told: list[str]
) -> None:
    """`severity` counts for findings: warnings and worse without it."""
    desk = {"terminal": True, **({"severity": least} if least else {})}
    found = [event("finding", subject=each, severity=each) for each in Severity]
    announce(outbox, {"desk": desk}, *found)
    with outbox.read() as transaction:
        severities = [one.notice.severity for one in stored.listed(transaction)][::-1]

    assert told == severities


def test_a_failure_is_told_whatever_its_severity(outbox: Store) -> None:
    """`severity` holds back findings only."""
    desk = {"desk": {"terminal": True, "severity": "critical"}}

    assert 1 == announce(outbox, desk, event(severity="info"))


def test_a_failure_that_lasts_is_told_again_after_repeat(any_outbox: Store, moving: Any) -> None:
    """Further failures of one incident are silent until `repeat` has passed, again and again."""
    written = []
    for _ in range(9):
        written.append(announce(any_outbox, DESK, event()))
        tell_all(any_outbox)
        moving.move(hours=6)
    with any_outbox.read() as transaction:
        occasions = [one.occasion for one in stored.listed(transaction)][::-1]

    assert [1, 0, 0, 0, 1, 0, 0, 0, 1] == written
    first = "2026-01-31T06:00:00Z"
    assert [first, f"{first}/2", f"{first}/3"] == occasions


def test_what_still_waits_is_not_repeated(outbox: Store, moving: Any) -> None:
    """Where nobody could be told yet, a second notice of the same would not help."""
    announce(outbox, DESK, event())
    moving.move(days=3)

    assert 0 == announce(outbox, DESK, event())


def test_another_incident_is_told_at_once(outbox: Store) -> None:
    """A failure after a recovery is a new one."""
    announce(outbox, DESK, event())
    announce(outbox, DESK, event("recovered"))

    assert 1 == announce(outbox, DESK, event(occasion="2026-02-01T06:00:00Z"))


def test_a_recovery_is_told_to_whoever_heard_of_the_failure(outbox: Store) -> None:
    """Who has not heard of a failure need not hear of its end; who has, hears of it once."""
    early = {"early": {"terminal": True}}
    both = {**early, "late": {"terminal": True}, "only": {"terminal": True, "on": "recovered"}}
    announce(outbox, early, event())
    again = [announce(outbox, both, event("recovered")) for _ in range(2)]
    other = announce(outbox, both, event("recovered", subject="source:other"))

    assert ([1, 0], 0) == (again, other)
    assert [("early", "failed"), ("early", "recovered")] == texts(outbox)


def test_a_recovery_after_repetitions(any_outbox: Store, moving: Any) -> None:
    """Also after the failure was told several times, its end is told once."""
    announce(any_outbox, DESK, event())
    tell_all(any_outbox)
    moving.move(days=2)
    announce(any_outbox, DESK, event())

    assert [1, 0] == [announce(any_outbox, DESK, event("recovered")) for _ in range(2)]


def test_texts_are_masked_bounded_and_one_line(any_outbox: Store) -> None:
    """Secrets and personal values are masked, signs that steer a terminal replaced."""
    redactor.add("open-sesame-7")
    said = "\x1b[31mNo\nanswer to ana@mail.example with open-sesame-7 " + "x" * 10_000
    announce(any_outbox, DESK, event(text=said))
    with any_outbox.read() as transaction:
        (text,) = [one.notice.text for one in stored.listed(transaction)]

    assert text.startswith("\N{REPLACEMENT CHARACTER}[31mNo answer to [e-mail] with *** x")
    assert (400, True) == (len(text), text.endswith("..."))


def test_an_unknown_event_is_refused() -> None:
    """A misspelt event is found where it is made."""
    with pytest.raises(ValueError, match="'fialed' is no event; known: failed"):
        event("fialed")


def test_many_events_at_once(any_outbox: Store) -> None:
    """A bad night of a large project is written in one transaction."""
    many = [event(subject=f"source:s{number}") for number in range(100)]

    assert 100 == announce(any_outbox, DESK, *many)
    assert 0 == announce(any_outbox, DESK, *many)
