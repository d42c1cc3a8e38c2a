"""
Typeform: one header row with the questions' texts, times in UTC.

Of an older multiple-choice question each option has a column that is headed by the option and
holds it again where it was chosen; a newer one has one column with all chosen options.
Hidden fields stand among the questions and look like names in a program.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from regard.tabular import Value
from regard_plugins.survey_export.layouts import Asked, Layout, tidy
from regard_plugins.survey_export.sorting import Columns, facts_of, present

__all__ = ["layout"]

_HIDDEN = re.compile(
    r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+|utm[a-z_]*|email|id|uid|cid|token|score|winning_outcome_id"
)


def layout(header: Sequence[str], sample: Sequence[Sequence[Value]] = ()) -> Layout | None:
    """Return what the columns are; None: Typeform has not made this table."""
    columns = Columns(header)
    key = columns.take("#")
    submitted = columns.take("submit date (utc)")
    if key != 0 or submitted is None:
        return None
    started = columns.take("start date (utc)")
    staged = columns.take("stage date (utc)")
    kind = columns.take("response type")
    email = columns.take("email")
    passed = columns.take_all(("network id", "tags", "ending", "score"))
    unknown = tuple(place for place in columns.left if _HIDDEN.fullmatch(header[place].strip()))
    done = (submitted, None) if kind is None else (kind, frozenset({"completed"}))
    return Layout(
        "typeform",
        "Typeform responses",
        tuple(Asked(place, tidy(header[place])) for place in columns.left if place not in unknown),
        facts=facts_of(response_key=key, email=email),
        times=present(submitted, staged, started),
        done=done,
        passed=passed,
        unknown=unknown,
        zone="UTC",
        dates=("iso",),
    )
