"""``regard site add``: from one address to a site's file, with the evidence it rests on."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from regard.errors import ConfigError, UsageError
from regard.settings import validate_options
from regard_scrapers.fetching import Visit, fetch_bodies
from regard_scrapers.pages.documents import Document
from regard_scrapers.pages.outcomes import Outcome
from regard_scrapers.pages.reading import read_page
from regard_scrapers.pages.scripted import needs_script
from regard_scrapers.sites import Site
from regard_scrapers.spiders.answers import manner_of
from regard_scrapers.urls import origin_of

if TYPE_CHECKING:
    from regard.cli.app import App

__all__ = ["run"]

_COUNTRIES: Final = {
    "es": "ES", "fr": "FR", "de": "DE", "it": "IT", "pt": "PT", "uk": "GB", "ie": "IE", "be": "BE",
    "nl": "NL", "at": "AT", "ch": "CH", "mx": "MX", "ar": "AR", "cl": "CL", "br": "BR", "ca": "CA",
    "au": "AU", "pl": "PL", "se": "SE", "no": "NO", "dk": "DK", "cz": "CZ", "us": "US",
}  # fmt: skip
_NAME: Final = re.compile(r"[A-Za-z0-9][\w-]*", re.ASCII)
_SITEMAP: Final = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_SHOWN: Final = (
    "product_name",
    "price",
    "list_price",
    "currency",
    "availability",
    "sku",
    "gtin",
    "mpn",
    "brand",
    "seller",
    "shipping",
    "unit_price",
    "tax_included",
    "condition",
)


def run(args: argparse.Namespace, app: App) -> int:
    """Fetch the page, show what it says, and write the file."""
    root = app.project.root
    name = args.name or _name_of(args.url)
    if _NAME.fullmatch(name) is None:
        message = f"--name {name!r} is no name of a file; use letters, digits, - and _"
        raise UsageError(message)
    path = root / "sites" / f"{name}.toml"
    if path.exists() and not args.dry_run:
        message = f"{path} is there already; remove it first, or give another --name"
        raise ConfigError(message)
    whose = {"own": True} if args.own else {"competitor": args.competitor}
    country = _COUNTRIES.get(_host_of(args.url).rpartition(".")[2])
    said = {"name": name, "contact": args.contact, "country": country,
            "allow_hosts": args.allow_host, "canary": [args.url],
            "javascript": _javascript(args), **whose}  # fmt: skip
    site = validate_options(Site, said, "regard site add")
    assert isinstance(site, Site)  # noqa: S101  # that is what was asked for
    visit = fetch_bodies(site, [args.url])
    found = visit.bodies[0]
    if found.data is None:
        message = f"{args.url}: {found.fetched.outcome}: {found.fetched.text or 'no page'}"
        raise ConfigError(message)
    outcome = read_page(
        found.data, args.url, manner_of(site), now=app.clock.now(),
        encoding=found.fetched.encoding, everything=True,
    )  # fmt: skip
    scripted = None
    if site.javascript is None and not outcome.offers and not outcome.reviews:
        scripted = needs_script(Document(found.data, args.url, found.fetched.encoding))
    wanted = _Wanted(site, args.url, visit, outcome, scripted)
    text = _file(wanted)
    if not args.dry_run:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    _show(wanted, path, text, app, dry=args.dry_run)
    return 0 if outcome.offers or outcome.reviews else 1


def _javascript(args: argparse.Namespace) -> object:
    if not args.javascript:
        return False
    return {"sandbox": False} if args.no_sandbox else True


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""  # what is wrong with it is told with all else


def _name_of(url: str) -> str:
    host = _host_of(url).removeprefix("www.")
    return re.sub(r"[^a-z0-9]+", "-", host.casefold()).strip("-") or "site"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """
    What the file is made from.

    Attributes:
        scripted: Why the page seems to need its scripts; None: it does not, or they have run.
    """

    site: Site
    url: str
    visit: Visit
    outcome: Outcome
    scripted: str | None

    def notes(self) -> Iterator[str]:
        """Yield what whoever writes the file should know."""
        outcome = self.outcome
        yield from outcome.notes
        yield from (f"{each.code}: {each.text}" for each in outcome.problems)
        yield from self.visit.bodies[0].fetched.refused
        if self.scripted is not None:
            yield (
                "nothing is found on the page, and it seems to need its scripts: "
                f"{self.scripted}; try --javascript, which renders it "
                "(javascript = true in the file)"
            )

    def sitemaps(self) -> list[str]:
        """Return the sitemaps that robots.txt names."""
        text = self.visit.robots.get(origin_of(self.url)) or ""
        return list(dict.fromkeys(_SITEMAP.findall(text)))

    def match(self) -> str | None:
        """Return what the addresses of such pages have in common, as far as one tells."""
        parts = [part for part in urlsplit(self.url).path.split("/") if part]
        return f"/{re.escape(parts[0])}/" if len(parts) > 1 else None


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _file(wanted: _Wanted) -> str:
    """Return the text of the site's file."""
    site, outcome = wanted.site, wanted.outcome
    lines = [f"# {wanted.url}"]
    lines.append("own = true" if site.own else f"competitor = {_quoted(site.competitor or '')}")
    lines.append(f"contact = {_quoted(site.contact)}   # goes into the user agent")
    codes = {each.fields.get("currency") for each in outcome.offers} - {None}
    if len(codes) == 1:
        lines.append(f"currency = {_quoted(str(codes.pop()))}")
    else:
        lines.append('# currency = "EUR"   # what amounts are in where a page does not say')
    if site.country:
        lines.append(f"country = {_quoted(site.country)}")
    lines.append('# number_format = "1.234,56"')
    lines.append("delay = 1.0   # seconds between two requests")
    if site.allow_hosts:
        hosts = ", ".join(map(_quoted, site.allow_hosts))
        lines.append(f"allow_hosts = [{hosts}]")
    if site.javascript is not None:
        kept = "true" if site.javascript.sandbox else "{sandbox = false}"
        lines.append(f"javascript = {kept}   # pages are rendered before they are read")
    elif wanted.scripted is not None:
        lines.append("# javascript = true   # the page seems to need its scripts")
    lines.append(f"canary = [{_quoted(wanted.url)}]")
    lines += ["", "[discover]"]
    sitemaps = wanted.sitemaps()
    if sitemaps:
        lines.append(f"sitemap = [{', '.join(map(_quoted, sitemaps))}]")
    else:
        lines.append("# robots.txt names no sitemap: give one, a list, or a file of addresses")
        lines.append(f'# sitemap = "{origin_of(wanted.url)}/sitemap.xml"')
    match = wanted.match()
    if match:
        lines.append(f"match = {_quoted(match)}")
    if not any(each.price is not None for each in outcome.offers):
        lines += ["", "# Structured data gives no price: say where it stands on the page.",
                  "# [offer]", '# price = {css = ".price", within = ".product"}']  # fmt: skip
    return "\n".join(lines) + "\n"


