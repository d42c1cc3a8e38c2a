"""What customers say, meet and feel, on values worked out by hand."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from regard.columns import open_view, sync_columns
from regard.directory import Directory, Named, Survey
from regard.measures import answers, calls, campaigns, mystery, pages, suggestions
from regard.measures.catalogue import MEASURES, STAGES, journey, stage_of, unfelt_stages
from regard.measures.responses import response_rates
from regard.measures.series import known_series
from regard.measures.verbatims import verbatims
from regard.reports import Period
from regard.store import Store

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
LAST = Period(NOW - timedelta(days=90), NOW)
fill = runpy.run_path(str(Path(__file__).parents[1] / "columns" / "filling.py"))["fill"]
DIRECTORY = Directory(
    places=(Named("sol", "Tienda Sol", ("SOL-1",)),),
    competitors=(Named("rival", "Rival", ("Rival S.A.",)),),
    surveys=(Survey("Exit", 200),),
)


@pytest.fixture
def view_of_kinds(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Return what makes a view of records of any kinds."""
    with ExitStack() as stack:

        def made(directory: Directory = DIRECTORY, **kinds: Sequence[Mapping[str, Any]]) -> Any:
            store = Store.open(f"sqlite:///{tmp_path / 'regard.db'}")
            stack.callback(store.close)
            for kind, rows in kinds.items():
                fill(store, kind, rows)
            sync_columns(store, tmp_path / "columns")
            view = open_view(
                tmp_path / "columns",
                now=NOW,
                language="en",
                timezone="Europe/Madrid",
                freshness=(),
                pseudonym_key=b"k" * 32,
                directory=directory,
            )
            return stack.enter_context(view)

        yield made


def scored(
    metric: str, *values: int, low: int | None = 0, high: int | None = 10, **more: Any
) -> Any:
    """Return answers with scores on one scale."""
    return [
        {"metric": metric, "score": Decimal(value), "scale_min": low, "scale_max": high,
         "answered_at": NOW - timedelta(days=1), **more}
        for value in values
    ]  # fmt: skip


