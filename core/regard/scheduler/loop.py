"""
The loop itself: one thread that turns every second or two, and children that do the work.

All that it knows for certain is in the ledger. So it may be killed at any instant, run beside
another one, or lose its database for an hour: what was due is run once, or said to be missed.
"""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Event, Thread
from typing import Final
from zoneinfo import ZoneInfo

from regard import __version__
from regard.clock import Clock
from regard.errors import ConfigError, RegardError, StoreError, StoreOutdated, StoreTooNew
from regard.jobs import Job, Planned, State
from regard.pipeline.announcing import Announcer
from regard.pipeline.children import Bounds, Child, Ended, machine_memory
from regard.pipeline.workplace import Workplace
from regard.scheduler import logs
from regard.scheduler.alarms import Alarms
from regard.scheduler.crew import Crew, Member, preload
from regard.scheduler.deciding import Standing
from regard.scheduler.desk import Desk, Result
from regard.scheduler.enriching import StaleEnrichers
from regard.scheduler.metrics import Metrics
from regard.scheduler.planning import jobs_of, most_at_once, planned_of
from regard.scheduler.results import about, result_of, said, say_ended, say_idle, was_broken_off
from regard.scheduler.signals import Asked
from regard.scheduler.tending import ended_events
from regard.scheduler.upgrades import installed_version
from regard.scheduler.upkeep import Upkeep
from regard.scheduler.waking import Waker
from regard.scheduler.working import Inspection, JobWork
from regard.secrets import redactor
from regard.settings.scheduling import QuietHours
from regard.store import Store, Transaction, connections
from regard.store.ledger import Entry

__all__ = ["UPGRADED", "Loop", "Pace", "PlanLine"]

UPGRADED: Final = 75
"""The exit code of a loop that has to be started anew, because regard was upgraded."""

_log = logging.getLogger("regard.loop")