def _show(wanted: _Wanted, path: Path, text: str, app: App, *, dry: bool) -> None:
    from rich.text import Text

    from regard.cli.console import clean, count, make_table, rows_of

    outcome = wanted.outcome
    if app.json:
        app.print_json(
            {
                "site": str(path),
                "written": not dry,
                "offers": [dict(each.fields) for each in outcome.offers],
                "reviews": len(outcome.reviews),
                "problems": [each.text for each in outcome.problems],
                "needs_javascript": wanted.scripted,
                "file": text,
            }
        )
        return
    for number, offer in enumerate(outcome.offers, start=1):
        title = f"Offer {number} of {len(outcome.offers)} ({offer.syntax}: {offer.path})"
        table = make_table(["field", "value", "where it stands"], title=clean(title))
        app.out.print(rows_of(table, _rows(offer.fields, offer.evidence)))
        for problem in offer.problems:
            app.out.print(Text(clean(f"  {problem.code}: {problem.text}"), style="yellow"))
        app.out.print()
    if outcome.reviews:
        app.out.print(Text(clean(f"{count(len(outcome.reviews), 'review')} on the page")))
    for note in wanted.notes():
        app.out.print(Text(clean(note), style="yellow"))
    if dry:
        app.out.print(Text(clean(text, lines=True)))
    else:
        app.out.print(
            Text(clean(f"written: {path}; look at it, then add a source to regard.toml"))
        )


def _rows(fields: object, evidence: object) -> Iterable[tuple[object, object, object]]:
    assert isinstance(fields, dict)  # noqa: S101  # offers have plain fields
    seen = evidence if isinstance(evidence, dict) else {}
    for name in _SHOWN:
        if name not in fields:
            continue
        found = seen.get(name, ())
        places = "; ".join(f"{each.path}: {each.text[:30]!r}" for each in found[:3])
        yield name, fields[name], places
