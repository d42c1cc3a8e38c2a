"""Who the customers are: how many, how many new ones, and how they divide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from regard.errors import ConfigError
from regard.measures.periods import local_day
from regard.names import did_you_mean
from regard.reports import Period
from regard.views import Parameter, View

__all__ = [
    "Breakdown",
    "BreakdownRow",
    "CustomerCounts",
    "breakdown",
    "check_fields",
    "check_names",
    "count_customers",
    "groupable_fields",
]

_BOOKKEEPING = frozenset(
    {"key", "as_of", "content_hash", "batch_id", "first_run_id", "last_run_id", "extra"}
)
_PERSONAL = frozenset(
    {
        "account_key",
        "name",
        "given_name",
        "family_name",
        "email",
        "phone",
        "birth_on",
        "birth_year",
        "postal_code",
    }
)
"""Fields that name a person, or nearly: a row of a report must not be somebody."""

_INSTANTS = "TIMESTAMP"

_AGE_BAND = """\
coalesce(nullif(trim(age_band), ''), CASE
    WHEN years IS NULL OR years < 0 OR years > 120 THEN NULL
    WHEN years < 18 THEN '0-17'
    WHEN years < 25 THEN '18-24'
    WHEN years < 35 THEN '25-34'
    WHEN years < 45 THEN '35-44'
    WHEN years < 55 THEN '45-54'
    WHEN years < 65 THEN '55-64'
    ELSE '65+' END)"""
_YEARS = "coalesce(date_sub('year', birth_on, $today), year($today) - birth_year)"
_NEW = """\
(created_at >= coalesce(CAST($since AS TIMESTAMPTZ), created_at)
 AND (CAST($until AS TIMESTAMPTZ) IS NULL OR created_at < $until))"""


@dataclass(frozen=True, slots=True)
class CustomerCounts:
    """
    How many customers there are.

    Attributes:
        total: Customer records; a human being in two sources is two of them.
        new: Those created in the period.
        created_known: The base of ``new``: those whose creation time is known.
        by_type: Records by type; None: the type is unknown.
    """

    total: int
    new: int
    created_known: int
    by_type: Mapping[str | None, int]

    @property
    def created_unknown(self) -> int:
        """Those of whom one cannot tell whether they are new."""
        return self.total - self.created_known


@dataclass(frozen=True, slots=True)
class BreakdownRow:
    """
    The customers that share some values.

    Attributes:
        values: In the order of the fields; None: unknown.
        customers: How many records.
        new: Those of them created in the period.
        percent: Their part of all, 0 to 100, to one decimal.
    """

    values: tuple[str | None, ...]
    customers: int
    new: int
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Breakdown:
    """
    How the customers divide.

    Attributes:
        fields: What they are divided by.
        rows: The largest groups first; the group of which nothing is known always among them.
        n: All customer records.
        rest: The groups beyond those, the largest first.
    """

    fields: tuple[str, ...]
    rows: tuple[BreakdownRow, ...]
    n: int
    rest: tuple[BreakdownRow, ...] = ()

    @property
    def others(self) -> int:
        """How many further groups there are."""
        return len(self.rest)

    @property
    def others_customers(self) -> int:
        """How many records the further groups hold together."""
        return sum(row.customers for row in self.rest)

    @property
    def others_new(self) -> int:
        """How many records of the further groups are new."""
        return sum(row.new for row in self.rest)

    @property
    def others_percent(self) -> Decimal:
        """The part of the further groups together, 0 to 100."""
        return _percent(self.others_customers, self.n)


def _percent(part: int, whole: int) -> Decimal:
    return (Decimal(100 * part) / whole).quantize(Decimal("0.1")) if whole else Decimal(0)


def _bounds(period: Period) -> dict[str, Parameter]:
    return {"since": period.since, "until": period.until}


def count_customers(view: View, period: Period) -> CustomerCounts:
    """Count the customers, and those created in a period."""
    query = f"""
        SELECT type, count(*) AS total, count(created_at) AS known,
               count(*) FILTER ({_NEW}) AS new
        FROM customers GROUP BY type ORDER BY total DESC, type"""
    total = known = new = 0
    by_type: dict[str | None, int] = {}
    for kind, records, dated, fresh in view.sql(query, **_bounds(period)).rows():
        by_type[None if kind is None else str(kind)] = _int(records)
        total, known, new = total + _int(records), known + _int(dated), new + _int(fresh)
    return CustomerCounts(total, new, known, by_type)


def _int(value: object) -> int:
    assert isinstance(value, int)  # noqa: S101  # counts are
    return value


def groupable_fields(view: View) -> tuple[str, ...]:
    """Return the customers' fields that a report may divide them by."""
    hidden = _BOOKKEEPING | _PERSONAL
    return tuple(
        name
        for name, kind in view.fields("customers").items()
        if name not in hidden and not kind.startswith(_INSTANTS)
    )


