"""
Qualtrics: a row of names, a row of texts, and a row that says in JSON what was imported.

The third row holds the time zone of the dates and tells questions (``QID...``) from embedded
data. Where somebody has removed the second and third row, names are all that is left.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from regard.mapping.headers import fold
from regard.tabular import Value
from regard_plugins.survey_export.layouts import Asked, Layout, heads
from regard_plugins.survey_export.sorting import Columns, facts_of, present

__all__ = ["layout"]

_PERSONAL = (
    *("ipaddress", "recipientlastname", "recipientfirstname"),
    *("locationlatitude", "locationlongitude"),
)
_PASSED = re.compile(
    r"progress|duration \(in seconds\)|enddate|startdate|sc\d+|.*_nps_group|.*_do(?:_\d+)?|"
    r".*_(?:first click|last click|page submit|click count)|.*_(?:browser|version|operating "
    r"system|resolution)|q_(?!\d).*|gc|term"
)
_TRIALS = frozenset(
    {"survey preview", "survey test", "survey preview spam", "spam", "1", "2", "8", "9", "17"}
)
_DONE = frozenset({"true", "1", "yes"})
_CHANNELS = {
    **{"email": "email", "anonymous": "web", "web": "web", "sms": "sms", "social": "social"},
    **{"qr": "qr", "offline": "offline", "gl": "web"},
}
_IMPORTED = re.compile(r"QID\d+.*")
_ROOT = re.compile(r"(QID\d+)|(.+?)(?:_\d+)*(?:_TEXT)?$")
_CODE = re.compile(r"[A-Za-z]{1,8}\d[\w.#-]*|Q.*", re.DOTALL)
_SELECTED = re.compile(r"\s*[-–]\s*(?:selected choice|selected choices)\s*$", re.IGNORECASE)
_OTHER = re.compile(r"_TEXT$")


def layout(header: Sequence[str], sample: Sequence[Sequence[Value]] = ()) -> Layout | None:
    """Return what the columns are; None: Qualtrics has not made this table."""
    columns = Columns(header)
    key = columns.take("responseid")
    recorded = columns.take("recordeddate")
    finished = columns.take("finished")
    status = columns.take("status")
    if key is None or recorded is None or finished is None:
        return None
    facts = facts_of(
        response_key=key,
        email=columns.take("recipientemail"),
        customer_key=columns.take("externalreference"),
        language=columns.take("userlanguage"),
        channel=columns.take("distributionchannel"),
    )
    end, start = columns.take("enddate"), columns.take("startdate")
    personal = columns.take_all(_PERSONAL)
    passed = columns.take_all(_PASSED.fullmatch)
    named = {place: _Named.of(header[place]) for place in columns.left}
    unknown = tuple(place for place, each in named.items() if not each.asks)
    zone = next((zone for name in header if (zone := _zone(name))), None)
    notes = []
    rows = max(len(heads(name)) for name in header)
    if rows == 2:
        notes.append("its third header row is missing: times are read in the source's time zone")
    elif rows < 2:
        notes.append(
            "its second and third header row are missing: questions go by their codes, and times "
            "are read in the source's time zone"
        )
    return Layout(
        "qualtrics",
        "Qualtrics responses",
        _asked({place: each for place, each in named.items() if each.asks}),
        facts=facts,
        times=present(end, recorded, start),
        done=(finished, _DONE),
        trial=None if status is None else (status, _TRIALS),
        personal=personal,
        passed=passed,
        unknown=unknown,
        zone=zone,
        separator=",",
        channels=_CHANNELS,
        notes=tuple(notes),
    )


class _Named:
    """What the header rows say of one column."""

    def __init__(self, code: str, text: str, imported: str | None) -> None:
        self.code, self.text, self.imported = code, text, imported

    @classmethod
    def of(cls, name: str) -> _Named:
        code, *below = heads(name)
        text = below[0] if below else ""
        return cls(
            code, _SELECTED.sub("", text), _meta(below[-1] if below else None).get("ImportId")
        )

    @property
    def asks(self) -> bool:
        """Whether the column belongs to a question."""
        if self.imported is not None:
            return _IMPORTED.fullmatch(self.imported) is not None
        return _CODE.fullmatch(self.code) is not None

    @property
    def root(self) -> str:
        """What the columns of one question have in common."""
        found = _ROOT.match(self.imported or self.code)
        return (found[1] or found[2]) if found else self.code


def _meta(text: str | None) -> dict[str, str]:
    try:
        found = json.loads(text or "")
    except ValueError:
        return {}
    return (
        {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}
    )


def _zone(name: str) -> str | None:
    return _meta(heads(name)[-1]).get("timeZone")


def _asked(named: dict[int, _Named]) -> tuple[Asked, ...]:
    groups: dict[str, list[int]] = {}
    for place, each in named.items():
        if not _OTHER.search(each.code):
            groups.setdefault(each.root, []).append(place)
    stems = {root: _stem([named[at].text for at in places]) for root, places in groups.items()}
    questions = {root: _SELECTED.sub("", stem) for root, stem in stems.items()}
    asked = []
    for place, each in named.items():
        stem = stems.get(each.root, "")
        if _OTHER.search(each.code):
            question = questions.get(each.root) or each.text.partition(" - ")[0] or each.code
            sort = "other" if each.root in groups else "text"
            asked.append(Asked(place, question, "other", each.root, sort))  # type: ignore[arg-type]
        elif len(groups[each.root]) == 1 and _is_alone(each):
            asked.append(Asked(place, each.text or each.code, None, each.code))
        else:
            part = each.text[len(stem) :].strip(" -–:") or each.code.rpartition("_")[2]
            asked.append(Asked(place, questions[each.root] or each.root, part, each.root, "part"))
    return tuple(asked)


def _is_alone(named: _Named) -> bool:
    """Say whether a question's only column is the question, not one row of it."""
    return "_" not in (named.imported or named.code) or " - " not in named.text


def _stem(texts: Sequence[str]) -> str:
    """Return what the texts of one question's columns begin with: the question."""
    if len(texts) == 1:
        return texts[0].rpartition(" - ")[0] or texts[0]
    first, last = min(texts), max(texts)
    length = next((at for at, each in enumerate(first) if last[at : at + 1] != each), len(first))
    shared = first[:length]
    if all(fold(text) == fold(shared) for text in texts):
        return shared
    return shared.rpartition(" - ")[0].strip() or shared.strip(" -–:")
