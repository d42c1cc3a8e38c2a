"""What comes of series in each shape: names, periods, exact values, and the day of publication."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from regard.errors import RecordError
from regard_plugins.indicators.periods import first_day
from regard_plugins.indicators.shapes import shape_of

DATA = Path(__file__).with_name("data")
Folder = Any


def copy(folder: Folder, *names: str) -> None:
    """Put files of the data below the source's folder."""
    for name in names:
        folder.put(name, (DATA / name).read_bytes())


def values(folder: Folder) -> dict[tuple[str, str | None, str], Decimal]:
    """Return the stored values by series, region or place, and first day."""
    return {
        (row["series"], row["region"] or row["place"], row["period_on"].isoformat()): row["value"]
        for row in folder.records("indicator").values()
    }


def test_sdmx_csv(folder: Folder) -> None:
    """A series is named by its dataflow and dimensions, and published when the file says."""
    copy(folder, "hicp.csv")
    folder.run()
    series = "PRC_HICP_MIDX.M.CP00.I15"

    assert {
        (series, "ES", "2026-07-01"): Decimal("126.1"),
        (series, "ES", "2026-08-01"): Decimal("126.45"),
    } == values(folder)
    assert {date(2026, 9, 23)} == {
        row["published_on"] for row in folder.records("indicator").values()
    }


def test_sdmx_csv_with_labels(folder: Folder) -> None:
    """Codes that come with their labels name the same series as codes alone."""
    folder.put(
        "labels.csv",
        "STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,freq,Time frequency,geo,TIME_PERIOD,OBS_VALUE\n"
        "dataflow,ESTAT:PRC_HICP_MIDX(1.0),HICP,M: Monthly,,ES: Spain,2026-07,126.1\n",
    )
    folder.run()

    assert {("PRC_HICP_MIDX.M", "ES", "2026-07-01"): Decimal("126.1")} == values(folder)


def test_a_table_with_a_column_for_each_period(folder: Folder) -> None:
    """Eurostat's wide table names its series as its other format does; flags are no digits."""
    copy(folder, "estat_prc_hicp_midx.tsv")
    folder.run()
    found = values(folder)

    assert Decimal("126.45") == found["PRC_HICP_MIDX.M.CP00.I15", "ES", "2026-08-01"]
    assert ("PRC_HICP_MIDX.M.CP00.I15", "FR", "2026-07-01") not in found
    assert 5 == len(found)


def test_json_stat_is_exact(folder: Folder) -> None:
    """Values of JSON-stat are the decimal numbers that stand there, in the cube's order."""
    text = (DATA / "gdp.json").read_text().replace("1590.627", "0.1")
    folder.put("gdp.json", text)
    folder.run(names={"NAMA_10_GDP.A.CP_MEUR": "GDP"})

    assert {
        ("GDP", "ES", "2024-01-01"): Decimal("1498.3"),
        ("GDP", "ES", "2025-01-01"): Decimal("0.1"),
        ("GDP", "FR", "2025-01-01"): Decimal("2891.1"),
    } == values(folder)
    assert {date(2026, 9, 3)} == {
        row["published_on"] for row in folder.records("indicator").values()
    }


def test_older_json_stat_with_a_list_of_values(folder: Folder) -> None:
    """Version 1 has its dimensions' sizes inside, and a list with holes."""
    document = {
        "dataset": {
            "label": "Prices",
            "value": [1.5, None],
            "dimension": {
                "id": ["geo", "time"],
                "size": [1, 2],
                "geo": {"category": {"label": {"ES": "Spain"}}},
                "time": {"category": {"index": ["2026M01", "2026M02"]}},
            },
        }
    }
    folder.put("old.json", json.dumps(document))
    folder.run()

    assert {("Prices", "ES", "2026-01-01"): Decimal("1.5")} == values(folder)


def test_ine(folder: Folder) -> None:
    """In INE's files Total is the value, a comma is decimal, and points group thousands."""
    text = (DATA / "ine.csv").read_text() + "Índice general;00 General;Ventas;2026M08;1.017.000\n"
    folder.put("ine.csv", text)
    folder.run(series="IPC")
    found = values(folder)

    assert Decimal("120.123") == found["IPC.Índice general.00 General.Índice", None, "2026-08-01"]
    assert Decimal(1_017_000) == found["IPC.Índice general.00 General.Ventas", None, "2026-08-01"]
    assert 4 == len(found)


