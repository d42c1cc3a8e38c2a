"""
When something is due: crontab lines, ``every N``, and the lengths of time in the configuration.

A crontab line speaks of the wall clock: what falls into the hour that a spring night leaves
out is due right after it, what falls into the hour that an autumn night repeats is due once
(unless its minutes or hours begin with ``*``). ``every N`` speaks of elapsed time and starts
again at each local midnight.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from typing import Final
from zoneinfo import ZoneInfo

from regard.errors import ConfigError

__all__ = ["Schedule", "parse_duration", "parse_schedule", "write_duration"]

MAX_DURATION: Final = timedelta(days=3660)
"""Ten years: whoever writes more has mistaken the unit."""

_DAY: Final = timedelta(days=1)
_UNITS: Final = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_MACROS: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_ADVICE: Final = {
    "hourly": '"@hourly" or "every 1h"',
    "daily": '"@daily" or "0 6 * * *" or "every 1d"',
    "midnight": '"@daily" or "0 0 * * *"',
    "weekly": '"@weekly" or "0 6 * * MON"',
    "monthly": '"@monthly" or "0 6 1 * *"',
    "yearly": '"@yearly" or "0 6 1 1 *"',
    "annually": '"@yearly" or "0 6 1 1 *"',
}
_SHAPES: Final = '"0 6 * * *" (minute, hour, day, month, weekday), "@daily" or "every 15m"'
_FIELDS: Final = {
    "minute": "0-59",
    "hour": "0-23",
    "day-of-month": "1-31 or L",
    "month": "1-12 or JAN-DEC",
    "day-of-week": "0-7 (0 and 7 are Sunday) or MON-SUN, and a range goes upwards",
}
_MAX_LENGTH = 200
_PROBE: Final = datetime(2024, 1, 1, tzinfo=UTC)

_UNIT_WORDS: Final = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
}
_IN_MINUTES: Final = {"s": 1 / 60, "m": 1, "h": 60, "d": 1440}


@dataclass(frozen=True, slots=True)
class Schedule:
    """
    When something is due, again and again. Made by `parse_schedule`.

    Attributes:
        text: As it was written, with single blanks.
        crontab: The five fields; None for ``every N``.
        step: The length of ``every N``; None for a crontab line.
    """

    text: str
    crontab: str | None = None
    step: timedelta | None = None

    def __str__(self) -> str:
        return self.text

    def next_after(self, when: datetime, zone: str | ZoneInfo) -> datetime:
        """
        Return the first time it is due after a time, in UTC.

        Args:
            when: An aware time; a time that is due itself gives the following one.
            zone: Whose wall clock and midnight count, such as ``Europe/Madrid``.
        """
        if when.tzinfo is None:
            message = f"a schedule needs an aware time, not {when.isoformat()}"
            raise ValueError(message)
        place = ZoneInfo(zone) if isinstance(zone, str) else zone
        if self.step is not None:
            return _next_step(self.step, when.astimezone(UTC), place)
        return _next_tick(self.crontab or "", when.astimezone(UTC), place)


def parse_schedule(text: str) -> Schedule:
    """
    Return the schedule that a text describes.

    Args:
        text: A crontab line of five fields (names such as ``MON`` and ``JAN`` are known), a
            word such as ``@daily``, or ``every N`` with ``s``, ``m``, ``h`` or ``d``.

    Raises:
        ConfigError: It is none of these; the message says what would be right.
    """
    plain = " ".join(text.split())
    if len(plain) > _MAX_LENGTH:
        raise _refuse(plain, f"write {_SHAPES}")
    lower = plain.lower()
    if lower.startswith("@"):
        return _parse_macro(plain)
    if re.match(r"every\b", lower) or re.match(r"every\d", lower):
        return _parse_every(plain)
    if len(plain.split()) == 5:
        return _parse_crontab(plain, plain)
    raise _refuse(plain, _advice(lower))


def write_duration(span: timedelta) -> str:
    """Return a length of time as settings write it: ``90s``, ``15m``, ``6h``, ``1d``."""
    seconds = round(span.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def parse_duration(text: str) -> timedelta:
    """
    Return the length of time that a text such as ``90s``, ``15m``, ``6h`` or ``1d`` means.

    Raises:
        ConfigError: It is none, or longer than ten years.
    """
    plain = text.strip()
    match = re.fullmatch(r"([0-9]{1,9})([smhd])", plain, re.ASCII)
    if match is None:
        bare = re.fullmatch(r"[0-9]{1,6}", plain) is not None
        near = f'{plain}s" or "{plain}m' if bare else _nearest_duration(plain)
        right = f'write "{near}"' if near else 'write "90s", "15m", "6h" or "1d"'
        message = f"{_short(plain)} is not a length of time; {right}"
        raise ConfigError(message)
    length = int(match[1]) * _UNITS[match[2]]
    if length > MAX_DURATION:
        message = f"{_short(plain)} is longer than ten years; is the unit right?"
        raise ConfigError(message)
    return length


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _refuse(text: str, right: str) -> ConfigError:
    message = f"{_short(text)} is not a schedule; {right}"
    return ConfigError(message)


def _parse_macro(text: str) -> Schedule:
    crontab = _MACROS.get(text.lower())
    if crontab is None:
        near = get_close_matches(text.lower(), _MACROS, n=1, cutoff=0.6)
        known = f'write "{near[0]}"' if near else "known words: " + ", ".join(_MACROS)
        raise _refuse(text, known)
    return Schedule(text.lower(), crontab=crontab)


def _parse_every(text: str) -> Schedule:
    rest = text[len("every") :].strip()
    match = re.fullmatch(r"[0-9]{1,9}[smhd]", rest, re.ASCII)
    if match is None or not text[len("every")].isspace():
        near = _nearest_duration(rest)
        raise _refuse(text, f'write "every {near}"' if near else 'write "every 15m" or "every 6h"')
    step = parse_duration(rest)
    if not step:
        raise _refuse(text, 'the shortest step is "every 1s"')
    if step > _DAY and step % _DAY:
        days = step // _DAY
        right = (
            f'above one day only whole days are possible: "every {days}d" or "every {days + 1}d"'
        )
        raise _refuse(text, right)
    return Schedule(f"every {rest}", step=step)


def _parse_crontab(text: str, crontab: str) -> Schedule:
    from cronsim import CronSim, CronSimError

    try:
        next(CronSim(crontab, _PROBE))
    except CronSimError as error:
        raise _refuse(text, _field_at_fault(crontab, str(error).removeprefix("Bad "))) from error
    except StopIteration as error:
        raise _refuse(text, "no day of the next 50 years fits it") from error
    except (AssertionError, ValueError, TypeError) as error:  # odd mixtures that it trips over
        raise _refuse(text, f"write {_SHAPES}") from error
    return Schedule(text, crontab=crontab)


def _field_at_fault(crontab: str, field: str) -> str:
    if field not in _FIELDS:
        return f"write {_SHAPES}"
    written = crontab.split()
    value, month = written[list(_FIELDS).index(field)], written[3]
    if field == "day-of-month" and re.fullmatch(r"(?:[1-9]|[12][0-9]|3[01])", value):
        return f"month {_short(month)} has no day {value}"
    return f"its {field}, {_short(value)}, must be {_FIELDS[field]}"


def _advice(lower: str) -> str:
    """Say what somebody probably meant by a text that has no schedule's shape."""
    near = get_close_matches(lower, _ADVICE, n=1, cutoff=0.6)
    if near:
        return f"write {_ADVICE[near[0]]}"
    length = _nearest_duration(lower)
    if length:
        return f'write "every {length}"'
    clock = re.fullmatch(r"(?:at )?([01]?[0-9]|2[0-3])[:.h]([0-5][0-9])", lower, re.ASCII)
    if clock:
        return f'write "{int(clock[2])} {int(clock[1])} * * *"'
    fields = lower.split()
    if len(fields) == 6 and all(re.fullmatch(r"[\w*/,#-]+", field) for field in fields):
        return f'a crontab line has five fields and no seconds: "{" ".join(fields[1:])}"'
    if len(fields) > 1 and all(re.fullmatch(r"[\d*/,-]+|[a-z]{3}", field) for field in fields):
        return f"a crontab line has five fields, this one {len(fields)}; write {_SHAPES}"
    return f"write {_SHAPES}"


