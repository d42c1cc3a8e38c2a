"""What comes of each vendor's file, field by field. The people in them are invented."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from regard.mapping import load_profiles

DATA = Path(__file__).with_name("data")
Folder = Any


def copy(folder: Folder, *names: str) -> None:
    """Put files of the data below the source's folder."""
    for name in names:
        for path in DATA.glob(name):
            folder.put(path.relative_to(DATA).as_posix(), path.read_bytes())


def shown(record: Any, *names: str) -> tuple[Any, ...]:
    """Return a record's values; ``extra.X`` is what stands beside it."""
    extra = record["extra"] or {}
    extra = json.loads(extra) if isinstance(extra, str) else extra
    return tuple(
        extra.get(name.removeprefix("extra.")) if name.startswith("extra.") else record[name]
        for name in names
    )


CALL = ("outcome", "direction", "duration_s", "extra.wait_s")


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("1788256800.1", ("answered", "inbound", 180, 25)),
        # The queue took the call, nobody else did.
        ("1788257100.3", ("missed-queue", "inbound", 0, 61)),
        # Rang at one desk, was answered at another.
        ("1788257400.4", ("answered", "inbound", 120, 30)),
        ("1788260400.9", ("busy", "outbound", 0, 30)),
        ("1788262200.11", ("missed-ivr", "inbound", 0, 12)),
        ("1788298200.12", ("voicemail", "inbound", 30, 50)),
    ],
)
def test_asterisk_says_what_the_caller_met(folder: Folder, key: str, expected: Any) -> None:
    """A log without a header becomes calls, with the outcome that the caller felt."""
    copy(folder, "Master.csv")
    folder.run()
    calls = folder.records("touchpoint")

    assert expected == shown(calls[key], *CALL)
    assert 6 == len(calls)


def test_calls_between_extensions_are_no_contacts(folder: Folder) -> None:
    """Colleagues who call each other are counted in a note only."""
    copy(folder, "Master.csv")
    notes = folder.run()["calls"].notes

    assert any("between extensions: 1" in note for note in notes)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("9001", ("answered", "inbound", 240, 12)),
        ("9002", ("missed-short", "inbound", 0, 4)),
        ("9003", ("missed-closed", "inbound", 0, 14)),
        ("9004", ("missed-nobody", "inbound", 0, 44)),
        ("9005", ("missed-queue", "inbound", 0, 33)),
        ("9006", ("answered", "outbound", 40, 20)),
        ("9007", ("missed-ivr", "inbound", 0, 5)),
    ],
)
def test_aircall_says_why_nobody_answered(folder: Folder, key: str, expected: Any) -> None:
    """The reason of a missed call is kept, and ringing is not talking."""
    copy(folder, "aircall.csv")
    folder.run()

    assert expected == shown(folder.records("touchpoint")[key], *CALL)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("CA01", ("missed-nobody", "inbound", 0, 217)),
        ("CA02", ("answered", "inbound", 486, 44)),
        ("CA03", ("answered", "outbound", 191, 7)),
        ("CA04", ("missed-closed", "inbound", 0, 26)),
    ],
)
def test_the_dashboard_of_aircall(folder: Folder, key: str, expected: Any) -> None:
    """The export of the dashboard, with its other names, gives the same outcomes."""
    copy(folder, "aircall-dashboard.csv")
    folder.run()
    calls = folder.records("touchpoint")

    assert expected == shown(calls[key], *CALL)
    assert [None, "Eva Agente"] == [calls["CA01"]["agent"], calls["CA02"]["agent"]]
    assert "+34 600 123 456" == calls["CA01"]["customer_key"]


def test_a_list_of_calls_in_spanish(folder: Folder) -> None:
    """A list with the day and the hour apart is read, with the notes as the text."""
    copy(folder, "llamadas.csv")
    folder.run(dates="day-first")
    calls = list(folder.records("touchpoint").values())

    assert [
        ("answered", "inbound", 200, 12, "Gran Vía"),
        ("missed", "inbound", 0, 45, "Gran Vía"),
        ("answered", "outbound", 61, 5, "Gran Vía"),
    ] == [shown(call, *CALL, "place") for call in calls]
    assert "Pregunta por su pedido" == calls[0]["text"]


def test_zendesk_tickets(folder: Folder) -> None:
    """Minutes become seconds, and only a score that was given is one."""
    copy(folder, "zendesk-tickets.csv")
    folder.run()
    tickets = folder.records("touchpoint")
    names = ("outcome", "extra.first_reply_s", "extra.resolution_s", "extra.satisfaction")

    assert ("closed", 2100, 95_400, "good") == shown(tickets["4711"], *names)
    assert ("open", None, None, None) == shown(tickets["4712"], *names)
    assert ("pending", 300, None, "bad") == shown(tickets["4713"], *names)
    assert ("2026-09-02T10:30:00+00:00", 0, 2) == shown(
        tickets["4711"], "extra.solved_at", "extra.reopens", "extra.replies"
    )
    assert b"Ana Ejemplo" not in folder.stored_bytes()


