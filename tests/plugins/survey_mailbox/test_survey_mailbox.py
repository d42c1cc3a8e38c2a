"""Surveys that are answered by replying, from the mailbox to answers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from regard.testing import Reading, SourceConformance, read_source
from regard.testing.reading import load_host, make_project
from regard_plugins.survey_mailbox.invitations import Invitation, slug_of

MakeProject = Callable[..., Path]
RunRegard = Callable[..., "subprocess.CompletedProcess[str]"]
DATA = Path(__file__).parent / "data"
CONFIG = {
    "path": "mail/replies.mbox",
    "survey": "After purchase",
    "metric": "nps",
    "own": ["shop.example"],
}


class TestSurveyMailbox(SourceConformance):
    """The promises of every source, kept over an mbox with good and bad replies."""

    plugin = "survey-mailbox"
    data = DATA
    config = CONFIG
    expected = 7
    expected_refused = 2


def _read(folder: Path, mails: bytes | None = None, **config: Any) -> Reading:
    project = make_project(folder / "project", "survey-mailbox", CONFIG | config, data=DATA)
    if mails is not None:
        (project.root / "mail" / "replies.mbox").write_bytes(mails)
    return read_source(project, host=load_host(project))


def _answers(reading: Reading) -> dict[str, dict[str, Any]]:
    return {
        record.key: dict(record.values) for record in reading.records if record.kind == "answer"
    }


def _of(answers: dict[str, dict[str, Any]], who: str, question: str) -> dict[str, Any]:
    (found,) = (
        each
        for each in answers.values()
        if str(each["email"]).startswith(f"{who}@") and each["question"] == question
    )
    return found


def test_reply_becomes_score_and_comment(tmp_path: Path) -> None:
    """A reply gives an answer with its score and one with what else it says."""
    answers = _answers(_read(tmp_path))
    score, comment = _of(answers, "ana", "score"), _of(answers, "ana", "comment")

    assert ("nps", Decimal(9), Decimal(0), Decimal(10), True) == (
        score["metric"],
        score["score"],
        score["scale_min"],
        score["scale_max"],
        score["complete"],
    )
    assert ("text", "Todo muy bien, gracias.", None) == (
        comment["metric"],
        comment["text"],
        comment.get("score"),
    )
    assert {("After purchase", "ana@mail.example", "email", score["response_key"])} == {
        (each["survey"], each["email"], each["channel"], each["response_key"])
        for each in (score, comment)
    }


def test_scores_are_found_in_words_and_html(tmp_path: Path) -> None:
    """Numbers in sentences and number words in HTML are scores, without those of the quote."""
    answers = _answers(_read(tmp_path))

    assert (6, 10) == (
        _of(answers, "eva", "score")["score"],
        _of(answers, "claire", "score")["score"],
    )


def test_reply_without_a_score_is_an_incomplete_answer(tmp_path: Path) -> None:
    """What a customer writes is kept where no score stands beside it."""
    answers = _answers(_read(tmp_path))

    assert ["comment"] == [
        each["question"] for each in answers.values() if each["email"] == "rosa@mail.example"
    ]
    assert False is answers["r6@mail.example|comment"]["complete"]


def test_unclear_replies_are_put_aside(tmp_path: Path) -> None:
    """Two scores and one off the scale wait for a person, whole and with their reason."""
    refused = {item.reason: item for item in _read(tmp_path).refused}

    assert {"ambiguous-score", "score-out-of-scale"} == set(refused)
    assert "8 o 9" == refused["ambiguous-score"].raw["text"]  # type: ignore[index]


def test_other_mail_becomes_touchpoints(tmp_path: Path) -> None:
    """Mail in the survey's mailbox that answers nothing is a contact like any other."""
    (record,) = (each for each in _read(tmp_path).records if each.kind == "touchpoint")

    assert ("pepe@mail.example", "inbound", "¿Tienen bicicletas?") == (
        record.values["email"],
        record.values["direction"],
        record.values["text"],
    )


