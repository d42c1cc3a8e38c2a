"""Mail that nobody wrote by hand: what it is, by its headers first and its words last."""

from __future__ import annotations

import re
from email.message import Message as Parsed
from itertools import islice
from typing import Literal, TypeAlias

from regard.mail.addresses import addresses_in
from regard.mail.texts import Headers

__all__ = ["NAMES", "Automatic", "automatic_reason", "failed_addresses"]

Automatic: TypeAlias = Literal[
    "bounce", "out-of-office", "auto-reply", "calendar", "spam", "newsletter"
]

NAMES: dict[str, tuple[str, str]] = {
    "bounce": ("bounce", "bounces"),
    "out-of-office": ("out-of-office reply", "out-of-office replies"),
    "auto-reply": ("automatic message", "automatic messages"),
    "calendar": ("answer to an appointment", "answers to appointments"),
    "spam": ("message marked as spam", "messages marked as spam"),
    "newsletter": ("newsletter", "newsletters"),
}
"""How a summary calls one and several of them."""

_MAX_BLOCKS = 200
_POSTMASTER = re.compile(r"\b(?:mailer-daemon|postmaster|mail-daemon)@", re.IGNORECASE)
_BOUNCE_SUBJECT = re.compile(
    r"^\s*(?:undeliver(?:able|ed)|delivery (?:status notification|has failed|failure)"
    r"|mail delivery (?:failed|subsystem)|returned mail|failure notice"
    r"|(?:no )?(?:se puede|se ha podido|se pudo) entregar|(?:mensaje |correo )?no entregad[oa]"
    r"|error de entrega|(?:aviso|notificaci[óo]n) de (?:no )?entrega"
    r"|non remis|[ée]chec (?:de|d['’])\s?(?:remise|la remise|envoi|distribution)|non distribu[ée]"
    r"|(?:message )?non d[ée]livr[ée]|remise impossible|avis de non[- ]remise"
    r"|unzustellbar|nicht zugestellt|mancata consegna|non recapitabile|impossibile recapitare"
    r"|n[ãa]o [ée] poss[íi]vel entregar|n[ãa]o entregue|falha na entrega)",
    re.IGNORECASE,
)
_AWAY_SUBJECT = re.compile(
    r"^\s*(?:automatic reply|auto(?:matic)?[ -]?(?:reply|response)|respuesta autom[áa]tica"
    r"|r[ée]ponse automatique|automatische antwort|risposta automatica|resposta autom[áa]tica"
    r"|out of (?:the )?office|fuera de (?:la )?oficina|ausente|ausencia"
    r"|absen(?:t|te|ce)\b.{0,30}(?:bureau|message)?|abwesenheit|i am away|on (?:leave|vacation))",
    re.IGNORECASE,
)
_AWAY_WORDS = re.compile(
    r"out of (?:the )?office|on (?:annual )?leave|on vacation|fuera de (?:la )?oficina"
    r"|de vacaciones|estar[ée] ausente|absent(?:e)? du bureau"
    r"|en cong[ée]s?|actuellement absent|abwesenheit",
    re.IGNORECASE,
)
_SPAM_SUBJECT = re.compile(r"^\W{0,5}spam\b\W", re.IGNORECASE)
_LEVEL = re.compile(r"\b(?:SCL:)?\s*(\d{1,2})")


def automatic_reason(
    parsed: Parsed, headers: Headers, sender: str | None, text: str
) -> Automatic | None:
    """
    Return what kind of automatic message one is, or None for one that somebody wrote.

    Args:
        parsed: The message.
        headers: Its headers.
        sender: The address in its From.
        text: What it says.
    """
    subject = headers.first("Subject")
    if _is_spam(headers, subject):
        return "spam"
    if _is_bounce(parsed, headers, sender or "", subject):
        return "bounce"
    if _is_answer_to_an_appointment(parsed):
        return "calendar"
    if _is_reply_of_a_machine(headers):
        away = _AWAY_SUBJECT.match(subject) or _AWAY_WORDS.search(f"{subject} {text[:500]}")
        return "out-of-office" if away or _is_vacation(headers) else "auto-reply"
    if _AWAY_SUBJECT.match(subject):
        return "out-of-office"
    if _is_bulk(headers):
        return "newsletter"
    return None


