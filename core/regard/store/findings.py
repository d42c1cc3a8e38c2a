"""Where findings are kept; the same one seen again is not a second one."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Row, case, select, update

from regard.findings import Finding, Severity
from regard.store.texts import storable
from regard.store.transactions import Transaction, table

__all__ = ["listed", "resolve", "save"]


def save(transaction: Transaction, source: str, finding: Finding, run_id: int) -> int:
    """
    Store a finding and return its number.

    Args:
        transaction: A writing one.
        source: Whose it is: a source's name, ``enricher:NAME`` or ``report:NAME``.
        finding: The finding.
        run_id: The run in which it was made; 0: none.
    """
    findings = table("findings")
    values: dict[str, Any] = {
        "severity": finding.severity.value,
        "text": storable(finding.text),
        "value": finding.value,
        "n": finding.n,
        "why": None if finding.why is None else storable(finding.why),
        "evidence": json.dumps(dict(finding.evidence), default=str),
        "run_id": run_id,
        "last_seen_at": transaction.now,
    }
    identity = {
        "source": source,
        "code": storable(finding.code),
        "subject": storable(finding.subject),
    }
    number = transaction.connection.execute(
        select(findings.c.id).where(
            *(findings.c[name] == value for name, value in identity.items())
        )
    ).scalar()
    if number is not None:
        # What was resolved and is seen again is open again; what somebody muted stays so.
        again = case((findings.c.state == "resolved", "open"), else_=findings.c.state)
        transaction.connection.execute(
            update(findings).where(findings.c.id == number).values(**values, state=again)
        )
        return int(number)
    inserted = transaction.connection.execute(
        findings.insert()
        .values(**identity, **values, state="open", first_seen_at=transaction.now)
        .returning(findings.c.id)
    )
    return int(inserted.scalar_one())


def resolve(transaction: Transaction, source: str, code: str, subject: str) -> None:
    """Note that a finding holds no more; one that nobody ever raised is none."""
    findings = table("findings")
    transaction.connection.execute(
        update(findings)
        .where(
            findings.c.source == source,
            findings.c.code == code,
            findings.c.subject == subject,
            findings.c.state != "resolved",
        )
        .values(state="resolved")
    )


def listed(transaction: Transaction, *, source: str | None = None) -> list[dict[str, Any]]:
    """Return open findings, the gravest and latest first."""
    findings = table("findings")
    query = select(findings).where(findings.c.state == "open")
    if source is not None:
        query = query.where(findings.c.source == source)
    rows = [_shown(row) for row in transaction.connection.execute(query)]
    order = {Severity.CRITICAL.value: 0, Severity.WARNING.value: 1}
    rows.sort(key=lambda row: row["last_seen_at"], reverse=True)
    rows.sort(key=lambda row: order.get(row["severity"], 2))
    return rows


def _shown(row: Row[Any]) -> dict[str, Any]:
    values = row._asdict()
    values["evidence"] = json.loads(values["evidence"] or "{}")
    return values