def _mail(to: str, body: str, *headers: str, who: str = "ana@mail.example", day: int = 5) -> bytes:
    head = [
        "From x Mon Jan  5 10:03:00 2026",
        f"From: {who}",
        f"To: {to}",
        "Subject: hola",
        f"Date: Mon, {day:02d} Jan 2026 10:03:00 +0100",
        *headers,
    ]
    return ("\n".join(head) + f"\n\n{body}\n\n").encode()


SECRET = b"a key that is only used in tests"
INVITED = Invitation.make("After purchase", "ana@mail.example", SECRET)
TIES = {
    "tag": _mail(f"encuesta+{INVITED.tag}@shop.example", "9"),
    "header": _mail("encuesta@shop.example", "9", f"X-Regard-Survey: {INVITED.tag}"),
    "reply": _mail(
        "encuesta@shop.example", "9", f"In-Reply-To: {INVITED.message_id('shop.example')}"
    ),
    "references": _mail(
        "encuesta@shop.example",
        "9",
        f"References: <a@b.example> {INVITED.message_id('shop.example')} <c@d.example>",
    ),
}


@pytest.mark.parametrize("name", TIES)
def test_reply_is_tied_to_its_invitation(name: str, tmp_path: Path) -> None:
    """A tag, a header or the message that is answered tells which invitation a reply is to."""
    answers = _answers(_read(tmp_path, TIES[name]))

    assert {f"{INVITED.token}|score"} == set(answers)
    assert INVITED.token == answers[f"{INVITED.token}|score"]["response_key"]


def test_token_says_nothing_about_whom_it_names() -> None:
    """An invitation's address holds neither the recipient nor what is the same in two surveys."""
    other = Invitation.make("Delivery", "ana@mail.example", SECRET)
    same = Invitation.make("After purchase", " Ana@Mail.example ", SECRET)

    assert INVITED == same
    assert INVITED.token != other.token
    assert "ana" not in INVITED.tag
    assert 64 >= len(f"encuesta+{INVITED.tag}")


def test_reply_to_another_survey_is_left_to_its_own_source(tmp_path: Path) -> None:
    """Two surveys may share a mailbox: each source takes the replies to its own."""
    mails = TIES["tag"]

    assert {} == _answers(_read(tmp_path / "a", mails, survey="Delivery"))
    assert 1 == len(_answers(_read(tmp_path / "b", mails)))


@pytest.mark.parametrize(
    ("tag", "field"), [("customer", "customer_key"), ("order", "order_key"), ("place", "place")]
)
def test_plain_tag_means_what_the_configuration_says(tag: str, field: str, tmp_path: Path) -> None:
    """Where another program sent the survey, its tag may be a customer, an order or a place."""
    answers = _answers(_read(tmp_path, _mail("encuesta+c-17@shop.example", "9"), tag=tag))

    assert ["c-17"] == [answer[field] for answer in answers.values()]


def test_later_reply_corrects_the_score(project: MakeProject, run_regard: RunRegard) -> None:
    """The later of two replies to one invitation counts, in whatever order they are read."""
    address = f"encuesta+{INVITED.tag}@shop.example"
    mails = _mail(address, "9", day=6) + _mail(address, "3", day=5)
    root = project(TOML, files={"mail/replies.mbox": mails})
    done = run_regard("run", "replies", "--json", cwd=root)
    shown = run_regard("preview", "replies", "--json", "--reveal", cwd=root)

    assert (1, 1, 0) == tuple(
        json.loads(done.stdout)["runs"][0][name] for name in ("new", "stale", "quarantined")
    )
    assert '"score": "9"' in shown.stdout


TOML = """
timezone = "Europe/Madrid"

[sources.replies]
plugin = "survey-mailbox"
path = "mail/replies.mbox"
survey = "After purchase"
own = ["shop.example"]
"""