def test_other_tickets(folder: Folder) -> None:
    """Where a desk says no minutes, the solution takes from creation to closing."""
    copy(folder, "desk.csv")
    folder.run()
    tickets = folder.records("touchpoint")

    assert ("closed", 28_800) == shown(tickets["101"], "outcome", "extra.resolution_s")
    assert ("pending", None) == shown(tickets["102"], "outcome", "extra.resolution_s")


def test_consent_is_said_by_the_file_of_the_subscribed_only(folder: Folder) -> None:
    """Those who left or bounce consent to nothing; those in a file of any other name neither."""
    copy(folder, "*_members_*.csv")
    shutil.copy(
        folder.root / "in" / "subscribed_members_export_2fd9.csv", folder.root / "in" / "all.csv"
    )
    text = (folder.root / "in" / "all.csv").read_text().replace("a1b2c3", "zzz")
    folder.put("all.csv", text)
    folder.run()
    consents = {key: row["consent"] for key, row in folder.records("customer").items()}

    assert {"a1b2c3": True, "d4e5f6": False, "g7h8i9": False, "zzz": None} == consents
    assert b"203.0.113.7" not in folder.stored_bytes()


def test_who_unsubscribes_later_has_not_consented(folder: Folder) -> None:
    """A member who moves to the file of those who left is one customer, who says no."""
    copy(folder, "subscribed_members_export_2fd9.csv")
    folder.run()
    text = (DATA / "unsubscribed_members_export_2fd9.csv").read_text().replace("d4e5f6", "a1b2c3")
    folder.put("unsubscribed_members_export_2fd9.csv", text)
    folder.run()

    assert {"a1b2c3": False} == {
        key: row["consent"] for key, row in folder.records("customer").items()
    }


def test_campaigns_become_one_fact_a_count(folder: Folder) -> None:
    """Mailchimp's and Klaviyo's counts get the same names, and text messages are no mail."""
    copy(folder, "campaigns.csv", "klaviyo.csv")
    folder.run()
    facts = {
        (row["subject"], row["name"]): row["value"] for row in folder.records("fact").values()
    }

    assert Decimal(1234) == facts["Spring sale", "email.sent"]
    assert Decimal("1034.50") == facts["Spring sale", "email.revenue"]
    assert Decimal(5) == facts["Autumn", "email.bounced"]
    assert Decimal(7) == facts["Autumn", "email.ordered"]
    assert Decimal(9) == facts["Autumn text", "sms.clicked"]
    assert 27 == len(facts)


def test_what_recipients_did(folder: Folder) -> None:
    """Each act of a recipient is a touchpoint, without a network address."""
    copy(folder, "activity.csv")
    folder.run()
    rows = folder.records("touchpoint").values()

    assert ["click", "open", "unsubscribe"] == sorted(row["type"] for row in rows)
    assert {"Spring sale"} == {row["campaign"] for row in rows}
    assert b"203.0.113.7" not in folder.stored_bytes()


def test_an_export_of_the_whole_account(folder: Folder) -> None:
    """Opens and clicks come one file a campaign in a zip, named by the campaign, links cut."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr(
            "granular_activity/opens/25_spring-sale.csv",
            "Timestamp,IP,Email\n2026-06-01 10:00:00,203.0.113.7,ana@example.com\n",
        )
        packed.writestr(
            "granular_activity/clicks/25_spring-sale.csv",
            "Timestamp,IP,Email,Url\n"
            "2026-06-01 10:00:09,203.0.113.7,ana@example.com,https://shop.example/x?mc_eid=SECRET\n",
        )
    folder.put("account.zip", buffer.getvalue())
    folder.run()
    found = {row["type"]: row for row in folder.records("touchpoint").values()}

    assert ["click", "open"] == sorted(found)
    assert {"spring-sale"} == {row["campaign"] for row in found.values()}
    assert "https://shop.example/x" == found["click"]["url"]
    assert b"203.0.113.7" not in folder.stored_bytes()


def test_google_analytics(folder: Folder) -> None:
    """Several tables of one file are read, the row of totals is not, queries are dropped."""
    copy(folder, "ga4.csv")
    folder.run()
    facts = {
        (row["subject"], row["name"], row["happened_at"].date().isoformat()): row["value"]
        for row in folder.records("fact").values()
    }

    assert Decimal(300) == facts["/", "web.views", "2026-09-09"]
    assert Decimal(50) == facts["/shoes", "web.users", "2026-09-09"]
    assert Decimal(9) == facts[None, "web.users", "2026-09-10"]
    assert 8 == len(facts)


def test_pages_that_differ_in_their_query_are_added_up(folder: Folder) -> None:
    """Views of one page under several addresses are summed; users are not counted twice."""
    folder.put(
        "ga4.csv",
        "# Start date: 20260910\n# End date: 20260910\n"
        "Page path,Views,Total users\n/a?x=1,3,2\n/a?x=2,4,3\n",
    )
    folder.run()
    facts = {row["name"]: row["value"] for row in folder.records("fact").values()}

    assert {"web.views": Decimal(7), "web.users": Decimal(3)} == facts


def test_matomo_in_utf_16(folder: Folder) -> None:
    """Matomo's file is read as it comes, and its day is the one in its name."""
    copy(folder, "Export*.csv")
    folder.run()
    facts = {
        (row["subject"], row["name"]): row["value"] for row in folder.records("fact").values()
    }

    assert Decimal(55) == facts["/shoes", "web.views"]
    assert Decimal(3) == facts["/about", "web.sessions"]