def failed_addresses(parsed: Parsed, headers: Headers) -> tuple[str, ...]:
    """
    Return the addresses that a bounce says no mail reaches for good (RFC 3464).

    Args:
        parsed: The bounce.
        headers: Its headers.
    """
    found = list(addresses_in(headers.all("X-Failed-Recipients")))
    for part in islice(parsed.walk(), _MAX_BLOCKS):
        said = Headers(part)
        # 5.x.x is for good, 4.x.x is a delay.
        if "Final-Recipient" not in said or not said.first("Status").startswith("5"):
            continue
        if said.first("Action").lower() == "failed":
            found += addresses_in([said.first("Final-Recipient").rpartition(";")[2]])
    return tuple(dict.fromkeys(found))


def _is_spam(headers: Headers, subject: str) -> bool:
    for name in ("X-Spam-Flag", "X-Spam-Status", "X-Spam"):
        if headers.first(name).lower().startswith(("yes", "true", "spam")):
            return True
    for name in ("X-MS-Exchange-Organization-SCL", "X-Forefront-Antispam-Report"):
        text = headers.first(name).lower().upper()
        if name.endswith("Report") and "SCL:" not in text:
            continue
        found = _LEVEL.search(text[text.find("SCL:") if "SCL:" in text else 0 :])
        # Exchange puts levels from 5 up into the folder of junk.
        if found is not None and int(found[1]) >= 5 and not text.startswith("-"):
            return True
    return _SPAM_SUBJECT.match(subject) is not None


def _is_bounce(parsed: Parsed, headers: Headers, sender: str, subject: str) -> bool:
    if parsed.get_content_type() == "multipart/report":
        kind = str(parsed.get_param("report-type") or "").lower()
        if kind in ("delivery-status", "disposition-notification", ""):
            return True
    if "X-Failed-Recipients" in headers:
        return True
    if _POSTMASTER.search(sender):
        return True
    nobody = headers.first("Return-Path").lower() == "<>"
    return nobody and _BOUNCE_SUBJECT.match(subject) is not None


def _is_answer_to_an_appointment(parsed: Parsed) -> bool:
    # RFC 5546: an invitation (REQUEST) is written by somebody, its answer by a button.
    return any(
        part.get_content_type() == "text/calendar"
        and str(part.get_param("method") or "").lower() in ("reply", "counter", "refresh")
        for part in islice(parsed.walk(), _MAX_BLOCKS)
    )


def _is_reply_of_a_machine(headers: Headers) -> bool:
    said = headers.first("Auto-Submitted").lower().partition(";")[0].strip()
    if said and said != "no":
        return True
    if headers.first("Precedence").lower() == "auto_reply":
        return True
    if any(
        name in headers
        for name in ("X-Autoreply", "X-Autorespond", "X-Autogenerated", "X-Auto-Reply-From")
    ):
        return True
    return headers.first("Return-Path").lower() == "<>"


def _is_vacation(headers: Headers) -> bool:
    said = f"{headers.first('X-Autoreply').lower()} {headers.first('X-Autogenerated').lower()}"
    return "vacation" in said or headers.first("Auto-Submitted").lower().startswith(
        "auto-replied (vac"
    )


def _is_bulk(headers: Headers) -> bool:
    if headers.first("Precedence").lower() in ("bulk", "list", "junk"):
        return True
    return any(
        name in headers
        for name in ("List-Unsubscribe", "List-Id", "Feedback-ID", "X-Campaign", "X-CampaignID")
    )
