"""Which text files are taken for suggestions where nobody has said so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from regard.pipeline.looking import Lookout
from regard.sources import InputFile
from regard_plugins.touchpoints.source import Touchpoints
from regard_plugins.touchpoints.texts import sort_of, sorts_of

Folder = Any
NOW = datetime(2026, 9, 1, tzinfo=UTC)
ROOT = Path(__file__).parents[3]
LABELLED = ROOT / "tests" / "core" / "measures" / "themes" / "dev"

SAID = {
    "a.txt": "Pongan más bancos en la entrada, por favor.",
    "b.txt": "Ouvrez le dimanche matin svp",
    "c.txt": "Please open a second till at noon.\n\nThanks, a customer",
}
OTHERS = {
    "LICENSE.txt": (ROOT / "LICENSE").read_text("utf-8"),
    "short-licence.txt": "Copyright 2026 Example Ltd. You may use this as you like.",
    "readme.txt": "This folder holds the exports of May. Ask Ana.",
    "LEEME.txt": "Aquí van los ficheros de mayo, no borrar nada.",
    "robots.txt": "User-agent: *\nDisallow: /admin\nSitemap: https://shop.example/sitemap.xml\n",
    "requirements.txt": "requests==2.31.0\nflask>=2\n# for tests\npytest\n",
    "packages.txt": "alpha\nbeta\ngamma\n",
    "app.txt": "2026-09-01 10:00:01 INFO it began\n2026-09-01 10:00:02 ERROR it failed\n",
    "syslog.txt": "Sep  1 10:00:01 host daemon: it began\nSep  1 10:00:02 host daemon: end",
    "settings.txt": "name = shop\nhost: example.org\nport=80\n",
    "addresses.txt": "Juan Gil\nCalle Mayor 3\n28013 Madrid\n\nAna Rey\nVia Nova 4\n08014 Vic",
    "urls.txt": "https://shop.example/\nhttps://shop.example/shoes\n",
    "mails.txt": "ana@example.com\njuan@example.com\n",
    "page.txt": "<html>\n<body>We are open all day long</body>\n</html>",
    "run.txt": "#!/bin/sh\necho this is a program",
    "book.txt": "It was a bright cold day in April. " * 100,
    "numbers.txt": "12 45 67 89 10 11",
    "binary.txt": "\x01\x02\x03\x04\x05 \x06\x07",
}


def put(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Write files into a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [folder / name for name in files]


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_what_people_write(language: str) -> None:
    """What people put into a box reads like a suggestion."""
    lines = (LABELLED / f"{language}.txt").read_text("utf-8").splitlines()
    said = [line.partition("|")[2] for line in lines]

    assert [] == [text for text in said if sort_of(text) != "suggestion"]


def test_forms_that_people_fill_in() -> None:
    """A form with a line for the suggestion is one, though most of its lines are labels."""
    form = "Nombre: Juan\nTienda: Centro\nSugerencia: pongan bancos\n"

    assert "suggestion" == sort_of(form)
    assert "text" == sort_of("Nombre: Juan\nTienda: Centro\nPuerto: 80\n")


@pytest.mark.parametrize("name", OTHERS)
def test_what_lies_about(name: str, tmp_path: Path) -> None:
    """Licences, logs, notes, lists and programs are none, not even in a crowd."""
    paths = put(tmp_path / "files", {**SAID, name: OTHERS[name]})

    assert "suggestion" != sorts_of(paths)[paths[-1]]


@pytest.mark.parametrize("text", ["a\tb\n1\t2\n", "a;b\n1;2\n", "a,b,c\n1,2,3\n", '{"a": 1}', ""])
def test_tables(text: str, tmp_path: Path) -> None:
    """A table without a known header is left to those who propose a map."""
    paths = put(tmp_path, {"x.txt": text})

    assert "table" == sorts_of(paths)[paths[0]]


@pytest.mark.parametrize(
    "name",
    ["buzon/1.txt", "Sugerencias 2026/09/1.txt", "idea-3.txt", "boîte à idées/x.txt", "box/a.txt"],
)
def test_names_of_boxes(name: str, tmp_path: Path) -> None:
    """One text is a suggestion where it or its folder is called so."""
    paths = put(tmp_path / "files", {name: "Pongan más bancos en la entrada"})

    assert "suggestion" == sorts_of(paths)[paths[0]]


@pytest.mark.parametrize("name", ["note.txt", "dropbox/note.txt", "ideal/x.txt"])
def test_a_text_alone(name: str, tmp_path: Path) -> None:
    """A text of which nothing else says that it is a suggestion is none."""
    paths = put(tmp_path / "files", {name: "Pongan más bancos en la entrada"})

    assert "text" == sorts_of(paths)[paths[0]]


def test_several_in_a_folder(tmp_path: Path) -> None:
    """A folder that holds mostly short texts of people is a box, whatever it is called."""
    assert {"suggestion"} == set(sorts_of(put(tmp_path / "x", SAID)).values())
    assert {"text"} == set(sorts_of(put(tmp_path / "y", dict(list(SAID.items())[:2]))).values())


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is gone is left out, and its neighbours are not."""
    paths = [tmp_path / "gone.txt", *put(tmp_path, SAID)]

    assert paths[1:] == list(sorts_of(paths))


def test_looking_at_a_folder(tmp_path: Path) -> None:
    """The source claims the box, if nobody else does, and says what lies beside it."""
    paths = put(tmp_path, {f"box/{name}": text for name, text in SAID.items()})
    paths += put(tmp_path, {name: OTHERS[name] for name in ("LICENSE.txt", "robots.txt")})
    paths += put(tmp_path, {"calls.txt": "a\tb\n1\t2\n"})
    files = [InputFile(path, path.name, path.stat().st_size, NOW) for path in paths]
    offers = list(Touchpoints.recognise(files, Lookout(tmp_path, (), "UTC")))

    assert [*SAID] == [offer.file.name for offer in offers if offer.read]
    assert ["LICENSE.txt", "robots.txt"] == [each.file.name for each in offers if not each.read]
    assert {0} == {offer.surety for offer in offers}


def test_a_source_reads_whatever_it_names(folder: Folder) -> None:
    """Where the configuration names texts, each is a suggestion."""
    put(folder.root / "in", {"note.txt": "More jazz", "robots.txt": OTHERS["robots.txt"]})
    folder.run(path="in/*.txt")

    assert 2 == len(folder.records("touchpoint"))