def _nearest_duration(text: str) -> str | None:
    """Return the well-formed length of time that comes nearest to a text."""
    lower = text.lower().strip()
    if lower in _UNIT_WORDS and len(lower) > 1:
        return f"1{_UNIT_WORDS[lower]}"
    weeks = re.fullmatch(r"([0-9]{1,3})\s*(?:w|week|weeks)", lower, re.ASCII)
    if weeks:
        return f"{int(weeks[1]) * 7}d"
    parts = re.findall(r"([0-9]{1,6}(?:\.[0-9]{1,2})?)\s*([a-z]*)", lower, re.ASCII)
    joined = "".join(number + unit for number, unit in parts)
    if not parts or re.sub(r"[\s,]|and", "", lower) != joined:
        return None
    units = [_UNIT_WORDS.get(unit or "m") for _, unit in parts]
    if None in units:
        return None
    if len(parts) == 1 and "." not in parts[0][0]:
        return f"{int(parts[0][0])}{units[0]}"
    minutes = sum(float(n) * _IN_MINUTES[u] for (n, _), u in zip(parts, units, strict=True) if u)
    return f"{round(minutes)}m" if minutes >= 1 else f"{max(1, round(minutes * 60))}s"


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # fold=0 before a gap gives the very instant at which the gap begins.
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _next_step(step: timedelta, when: datetime, zone: ZoneInfo) -> datetime:
    today = when.astimezone(zone).date()
    if step < _DAY:
        start = _midnight(today, zone)
        due = start + ((when - start) // step + 1) * step
        return min(due, _midnight(today + _DAY, zone))
    # Days are counted from a Monday, so that "every 7d" means Mondays in every year.
    days = step // _DAY
    day = today + timedelta(days=days - (today.toordinal() - 1) % days)
    return _midnight(day, zone)


def _next_tick(crontab: str, when: datetime, zone: ZoneInfo) -> datetime:
    from cronsim import CronSim

    for tick in CronSim(crontab, when.astimezone(zone)):
        due = tick.astimezone(UTC)
        # In the hour that comes twice the wall clock's next tick may lie behind us.
        if due > when:
            return due
    message = f"{_short(crontab)} never comes again"
    raise ConfigError(message)
