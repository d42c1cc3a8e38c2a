"""
KoboToolbox and ODK Central: names or labels as headers, groups in front, times in UTC.

A question with several answers has one column with the names of all chosen options, columns
with 1 or 0 for each option, or both; then the columns are believed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from regard.errors import FileError
from regard.mapping.values import as_text
from regard.tabular import Value
from regard_plugins.survey_export.layouts import Asked, Layout, tidy
from regard_plugins.survey_export.sorting import Columns, facts_of, present

__all__ = ["layout"]

_PERSONAL = re.compile(
    r"deviceid|subscriberid|simserial|phonenumber|phone_number|username|_submitted_by|"
    r"submitterid|submittername|_geolocation|(?:.*/)?_.*_(?:latitude|longitude|altitude|precision)"
    r"|.*-(?:latitude|longitude|altitude|accuracy)"
)
_PASSED = re.compile(
    r"start|end|today|_id|_validation_status|_notes|_status|_tags|_index|__version__|_version_|"
    r"_uuid|meta[/-]instance(?:id|name)|instanceid|formhub/uuid|attachmentspresent|"
    r"attachmentsexpected|status|reviewstate|edits|formversion|audit|meta[/-]audit|"
    r"_attachments|_xform_id_string|meta[/-]rootuuid|_bamboo_dataset_id|rootuuid|background-audio"
)
_PATH = re.compile(r"[A-Za-z_][\w.]*(?:[/-][A-Za-z_][\w.]*)+")


def layout(header: Sequence[str], sample: Sequence[Sequence[Value]] = ()) -> Layout | None:
    """
    Return what the columns are; None: neither Kobo nor ODK has made this table.

    Raises:
        FileError: It is the table of a repeated group, whose rows are no responses.
    """
    columns = Columns(header)
    if "_parent_index" in columns or "parent_key" in columns:
        message = "the rows of a repeated group are parts of responses and are not read"
        raise FileError(message)
    odk = "submissiondate" in columns and "key" in columns
    if not odk and not {"_uuid", "_submission_time"} <= {*columns.header}:
        return None
    key = columns.take("key", "meta-instanceid") if odk else columns.take("_uuid")
    submitted = columns.take("submissiondate", "_submission_time")
    end = columns.take("end")
    if key is None:
        return None
    personal = columns.take_all(_PERSONAL.fullmatch)
    passed = columns.take_all(_PASSED.fullmatch)
    email = columns.take("email")
    return Layout(
        "kobo",
        "ODK Central submissions" if odk else "KoboToolbox submissions",
        _asked(columns, "-" if odk else "/", sample),
        facts=facts_of(response_key=key, email=email),
        times=present(submitted, end),
        whole=True,
        personal=personal,
        passed=passed,
        zone="UTC",
        dates=("iso",),
        separator=" ",
        confirmed=not odk,
    )


def _asked(columns: Columns, mark: str, sample: Sequence[Sequence[Value]]) -> tuple[Asked, ...]:
    names = {place: tidy(columns.header[place]) for place in columns.left}
    groups: dict[str, list[int]] = {}
    for place, name in names.items():
        groups.setdefault(name.rpartition(mark)[0], []).append(place)
    parents = {parent for parent in groups if parent in names.values()}
    chosen = parents | {
        parent
        for parent, places in groups.items()
        if parent and len(places) > 1 and _are_marks(places, sample)
    }
    last = Counter(name.rpartition(mark)[2] for name in names.values())
    asked = []
    for place, name in names.items():
        if name in parents:
            continue  # its options have columns of their own
        parent, _, own = name.rpartition(mark)
        if parent in chosen:
            question = _short(parent, mark, last)
            asked.append(Asked(place, question, own, parent, "option"))
        else:
            asked.append(Asked(place, _short(name, mark, last), None, name))
    return tuple(asked)


def _are_marks(places: Sequence[int], sample: Sequence[Sequence[Value]]) -> bool:
    """Say whether columns hold 1 and 0 only: the options of a question without its own column."""
    cells = {as_text(row[place]).strip().casefold() for row in sample for place in places}
    return bool(cells - {""}) and cells <= {"", "0", "1", "true", "false"}


def _short(name: str, mark: str, last: Counter[str]) -> str:
    """Return a question without its groups, unless another one has the same name then."""
    own = name.rpartition(mark)[2]
    # A label may have the mark in it, too.
    return own if last[own] <= 1 and _PATH.fullmatch(name) else name
