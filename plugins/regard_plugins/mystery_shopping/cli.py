"""``regard form``: what a form is worth, and a form for an agency's workbook."""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.cli.console import clean, count, make_table, rows_of
from regard.cli.parsers import CommandParser
from regard.errors import ConfigError, FileError, UsageError
from regard.measures.visits import lost_points
from regard_plugins.mystery_shopping.checking import faults_of, maximum
from regard_plugins.mystery_shopping.drafting import draft_form
from regard_plugins.mystery_shopping.form import Fault, Form, Item
from regard_plugins.mystery_shopping.forms import open_form
from regard_plugins.mystery_shopping.proposing import Draft, slug
from regard_plugins.mystery_shopping.tomlform import form_of
from regard_plugins.mystery_shopping.trying import Trial, try_form

if TYPE_CHECKING:
    from regard.cli.app import App

__all__ = ["configure", "form"]

_EPILOG = """\
examples:
  regard form check forms/store.xlsx              sections, items, points, faults
  regard form check forms/store.toml --answers    with what each answer earns
  regard form draft visits/agency.xlsx            propose forms/agency.toml
  regard form draft agency.xlsx --output forms/store.toml --force

A form is an XLSForm with columns for points, or TOML.
exit codes: 0 the form can be used, 2 it cannot, or wrong usage
"""


