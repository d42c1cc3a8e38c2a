"""What became of children: from how a process ended to what the ledger and the log say."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any, Final

from regard.errors import RegardError
from regard.jobs import ENDED, State
from regard.pipeline.children import Ended
from regard.pipeline.reading import bury
from regard.pipeline.workplace import Workplace
from regard.scheduler.crew import Member
from regard.scheduler.desk import Result
from regard.store.ledger import Entry

__all__ = ["about", "result_of", "said", "say_ended", "say_idle", "was_broken_off"]

_log = logging.getLogger("regard.loop")

_CODES: Final = {State.OK: 0, State.FAILED: 1, State.PARTIAL: 3, State.SKIPPED: 4}
_FINAL_KINDS: Final = frozenset({"ConfigError", "PluginError", "SecretError", "UsageError"})
_LEVELS: Final = {State.FAILED: logging.ERROR, State.PARTIAL: logging.WARNING}


def result_of(place: Workplace, member: Member, ended: Ended) -> Result:
    """Return what became of a try; the run of one that cannot say so itself is ended."""
    if ended.error is None:
        value: Any = ended.value
        try:
            state = State(value["outcome"])
            code, final = _CODES[state], bool(value["final"])
            return Result(state, value["error"], value["run_id"], code, final)
        except (KeyError, TypeError, ValueError):
            # A plug-in that writes anywhere may have written what only its host says.
            text = "its process told something that the loop does not understand"
            return Result(State.FAILED, text, None, 1)
    run_id = None
    if ended.kind is None and ended.pid and member.job.kind != "report":
        job = member.job
        try:
            buried = bury(place, job.label if job.kind == "source" else job.name, ended)
            run_id = next((one.run_id for one in buried if one.run_id), None)
        except RegardError as error:
            _log.warning("%s: %s", member.job.name, error, extra=about(member.entry))
    code = 1 if ended.code is None else ended.code
    return Result(State.FAILED, ended.error, run_id, code, ended.kind in _FINAL_KINDS)


def was_broken_off(ended: Ended) -> bool:
    """Say whether a run did not get to its end because it was asked to stop."""
    value = ended.value
    if not isinstance(value, dict):
        return ended.stopped
    return bool(value.get("stopped")) and value.get("outcome") != State.OK.value


def say_ended(member: Member, result: Result, again: Entry | None) -> None:
    """Log how a try ended."""
    extra = {**about(member.entry), "outcome": result.state.value, "event": "job-ended"}
    if result.run_id is not None:
        extra["run"] = result.run_id
    why = f": {result.reason}" if result.reason else ""
    if again is not None:
        then = f"tried again at {said(again.start_at)}"
        _log.warning("%s %s%s; %s", member.job.name, result.state, why, then, extra=extra)
        return
    level = _LEVELS.get(result.state, logging.INFO)
    _log.log(level, "%s ended: %s%s", member.job.name, result.state, why, extra=extra)


def say_idle(entry: Entry) -> None:
    """Log that a due time leads to no run."""
    level = logging.WARNING if entry.state is State.MISSED else logging.INFO
    extra = {**about(entry), "outcome": entry.state.value}
    what = (entry.job, said(entry.scheduled_for), entry.state, entry.reason)
    _log.log(level, "%s, due at %s, is %s: %s", *what, extra=extra)


def about(entry: Entry) -> dict[str, object]:
    """Return the fields of log lines about a row of the ledger."""
    return {
        "event": "job-ended" if entry.state in ENDED else "job-began",
        "job": entry.job,
        "due": said(entry.scheduled_for),
        "attempt": entry.attempt,
        "log": entry.log,
    }


def said(when: datetime) -> str:
    """Return a time as the log has it."""
    return f"{when:%Y-%m-%d %H:%M:%S} UTC"