def test_run_counts_what_answers_nothing(project: MakeProject, run_regard: RunRegard) -> None:
    """Absences, bounces and spam are counted in the summary, and no address is told."""
    root = project(TOML, files={"mail/replies.mbox": (DATA / "mail/replies.mbox").read_bytes()})
    done = run_regard("run", "replies", cwd=root)

    assert 0 == done.returncode
    assert "left out: 1 bounce, 1 out-of-office reply, 1 message marked as spam" in done.stderr
    assert ".example" not in done.stdout + done.stderr


def test_answers_from_quarantine_are_judged_again(
    project: MakeProject, run_regard: RunRegard
) -> None:
    """A score off the scale becomes an answer once the configuration knows the right scale."""
    root = project(
        TOML,
        files={"mail/replies.mbox": _mail("encuesta@shop.example", "12", "In-Reply-To: <a@b>")},
    )
    first = run_regard("run", "replies", "--json", cwd=root)
    project(TOML + "scale_max = 20\n")
    replayed = run_regard("quarantine", "replay", "--json", cwd=root)

    assert 1 == json.loads(first.stdout)["runs"][0]["quarantined"]
    assert 0 == replayed.returncode, replayed.stderr
    assert "[]" == run_regard("quarantine", "list", "--json", cwd=root).stdout.strip()


WRONG = [
    ("", "give either path"),
    ('path = "a"\nimap = {host = "x", user = "y", password = "z"}\n', "give either path"),
    ('path = "a"\nscale_min = 10\nscale_max = 10\n', "the scale goes from 10 to 10"),
    ('path = "a"\ncomment = "score"\n', "need different names"),
    ('path = "a"\nmetric = "text"\n', "metric"),
    ('imap = {host = "mail.x", user = "y", password = "z", tls = false}\n', "password over"),
    ('path = "a"\naddress = "Encuesta <e@x>"\n', "address"),
]


@pytest.mark.parametrize(("lines", "said"), WRONG)
def test_wrong_settings_are_told(
    lines: str, said: str, project: MakeProject, run_regard: RunRegard
) -> None:
    """What cannot be meant is refused before anything is read."""
    table = '[sources.replies]\nplugin = "survey-mailbox"\nsurvey = "x"\n'
    done = run_regard("check", cwd=project(table + lines))

    assert 2 == done.returncode
    assert said in done.stdout


@pytest.mark.parametrize(
    ("survey", "slug"),
    [
        ("After purchase", "after-purchase"),
        ("Encuesta de opinión", "encuesta-de-opinion"),
        ("Delivery survey of the year 2026", "delivery-surve-"),
        ("満足度", ""),
    ],
)
def test_slug_fits_into_an_address(survey: str, slug: str) -> None:
    """A survey's name in an address is short, plain, and never empty."""
    made = slug_of(survey)

    assert made.startswith(slug)
    assert made.isascii()
    assert 0 < len(made) <= 20


def test_erased_person_leaves_no_trace_of_replies(
    project: MakeProject, run_regard: RunRegard
) -> None:
    """What somebody answered is erased, from quarantine too, and does not come back."""
    who = "ana.secreta@mail.example"
    mails = _mail("encuesta@shop.example", "9\n\nSoy la del abrigo", "In-Reply-To: <a@b>", who=who)
    mails += _mail("encuesta@shop.example", "8 o 9", "In-Reply-To: <c@d>", who=who)
    mails += _mail("encuesta@shop.example", "Hola, tengo una duda", who=who)
    root = project(TOML, files={"mail/replies.mbox": mails})
    run_regard("run", "replies", cwd=root)
    forgotten = run_regard("forget", "--email", who, "--yes", cwd=root)
    again = run_regard("run", "replies", "--full-refresh", "answers", "--json", cwd=root)
    stored = b"".join(path.read_bytes() for path in root.glob("regard.db*"))

    assert 0 == forgotten.returncode, forgotten.stderr
    assert [0] * len(json.loads(again.stdout)["runs"]) == [
        run["new"] for run in json.loads(again.stdout)["runs"]
    ]
    assert who.encode() not in stored
    assert b"del abrigo" not in stored
    assert "[]" == run_regard("quarantine", "list", "--json", cwd=root).stdout.strip()


