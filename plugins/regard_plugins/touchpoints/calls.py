"""
Telephone calls: how long somebody waited, how long was talked, and why nobody answered.

Telephone systems count from their side. Asterisk calls a call answered when a queue or a menu
took it, though no human being ever did; Aircall's duration includes the ringing. Here the
outcome is what the caller met.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from regard.exports import RowMapper
from regard.mapping import Mapped
from regard.mapping.headers import fold
from regard.mapping.mappers import Numbered
from regard.sources import Delete
from regard_plugins.touchpoints.deriving import Cells, Derive, DerivedMapper

__all__ = [
    "CDR_COLUMNS",
    "CDR_DISPOSITIONS",
    "CallLegs",
    "aircall",
    "aircall_export",
    "asterisk",
    "calls",
]

CDR_COLUMNS = (
    "accountcode",
    "src",
    "dst",
    "dcontext",
    "clid",
    "channel",
    "dstchannel",
    "lastapp",
    "lastdata",
    "start",
    "answer",
    "end",
    "duration",
    "billsec",
    "disposition",
    "amaflags",
    "uniqueid",
    "userfield",
)
"""The columns of Asterisk's ``Master.csv``, which has no header; newer ones have more behind."""

CDR_DISPOSITIONS = frozenset({"ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION"})

_OUTCOMES = {
    "NO ANSWER": "missed",
    "BUSY": "busy",
    "FAILED": "failed",
    "CONGESTION": "failed",
}
_MENUS = frozenset({"background", "waitexten", "playback", "read", "hangup", "ivr"})
_AGENT = re.compile(r"(?:PJSIP|SIP|IAX2|DAHDI|Local|SCCP)/(\d{2,6})\b")
_DIGITS = re.compile(r"\D")
_INTERNAL = 5
"""The most digits of an extension."""

_AIRCALL_REASONS = {
    "out_of_opening_hours": "missed-closed",
    "short_abandoned": "missed-short",
    "abandoned_in_ivr": "missed-ivr",
    "abandoned_in_classic": "missed-queue",
    "no_available_agent": "missed-nobody",
    "agents_did_not_answer": "missed-nobody",
}
_RANK = ("failed", "busy", "missed", "missed-ivr", "missed-queue", "voicemail", "answered")
_HELD = 500
"""So many calls are open at once at the most: the legs of one are written near each other."""


def _is_outside(number: str) -> bool:
    digits = number if number.isdigit() else _DIGITS.sub("", number)
    return len(digits) > _INTERNAL


def _set_wait(record: Mapped, seconds: int | None) -> None:
    if seconds is not None and seconds >= 0:
        record.setdefault("extra", {})["wait_s"] = seconds


def asterisk() -> Derive:
    """Return what follows from the legs of one Asterisk log."""

    def derive(record: Mapped, cells: Cells) -> Iterable[Mapped]:
        src, dst = cells.text("src"), cells.text("dst")
        inbound = _is_outside(src) and not (_is_outside(dst) and _is_inside(cells))
        if not inbound and not _is_outside(dst):
            return  # between two extensions: nobody outside took part
        duration, talked = cells.seconds("duration"), cells.seconds("billsec") or 0
        app, other = cells.text("lastapp").lower(), cells.text("dstchannel")
        said = cells.text("disposition").upper()
        outcome = _OUTCOMES.get(said, "answered" if said == "ANSWERED" else "failed")
        if app in ("voicemail", "voicemailmain"):
            outcome = "voicemail"
        elif inbound and outcome == "answered" and not other:
            # A queue or a menu took the call, and the caller hung up before anybody did.
            outcome = "missed-queue" if app == "queue" else outcome
            outcome = "missed-ivr" if app in _MENUS else outcome
        waited = duration if outcome != "answered" else (duration or 0) - talked
        record["direction"] = "inbound" if inbound else "outbound"
        record["customer_key"] = src if inbound else dst
        record["duration_s"] = talked if outcome in ("answered", "voicemail") else 0
        record["outcome"] = outcome
        agent = _AGENT.search(other if inbound else cells.text("channel"))
        if agent is not None:
            record["agent"] = agent[1]
        _set_wait(record, waited)
        # Names and numbers of people, and what only the machine needs.
        cells.passed("channel", "clid", "lastdata", "amaflags", "accountcode")
        yield record

    return derive


def _is_inside(cells: Cells) -> bool:
    """Say whether a call began inside, whatever number the outside is shown."""
    context = cells.text("dcontext").lower()
    return "internal" in context or "outbound" in context or "outgoing" in context