@pytest.mark.parametrize(
    ("name", "happened_on", "until"),
    [
        ("2026-10-01,2026-10-31", date(2026, 10, 1), "2026-10-31"),
        ("2026-10-05", date(2026, 10, 5), None),
        ("2026-02-31 2026-10-05", date(2026, 10, 5), None),
    ],
)
def test_the_days_of_matomo_are_in_the_name(
    folder: Folder, name: str, happened_on: date, until: str | None
) -> None:
    """A report of several days says its last one, so that others that overlap do not add up."""
    content = (DATA / "Export _ Page URLs _ 2026-09-10.csv").read_bytes()
    folder.put(f"Export _ Page URLs _ {name}.csv", content)
    folder.run()
    (row, *_) = folder.records("fact").values()

    assert happened_on == row["happened_at"].astimezone(ZoneInfo("Europe/Madrid")).date()
    assert (until,) == shown(row, "extra.until")


def test_pages_that_exist(folder: Folder) -> None:
    """A sitemap and a list of addresses say what there is to see, pictures left out."""
    copy(folder, "sitemap.xml", "catalogue.csv")
    folder.run()

    assert ["/", "/catalogue/boots", "/catalogue/hats", "/never-seen", "/shoes"] == sorted(
        row["subject"] for row in folder.records("fact").values()
    )


def test_a_page_that_leaves_the_sitemap_is_gone(folder: Folder) -> None:
    """A sitemap without a page says that the page no longer exists."""
    pages = [f"<url><loc>https://shop.example/p{at}</loc></url>" for at in range(10)]
    folder.put("sitemap.xml", f"<urlset>{''.join(pages)}</urlset>")
    folder.run()
    folder.put("sitemap.xml", f"<urlset>{''.join(pages[1:])}</urlset>", hours_ago=1)
    folder.run()

    assert [f"/p{at}" for at in range(1, 10)] == sorted(
        row["subject"] for row in folder.records("fact").values()
    )


def test_mentions_come_without_their_authors(folder: Folder) -> None:
    """What was said in public is kept, who said it is not."""
    copy(folder, "mentions.csv")
    folder.run()
    (first, *_) = folder.records("touchpoint").values()

    assert ("social", "mention", "https://social.example/1") == (
        first["channel"],
        first["type"],
        first["url"],
    )
    assert b"Somebody" not in folder.stored_bytes()


def test_a_box_of_texts(folder: Folder) -> None:
    """Each text file is one suggestion, in whatever encoding, of the day in its name."""
    copy(folder, "box/*", "suggestions.json")
    folder.run()
    found = folder.records("touchpoint")

    assert (
        "Pongan más bancos, por favor.\nGracias." == found["in/box/2026-09-14 bancos.txt"]["text"]
    )
    assert (
        "2026-09-13T22:00:00"
        == (found["in/box/2026-09-14 bancos.txt"]["happened_at"].isoformat()[:19])
    )
    assert {"box"} == {row["channel"] for row in found.values()}
    assert "ana@example.com" == found["2"]["email"]


def test_every_profile_of_the_plug_in_has_a_case() -> None:
    """No profile is shipped that no file was read with."""
    own = {each.name for each in load_profiles() if "touchpoints" in each.plugins}
    read = {
        *("aircall-calls", "aircall-export", "asterisk-cdr", "calls", "klaviyo-campaigns"),
        *("mailchimp-activity", "mailchimp-audience", "mailchimp-campaigns", "mailchimp-clicks"),
        *("mailchimp-opens", "matomo-pages", "social-mentions"),
        *("suggestion-box", "tickets", "zendesk-tickets"),
    }

    assert read == own


def test_headers_that_nobody_compared_are_said_to_be_so() -> None:
    """What was read from descriptions and not from real files is not called confirmed."""
    own = [each for each in load_profiles() if "touchpoints" in each.plugins]

    assert {"mailchimp-activity", "matomo-pages"} == {
        each.name for each in own if not each.confirmed
    }
    assert {("mailchimp-audience", "es"), ("mailchimp-audience", "fr")} <= {
        (each.name, name)
        for each in own
        for name, variant in each.variants.items()
        if not variant.confirmed
    }