REPLY = "In-Reply-To: <inv@shop.example>"
IN_SUBJECTS = {
    "reply": (_mail("encuesta@shop.example", "", REPLY), b"Re: RE: 8", (8, None)),
    "below": (
        _mail("encuesta@shop.example", "Buen trato", REPLY),
        b"Re: un 10",
        (10, "Buen trato"),
    ),
    "new": (_mail("encuesta@shop.example", "Enviado desde mi iPhone"), b"9", (9, None)),
    "text first": (_mail("encuesta@shop.example", "7", REPLY), b"Re: 10", (7, None)),
    "words": (
        _mail("encuesta@shop.example", "Buen trato", REPLY),
        b"Re: Del 0 al 10, nos recomienda?",
        (None, "Buen trato"),
    ),
}


@pytest.mark.parametrize("name", IN_SUBJECTS)
def test_score_may_stand_in_the_subject(tmp_path: Path, name: str) -> None:
    """A subject that only says a score answers, where the text says none."""
    mail, subject, (score, text) = IN_SUBJECTS[name]
    reading = _read(tmp_path, mails=mail.replace(b"Subject: hola", b"Subject: " + subject))
    found = {record.values["question"]: dict(record.values) for record in reading.records}

    assert score == found.get("score", {}).get("score")
    assert text == found.get("comment", {}).get("text")


def test_message_that_only_says_a_score_is_an_answer(tmp_path: Path) -> None:
    """Whoever writes a new message in place of a reply, with a number and no more, answers."""
    answers = _answers(_read(tmp_path, mails=_mail("encuesta@shop.example", "9\nMuy bien")))

    assert {9, None} == {each.get("score") for each in answers.values()}


def test_message_with_a_number_that_is_no_score_is_no_answer(tmp_path: Path) -> None:
    """A new message that begins with any other number is a contact like all mail."""
    (record,) = _read(tmp_path, mails=_mail("encuesta@shop.example", "45\nes mi talla")).records

    assert "touchpoint" == record.kind


def test_subject_beyond_the_scale_waits_for_a_person(tmp_path: Path) -> None:
    """A reply with nothing but a number beyond the scale in its subject is refused."""
    mail = _mail("encuesta@shop.example", "", REPLY).replace(b"Subject: hola", b"Subject: Re: 11")

    assert ["score-out-of-scale"] == [each.reason for each in _read(tmp_path, mails=mail).refused]


def test_reply_that_says_nothing_is_counted(project: MakeProject, run_regard: RunRegard) -> None:
    """A reply without a word gives no answer, and the run says that there was one."""
    quoted = _mail("encuesta@shop.example", "El 5/1/26, Tienda escribió:\n> 0 a 10?", REPLY)
    done = run_regard("run", "replies", cwd=project(TOML, files={"mail/replies.mbox": quoted}))

    assert 0 == done.returncode
    assert "left out: 1 reply that says nothing" in done.stderr


@pytest.mark.parametrize(
    "said", ["Baja", "BAJA por favor", "Quiero darme de baja.", "Please unsubscribe me", "STOP"]
)
def test_opt_out_needs_no_invitation(tmp_path: Path, said: str) -> None:
    """Who asks for no more mail is heard, also where nothing tells which mail they answer."""
    (record,) = _read(tmp_path, mails=_mail("encuesta@shop.example", said, REPLY)).records

    assert ("unsubscribe", "ana@mail.example", "After purchase") == (
        record.values["type"],
        record.values["email"],
        record.values["campaign"],
    )