class CallLegs(RowMapper):
    """
    Makes one call of the legs that share a unique id: a call that rings at three desks has three.

    Args:
        inner: Maps each leg.
    """

    def __init__(self, inner: DerivedMapper) -> None:
        super().__init__(inner.header)
        self._inner = inner
        self._open: dict[str, Mapped] = {}
        self._inside = 0

    @property
    def notes(self) -> Sequence[str]:
        """What was passed over."""
        inside = f"passed over, legs of calls between extensions: {self._inside:,}"
        return [*self._inner.notes, *([inside] if self._inside else ())]

    def raw(self, row: Numbered) -> dict[str, str]:
        """Return a row by its headers."""
        return dict(self._inner.raw(row))

    def records(self, row: Numbered) -> Sequence[Mapped | Delete]:
        """Take one leg; return a call of which no more are to come."""
        found = self._inner.records(row)
        if not found:
            self._inside += 1
        for leg in found:
            if isinstance(leg, dict):
                key = leg["key"]
                call = self._open.pop(key, None)
                self._open[key] = leg if call is None else _joined(call, leg)
        if len(self._open) > _HELD:
            return (self._open.pop(next(iter(self._open))),)
        return ()

    def finish(self) -> Sequence[Mapped]:
        """Return the calls that are still open."""
        calls = tuple(self._open.values())
        self._open.clear()
        return calls

    def passes_over(self, cells: Sequence[object]) -> bool:
        """Say whether a line that is no row is empty."""
        return self._inner.passes_over(cells)


def _joined(call: Mapped, leg: Mapped) -> Mapped:
    """Return one call of two legs: the better outcome counts, from when the first one began."""
    better = max(call, leg, key=lambda each: _rank(each["outcome"]))
    began = min(_moment(call), _moment(leg))
    waited = better.get("extra", {}).get("wait_s")
    late = int((_moment(better) - began).total_seconds())
    better = {**better, "happened_at": began, "extra": dict(better.get("extra", {}))}
    _set_wait(better, None if waited is None else waited + late)
    return better


def _rank(outcome: str) -> int:
    return _RANK.index(outcome) if outcome in _RANK else 0


def _moment(call: Mapped) -> datetime:
    moment: datetime = call["happened_at"]
    return moment


def aircall() -> Derive:
    """Return what follows from a row of Aircall."""

    def derive(record: Mapped, cells: Cells) -> Iterable[Mapped]:
        began, answered = cells.time("started_at"), cells.time("answered_at")
        ended, duration = cells.time("ended_at"), cells.seconds("duration")
        reason = cells.text("missed_call_reason").lower()
        if answered is not None:
            record["outcome"] = "answered"
            record["duration_s"] = _between(answered, ended)
            _set_wait(record, _between(began, answered))
        else:
            record["outcome"] = _AIRCALL_REASONS.get(reason, "missed")
            if cells.text("voicemail"):
                record["outcome"] = "voicemail"
            record["duration_s"] = 0
            _set_wait(record, duration if duration is not None else _between(began, ended))
        yield record

    return derive


def aircall_export() -> Derive:
    """Return what follows from a row of the CSV file that Aircall exports."""

    def derive(record: Mapped, cells: Cells) -> Iterable[Mapped]:
        inbound = record.get("direction") == "inbound"
        total = cells.seconds("duration (total)")
        talked = cells.seconds("duration (in call)")
        talked = talked if talked is not None else cells.seconds("in-call duration")
        waited = cells.seconds("waiting time")
        reason = cells.text("missed_call_reason").lower()
        if fold(cells.text("answered")) in ("yes", "true", "1"):
            record["outcome"], record["duration_s"] = "answered", talked
            known = None if total is None or talked is None else total - talked
            _set_wait(record, waited if waited is not None else known)
        else:
            record["outcome"] = _AIRCALL_REASONS.get(reason, "missed")
            if cells.text("voicemail"):
                record["outcome"] = "voicemail"
            record["duration_s"] = 0
            _set_wait(record, waited if waited is not None else total)
        other = cells.text("customer number") or cells.text("from" if inbound else "to")
        if other:
            record["customer_key"] = other
        yield record

    return derive


def _between(first: datetime | None, last: datetime | None) -> int | None:
    if first is None or last is None or last < first:
        return None
    return int((last - first).total_seconds())


def calls() -> Derive:
    """Return what follows from a row of any list of calls."""

    def derive(record: Mapped, cells: Cells) -> Iterable[Mapped]:
        talked, wait = cells.seconds("Duration"), cells.seconds("Wait")
        record["duration_s"] = talked
        _set_wait(record, wait)
        if "outcome" not in record and talked is not None:
            # A list without an outcome still says whether anybody talked.
            record["outcome"] = "answered" if talked else "missed"
        if fold(str(record.get("outcome", ""))).startswith("missed"):
            record["duration_s"] = 0
        yield record

    return derive
