"""``regard init``, ``check`` and ``config schema``, as somebody types them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RunRegard = Callable[..., Any]
Regard = Callable[..., Any]
Check = Callable[..., tuple[int, list[tuple[str, str, str]]]]

PLUGIN = """
from pydantic import BaseModel, SecretStr
from regard import Source, Stream, hookimpl


class Desk(Source):
    name = "desk"
    streams = (Stream("tickets", "touchpoint"),)

    class Config(BaseModel):
        url: str = "https://desk.example"
        token: SecretStr | None = None
        pages: int = 1


@hookimpl
def regard_sources():
    return [Desk]
"""


@pytest.fixture
def regard(run_regard: RunRegard) -> Regard:
    """Return what runs the command in a folder."""

    def run(folder: Path, *arguments: str, **environment: str) -> Any:
        return run_regard(*arguments, cwd=folder, env=environment)

    return run


@pytest.fixture
def check(regard: Regard) -> Check:
    """Return what gives the exit code of ``check --json`` and its items, plug-ins left out."""

    def run(folder: Path, **environment: str) -> tuple[int, list[tuple[str, str, str]]]:
        done = regard(folder, "check", "--json", **environment)
        told: dict[str, Any] = json.loads(done.stdout)
        items = [(item["status"], item["where"], item["text"]) for item in told["items"]]
        return done.returncode, [item for item in items if not item[1].startswith("plug-in ")]

    return run


def make(folder: Path, text: str) -> Path:
    """Make a project with a plug-in of its own."""
    (folder / "plugins").mkdir()
    (folder / "plugins" / "desk.py").write_text(PLUGIN)
    (folder / "regard.toml").write_text(text)
    return folder


class TestInit:
    """A project to begin with."""

    def test_nothing_is_overwritten(self, tmp_path: Path, regard: Regard) -> None:
        """A folder with a file of the same name is left alone, and the file is named."""
        (tmp_path / ".gitignore").write_text("mine")
        done = regard(tmp_path, "init")

        assert 2 == done.returncode
        assert "already has .gitignore; nothing was written" in done.stderr
        assert [".gitignore"] == [path.name for path in tmp_path.iterdir()]
        assert "mine" == (tmp_path / ".gitignore").read_text()

    def test_a_file(self, tmp_path: Path, regard: Regard) -> None:
        """A file is no folder for a project."""
        (tmp_path / "x").touch()
        done = regard(tmp_path, "init", "x")

        assert (2, "regard: x is a file; name a folder for the project\n") == (
            done.returncode,
            done.stderr,
        )

    def test_project(self, tmp_path: Path, regard: Regard) -> None:
        """The files are made and the next commands are told."""
        done = regard(tmp_path, "init", "a b/p")

        assert 0 == done.returncode
        assert "next:\n  cd 'a b/p'\n  regard check" in done.stdout
        assert {"regard.toml", ".gitignore", "plugins", "exports"} == {
            path.name for path in (tmp_path / "a b/p").iterdir()
        }

    def test_project_is_right(self, tmp_path: Path, regard: Regard, check: Check) -> None:
        """What was made passes the check; only the missing exports are mentioned."""
        regard(tmp_path, "init", "--json")
        code, items = check(tmp_path)

        assert 0 == code
        assert {
            ("warning", "sources.crm.path", "nothing matches 'exports/*.csv'"),
            ("warning", "sources.suggestions.path", "nothing matches 'suggestions/*.tsv'"),
        } == {item for item in items if item[0] != "ok"}

    def test_example_plugin(self, tmp_path: Path, regard: Regard) -> None:
        """The example plug-in reads what its table names."""
        regard(tmp_path, "init")
        (tmp_path / "suggestions").mkdir()
        (tmp_path / "suggestions" / "may.tsv").write_text(
            "2024-05-01T10:00:00Z\tana@example.es\tMás bancos en la tienda\n"
            "2024-05-02T11:30:00Z\tluc@example.fr\tOuvrez le dimanche\n"
        )
        os.utime(tmp_path / "suggestions" / "may.tsv", (1_714_700_000, 1_714_700_000))
        done = regard(tmp_path, "run", "suggestions", "--json")
        (run,) = json.loads(done.stdout)["runs"]

        assert (0, "ok", 2, 0) == (
            done.returncode,
            run["outcome"],
            run["new"],
            run["quarantined"],
        )

    def test_json(self, tmp_path: Path, regard: Regard) -> None:
        """With --json the names of the files that were made are printed."""
        done = regard(tmp_path, "init", "p", "--json")

        assert {
            "root": str(tmp_path / "p"),
            "created": [
                "regard.toml",
                "plugins/suggestion_box.py",
                ".gitignore",
                "exports/README",
            ],
        } == json.loads(done.stdout)


class TestCheck:
    """What is wrong before anything runs."""

    def test_no_project(self, tmp_path: Path, regard: Regard) -> None:
        """Without a project there is nothing to check."""
        done = regard(tmp_path, "check")

        assert (2, "") == (done.returncode, done.stdout)
        assert "there is no regard.toml" in done.stderr

    def test_broken_file(self, tmp_path: Path, regard: Regard) -> None:
        """All faults of the file are listed, one line each, with the counts behind them."""
        (tmp_path / "regard.toml").write_text('language = "de"\n[sources.a]\nplugn = "x"\n')
        done = regard(tmp_path, "check")

        assert 2 == done.returncode
        assert [
            (
                "error   regard.toml:1: language: 'de' is not a language that regard speaks; "
                "known: en, es, fr"
            ),
            "error   regard.toml:2: sources.a: 'plugin' is missing; is 'plugn' meant for it?",
            "0 ok, 0 warnings, 2 errors",
        ] == done.stdout.splitlines()

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (
                '[sources.d]\nplugin = "dsk"',
                ("error", "sources.d", "no plug-in brings a source 'dsk'; did you mean 'desk'?"),
            ),
            (
                '[sources.d]\nplugin = "desk"\npages = "x"',
                ("error", "", "regard.toml:3: sources.d.pages: must be a whole number, not 'x'"),
            ),
            (
                '[sources.d]\nplugin = "desk"\nschedul = "@daily"',
                (
                    "error",
                    "",
                    (
                        "regard.toml:3: sources.d.schedul: there is no such setting; "
                        "did you mean 'schedule'?"
                    ),
                ),
            ),
            (
                '[sources.d]\nplugin = "desk"\nprofile = "x"',
                (
                    "error",
                    "",
                    "regard.toml:3: sources.d.profile: the plug-in 'desk' takes no profile",
                ),
            ),
            (
                '[sources.d]\nplugin = "desk"\ntoken = "${REGARD_TEST_NONE}"',
                (
                    "error",
                    "",
                    (
                        "regard.toml:3: sources.d.token: "
                        "the environment variable REGARD_TEST_NONE is not set"
                    ),
                ),
            ),
            (
                '[reports.r]\nreporter = "none-such"',
                ("error", "reports.r", "no plug-in brings a reporter 'none-such'"),
            ),
            (
                '[privacy]\nkey = "short"',
                ("error", "", "privacy.key: the privacy key has 5 bytes; it needs 16 or more"),
            ),
            ("[segments]", ("warning", "segments", "not used by this version")),
            (
                '[notices.a]\nterminal = true\nmail = "x"',
                ("error", "", "regard.toml:1: notices.a: names more than one notifier"),
            ),
            (
                '[plugins]\ndisabled = ["dsk"]',
                ("warning", "plugins.disabled", "there is no plug-in 'dsk'; did you mean 'desk'?"),
            ),
        ],
    )
    def test_fault(
        self, tmp_path: Path, text: str, expected: tuple[str, str, str], check: Check
    ) -> None:
        """Each fault is one item; an error makes the exit code 2, a warning does not."""
        code, items = check(make(tmp_path, text))
        status, where, start = expected
        found = [item for item in items if item[:2] == (status, where)]

        assert (2 if status == "error" else 0) == code
        assert [True] == [item[2].startswith(start) for item in found]

    def test_secrets_are_not_shown(self, tmp_path: Path, regard: Regard) -> None:
        """Secrets are looked up and never printed, also where their value is wrong."""
        folder = make(
            tmp_path,
            'store = "${REGARD_TEST_STORE}"\n[sources.d]\nplugin = "desk"\n'
            'token = "${REGARD_TEST_TOKEN}"\npages = "${REGARD_TEST_TOKEN}"\n'
            '[privacy]\nkey = "${REGARD_TEST_TOKEN}"\n',
        )
        done = regard(
            folder,
            "check",
            "--debug",
            REGARD_TEST_TOKEN="hunter22-hunter22",
            REGARD_TEST_STORE="sqlite:///hunter22/x.db",
        )

        assert 2 == done.returncode
        assert "sources.d.pages: must be a whole number\n" in done.stdout
        assert "hunter22" not in done.stdout + done.stderr

    def test_nothing_is_made(self, tmp_path: Path, check: Check) -> None:
        """Checking makes neither a store nor a key."""
        make(tmp_path, '[sources.d]\nplugin = "desk"\n')
        code, _ = check(tmp_path)

        assert 0 == code
        assert {"plugins", "regard.toml"} == {path.name for path in tmp_path.iterdir()}

    def test_right_project(self, tmp_path: Path, regard: Regard) -> None:
        """What is right is said too: one line each, and the counts."""
        make(
            tmp_path,
            '[sources.d]\nplugin = "desk"\nschedule = "every 6h"\n'
            '[sources.e]\nplugin = "desk"\nenabled = false\n',
        )
        done = regard(tmp_path, "check")
        lines = [line for line in done.stdout.splitlines() if "plug-in " not in line]

        assert 0 == done.returncode
        assert "ok      regard.toml: 2 sources, 0 reports" == lines[0]
        assert lines[1].startswith("ok      sources.d: desk (desk ")
        assert lines[1].endswith("), every 6h")
        assert lines[2].endswith("), disabled")
        assert "ok      privacy.key: regard.key will be made when it is first needed" == lines[3]
        assert lines[4].startswith("ok      store: ")
        assert lines[-1].endswith(" 0 errors")

    def test_existing_store(self, tmp_path: Path, check: Check) -> None:
        """A store that is no database is an error."""
        make(tmp_path, 'store = "sqlite:///regard.db"\n')
        (tmp_path / "regard.db").write_bytes(b"this is no database, whatever its name says" * 100)
        code, items = check(tmp_path)

        assert 2 == code
        assert ["store"] == [where for status, where, _ in items if status == "error"]

    def test_open_secret(self, tmp_path: Path, check: Check) -> None:
        """A file of secrets that everybody can read is a warning."""
        folder = make(tmp_path, '[sources.d]\nplugin = "desk"\ntoken = "${file:token}"\n')
        (folder / "token").write_text("hunter22")
        (folder / "token").chmod(0o644)
        code, items = check(folder)

        assert 0 == code
        assert [("warning", "sources.d.token")] == [
            item[:2] for item in items if item[0] == "warning"
        ]


class TestConfigSchema:
    """The JSON Schema for editors."""

    def test_nothing_else(self, tmp_path: Path, regard: Regard) -> None:
        """Anything but the schema is refused with what would be right."""
        done = regard(tmp_path, "config", "shema")

        assert 2 == done.returncode
        assert "schema" in done.stderr

    def test_without_project(self, tmp_path: Path, regard: Regard) -> None:
        """The schema of the file needs no project."""
        done = regard(tmp_path, "config", "schema")
        schema = json.loads(done.stdout)

        assert "https://json-schema.org/draft/2020-12/schema" == schema["$schema"]
        assert "Europe/Madrid" in schema["properties"]["timezone"]["examples"]

    def test_plugins(self, tmp_path: Path, regard: Regard) -> None:
        """A project's own plug-ins are part of it."""
        done = regard(make(tmp_path, ""), "config", "schema")
        schema = json.loads(done.stdout)

        assert {"url", "token", "pages"} == set(schema["$defs"]["plugin-desk"]["properties"])

    def test_notifiers(self, tmp_path: Path, regard: Regard) -> None:
        """A channel's table has the host's keys, and those of the notifier that it means."""
        schema = json.loads(regard(tmp_path, "config", "schema").stdout)["$defs"]
        channel = schema["NoticesSettings"]
        meant = [rule["then"]["$ref"].rpartition("-")[2] for rule in channel["allOf"]]

        assert {"notifier", "on", "severity", "pause", "repeat", "ping"} == set(
            channel["properties"]
        )
        assert ["mail", "terminal", "webhook"] == meant
        assert {"mail", "sender"} == set(schema["notifier-mail"]["properties"])

    def test_broken_project(self, tmp_path: Path, regard: Regard) -> None:
        """Of a project whose file is wrong, the schema helps to repair it."""
        done = regard(make(tmp_path, "language = 1"), "config", "schema")

        assert 0 == done.returncode
        assert "without the project's own plug-ins" in done.stderr
        assert "sources" in json.loads(done.stdout)["properties"]
