"""The examples of the documentation: every fenced block of every page, with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(
    r"^```(?:\{code-block\} )?(?P<language>\w+)\n"
    r"(?::caption: (?P<caption>[^\n]+)\n)?(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_ARGUMENTS = {"toml_block": "toml", "python_block": "python", "console_block": "console"}


@dataclass(frozen=True, slots=True)
class Block:
    """
    One example.

    Attributes:
        page: Its page, below the repository.
        line: The line of its fence, from 1.
        language: What the fence says.
        caption: The file it stands for, where it says so.
        text: What stands in it.
    """

    page: str
    line: int
    language: str
    caption: str | None
    text: str


def written_pages() -> list[Path]:
    """Return all pages that people wrote."""
    made = {DOCS / "_build", DOCS / "reference" / "generated"}
    found = [path for path in sorted(DOCS.rglob("*.md")) if not made.intersection(path.parents)]
    return [ROOT / "README.md", *found]


def _blocks(path: Path) -> Iterator[Block]:
    text = path.read_text("utf-8")
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        name = path.relative_to(ROOT).as_posix()
        yield Block(name, line, match["language"], match["caption"], match["text"])


BLOCKS = [block for path in written_pages() for block in _blocks(path)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for blocks of a language, or for pages, one of them at a time."""
    for argument, language in _ARGUMENTS.items():
        if argument in metafunc.fixturenames:
            found = [block for block in BLOCKS if block.language == language]
            ids = [f"{block.page}:{block.line}" for block in found]
            metafunc.parametrize(argument, found, ids=ids)
    if "page" in metafunc.fixturenames:
        pages = written_pages()
        ids = [path.relative_to(ROOT).as_posix() for path in pages]
        metafunc.parametrize("page", pages, ids=ids)


@pytest.fixture
def blocks() -> list[Block]:
    """Return all examples."""
    return BLOCKS


@pytest.fixture
def root() -> Path:
    """Return the repository's folder."""
    return ROOT


@pytest.fixture
def pages() -> list[Path]:
    """Return all pages that people wrote."""
    return written_pages()
