"""The pages say what is so, in the words of the glossary, and nothing is missing from them."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import regard
from regard.records import KINDS
from regard.records.validation import _REASON_PREFIXES, _REASONS

WORDS = [
    *("source", "stream", "kind", "record", "page", "batch", "cursor", "state", "run", "outcome"),
    *("job", "ledger", "quarantine", "profile", "person", "enricher", "measure", "columns"),
    *("view", "reporter", "report", "section", "finding", "action", "schedule", "store", "host"),
    *("plug-in", "hook"),
]
"""Every noun that the design fixes."""

BANNED = {
    *("tap", "connector", "sink", "watermark", "bookmark", "checkpoint", "addon", "add-on"),
    *("data lake", "golden record", "dead letter", "middleware", "dashboard", "to-do"),
    *("insight", "KPI", "plugin manager"),
}
"""Words that the glossary rejects and that have no other meaning in our prose."""


def _glossary(root: Path) -> dict[str, str]:
    """Return what the glossary says under each word."""
    text = (root / "docs" / "glossary.md").read_text("utf-8")
    (block,) = re.findall(r"^```\{glossary\}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    entries = re.findall(r"^(\S.*)\n((?:  .*\n)+)", block, re.MULTILINE)
    return dict(entries)


def test_every_word_has_an_entry_and_what_it_is_not_called(root: Path) -> None:
    """The glossary holds each word of the house, with the words that are not used for it."""
    entries = _glossary(root)

    assert [] == [word for word in WORDS if word not in entries]
    assert [] == [word for word, said in entries.items() if "  Not: " not in said]


def test_rejected_words_are_those_of_the_glossary(root: Path) -> None:
    """No word is forbidden that the glossary does not reject."""
    rejected: set[str] = set()
    for said in _glossary(root).values():
        rejected.update(re.split(r",\s*", said.partition("Not: ")[2].strip().rstrip(".")))

    assert set() == BANNED - {"add-on"} - rejected


def _rejected(text: str) -> list[str]:
    words = "|".join(sorted(map(re.escape, BANNED)))
    return re.findall(rf"\b(?:{words})s?\b", text, re.IGNORECASE)


def _without_code(text: str) -> str:
    fences = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`]*`", "", fences.sub("", text))


def test_page_uses_the_words_of_the_glossary(page: Path) -> None:
    """No page calls a thing by a name that the glossary rejects, but where it is rejected."""
    assert [] == _rejected(_without_code(page.read_text("utf-8")))


def _docstrings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def test_docstrings_use_the_words_of_the_glossary(root: Path) -> None:
    """No docstring calls a thing by a name that the glossary rejects."""
    found = {
        f"{path.relative_to(root)}: {word}"
        for folder in ("core", "plugins", "config")
        for path in sorted((root / folder).rglob("*.py"))
        for text in _docstrings(path)
        for word in _rejected(_without_code(text.replace("``", "`")))
    }

    assert set() == found


_PROSE = re.compile(r"^(?![|#`>(\[{<]|\s*- |\s*\d+\. |    ).+$", re.MULTILINE)
_SENTENCE_END = re.compile(r"[a-z0-9`)][.!?] (?=[A-Z`])")


def test_page_has_one_sentence_a_line(page: Path) -> None:
    """Each sentence has a line of its own, so that a change shows what was changed."""
    lines = _PROSE.findall(_without_code(page.read_text("utf-8")))

    assert [] == [line for line in lines if _SENTENCE_END.search(line)]


# Nothing is missing


def test_every_name_of_the_vocabulary_is_documented(root: Path) -> None:
    """Each name that `import regard` gives is in the reference."""
    api = (root / "docs" / "reference" / "api.md").read_text("utf-8")
    errors = {name for name in regard.__all__ if name.endswith("Error")}
    elsewhere = errors | {"NoticeRefused", "RateLimited", "SourceChanged"}
    documented = set(re.findall(r"^\.\. \w+:: regard\.(?:\w+\.)*(\w+)$", api, re.MULTILINE))

    assert set() == set(regard.__all__) - documented - elsewhere


_REASON = re.compile(r"(?:RecordError|BadRow|bad)\([^()]*?\"([a-z]+(?:-[a-z]+)+)\"", re.DOTALL)


def test_every_reason_code_is_documented(root: Path) -> None:
    """Each code that a record can be refused for is in the guide, and the guide has no other."""
    guide = (root / "docs" / "guides" / "mapping.md").read_text("utf-8")
    table = guide.partition("## Why records go to quarantine")[2]
    documented = set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE))
    sources = [*(root / "core").rglob("*.py"), *(root / "plugins").rglob("*.py")]
    texts = [path.read_text("utf-8") for path in sources if "testing" not in path.parts]
    used = {code for text in texts for code in _REASON.findall(text)}
    used |= {*_REASONS.values(), *_REASON_PREFIXES.values()}
    everything = "\n".join(texts)

    assert set() == used - documented
    assert set() == {code for code in documented if f'"{code}"' not in everything}


def test_every_kind_and_profile_is_in_the_generated_reference(tmp_path: Path, root: Path) -> None:
    """The pages that are made from the code hold everything that there is."""
    from regard.cli import COMMANDS
    from regard.mapping.profiles import shipped_profiles

    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); "
        "from reference_pages import write_pages; write_pages(Path(sys.argv[2]))"
    )
    extensions = root / "docs" / "_ext"
    subprocess.run([sys.executable, "-c", code, extensions, tmp_path], check=True)
    made = {path.stem: path.read_text("utf-8") for path in tmp_path.glob("*.md")}

    assert [] == [kind for kind in KINDS if f"## `{kind}`" not in made["kinds"]]
    names = [profile.name for profile in shipped_profiles()]
    assert [] == [name for name in names if f"`{name}`" not in made["profiles"]]
    names = [command.name for command in COMMANDS]
    assert [] == [name for name in names if f"## `regard {name}`" not in made["commands"]]
    assert "`[sources.NAME]`" in made["settings"]
    assert '`plugin = "crm-export"`' in made["plugin-tables"]
    assert "`deleted_at`" in made["store-columns"]
    assert "`decimal`" in made["map-keys"]


def test_every_page_is_in_a_table_of_contents(root: Path, pages: list[Path]) -> None:
    """The index leads to every page."""
    index = (root / "docs" / "index.md").read_text("utf-8")
    docs = [page.relative_to(root / "docs") for page in pages if page.name != "README.md"]
    missing = [
        str(page)
        for page in docs
        if page.name != "index.md"
        and not re.search(rf"^{page.with_suffix('')}$", index, re.MULTILINE)
    ]

    assert [] == missing


def test_changelog_has_a_part_for_what_is_not_released(root: Path) -> None:
    """Whoever changes something finds the place to say so."""
    text = (root / "CHANGELOG.md").read_text("utf-8")
    groups = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    usual = {"Added", "Changed", "Deprecated", "Fixed", "Removed", "Security"}

    assert text.startswith("# Changelog\n")
    assert "## [Unreleased]\n" in text
    assert groups <= usual


@pytest.mark.slow
def test_the_documentation_builds_without_a_warning(root: Path, tmp_path: Path) -> None:
    """Every reference in the documentation leads somewhere."""
    options = ["-n", "-W", "--keep-going", "-q", "-b", "html", "-d", tmp_path / "doctrees"]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, root / "docs", tmp_path / "html"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "") == (done.returncode, done.stderr)
    assert (tmp_path / "html" / "glossary.html").exists()
