"""
The loop itself: one thread that turns every second or two, and children that do the work.

All that it knows for certain is in the ledger. So it may be killed at any instant, run beside
another one, or lose its database for an hour: what was due is run once, or said to be missed.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Event, Thread
from types import FrameType
from typing import Final

from regard import __version__
from regard.clock import Clock
from regard.errors import ConfigError, RegardError, StoreError, StoreOutdated, StoreTooNew
from regard.jobs import ENDED, Job, Planned, State
from regard.pipeline.children import Bounds, Child, Ended, machine_memory
from regard.pipeline.reading import bury
from regard.pipeline.workplace import Workplace
from regard.scheduler import logs
from regard.scheduler.alarms import Alarms
from regard.scheduler.crew import Crew, Member, preload
from regard.scheduler.deciding import Standing
from regard.scheduler.desk import Desk, Result
from regard.scheduler.planning import jobs_of, most_at_once, planned_of
from regard.scheduler.upgrades import installed_version
from regard.scheduler.waking import Waker
from regard.scheduler.working import Inspection, JobWork
from regard.secrets import redactor
from regard.settings import Project
from regard.store import Store, Transaction
from regard.store.ledger import Entry

__all__ = ["UPGRADED", "Loop", "Pace", "PlanLine"]

UPGRADED: Final = 75
"""The exit code of a loop that has to be started anew, because regard was upgraded."""

_log = logging.getLogger("regard.loop")

_INSPECTION: Final = Bounds(deadline=timedelta(minutes=2))
_COMPLAIN_EVERY: Final = 300.0
_OUTCOMES: Final = {"ok": 0, "failed": 1, "partial": 3, "skipped": 4}
_FINAL_KINDS: Final = frozenset({"ConfigError", "PluginError", "SecretError", "UsageError"})


@dataclass(frozen=True, slots=True)
class Pace:
    """
    How often the loop does what, in seconds.

    Attributes:
        turn: It looks at what is due, though nothing has woken it.
        beat: It says that it lives, and takes over what nobody has.
        version: It looks whether regard was upgraded.
        grace: How long runs may go on once it was asked to stop.
    """

    turn: float = 2.0
    beat: float = 5.0
    version: float = 60.0
    grace: float = 30.0


@dataclass(frozen=True, slots=True)
class PlanLine:
    """
    What is planned for one job.

    Attributes:
        job: The job.
        schedule: As it is written; None: it has none.
        next_at: When it is due next; None: never.
        at_once: Whether a time has come already that is made up for.
    """

    job: str
    schedule: str | None
    next_at: datetime | None
    at_once: bool = False


@dataclass(slots=True)
class Loop:
    """
    One loop over one project.

    Attributes:
        place: The project, with the text of its configuration.
        clock: What schedules go by.
        pace: How often it does what.
        once: Run these jobs once now, and end; None: run what is due, for months.
        told: Hears the plan when it is made.
    """

    place: Workplace
    clock: Clock
    pace: Pace = field(default_factory=Pace)
    once: Sequence[str] | None = None
    told: Callable[[list[PlanLine]], None] | None = None

    owner: str = field(default_factory=lambda: secrets.token_hex(8))
    _waker: Waker = field(default_factory=Waker)
    _queue: dict[int, Entry] = field(default_factory=dict)
    _unsettled: list[tuple[Member, Result]] = field(default_factory=list)
    _jobs: dict[str, Job] = field(default_factory=dict)
    _planned: dict[str, Planned] = field(default_factory=dict)
    _asked: int = 0
    _reload: bool = False
    _drained: str | None = None
    _stopped_at: float | None = None
    _next: dict[str, float] = field(default_factory=dict)
    _complained: dict[str, float] = field(default_factory=dict)
    _crew: Crew = field(init=False)
    _alarms: Alarms = field(init=False)
    _desk: Desk = field(init=False)
    _store: Store = field(init=False)

    def run(self) -> int:
        """
        Run until somebody asks for the end.

        Returns:
            0, or `UPGRADED`.

        Raises:
            ConfigError: The configuration is wrong.
            StoreError: The store cannot be opened.
        """
        preload()
        self._crew = Crew(self._waker.wake)
        self._alarms = Alarms(self.clock, self._waker.wake)
        with ExitStack() as stack:
            stack.callback(self._waker.close)
            stack.enter_context(self._signals())
            self._store = self._open(self._inspect(self.place))
            stack.callback(self._store.close)
            self._settle_in()
            stack.callback(self._alarms.stop)
            self._alarms.start()
            self._turn()
            while not self._done():
                self._waker.wait(self._patience())
                self._turn()
            self._end()
        return UPGRADED if self._drained else 0

    # Beginning and reloading.

    def _inspect(self, place: Workplace) -> str:
        """Check the configuration in a child, take over its jobs, return the store's address."""
        with Child(Inspection(place), _INSPECTION, served=True) as child:
            ended = self._inspected(child)
        if ended.error is not None:
            raise ConfigError(ended.error)
        settings = place.project.settings
        jobs = jobs_of(settings, frozenset(ended.value["crawling"]))
        self._jobs, self._planned = jobs, planned_of(settings, jobs)
        self.place = place
        redactor.add(_password(ended.value["store"]))
        return str(ended.value["store"])

    def _inspected(self, child: Child) -> Ended:
        """Return how a look at the configuration ended; meanwhile a loop at work says it lives."""
        cancel, ended = Event(), list[Ended]()

        def attend() -> None:
            ended.append(child.attend(cancel, lambda text: _log.warning("%s", text)))
            self._waker.wake()

        thread = Thread(target=attend, name="regard-inspection", daemon=True)
        thread.start()
        while thread.is_alive():
            self._waker.wait(1.0)
            # A plug-in may take its time to be imported: nobody is to take our rows for lost.
            if self._next and self._is_time("beat", self.pace.beat):
                self._guarded(self._beat)
            if self._next and self._asked:
                cancel.set()
        return ended[0]

    def _open(self, url: str) -> Store:
        return Store.open(url, clock=self.clock)

    def _settle_in(self) -> None:
        planned = {} if self.once is not None else self._planned
        self._desk = Desk(self._store, self.owner, self._jobs, planned, self._heard)
        now = self.clock.now()
        if self.once is not None:
            self._take(self._desk.ask(self.once, now))
            return
        self._desk.begin(__version__, _digest(self.place.project), now)
        self._alarms.set(self._planned)
        text = f"{len(self._planned)} of {len(self._jobs)} jobs have a schedule"
        _log.info("the loop begins: %s", text, extra={"event": "loop-began"})
        if self.told is not None:
            self.told(self._plan(now))

    def _plan(self, now: datetime) -> list[PlanLine]:
        upcoming = self._desk.next_due()
        lines = []
        for name in self._jobs:
            planned = self._planned.get(name)
            due = upcoming.get(name)
            text = str(planned.schedule) if planned else None
            at_once = planned is not None and due is not None and due <= now
            following = planned.next_after(now) if planned else None
            lines.append(PlanLine(name, text, following, at_once))
        return lines

    def _read_again(self) -> None:
        """Take over a changed configuration; one that is broken leaves the old one in force."""
        self._reload = False
        path = self.place.config
        old_url = self._store.place
        try:
            place = Workplace(path, self.clock, text=path.read_text("utf-8-sig"))
            url = self._inspect(place)
        except (RegardError, OSError, UnicodeDecodeError) as error:
            text = "the new configuration is not taken over, the old one stays in force"
            _log.error("%s: %s", text, error, extra={"event": "reload-failed"})
            return
        if _place_of(url) != old_url:
            text = "the store's address changed: that takes a new start; the old store is used"
            _log.warning(text)
        logs.set_up(place.project.settings, place.project.root)
        try:
            self._settle_in()
        except StoreError as error:
            # What is planned must be in the ledger; the next turn tries again.
            self._reload = True
            self._complain(str(error))
            return
        _log.info("the configuration was read again", extra={"event": "reloaded"})

    # Turning.

    def _turn(self) -> None:
        if self._reload:
            self._read_again()
        self._harvest()
        for what, seconds, step in (
            ("beat", self.pace.beat, self._beat),
            ("version", self.pace.version, self._look_for_upgrade),
        ):
            if self._is_time(what, seconds):
                self._guarded(step)
        if not self._stopping:
            self._guarded(self._claim)
            self._guarded(self._start)
        for member in self._crew.members:
            if member.entry.log and logs.cut(self.place.project.resolve(member.entry.log)):
                _log.warning("%s: its log file was too large and was cut", member.job.name)

    def _patience(self) -> float:
        """Return how long to wait: to the next turn, or to the next time that something starts."""
        now = self.clock.now()
        starts = [(entry.start_at - now).total_seconds() for entry in self._queue.values()]
        return max(0.05, min([self.pace.turn, *(one for one in starts if one > 0)]))

    def _is_time(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._next.get(what, 0.0):
            return False
        self._next[what] = now + seconds
        return True

    def _guarded(self, step: Callable[[], None]) -> None:
        """Take one step; a store that cannot be reached is waited for."""
        try:
            step()
        except (StoreTooNew, StoreOutdated) as error:
            self._drain(str(error))
        except StoreError as error:
            self._complain(str(error))
        else:
            self._complained.clear()

    def _complain(self, text: str) -> None:
        """Say what is wrong with the store, and not every second."""
        if time.monotonic() >= self._complained.get(text, 0.0):
            self._complained[text] = time.monotonic() + _COMPLAIN_EVERY
            _log.error("%s; the loop goes on trying", text, extra={"event": "store-failed"})

    def _beat(self) -> None:
        if self.once is not None:
            with self._store.write(patience=timedelta(seconds=5)) as transaction:
                from regard.store import ledger

                ledger.renew(transaction, self.owner)
            return
        busy = (*self._crew.members, *(member for member, _ in self._unsettled))
        known = {*self._queue, *(member.entry.id for member in busy)}
        for entry in self._desk.beat(self.clock.now(), known):
            text = "%s, due at %s, is taken over: nobody has it any more"
            _log.warning(text, entry.job, _said(entry.scheduled_for), extra=_about(entry))
            self._take([entry])

    def _claim(self) -> None:
        if self.once is None:
            self._take(self._desk.claim(self.clock.now()))

    def _take(self, entries: Sequence[Entry]) -> None:
        self._queue |= {entry.id: entry for entry in entries}

    def _start(self) -> None:
        """Start what is queued, as far as there is room and nothing must go first."""
        now = self.clock.now()
        ready = [entry for entry in self._queue.values() if entry.start_at <= now]
        if not ready:
            return
        settings = self.place.project.settings
        members = self._crew.members
        room = most_at_once(settings) - len(members)
        crawls = settings.limits.crawls - sum(member.job.crawls for member in members)
        if room <= 0:
            return
        waiting = self._desk.waits(ready)
        for entry in sorted(ready, key=lambda each: (each.scheduled_for, each.id)):
            job = self._jobs.get(entry.job)
            if job is not None and (entry.id in waiting or (job.crawls and crawls <= 0)):
                continue
            del self._queue[entry.id]
            if job is None:
                self._desk.drop(entry)
                continue
            if not self._begin(entry, job, now):
                continue
            crawls -= job.crawls
            room -= 1
            if room <= 0:
                return

    def _begin(self, entry: Entry, job: Job, now: datetime) -> bool:
        log = logs.log_path(job, entry.scheduled_for, entry.attempt)
        try:
            started = self._desk.start(entry, log, now)
        except StoreError:
            self._queue[entry.id] = entry
            raise
        if started is None:
            return False
        due = _said(entry.scheduled_for)
        cause = "retry" if entry.attempt > 1 else entry.cause
        settings = self.place.project.settings
        threads = settings.limits.threads or max(1, (os.cpu_count() or 1) // 4)
        work = JobWork(self.place, job, cause, due, entry.attempt, log, threads)
        memory = settings.limits.memory or (machine_memory() or 0) // 3 or None
        _log.info("%s begins, due at %s", job.name, due, extra=_about(started))
        self._crew.start(Member(started, job), work, Bounds(job.deadline, memory))
        return True

    # Ending runs.

    def _harvest(self) -> None:
        """Note what became of children that have ended."""
        for member, ended in self._crew.ended():
            if self._stopping and _was_broken_off(ended):
                # It is handed back when the loop ends: whoever comes next goes on with it.
                _log.info("%s was stopped; it goes on later", member.job.name)
                continue
            self._unsettled.append((member, self._result(member, ended)))
        for member, result in list(self._unsettled):
            try:
                again = self._desk.settle(member.entry, result, self.clock.now())
            except StoreError as error:
                self._complain(str(error))
                return
            self._unsettled.remove((member, result))
            self._say(member, result, again)
            if again is not None:
                self._take([again])

    def _result(self, member: Member, ended: Ended) -> Result:
        if ended.error is None:
            try:
                value = ended.value
                state, code = State(value["outcome"]), _OUTCOMES[value["outcome"]]
                return Result(state, value["error"], value["run_id"], code, bool(value["final"]))
            except (KeyError, TypeError, ValueError):
                # A plug-in that writes anywhere may have written what only its host says.
                text = "its process told something that the loop does not understand"
                return Result(State.FAILED, text, None, 1)
        run_id = None
        if ended.kind is None and member.job.kind == "source":
            try:
                buried = bury(self.place, member.job.label, ended)
                run_id = next((one.run_id for one in buried if one.run_id), None)
            except RegardError as error:
                _log.warning("%s: %s", member.job.name, error)
        code = ended.code if ended.code is not None else 1
        final = ended.kind in _FINAL_KINDS
        return Result(State.FAILED, ended.error, run_id, code, final)

    def _say(self, member: Member, result: Result, again: Entry | None) -> None:
        extra = {**_about(member.entry), "outcome": result.state.value, "event": "job-ended"}
        if result.run_id is not None:
            extra["run"] = result.run_id
        why = f": {result.reason}" if result.reason else ""
        if again is not None:
            text = f"; tried again at {_said(again.start_at)}"
            _log.warning("%s %s%s%s", member.job.name, result.state, why, text, extra=extra)
            return
        level = {State.FAILED: logging.ERROR, State.PARTIAL: logging.WARNING}
        _log.log(
            level.get(result.state, logging.INFO),
            "%s ended: %s%s",
            member.job.name,
            result.state,
            why,
            extra=extra,
        )

    def _heard(self, transaction: Transaction, entry: Entry, standing: Standing) -> None:
        """Hear of a row that came to its end, within the transaction that ends it."""
        if entry.state in (State.SKIPPED, State.MISSED):
            text = "%s, due at %s, is %s: %s"
            level = logging.WARNING if entry.state is State.MISSED else logging.INFO
            what = (entry.job, _said(entry.scheduled_for), entry.state, entry.reason)
            _log.log(level, text, *what, extra={**_about(entry), "outcome": entry.state.value})

    # Stopping.

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Listen to signals for the length of a block; their handlers only leave a note."""

        def stop(number: int, frame: FrameType | None) -> None:
            self._asked += 1
            self._waker.wake()

        def reload(number: int, frame: FrameType | None) -> None:
            self._reload = True
            self._waker.wake()

        wanted = {signal.SIGTERM: stop, signal.SIGINT: stop, signal.SIGHUP: reload}
        before = {number: signal.signal(number, heed) for number, heed in wanted.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _look_for_upgrade(self) -> None:
        found = installed_version()
        if found is not None and found != __version__:
            self._drain(f"regard {found} is installed by now, this loop is {__version__}")
            return
        self._store.require_current()

    def _drain(self, why: str) -> None:
        if self._drained is None:
            self._drained = why
            text = "nothing new is begun, and the loop ends with exit code %s when all has ended"
            _log.warning(f"%s; {text}", why, UPGRADED, extra={"event": "draining"})

    @property
    def _stopping(self) -> bool:
        return bool(self._asked) or self._drained is not None

    def _done(self) -> bool:
        busy = bool(self._crew.members or self._unsettled)
        if not self._stopping:
            return self.once is not None and not busy and not self._queue
        if self._asked and self._stopped_at is None:
            self._stopped_at = time.monotonic()
            many = len(self._crew.members)
            text = f", and waits for {many} runs, {self.pace.grace:g} s at most" if many else ""
            _log.info("the loop was asked to stop%s", text, extra={"event": "stopping"})
        if self._stopped_at is not None:
            late = time.monotonic() - self._stopped_at > self.pace.grace
            if late or self._asked > 1:
                self._crew.stop()
        return not self._crew.members

    def _end(self) -> None:
        self._harvest()
        try:
            self._desk.end()
        except StoreError as error:
            # Its rows are taken over when they are not renewed.
            _log.warning("%s", error)
        _log.info("the loop has ended", extra={"event": "loop-ended"})


def _was_broken_off(ended: Ended) -> bool:
    """Say whether a run did not get to its end because it was asked to stop."""
    value = ended.value
    if not isinstance(value, dict):
        return ended.stopped
    return bool(value.get("stopped")) and value.get("outcome") != State.OK.value


def _about(entry: Entry) -> dict[str, object]:
    return {
        "event": "job-began" if entry.state not in ENDED else "job-ended",
        "job": entry.job,
        "due": _said(entry.scheduled_for),
        "attempt": entry.attempt,
        "log": entry.log,
    }


def _said(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S} UTC"


def _digest(project: Project) -> str:
    return sha256(project.text.encode()).hexdigest()[:16]


def _password(url: str) -> str:
    from sqlalchemy.engine import make_url

    return str(make_url(url).password or "")


def _place_of(url: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(url).render_as_string(hide_password=True).replace("+psycopg", "")