_INSPECTION: Final = Bounds(deadline=timedelta(minutes=2))
_COMPLAIN_EVERY: Final = 300.0


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
        metrics: Where to put the metrics; None: nobody asks for them.
        quiet: Only what is wrong goes to stderr.
        owner: Names this loop in the ledger.
    """

    place: Workplace
    clock: Clock
    pace: Pace = field(default_factory=Pace)
    once: Sequence[str] | None = None
    told: Callable[[list[PlanLine]], None] | None = None
    metrics: Metrics | None = None
    quiet: bool = False
    owner: str = field(default_factory=lambda: secrets.token_hex(8))

    _waker: Waker = field(default_factory=Waker)
    _asked: Asked = field(default_factory=Asked)
    _queue: dict[int, Entry] = field(default_factory=dict)
    _unsettled: list[tuple[Member, Result]] = field(default_factory=list)
    _jobs: Mapping[str, Job] = field(default_factory=dict)
    _planned: Mapping[str, Planned] = field(default_factory=dict)
    _drained: bool = False
    _stopped_at: float | None = None
    _next: dict[str, float] = field(default_factory=dict)
    _complained: dict[str, float] = field(default_factory=dict)
    _crew: Crew = field(init=False)
    _upkeep: Upkeep = field(init=False)
    _alarms: Alarms = field(init=False)
    _desk: Desk = field(init=False)
    _stale: StaleEnrichers = field(init=False)
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
        self._upkeep = Upkeep(self._waker.wake, self.metrics)
        self._alarms = Alarms(self.clock, self._waker.wake)
        with ExitStack() as stack:
            stack.callback(self._waker.close)
            stack.enter_context(self._asked.listening(self._waker))
            try:
                url = self._inspect(self.place)
            except ConfigError:
                if self._asked.stops:
                    return 0
                raise
            self._store = Store.open(url, clock=self.clock)
            stack.callback(self._store.close)
            self._settle_in()
            self._alarms.start()
            stack.callback(self._alarms.stop)
            self._turn()
            while not self._done():
                self._waker.wait(self._patience())
                self._turn()
            self._end()
        return UPGRADED if self._drained else 0

    # Beginning, and beginning anew.

    def _inspect(self, place: Workplace, held: str | None = None) -> str:
        """Check the configuration in a child, take over its jobs, return the store's address."""
        with Child(Inspection(place, held), _INSPECTION, served=True) as child:
            ended = self._inspected(child)
        if ended.error is not None:
            raise ConfigError(ended.error)
        settings, url = place.project.settings, str(ended.value["store"])
        jobs = jobs_of(settings, ended.value["sites"], ended.value["enrichers"])
        self._jobs, self._planned = jobs, planned_of(settings, jobs)
        self.place = place
        redactor.add(connections.password(url))
        return url

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
            if self._asked.stops:
                cancel.set()
        return ended[0]

    def _settle_in(self) -> None:
        """Take a seat at the ledger with the jobs that there are now."""
        planned = {} if self.once is not None else self._planned
        self._desk = Desk(self._store, self.owner, self._jobs, planned, self._heard)
        # What is run once is run whole: every enricher has its own turn there.
        unplanned = {} if self.once is not None else self._jobs
        self._stale = StaleEnrichers(self._store, self.owner, unplanned, planned)
        now = self.clock.now()
        if self.once is not None:
            self._take(self._desk.ask(self.once, now))
            return
        text = self.place.project.text
        digest = sha256(text.encode()).hexdigest()[:16]
        self._desk.begin(__version__, digest, now)
        self._alarms.set(self._planned)
        many = f"{len(self._planned)} of {len(self._jobs)} jobs have a schedule"
        _log.info("the loop begins: %s", many, extra={"event": "loop-began"})
        if self.told is not None:
            self.told(self._plan(now))

    def _plan(self, now: datetime) -> list[PlanLine]:
        upcoming = self._desk.next_due()
        lines = []
        for name in self._jobs:
            planned, due = self._planned.get(name), upcoming.get(name)
            if planned is None:
                lines.append(PlanLine(name, None, None))
            else:
                at_once = due is not None and due <= now
                text = str(planned.schedule)
                lines.append(PlanLine(name, text, planned.next_after(now), at_once))
        return lines

    def _read_again(self) -> None:
        """Take over a changed configuration; one that is broken leaves the old one in force."""
        self._asked.reload = False
        path = self.place.config
        try:
            place = Workplace(path, self.clock, text=path.read_text("utf-8-sig"))
            self._inspect(place, self._store.place)
        except (RegardError, OSError, UnicodeDecodeError) as error:
            text = "the new configuration is not taken over, the old one stays in force"
            _log.error("%s: %s", text, error, extra={"event": "reload-failed"})
            return
        logs.set_up(place.project.settings, place.project.root, quiet=self.quiet)
        try:
            self._settle_in()
        except StoreError as error:
            # What is planned must be in the ledger; the next turn tries again.
            self._asked.reload = True
            self._complain(str(error))
            return
        _log.info("the configuration was read again", extra={"event": "reloaded"})

    # Turning.

    def _turn(self) -> None:
        if self._asked.reload:
            self._read_again()
        self._harvest()
        if self._is_time("beat", self.pace.beat):
            self._guarded(self._beat)
        if self._is_time("version", self.pace.version):
            self._guarded(self._look_for_upgrade)
        if not self._stopping:
            self._guarded(self._claim)
            self._guarded(self._enrich)
            self._guarded(self._start)
        self._tend()

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

    def _complain(self, text: str) -> None:
        """Say what is wrong with the store, and not every second."""
        if time.monotonic() >= self._complained.get(text, 0.0):
            self._complained = {text: time.monotonic() + _COMPLAIN_EVERY}
            _log.error("%s; the loop goes on trying", text, extra={"event": "store-failed"})

    def _beat(self) -> None:
        if self.once is not None:
            self._desk.renew()
            return
        busy = (*self._crew.members, *(member for member, _ in self._unsettled))
        known = {*self._queue, *(member.entry.id for member in busy)}
        for entry in self._desk.beat(self.clock.now(), known):
            text = "%s, due at %s, is taken over: nobody has it any more"
            _log.warning(text, entry.job, said(entry.scheduled_for), extra=about(entry))
            self._take([entry])

    def _claim(self) -> None:
        if self.once is None:
            self._take(self._desk.claim(self.clock.now()))

    def _enrich(self) -> None:
        if self._is_time("stale", self.pace.beat):
            self._take(self._stale.claim(self.clock.now()))

    def _behind_enrichers(self, ready: Sequence[Entry]) -> set[int]:
        """Let stale enrichers go before reports; return which rows wait for them."""
        reports = [one for one in ready if one.job.startswith("report:")]
        claimed = self._stale.claim(self.clock.now(), reports) if reports else []
        if claimed:
            self._take(claimed)
            self._waker.wake()
        return self._stale.waits(reports)

    def _take(self, entries: Sequence[Entry]) -> None:
        self._queue |= {entry.id: entry for entry in entries}

    def _start(self) -> None:
        """Start what is queued, as far as there is room and nothing must go first."""
        now = self.clock.now()
        ready = [one for one in self._queue.values() if one.start_at <= now and self._may(one)]
        settings, members = self.place.project.settings, self._crew.members
        room = most_at_once(settings) - len(members)
        asked = {member.job.site for member in members if member.job.site is not None}
        if not ready or room <= 0:
            return
        waiting = self._desk.waits(ready)
        waiting |= self._behind_enrichers([one for one in ready if one.id not in waiting])
        for entry in sorted(ready, key=lambda each: (each.scheduled_for, each.id)):
            job = self._jobs.get(entry.job)
            site = job.site if job is not None else None
            # Two sources of one site would only wait for each other.
            full = site is not None and (site in asked or len(asked) >= settings.limits.crawls)
            if full or entry.id in waiting:
                continue
            del self._queue[entry.id]
            if self._begin(entry, job, now):
                room -= 1
                asked |= {site} if site is not None else set()
            if room <= 0:
                return

    def _may(self, entry: Entry) -> bool:
        """Say whether a row may begin at this hour: it may have waited into quiet ones."""
        planned = self._planned.get(entry.job)
        if planned is None or planned.quiet_hours is None or entry.cause == "manual":
            return True
        return not QuietHours(planned.quiet_hours, ZoneInfo(planned.zone)).cover(self.clock.now())

    def _begin(self, entry: Entry, job: Job | None, now: datetime) -> bool:
        """Begin with a queued row; say whether a child is at it now."""
        log = logs.log_path(entry.job, entry.scheduled_for, entry.attempt)
        try:
            if job is None:
                self._desk.drop(entry, "it is no longer configured")
                return False
            if job.site is not None and self._upkeep.scarce:
                self._desk.drop(entry, "the disk is nearly full")
                return False
            started = self._desk.start(entry, log, now)
        except StoreError:
            self._queue[entry.id] = entry
            raise
        if started is None:
            return False
        self._stale.began(entry)
        settings, due = self.place.project.settings, said(entry.scheduled_for)
        cause = "retry" if entry.attempt > 1 else entry.cause
        threads = settings.limits.threads or max(1, (os.cpu_count() or 1) // 4)
        work = JobWork(self.place, job, cause, due, entry.attempt, log, threads)
        memory = settings.limits.memory or (machine_memory() or 0) // 3 or None
        _log.info("%s begins, due at %s", job.name, due, extra=about(started))
        self._crew.start(Member(started, job), work, Bounds(job.deadline, memory))
        return True

    def _harvest(self) -> None:
        """Note what became of children that have ended."""
        for member, ended in self._crew.ended():
            result = result_of(self.place, member, ended)
            if self._stopping and was_broken_off(ended):
                # It is handed back when the loop ends: whoever comes next goes on with it.
                _log.info("%s was stopped; it goes on later", member.job.name)
                continue
            self._unsettled.append((member, result))
        for member, result in list(self._unsettled):
            try:
                again = self._desk.settle(member.entry, result, self.clock.now())
            except StoreError as error:
                self._complain(str(error))
                return
            self._unsettled.remove((member, result))
            say_ended(member, result, again)
            self._take([again] if again is not None else [])

    def _heard(self, transaction: Transaction, entry: Entry, standing: Standing) -> None:
        """Hear of a row that came to its end, within the transaction that ends it."""
        if entry.state in (State.SKIPPED, State.MISSED):
            say_idle(entry)
        announcer = Announcer(self.place.project.settings)
        announcer.announce(transaction, ended_events(entry, standing))

    # Looking after what is not a job.

    def _tend(self) -> None:
        for member in self._crew.members:
            if member.entry.log and logs.cut(self.place.project.resolve(member.entry.log)):
                _log.warning("%s: its log file was too large and was cut", member.job.name)
        if self.metrics is not None:
            self.metrics.turned()
        self._upkeep.hear()
        if self.once is None and not self._stopping:
            self._upkeep.begin(self.place)

    def _look_for_upgrade(self) -> None:
        found = installed_version()
        if found is not None and found != __version__:
            self._drain(f"regard {found} is installed by now, this loop is {__version__}")
        else:
            self._store.require_current()

    # Stopping.

    def _drain(self, why: str) -> None:
        if not self._drained:
            self._drained = True
            text = "%s; nothing new begins, and the loop ends with exit code %s once all has ended"
            _log.warning(text, why, UPGRADED, extra={"event": "draining"})

    @property
    def _stopping(self) -> bool:
        return bool(self._asked.stops) or self._drained

    def _done(self) -> bool:
        if not self._stopping:
            busy = self._crew.members or self._unsettled or self._queue
            return self.once is not None and not busy
        if self._asked.stops and self._stopped_at is None:
            self._stopped_at = time.monotonic()
            many, grace = len(self._crew.members), self.pace.grace
            text = f", and waits for {many} runs, {grace:g} s at most" if many else ""
            _log.info("the loop was asked to stop%s", text, extra={"event": "stopping"})
            self._upkeep.stop()
        if self._stopped_at is not None:
            late = time.monotonic() - self._stopped_at > self.pace.grace
            if late or self._asked.stops > 1:
                self._crew.stop()
        return not self._crew.members and not self._upkeep.busy

    def _end(self) -> None:
        self._harvest()
        try:
            self._desk.end()
        except StoreError as error:
            # Its rows are taken over when they are not renewed.
            _log.warning("%s", error)
        _log.info("the loop has ended", extra={"event": "loop-ended"})