def check_fields(view: View, fields: Sequence[str]) -> tuple[str, ...]:
    """
    Return the fields that a report may be divided by, as they are.

    Raises:
        ConfigError: One is unknown, personal, or named twice.
    """
    return check_names(fields, groupable_fields(view))


def check_names(fields: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """
    Return the fields that a report may be divided by, as they are, without looking at data.

    Args:
        fields: What was asked for.
        known: What is possible, where it is not personal.

    Raises:
        ConfigError: One is unknown, personal, or named twice.
    """
    for name in fields:
        if name in _PERSONAL:
            hint = " (age_band is possible)" if name.startswith("birth") else ""
            message = f"{name!r} is personal, a report cannot be divided by it{hint}"
            raise ConfigError(message)
        if name not in known:
            near = did_you_mean(name, [each for each in known if each not in _PERSONAL])
            message = f"customers have no such field as {name!r}{near}"
            raise ConfigError(message)
    if len(set(fields)) != len(fields):
        message = f"{','.join(fields)}: a field is named twice"
        raise ConfigError(message)
    return tuple(fields)


def _expression(field: str) -> str:
    if field == "age_band":
        return _AGE_BAND
    # Blank is no value: to an analyst both mean that nothing is known.
    return f"nullif(trim(CAST(\"{field}\" AS VARCHAR)), '')"


def breakdown(view: View, fields: Sequence[str], period: Period, *, limit: int = 25) -> Breakdown:
    """
    Divide the customers by some of their fields.

    Where the source gives no age band it is derived from day or year of birth at the view's
    time; from the year alone it may be a year too high.

    Args:
        view: What to read.
        fields: One or more of `groupable_fields`.
        period: In which a customer counts as new.
        limit: How many groups to name; the rest is counted together.

    Raises:
        ConfigError: A field is unknown, personal, or named twice.
    """
    names = check_fields(view, fields)
    chosen = ", ".join(f"{_expression(name)} AS v{place}" for place, name in enumerate(names))
    values = ", ".join(f"v{place}" for place in range(len(names)))
    query = f"""
        WITH aged AS (SELECT *, {_YEARS} AS years FROM customers),
             valued AS (SELECT {chosen}, created_at FROM aged)
        SELECT count(*) AS customers, count(*) FILTER ({_NEW}) AS new, {values}
        FROM valued GROUP BY ALL ORDER BY customers DESC, {values}"""
    today = local_day(view.now, view.timezone)
    found = view.sql(query, today=today, **_bounds(period)).rows()
    n = sum(_int(row[0]) for row in found)
    groups = [_row(row, n) for row in found]
    named = groups[:limit]
    named += [row for row in groups[limit:] if not any(row.values)]
    rest = [row for row in groups[limit:] if any(row.values)]
    return Breakdown(
        fields=names,
        rows=tuple(named),
        n=n,
        rest=tuple(rest),
    )


def _row(row: Sequence[object], n: int) -> BreakdownRow:
    customers, new, *values = row
    texts = tuple(None if value is None else str(value) for value in values)
    return BreakdownRow(texts, _int(customers), _int(new), _percent(_int(customers), n))
