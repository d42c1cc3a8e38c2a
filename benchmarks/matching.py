"""
Measures the matching of offers with products on labelled pairs, such as those of Abt-Buy.

    python benchmarks/matching.py Textual_Abt-Buy_test.txt
    python benchmarks/matching.py Textual_Abt-Buy_test.txt --wrong

The file has one pair a line, as https://github.com/megagonlabs/ditto has it: two records as
``COL name VAL ... COL price VAL ...`` and a label, with tabs between. It is not part of this
repository. The left records become our products, the right ones a competitor's offers; both go
through a project of their own by ``regard run``, and the pairs are read by the measures that the
report and ``regard match`` use. Like all figures here it decides nothing: the exit code is 0.

The sample has neither brand nor manufacturer's number in fields of their own; both are taken out
of titles: the first word, and the last word that looks like a model number.
"""

from __future__ import annotations

import argparse
import csv
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from regard.columns import open_view, sync_columns
from regard.measures.matching import proposals
from regard.measures.offers import PAIRED
from regard.store import Store

_FIELD: Final = re.compile(r"COL (\w+) VAL (.*?)(?=COL \w+ VAL|$)")
_MODEL: Final = re.compile(r"(?=.*\d)(?=.*[a-z])[a-z0-9]{5,}|\d{6,}")
_UNIT: Final = re.compile(r"\d+(?:p|mm|mb|gb|tb|cm|mah|hz|rpm|pack|disc|channel|watt|gbps|mbps)")
_HEAD: Final = ["key", "name", "brand", "mpn"]
_CONFIG: Final = """
[sources.ours]
plugin = "crm-export"
path = "ours.csv"
[sources.ours.map]
kind = "product"
key = ["key"]
fields = {name = "name", brand = "brand", mpn = "mpn"}

[sources.theirs]
plugin = "crm-export"
path = "theirs.csv"
[sources.theirs.map]
kind = "offer"
key = ["key"]
fields = {product_name = "name", brand = "brand", mpn = "mpn"}
constants = {competitor = "Buy"}
"""

Titles = dict[str, str]
"""The key of each title, so that a title that stands in several pairs is one record."""


@dataclass(frozen=True, slots=True)
class Sample:
    """
    Labelled pairs.

    Attributes:
        ours: Our titles.
        theirs: The competitor's.
        labels: For each pair of keys whether the two are one article.
    """

    ours: Titles
    theirs: Titles
    labels: Mapping[tuple[str, str], bool]

    @classmethod
    def read(cls, path: Path) -> Sample:
        """Read a file of pairs."""
        ours: Titles = {}
        theirs: Titles = {}
        labels: dict[tuple[str, str], bool] = {}
        for line in path.read_text("utf-8").splitlines():
            left, right, label = line.split("\t")
            one = ours.setdefault(_title(left), f"a{len(ours)}")
            other = theirs.setdefault(_title(right), f"b{len(theirs)}")
            labels[one, other] = labels.get((one, other), False) or label.strip() == "1"
        return cls(ours, theirs, labels)

    def judged(self, pairs: Iterable[tuple[str, str]]) -> tuple[int, int, int]:
        """Return how many pairs are right, wrong, and not among those that are labelled."""
        known = [self.labels.get(pair) for pair in pairs]
        return known.count(True), known.count(False), known.count(None)


def _title(record: str) -> str:
    return {name: text.strip() for name, text in _FIELD.findall(record)}.get("name", "")


def _model(title: str) -> str:
    """Return what looks like a manufacturer's number; empty: nothing does."""
    words = [re.sub(r"[^a-z0-9]", "", each) for each in title.casefold().split()]
    models = [each for each in words if _MODEL.fullmatch(each) and not _UNIT.fullmatch(each)]
    return models[-1] if models else ""


def _write(path: Path, titles: Titles) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(_HEAD)
        rows.writerows(
            (key, title, title.split()[0] if title else "", _model(title))
            for title, key in titles.items()
        )


def _matched(folder: Path) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the pairs that are taken without anybody's doing, and those that are proposed."""
    subprocess.run(
        [sys.executable, "-m", "regard", "run", "--all", "--quiet"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    store = Store.open(f"sqlite:///{folder / 'regard.db'}", readonly=True)
    try:
        sync_columns(store, folder / "columns")
    finally:
        store.close()
    with open_view(
        folder / "columns", now=datetime.now(UTC), language="en", timezone="UTC", freshness=(),
        pseudonym_key=b"k" * 32,
    ) as view:  # fmt: skip
        rows = view.sql(f"{PAIRED} SELECT ok, tk FROM chosen").rows()
        taken = [(str(ours), str(theirs)) for ours, theirs in rows]
        proposed = [(each.product, each.offer) for each in proposals(view)]
    return taken, proposed


def _told(what: str, sample: Sample, pairs: list[tuple[str, str]], true: int) -> None:
    right, wrong, unknown = sample.judged(pairs)
    precision = f"{right / (right + wrong):.3f}" if right + wrong else "—"
    recall = f"{right / true:.3f}" if true else "—"
    print(f"| {what} | {len(pairs)} | {right} | {wrong} | {unknown} | {precision} | {recall} |")


def main() -> None:
    """Match and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("sample", type=Path, help="the file of labelled pairs")
    parser.add_argument("--wrong", action="store_true", help="name the pairs that are wrong")
    arguments = parser.parse_args()
    sample = Sample.read(arguments.sample)
    with tempfile.TemporaryDirectory(prefix="regard-matching-") as name:
        folder = Path(name)
        (folder / "regard.toml").write_text(_CONFIG, "utf-8")
        _write(folder / "ours.csv", sample.ours)
        _write(folder / "theirs.csv", sample.theirs)
        taken, proposed = _matched(folder)
    true = {pair for pair, label in sample.labels.items() if label}
    print(
        f"{len(sample.labels)} pairs of {len(sample.ours)} products and {len(sample.theirs)} "
        f"offers, {len(true)} of them true\n"
    )
    print("| how | pairs | right | wrong | not labelled | precision | recall |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    _told("taken: brand and model number", sample, taken, len(true))
    _told("proposed, of what is left", sample, proposed, len(true - set(taken)))
    _told("both", sample, [*taken, *proposed], len(true))
    if arguments.wrong:
        named = {key: title for title, key in (*sample.ours.items(), *sample.theirs.items())}
        for pair in (*taken, *proposed):
            if sample.labels.get(pair) is False:
                print(f"    wrong: {named[pair[0]]} <> {named[pair[1]]}")


if __name__ == "__main__":
    main()