_SHAPES = {"visits": "one row a visit", "items": "one row an item", "sheets": "one sheet a visit"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("check", help="explain a form, and what is wrong with it")
    check.add_argument("form", metavar="FORM", help="an XLSForm or a TOML file")
    check.add_argument("--weights", metavar="NAME", help="one of the form's weight sets")
    check.add_argument("--answers", action="store_true", help="show what each answer earns")
    draft = actions.add_parser("draft", help="propose a form for an agency's workbook")
    draft.add_argument("file", metavar="FILE", help="a workbook with visits")
    draft.add_argument("--sheet", metavar="NAME", help="the only sheet to look at")
    draft.add_argument("--output", metavar="FILE", help="where to write the form")
    draft.add_argument("--force", action="store_true", help="write over a file that is there")
    parser.epilog = _EPILOG


def form(arguments: list[str], app: App) -> int:
    """Check a form, or draft one."""
    parser = CommandParser(
        prog="regard form",
        description="Explain a form of mystery shopping, or propose one for a workbook.",
    )
    configure(parser)
    args = parser.parse_args(arguments)
    return (_check if args.action == "check" else _draft)(args, app)


# Checking


def _check(args: argparse.Namespace, app: App) -> int:
    try:
        found = open_form(Path(args.form)).weighted(args.weights)
    except FileError as error:
        raise ConfigError(str(error)) from error
    faults = faults_of(found)
    broken = any(fault.severity == "error" for fault in faults)
    shares = {} if broken else _shares(found)
    if app.json:
        app.print_json(_as_json(found, faults, shares))
    else:
        _show(found, faults, shares, app, answers=args.answers)
    return 2 if broken else 0


def _shares(form: Form) -> dict[str, Decimal]:
    """Return how many points of the score each item decides, where all items are applicable."""
    shares = {}
    for item in form.items:
        if item.bonus:
            continue
        # What a critical item caps is not its share.
        rows = [
            replace(
                form.scored(each, Decimal(0) if each is item else each.max_points),
                critical=False,
            )
            for each in form.items
            if not each.bonus
        ]
        lost = lost_points(rows)
        shares[item.name] = lost[0].points if lost else Decimal(0)
    return shares


def _as_json(form: Form, faults: list[Fault], shares: dict[str, Decimal]) -> dict[str, Any]:
    most, bonus = maximum(form)
    return {
        "name": form.name,
        "version": form.version,
        "language": form.language,
        "max_points": most,
        "max_bonus": bonus,
        "pass_score": form.pass_score,
        "critical_cap": form.critical_cap,
        "bonus_cap": form.bonus_cap,
        "weight_sets": list(form.weight_sets),
        "sections": [
            {"section": list(path), "weight": weight} for path, weight in form.sections.items()
        ],
        "items": [
            {
                "name": item.name,
                "label": item.label,
                "section": list(item.path),
                "points": item.max_points,
                "weight": item.weight,
                "share": shares.get(item.name),
                "critical": item.critical,
                "bonus": item.bonus,
                "asked_if": item.relevant,
                "answers": _answers(item),
            }
            for item in form.items
        ],
        "faults": [asdict(fault) for fault in faults],
    }


def _answers(item: Item) -> list[dict[str, Any]]:
    scale = item.scale
    listed: list[dict[str, Any]] = [
        {
            "answer": answer.label,
            "points": None if answer.points is None else item.fitted(answer.points),
            "not_applicable": answer.not_applicable,
        }
        for answer in scale.answers
    ]
    if scale.low is not None and scale.high is not None:
        listed.insert(0, {"answer": f"{scale.low:f}", "points": Decimal(0),
                          "not_applicable": False})  # fmt: skip
        listed.insert(1, {"answer": f"{scale.high:f}", "points": item.max_points,
                          "not_applicable": False})  # fmt: skip
    return listed


def _show(
    form: Form, faults: list[Fault], shares: dict[str, Decimal], app: App, *, answers: bool
) -> None:
    most, bonus = maximum(form)
    version = f", version {form.version}" if form.version else ""
    app.out.print(clean(f"{form.name}{version}"))
    worth = f"{count(len(form.items), 'item')}, {most:f} points"
    app.out.print(worth + (f", bonus up to {bonus:f} of 100" if bonus else ""))
    if form.pass_score is not None:
        app.out.print(f"a visit passes from {form.pass_score:f}")
    if any(item.critical for item in form.items):
        cap = form.critical_cap
        score = "" if cap is None else f", its score is at most {cap:f}"
        app.out.print(f"a visit that fails a critical item fails{score}")
    if form.weight_sets:
        app.out.print(clean(f"weight sets: {', '.join(form.weight_sets)}"))
    if form.items:
        app.out.print()
        table = make_table(
            ["item", ("points", "right"), ("weight", "right"), ("of 100", "right"), ""]
        )
        app.out.print(rows_of(table, _rows(form, shares, answers=answers)))
    if faults:
        app.out.print()
    for fault in faults:
        app.out.print(clean(f"{fault.severity:8}{fault.where}: {fault.text}"))
    errors = sum(fault.severity == "error" for fault in faults)
    app.out.print()
    warnings = len(faults) - errors
    app.out.print(f"{count(errors, 'error')}, {count(warnings, 'warning')}")


def _rows(
    form: Form, shares: dict[str, Decimal], *, answers: bool
) -> Iterator[tuple[object, ...]]:
    """Yield the rows of the table: sections, and in them their items."""
    shown: tuple[str, ...] = ()
    for item in form.items:
        for depth in range(len(item.path)):
            if item.path[: depth + 1] != shown[: depth + 1]:
                path = item.path[: depth + 1]
                weight = form.sections.get(path)
                share = sum(
                    (shares[i.name] for i in form.items if i.path[: depth + 1] == path
                     and i.name in shares),
                    Decimal(0),
                )  # fmt: skip
                indent = "  " * depth
                yield (
                    f"{indent}{path[-1]}", "", _figure(weight),
                    _figure(share) if shares else "", "",
                )  # fmt: skip
        shown = item.path
        indent = "  " * len(item.path)
        marks = ["critical"] * item.critical + ["bonus"] * item.bonus
        marks += ["not always asked"] if item.relevant else []
        yield (
            f"{indent}{item.label}",
            _figure(item.max_points),
            _figure(item.weight),
            _figure(shares.get(item.name)),
            ", ".join(marks),
        )
        for each in _answers(item) if answers else ():
            earned = "n/a" if each["not_applicable"] else _figure(each["points"]) or "?"
            yield f"{indent}    {each['answer']}", earned, "", "", ""


def _figure(number: Decimal | None) -> str:
    return "" if number is None else f"{number.normalize() + 0:f}"


# Drafting


def _draft(args: argparse.Namespace, app: App) -> int:
    path = Path(args.file)
    target = _target(args, app, path)
    if target.exists() and not args.force:
        message = f"{target} is there already; give --force to write over it, or --output"
        raise UsageError(message)
    draft = draft_form(path, sheet=args.sheet)
    made, trial = _tried(draft, path, args.sheet)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(draft.toml(), "utf-8")
    unsure = [*draft.unsure, *_about(trial)]
    if app.json:
        app.print_json(
            {
                "written": target,
                "shape": draft.shape,
                "items": len(made.items),
                "trial": asdict(trial),
                "unsure": unsure,
            }
        )
        return 0
    app.out.print(clean(f"wrote {target}"), soft_wrap=True)
    shapes = {
        "visits": "one row a visit",
        "items": "one row an item",
        "sheets": "one sheet a visit",
    }
    read = f"{count(len(made.items), 'item')}, {shapes[draft.shape]}"
    app.out.print(f"{read}; it reads {count(trial.visits, 'visit')} of this file")
    app.out.print("please look at:")
    for sentence in unsure:
        app.out.print(clean(f"- {sentence}"))
    app.out.print(clean(f"then: regard form check {target}"), soft_wrap=True)
    return 0


def _target(args: argparse.Namespace, app: App, path: Path) -> Path:
    """Return where the form goes: the project's forms, or those below the working directory."""
    if args.output:
        return Path(args.output)
    root = app.project.root if app.has_project else Path()
    folder = root / "forms"
    if root == Path.cwd():
        folder = Path("forms")
    return folder / f"{slug(path.stem) or 'form'}.toml"


def _tried(draft: Draft, path: Path, sheet: str | None) -> tuple[Form, Trial]:
    """Return the form and how it does, with totals understood in the way that most agree."""
    best: tuple[Form, Trial] | None = None
    for stated in ("percent", "share", "points"):
        draft.stated = stated
        made = form_of(tomllib.loads(draft.toml(), parse_float=Decimal), path.stem)
        trial = try_form(path, made, sheet=sheet)
        if best is None or trial.agreeing > best[1].agreeing:
            best = made, trial
    assert best is not None  # noqa: S101  # three were tried
    draft.stated = best[0].stated
    return best


def _about(trial: Trial) -> Iterator[str]:
    if trial.refused:
        yield f"{trial.refused} visits are refused with it; the first one: {trial.problem}"
    if trial.stated:
        yield f"totals agree with the items in {trial.agreeing} of {trial.stated} visits"