def test_footfall_is_added_up_by_day(folder: Folder) -> None:
    """Counters write hours; a shop's day is their sum."""
    copy(folder, "footfall.csv")
    folder.run()

    assert {
        ("footfall", "Gran Vía", "2026-09-14"): Decimal(200),
        ("footfall", "Sol", "2026-09-14"): Decimal(33),
    } == values(folder)


def test_footfall_in_spanish_and_french(folder: Folder) -> None:
    """Other words for shops, days and visitors are known, with times behind the days."""
    folder.put(
        "es.csv", "Tienda;Fecha;Visitantes\nSol;14/09/2026 10:00;10\nSol;14/09/2026 11:00;5\n"
    )
    folder.put("fr.csv", "Magasin;Date;Entrées\nLyon;15/09/2026;7\n")
    folder.run(dates="day-first")

    assert {
        ("footfall", "Sol", "2026-09-14"): Decimal(15),
        ("footfall", "Lyon", "2026-09-15"): Decimal(7),
    } == values(folder)


def test_a_revised_value_replaces(folder: Folder) -> None:
    """A later publication takes the place of the value before; an older download does not."""
    copy(folder, "series.csv")
    folder.run()
    text = (DATA / "series.csv").read_text()
    folder.put("revised.csv", text.replace("102.75", "103.1").replace("08-12", "09-12"))
    folder.run()
    folder.put("copied-late.csv", text, hours_ago=1)
    folder.run()
    found = folder.records("indicator")["retail sales|ES||2026-04-01"]

    assert (Decimal("103.1"), date(2026, 9, 12)) == (found["value"], found["published_on"])


def test_the_configuration_says_what_files_do_not(folder: Folder) -> None:
    """What files lack comes from the configuration: name, region, unit, day of publication."""
    folder.put("x.csv", "period,value,kind\n2026Q1,5,a\n")
    folder.run(series="PMI", region="ES", unit="points", published_on="2026-04-01")
    (found,) = folder.records("indicator").values()

    assert ("PMI.a", "ES", "points", date(2026, 4, 1)) == tuple(
        found[name] for name in ("series", "region", "unit", "published_on")
    )


def test_only_what_is_wanted(folder: Folder) -> None:
    """Of a large table only the series that are named are stored, and the rest is counted."""
    copy(folder, "ine.csv")
    summary = folder.run(only=["ine.Índice general.00 General.Índice"])["indicators"]

    assert 2 == len(folder.records("indicator"))
    assert any("not wanted: 2" in note for note in summary.notes)


def test_without_any_day_the_file_says_it(folder: Folder) -> None:
    """A series without a day of publication was known from the day the file was written."""
    path = folder.put("x.csv", "series,period,value\ns,2026-01,5\n")
    folder.run()
    (found,) = folder.records("indicator").values()

    written_at = datetime.fromtimestamp(path.stat().st_mtime, ZoneInfo("Europe/Madrid"))

    assert written_at.date() == found["published_on"]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026", "2026-01-01"),
        ("2026A1", "2026-01-01"),
        ("2026-03", "2026-03-01"),
        ("2026M03", "2026-03-01"),
        ("2026-M03", "2026-03-01"),
        ("03/2026", "2026-03-01"),
        ("2026-Q2", "2026-04-01"),
        ("2026Q2", "2026-04-01"),
        ("2026T3", "2026-07-01"),
        ("T3-2026", "2026-07-01"),
        ("2026-S2", "2026-07-01"),
        ("2026-W05", "2026-01-26"),
        ("2026-03-15", "2026-03-15"),
        ("20260315", "2026-03-15"),
        ("2026-03-15T10:00:00Z", "2026-03-15"),
        ("marzo 2026", "2026-03-01"),
        ("marzo de 2026", "2026-03-01"),
        ("2026 août", "2026-08-01"),
        ("Jan-2026", "2026-01-01"),
    ],
)
def test_periods(text: str, day: str) -> None:
    """Of a period in any of its forms the first day counts."""
    assert day == first_day(text).isoformat()


@pytest.mark.parametrize(
    "text", ["", "Q1", "2026-13", "2026Q5", "26-01", "total", "2026-W60", "0"]
)
def test_what_is_no_period(text: str) -> None:
    """Anything else is refused with what it looks like."""
    with pytest.raises(RecordError, match="is no period"):
        first_day(text)


@pytest.mark.parametrize(
    "header",
    [
        ("Record ID", "Email", "Create Date"),
        ("Date", "Text", "URL"),
        ("date", "total"),
        ("name", "value"),
        ("order", "date", "customer", "city"),
    ],
)
def test_what_is_no_series(header: tuple[str, ...]) -> None:
    """A list of customers, mentions or orders is not taken for a series."""
    assert shape_of(header) is None
