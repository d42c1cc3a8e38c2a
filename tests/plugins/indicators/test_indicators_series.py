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


def test_sdmx_csv_with_columns_of_labels(folder: Folder) -> None:
    """Columns that say a code again in words, as Eurostat's, are no part of a series' name."""
    folder.put(
        "both.csv",
        "STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,freq,Time frequency,unit,Unit of measure,geo,"
        "Geopolitical entity (reporting),TIME_PERIOD,Time,OBS_VALUE,Observation value,OBS_FLAG\n"
        "dataflow,ESTAT:PRC_HICP_MANR(1.0),HICP,M,Monthly,RCH_A,Annual rate of change,ES,Spain,"
        "2026-07,July,2.7,2.7,\n",
    )
    folder.run()

    assert {("PRC_HICP_MANR.M.RCH_A", "ES", "2026-07-01"): Decimal("2.7")} == values(folder)


INSEE = """\
Libellé;Indice des prix à la consommation - Base 2015 - France;Codes
idBank;001759970;
Dernière mise à jour;12/09/2026 08:45;
Période;;
2026-08;121{sign}53;A
2026-07;120{sign}9;P
2026-06;(so);O
"""


@pytest.mark.parametrize("sign", [".", ","])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_insee(folder: Folder, sign: str, encoding: str) -> None:
    """A series of INSEE's databank is named by its number, and published when its head says."""
    folder.put("valeurs_mensuelles.csv", INSEE.format(sign=sign).encode(encoding))
    folder.run()
    found = folder.records("indicator").values()

    assert {
        ("001759970", None, "2026-08-01"): Decimal("121.53"),
        ("001759970", None, "2026-07-01"): Decimal("120.9"),
    } == values(folder)
    assert {date(2026, 9, 12)} == {row["published_on"] for row in found}


def test_tempus(folder: Folder) -> None:
    """Series that INE answers with are named by their code; a month begins when Spain's does."""
    month = int(datetime(2026, 8, 1, tzinfo=ZoneInfo("Europe/Madrid")).timestamp() * 1000)
    data = [
        {"Fecha": month, "FK_TipoDato": 1, "Anyo": 2026, "Valor": 119.234, "Secreto": False},
        {"Fecha": "2026-07-01T00:00:00.000+02:00", "T3_TipoDato": "Provisional", "Valor": 0.1},
        {"Fecha": "2026-06-01T00:00:00.000+02:00", "Valor": 5, "Secreto": True},
        {"Fecha": "2026-05-01T00:00:00.000+02:00", "Valor": None},
    ]
    folder.put("t.json", json.dumps([{"COD": "IPC251856", "Nombre": "IPC", "Data": data}]))
    folder.run()

    assert {
        ("IPC251856", None, "2026-08-01"): Decimal("119.234"),
        ("IPC251856", None, "2026-07-01"): Decimal("0.1"),
    } == values(folder)


HOSTILE = [
    '[{"COD": "A", "Data": [{"Fecha": 1e400, "Valor": 1}]}]',
    '[{"COD": "A", "Data": [{"Fecha": 99999999999999999999, "Valor": 1}, 7, null]}]',
    '[{"COD": "\\u001b[31mA", "Data": {"a": 1}}]',
    '[{"COD": "A", "Data": [',
    "Libellé;A\nidBank;1\n",
    "Libellé;A;Codes\nidBank\nPériode;;\n2026-08;=1+1;A\n",
    "Libellé\nidBank\n",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_broken_downloads_are_named(folder: Folder, text: str) -> None:
    """A download that is cut short or made to hurt gives no values and no traceback."""
    folder.put("x.json" if text.startswith("[") else "x.csv", text)
    folder.run()

    assert not values(folder)


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