def keyed(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return rows with keys of their own."""
    return [{"key": f"k{n}", **row} for n, row in enumerate(rows)]


def test_nothing(view_of_kinds: Callable[..., Any]) -> None:
    """An empty store gives no number anywhere, and no error."""
    view = view_of_kinds(Directory())

    assert () == answers.scores(view, LAST) == response_rates(view, LAST)
    assert 0 == verbatims(view, LAST).n == suggestions.suggestions_by_theme(view, LAST).n
    assert calls.count_calls(view, LAST).felt.value is None
    assert calls.first_contact(view, LAST).value is None
    assert calls.first_reply(view, LAST).median is None
    assert () == campaigns.campaigns(view, LAST) == mystery.scores_by(view, LAST, "subject")
    assert () == mystery.cross_scores(view, LAST, "section", "wave")
    assert pages.unused_pages(view, LAST).share.value is None
    assert mystery.own_score(view, LAST).value is None


def test_scores(view_of_kinds: Callable[..., Any]) -> None:
    """Each metric is worked out on its own scale; what fits none is counted apart."""
    rows = [
        *scored("nps", 10, 9, 8, 3),
        *scored("nps", 10, low=None, high=None),
        *scored("nps", 5, low=1, high=5),
        *scored("nps", 11),
        *scored("csat", 4, 5, 3, low=1, high=5),
        *scored("csat", 6, 5, low=1, high=7),
        *scored("csat", 4, low=None, high=None),
        *scored("ces", 5, 7, low=1, high=7),
        *scored("ces", 2, low=1, high=5),
        *scored("nps", 0, answered_at=NOW - timedelta(days=91)),
        *scored("nps", 0, answered_at=None),
    ]
    view = view_of_kinds(answer=keyed(rows))
    found = {one.scale: one.estimate for one in answers.scores(view, LAST)}
    left = answers.left_out(view, LAST)

    assert (Decimal("40.0"), 5) == (found["nps", None, None].value, found["nps", None, None].n)
    assert (Decimal("60.0"), 5) == (found["csat", None, None].value, found["csat", None, None].n)
    assert Decimal(6) == found["ces", Decimal(1), Decimal(7)].value
    assert Decimal(2) == found["ces", Decimal(1), Decimal(5)].value
    assert (3, 1) == (left.off_scale, left.undated)


def test_reworded(view_of_kinds: Callable[..., Any]) -> None:
    """A response with NPS in two wordings is named, the wording of the newer export last."""
    old = {"question": "Would you recommend us?", "as_of": NOW - timedelta(days=9)}
    new = {"question": "How likely are you to recommend us?", "as_of": NOW}
    rows = [
        *(scored("nps", 9, response_key=f"r{n}", survey="Exit", **old)[0] for n in range(3)),
        *(scored("nps", 9, response_key=f"r{n}", survey="Exit", **new)[0] for n in range(1, 5)),
        *scored("nps", 9, 8, **old),
        *scored("csat", 4, low=1, high=5, response_key="r0", survey="Exit", question="Service?"),
        *scored("nps", 9, response_key="r0", survey="Other", **new),
    ]
    view = view_of_kinds(answer=keyed(rows))
    twice = answers.answered_twice(view, LAST)

    assert answers.Twice(2, (old["question"], new["question"])) == twice
    assert answers.answered_twice(view, Period(NOW - timedelta(hours=1), NOW)) is None


def test_parts(view_of_kinds: Callable[..., Any]) -> None:
    """Scores divide by place as it is meant, and by the segment of whoever answered."""
    rows = [
        *scored("nps", 10, place="sol-1", customer_key="1"),
        *scored("nps", 9, place="Tienda Sol", email=" B@example.com"),
        *scored("nps", 2, place="Elsewhere", customer_key="9"),
    ]
    customers = [
        {"key": "1", "segment": "Gold"},
        {"key": "2", "segment": "Gold", "email": "b@example.com"},
    ]
    view = view_of_kinds(answer=keyed(rows), customer=customers)

    def by(part: str) -> dict[str | None, tuple[Decimal | None, int]]:
        found = answers.scores(view, LAST, part)
        return {one.part: (one.estimate.value, one.estimate.n) for one in found}

    assert {"Tienda Sol": (Decimal(100), 2), None: (Decimal(-100), 1)} == by("place")
    assert {"Gold": (Decimal(100), 2), None: (Decimal(-100), 1)} == by("segment")


def test_response_rates(view_of_kinds: Callable[..., Any]) -> None:
    """Who was asked is configured, else sent; more answers than that are no rate."""
    old = NOW - timedelta(days=300)
    rows = [
        *scored("nps", *[9] * 50, survey="Exit", answered_at=old),
        *scored("nps", 9, 9, survey="Mail", response_key="same"),
        *scored("nps", 9, survey="Nobody asked"),
    ]
    mails = [
        {"channel": "email", "type": "sent", "campaign": "Mail", "email": f"{n % 4}@example.com",
         "happened_at": NOW - timedelta(days=2)}
        for n in range(8)
    ]  # fmt: skip
    view = view_of_kinds(answer=keyed(rows), touchpoint=keyed(mails))
    found = {
        one.survey: (one.responses, one.asked, one.rate.value)
        for one in response_rates(view, LAST)
    }

    assert {
        "Exit": (50, 200, Decimal("25.0")),
        "Mail": (1, 4, Decimal("25.0")),
        "Nobody asked": (1, None, None),
    } == found


def test_verbatims(view_of_kinds: Callable[..., Any]) -> None:
    """Texts go with the score of their response, newest first, without names and numbers."""
    common = {"response_key": "r1", "customer_key": "1"}
    texts = ["I am ana, call 600 123 456", "José  García served me", "By Luis Núñez, a client"]
    rows = [
        *scored("nps", 2, **common),
        *(
            {"metric": "text", "text": text, "answered_at": NOW - timedelta(hours=n + 1), **common}
            for n, text in enumerate(texts)
        ),
        {"metric": "text", "text": "  ", "answered_at": NOW - timedelta(hours=1)},
        {"metric": "text", "text": "unscored", "answered_at": NOW - timedelta(hours=1)},
    ]
    people = [{"key": "1", "given_name": "Ana"}, {"key": "2", "name": "Luis Nunez"}]
    view = view_of_kinds(
        answer=keyed(rows), customer=people, touchpoint=[{"agent": "Jose Garcia"}]
    )
    found = verbatims(view, LAST, limit=3)

    assert (("unhappy", 3), ("unscored", 1)) == found.counts
    assert [
        "I am [name], call [phone]",
        "[name] served me",
        "By [name], a client",
        "unscored",
    ] == [one.text for one in found.chosen]
    assert [(Decimal(2), Decimal(10))] * 3 + [(None, None)] == [
        (one.score, one.highest) for one in found.chosen
    ]


def contact(days: float, **more: Any) -> dict[str, Any]:
    """Return an inbound call so many days ago."""
    at = NOW - timedelta(days=days)
    return {"channel": "call", "type": "call", "direction": "inbound", "happened_at": at, **more}


def test_calls(view_of_kinds: Callable[..., Any]) -> None:
    """Callers count every call, companies those in the queue; only answered ones waited."""
    waits = [json.dumps({"wait_s": wait}) for wait in (10, 20, 60)]
    ends = ["missed-closed", "missed-ivr", "missed-queue", "busy", None]
    rows = [
        *(contact(1, outcome="answered", extra=extra) for extra in waits),
        *(contact(1, outcome=end, extra=json.dumps({"wait_s": 900})) for end in ends),
        contact(1, outcome="answered", direction="outbound"),
    ]
    view = view_of_kinds(touchpoint=keyed(rows))
    found, wait = calls.count_calls(view, LAST), calls.call_wait(view, LAST)

    assert (3, 7, 4, 1) == (found.answered, found.ended, found.queued, found.unknown)
    assert (Decimal("42.9"), Decimal("75.0")) == (found.felt.value, found.counted.value)
    assert (Decimal(20), Decimal(52), 3) == (wait.median, wait.slow, wait.n)


def test_first_contacts(view_of_kinds: Callable[..., Any]) -> None:
    """A first contact solved it where no other follows within seven days and those have passed."""
    rows = [
        contact(60, customer_key="1"),
        contact(57, customer_key="1"),
        contact(40, customer_key="1"),
        contact(30, email="A@example.com"),
        contact(29, email="a@example.com", channel="email", type="message"),
        contact(3, customer_key="2"),
        contact(20),
    ]
    found = calls.first_contact(view_of_kinds(touchpoint=keyed(rows)), LAST)

    assert (Decimal("33.3"), 3) == (found.value, found.n)


def test_first_contacts_that_reached_nobody(view_of_kinds: Callable[..., Any]) -> None:
    """A call that reached nobody or a ticket still open is not solved, whoever comes again."""
    rows = [
        contact(60, customer_key="1", outcome="missed-queue"),
        contact(50, customer_key="2", outcome="busy"),
        contact(40, customer_key="3", outcome="answered"),
        contact(30, customer_key="4", channel="ticket", type="ticket", outcome="open"),
        contact(30, customer_key="5", channel="ticket", type="ticket", outcome="closed"),
        contact(30, customer_key="6", outcome=None),
    ]
    found = calls.first_contact(view_of_kinds(touchpoint=keyed(rows)), LAST)

    assert (Decimal("50.0"), 6) == (found.value, found.n)


def test_replies(view_of_kinds: Callable[..., Any]) -> None:
    """The first reply counts from the first mail of a thread; tickets bring their own figure."""
    mail = {"channel": "email", "type": "message"}
    ticket = {"channel": "ticket", "type": "ticket", "outcome": "solved"}
    told = [
        {"first_reply_s": 7200, "reopens": 0, "replies": 1},
        {"reopens": 1, "replies": 1},
        {"replies": 3},
        {},
    ]
    rows = [
        contact(5, **mail, thread_key="a"),
        contact(5 - 1 / 24, **mail, thread_key="a"),
        contact(5 - 4 / 24, **{**mail, "direction": "outbound"}, thread_key="a"),
        contact(6, **{**mail, "direction": "outbound"}, thread_key="b"),
        contact(5, **mail, thread_key="b"),
        *(contact(4, **ticket, extra=json.dumps(one)) for one in told),
    ]
    rows = [{**row, "direction": row["direction"]} for row in rows]
    view = view_of_kinds(touchpoint=keyed(rows))
    wait, once = calls.first_reply(view, LAST), calls.one_touch(view, LAST)

    assert (Decimal(3), 2, 4) == (wait.median, wait.n, wait.waiting)
    assert (Decimal("33.3"), 3) == (once.value, once.n)


def test_replies_that_name_no_other_mail(view_of_kinds: Callable[..., Any]) -> None:
    """Person and subject tell what a reply without references answers, within a month."""
    ours = {"direction": "outbound"}

    def mail(key: str, days: float, subject: str, who: str = "a@b.example", **more: Any) -> Any:
        told = {"thread_key": key, "subject": subject, "email": who, **more}
        return {"key": key, **contact(days, channel="email", type="message", **told)}

    rows = [
        mail("m1", 60, "Pedido 12"),
        mail("m2", 60 - 1 / 24, "RE: Re: pedido 12", "A@b.example", **ours),
        mail("m3", 59, "Re: Pedido 12"),
        mail("m4", 50, "Invoice"),
        mail("m5", 19, "Re: Invoice", **ours),
        mail("m6", 18, "Cup", "c@d.example"),
        mail("m7", 17, "Re: Cup", "e@f.example", **ours),
        mail("m8", 16, "Re: A thing"),
        mail("m9", 15, "Pedido 12"),
        mail("n1", 15 - 3 / 24, "RV[2]: Pedido 12", **ours),
        mail("n2", 14, "Re:"),
        mail("n3", 13, "Re:", **ours),
    ]
    wait = calls.first_reply(view_of_kinds(touchpoint=rows), LAST)

    # Answered: m1 and m9; waiting: m4, m6, m8 and n2. m3 goes on with what m1 began.
    assert (Decimal(2), 2, 4) == (wait.median, wait.n, wait.waiting)


def test_replies_that_name_only_the_mail_they_answer(view_of_kinds: Callable[..., Any]) -> None:
    """A customer who thanks for an answer goes on with the thread and waits for nothing."""
    ours = {"direction": "outbound"}
    told = [(5, "m1", {}), (4.5, "m1", ours), (4, "m2", {}), (3, "m3", ours), (2, "m3", {})]
    rows = [
        {
            "key": f"m{number}",
            **contact(days, channel="email", type="message", thread_key=thread, **more),
        }
        for number, (days, thread, more) in enumerate(told, start=1)
    ]
    wait = calls.first_reply(view_of_kinds(touchpoint=rows), LAST)

    assert (Decimal(12), 1, 0) == (wait.median, wait.n, wait.waiting)


def test_campaigns(view_of_kinds: Callable[..., Any]) -> None:
    """A campaign goes from recipients to purchases; a vendor's counts stand beside."""

    def mail(kind: str, who: int) -> dict[str, Any]:
        at = NOW - timedelta(days=10)
        address = f"{who}@example.com"
        return {
            "channel": "email",
            "type": kind,
            "campaign": "Spring",
            "email": address,
            "happened_at": at,
        }

    steps = {
        "sent": range(10),
        "bounce": range(2),
        "open": [3, 3, 4],
        "click": [3, 4],
        "unsubscribe": [5],
    }
    mails = [mail(kind, who) for kind, people in steps.items() for who in people]
    sale = {"basis": "sale", "status": "completed", "email": "3@example.com"}
    bought = [{**sale, "ordered_at": NOW - timedelta(days=days)} for days in (11, 9, 1)]
    told = {"sent": 100, "opened": 40, "clicked": 5, "ordered": 2, "complained": 1}
    facts = [
        {
            "subject": "News",
            "name": f"email.{name}",
            "value": value,
            "happened_at": NOW - timedelta(days=1),
        }
        for name, value in told.items()
    ]
    view = view_of_kinds(
        touchpoint=keyed(mails), purchase=keyed(bought), fact=keyed(facts)
    )  # fmt: skip
    news, spring = campaigns.campaigns(view, LAST)

    assert ("News", 100, 100, 40, 5, 2, 1) == (
        news.name, news.sent, news.delivered, news.opened, news.clicked, news.bought, news.annoyed
    )  # fmt: skip
    assert (10, 8, 2, 2, 1, 1) == (
        spring.sent, spring.delivered, spring.opened, spring.clicked, spring.bought, spring.annoyed
    )  # fmt: skip
    assert Decimal("25.0") == spring.clicks.value


def test_pages(view_of_kinds: Callable[..., Any]) -> None:
    """Addresses of one page are one page; what exists and nobody viewed is unused."""
    urls = ["/a?x=1", "https://shop.example/a/", "/a#top", "/", "/gone"]
    views = [
        {"channel": "web", "type": "view", "url": url, "happened_at": NOW - timedelta(days=1),
         "outcome": "404" if url == "/gone" else "200"}
        for url in urls
    ]  # fmt: skip
    known = [
        {"subject": path, "name": "web.page", "value": 1} for path in ("/a", "/b/", "/gone", "/")
    ]
    told = [
        {"subject": "/a", "name": "web.views", "value": 9, "happened_at": NOW - timedelta(days=1)}
    ]
    view = view_of_kinds(touchpoint=keyed(views), fact=keyed([*known, *told]))
    found, n = pages.pages_viewed(view, LAST)
    unused = pages.unused_pages(view, LAST)

    assert ([("/a", 9), ("/", 1)], 10) == ([(one.path, one.views) for one in found], n)
    assert (("/b", "/gone"), 2, 4) == (unused.paths, unused.unused, unused.pages)
    assert Decimal("20.0") == pages.page_errors(view, LAST).value


def test_reports_that_overlap_count_once(view_of_kinds: Callable[..., Any]) -> None:
    """A day that lies in several reports of one source is counted in one of them."""
    reports = {(5, 1): 100, (4, 1): 80, (9, 8): 7, (6, 6): 3, (9, 9): 4}
    told = [
        {
            "subject": "/a",
            "name": "web.views",
            "value": value,
            "happened_at": NOW - timedelta(days=first),
            "extra": json.dumps({"until": (NOW - timedelta(days=last)).date().isoformat()}),
        }
        for (first, last), value in reports.items()
    ]
    found, n = pages.pages_viewed(view_of_kinds(fact=keyed(told)), LAST)

    assert ([("/a", 110)], 110) == ([(one.path, one.views) for one in found], n)


@pytest.mark.parametrize(
    ("spans", "taken"),
    [
        ([(1, 15), (1, 31), (10, 20)], [(1, 31)]),
        ([(1, 28), (2, 29), (3, 30)], [(3, 30)]),
        ([(1, 7), (8, 14), (1, 14)], [(1, 14)]),
        ([(1, 7), (7, 13), (14, 20)], [(7, 13), (14, 20)]),
        ([(5, 5), (5, 5)], [(5, 5)]),
        ([(9, 2), (1, 3)], [(1, 3)]),
        ([], []),
    ],
)
def test_reports_apart(spans: list[tuple[int, int]], taken: list[tuple[int, int]]) -> None:
    """Most days count, in the fewest and latest reports of which no two speak of one day."""
    days = [(f"2026-10-{first:02}", f"2026-10-{last:02}") for first, last in spans]

    assert [(f"2026-10-{a:02}", f"2026-10-{b:02}") for a, b in taken] == pages.apart(days)


def test_unlooked_pages(view_of_kinds: Callable[..., Any]) -> None:
    """Where no views are known no page is called unused."""
    view = view_of_kinds(fact=[{"subject": "/a", "name": "web.page", "value": 1}])

    assert (0, None) == (
        pages.unused_pages(view, LAST).unused,
        pages.unused_pages(view, LAST).share.value,
    )


def test_suggestions(view_of_kinds: Callable[..., Any]) -> None:
    """Themes are told by words in three languages, and one text may have two."""
    texts = [
        "Abrid los domingos",
        "Prix trop chers. Livraison lente",
        "OPEN on Sunday",
        "more jazz",
    ]
    rows = [
        {
            "channel": "box",
            "type": "suggestion",
            "text": text,
            "happened_at": NOW - timedelta(days=1),
        }
        for text in texts
    ]
    found = suggestions.suggestions_by_theme(view_of_kinds(touchpoint=keyed(rows)), LAST)

    assert (
        ("hours", 2),
        ("delivery", 1),
        ("price", 1),
        ("other", 1),
    ) == found.counts
    assert 4 == found.n


def test_suggestions_by_own_themes(view_of_kinds: Callable[..., Any]) -> None:
    """The configuration's themes count beside the bundled ones that it keeps."""
    texts = ["more jazz", "Más JAZZ", "Abrid los domingos", "Prix trop chers", None]
    at = NOW - timedelta(days=1)
    rows = [
        {"channel": "box", "type": "suggestion", "text": text, "happened_at": at} for text in texts
    ]
    directory = Directory(themes=(("music", ("jazz",)),), bundled_themes=("price",))
    found = suggestions.suggestions_by_theme(
        view_of_kinds(directory, touchpoint=keyed(rows)), LAST
    )

    assert (("music", 2), ("price", 1), ("other", 2)) == found.counts
    assert 5 == found.n


def visit(key: str, score: str | None, **more: Any) -> dict[str, Any]:
    """Return a visit with a score."""
    value = None if score is None else Decimal(score)
    return {"key": key, "score": value, "visited_at": NOW - timedelta(days=1), **more}


def test_visits(view_of_kinds: Callable[..., Any]) -> None:
    """Drafts and rejected visits never count; we stand beside competitors as they are meant."""
    rows = [
        visit("1", "80", place="SOL-1", wave="w1", visited_at=NOW - timedelta(days=40)),
        visit("2", "60", place="sol", wave="w2", state="submitted"),
        visit("3", "0", state="draft"),
        visit("4", "0", state="rejected"),
        visit("5", "90", subject="rival s.a."),
        visit("6", None, place="Elsewhere"),
    ]
    view = view_of_kinds(visit=rows)
    score, counted = mystery.own_score(view, LAST), mystery.count_visits(view, LAST)

    assert (Decimal(70), 2, Decimal(0), Decimal(100)) == (
        score.value,
        score.n,
        score.low,
        score.high,
    )
    assert (3, 1, 1) == (counted.ours, counted.others, counted.submitted)
    assert [(None, Decimal(70)), ("Rival", Decimal(90))] == [
        (one.part, one.estimate.value) for one in mystery.scores_by(view, LAST, "subject")
    ]
    assert ["w1", "w2", None][:2] == [one.part for one in mystery.scores_by(view, LAST, "wave")]
    assert ["Tienda Sol"] == [one.part for one in mystery.scores_by(view, LAST, "place")]


def test_items(view_of_kinds: Callable[..., Any]) -> None:
    """Items say why a visit is low, which critical ones failed, what explains another score."""

    def item(name: str, points: int | None, **more: Any) -> dict[str, Any]:
        value = None if points is None else Decimal(points)
        given = {"visit_key": "1", "section": "S", "item": name, "max_points": 1, "weight": 1}
        return {**given, "points": value, "not_applicable": points is None, **more}

    rows = [
        item("a", 1, weight=2),
        item("b", 0),
        item("c", None),
        item("d", 0, critical=True, cap=None),
    ]
    view = view_of_kinds(
        visit=[visit("1", "50", stated_score=Decimal("66.67"))], visit_score=keyed(rows)
    )
    sections = mystery.item_scores(view, LAST, whole=True)
    (low,) = mystery.lowest_visits(view, LAST)

    assert [("S", Decimal(50))] == [(one.section, one.estimate.value) for one in sections]
    assert ["b", "d", "a"] == [one.item for one in mystery.item_scores(view, LAST, whole=False)]
    assert [("d", 1, 1)] == [(o.item, o.failed, o.n) for o in mystery.failed_critical(view, LAST)]
    assert [("b", Decimal(25)), ("d", Decimal(25))] == [(o.name, o.points) for o in low.lost]
    assert {("b",), ("d",)} == {cause.names for cause in low.causes if cause.how == "left-out"}
    assert 1 == mystery.count_misstated(view, LAST)
    assert "visit#" == low.pseudonym[:6]


def test_scores_in_two_directions(view_of_kinds: Callable[..., Any]) -> None:
    """Sections are scored by place and beside competitors, places and sections by wave."""
    seen = {
        "1": ("sol", None, "w1", {"S": 1, "T": 0}),
        "2": ("Sol", None, "w2", {"S": 0, "T": 0}),
        "3": ("Norte", "Rival", "w2", {"S": 1, "T": None}),
    }
    rows = [
        {"visit_key": key, "section": section, "item": section, "max_points": 1, "weight": 1,
         "points": None if points is None else Decimal(points), "not_applicable": points is None}
        for key, (*_, items) in seen.items() for section, points in items.items()
    ]  # fmt: skip
    rows.append({**rows[0], "item": "more", "points": Decimal(1), "bonus": True, "weight": 100})
    made = [
        visit(key, "50", place=place, subject=subject, wave=wave)
        for key, (place, subject, wave, _) in seen.items()
    ]
    view = view_of_kinds(visit=made, visit_score=keyed(rows))

    def found(row: str, by: str) -> dict[tuple[str, str | None], tuple[Decimal | None, int]]:
        crossed = mystery.cross_scores(view, LAST, row, by)
        return {(one.row, one.part): (one.estimate.value, one.estimate.n) for one in crossed}

    assert {("S", "Tienda Sol"): (50, 2), ("T", "Tienda Sol"): (0, 2)} == found("section", "place")
    assert {("S", None): (50, 2), ("T", None): (0, 2), ("S", "Rival"): (100, 1)} == found(
        "section", "subject"
    )
    assert {("Tienda Sol", "w1"): (50, 1), ("Tienda Sol", "w2"): (50, 1)} == found("place", "wave")


def test_catalogue(view_of_kinds: Callable[..., Any]) -> None:
    """Every measure says who feels it and where; stages that nobody feels are named."""
    view = view_of_kinds(Directory(journey=("buy", "support")))
    kinds = [("web", "view"), ("email", "click"), ("call", "call"), ("x", "y")]
    query = f"SELECT {stage_of('$stage', '$channel', '$kind')} AS stage"
    told = [view.sql(query, stage=None, channel=c, kind=k).one()["stage"] for c, k in kinds]

    assert {"customer", "company"} == {one.felt_by for one in MEASURES.values()}
    assert all(one.formula and one.source and one.stage in STAGES for one in MEASURES.values())
    assert ("buy", "support") == journey(view)
    assert ("buy",) == unfelt_stages(journey(view), ["ces", "pages-unused"])
    assert ["consideration", "awareness", "support", None] == told


def test_series_that_are_known(view_of_kinds: Callable[..., Any]) -> None:
    """A series is told by name and place, with its last value; a period without one is none."""
    rows = [
        ("footfall", "SOL-1", None, date(2026, 1, 1), Decimal("10")),
        ("footfall", "Tienda Sol", None, date(2026, 2, 1), Decimal("12")),
        ("footfall", "Elsewhere", None, date(2026, 1, 1), Decimal("7")),
        ("cpi", None, "ES", date(2026, 1, 1), Decimal("101.5")),
        ("cpi", None, "ES", date(2026, 2, 1), None),
    ]
    names = ("series", "place", "region", "period_on", "value")
    records = [
        {"key": str(at), **{k: v for k, v in zip(names, row, strict=True) if v is not None}}
        for at, row in enumerate(rows)
    ]
    found = known_series(view_of_kinds(indicator=records))

    assert [
        ("cpi", "ES", 1, "2026-01-01", Decimal("101.5")),
        ("footfall", "Elsewhere", 1, "2026-01-01", Decimal(7)),
        ("footfall", "Tienda Sol", 2, "2026-02-01", Decimal(12)),
    ] == [(one.name, one.where, one.values, str(one.last_on), one.last) for one in found]
