"""
What three survey tools export.

Typeform asks after orders, Google Forms in the shops, SurveyMonkey after somebody was helped.
One answer is off its scale, as answers are that somebody typed in: it is kept without a score.
Some stop after the first question; Typeform exports their answers as partial ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Final

from regard.demo.exports.files import ExportFile, as_csv
from regard.demo.seasons import ZONE
from regard.demo.voices import Voices
from regard.demo.world import World

__all__ = ["answers"]

_AFTER_ORDER: Final = (
    "#", "How likely are you to recommend us to a friend? (0-10)",
    "How satisfied were you with the delivery? (1 = very dissatisfied and 5 = very satisfied)",
    "What matters most to you? (Choose as many as you like)", "Why?", "email", "Response Type",
    "Start Date (UTC)", "Stage Date (UTC)", "Submit Date (UTC)", "Network ID", "Tags", "Ending",
)  # fmt: skip
_IN_STORE: Final = (
    "Marca temporal",
    "¿Qué tienda ha visitado?",
    "¿Cómo de satisfecho está con su visita? (1 = muy insatisfecho, 5 = muy satisfecho)",
    "¿Qué podríamos mejorar?",
)
_HELPED: Final = (
    (
        "Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "Email Address",
        "First Name", "Last Name", "Custom Data 1",
        "How easy was it to get help? (1 = very difficult and 7 = very easy)",
    ),
    (*("",) * 9, "Response"),
)  # fmt: skip
_STAMP: Final = "%Y-%m-%d %H:%M:%S"


def answers(world: World, voices: Voices) -> Iterator[ExportFile]:
    """Yield the export of each survey."""
    yield _after_order(world, voices)
    yield _in_store(voices)
    yield _helped(voices)


def _after_order(world: World, voices: Voices) -> ExportFile:
    rows = []
    for each in voices.after_order:
        done = each.at.astimezone(UTC)
        began = done - timedelta(minutes=2)
        whole = each.delivery is not None
        rows.append(
            (
                f"r{each.number:07}", str(each.recommend), str(each.delivery) if whole else "",
                ", ".join(each.matters), each.why, each.order.email,
                "completed" if whole else "partial", f"{began:{_STAMP}}",
                "" if whole else f"{done:{_STAMP}}", f"{done:{_STAMP}}" if whole else "",
                "0a1b2c3d4e", "", "default" if whole else "",
            )
        )  # fmt: skip
    last = next(row for row in reversed(rows) if row[6] == "completed")
    off_scale = ("r9999999", "11", "", "", "", "", *last[6:])
    data = as_csv([_AFTER_ORDER, *rows, off_scale])
    path = f"surveys/after-purchase-{world.until:%Y-%m-%d}.csv"
    return ExportFile(path, "Typeform", data)


def _in_store(voices: Voices) -> ExportFile:
    rows = [
        (
            f"{each.at.astimezone(ZONE):%d/%m/%Y %H:%M:%S}",
            each.store,
            str(each.satisfaction),
            each.wish,
        )
        for each in voices.in_store
    ]
    data = as_csv([_IN_STORE, *rows])
    return ExportFile("surveys/Visita a la tienda (respuestas).csv", "Google Forms", data)


def _helped(voices: Voices) -> ExportFile:
    rows = []
    for each in voices.helped:
        ended = each.at.astimezone(ZONE)
        began = ended - timedelta(minutes=1)
        rows.append(
            (
                str(114_000_000_000 + each.number), "400001", f"{began:%m/%d/%Y %I:%M:%S %p}",
                f"{ended:%m/%d/%Y %I:%M:%S %p}", "203.0.113.7", each.customer.email or "",
                each.customer.given_name, each.customer.family_name, "", str(each.ease),
            )
        )  # fmt: skip
    return ExportFile("surveys/Helpdesk.csv", "SurveyMonkey", as_csv([*_HELPED, *rows]))
