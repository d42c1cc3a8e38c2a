"""Secrets: found late, told never."""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regard.errors import ConfigError, SecretError
from regard.secrets import (
    Redactor,
    exposure,
    mask,
    privacy_key,
    references,
    resolve,
    store_url,
)
from regard.settings import Project, load_project

MakeProject = Callable[..., Path]
RunRegard = Callable[..., Any]


def project(folder: Path, text: str = "") -> Project:
    """Return a project with a configuration."""
    path = folder / "regard.toml"
    path.write_text(text, encoding="utf-8")
    return load_project(path)


class TestMissing:
    """References that lead nowhere."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("${REGARD_TEST_NONE}", "sources.crm: the environment variable REGARD_TEST_NONE is"),
            ("${REGARD_TEST_EMPTY}", "the environment variable REGARD_TEST_EMPTY is empty"),
            ("${REGARD_TEST_TOKN}", "is not set; did you mean 'REGARD_TEST_TOKEN'?"),
            ("a${", "a reference '${' is not closed; write '${VAR}', or '$${'"),
            ("${X", "is not closed"),
            ("${}", "nothing knows what '${}' means"),
            ("${X:-default}", "nothing knows what '${X:-default}' means"),
            ("${vault:a/b}", "nothing knows what '${vault:a/b}' means"),
            ("${file:}", "'${file:...}' needs a path"),
            ("${file:none.txt}", "none.txt cannot be read: No such file or directory"),
            ("${file:.}", "is no regular file"),
            ("${file:empty}", "empty is empty"),
            ("${file:binary}", "binary is not UTF-8"),
            ("${file:large}", "large has more than 65536 bytes"),
        ],
    )
    def test_message(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: str
    ) -> None:
        """A missing secret is told with its place and its reference."""
        monkeypatch.delenv("REGARD_TEST_NONE", raising=False)
        monkeypatch.setenv("REGARD_TEST_EMPTY", "")
        monkeypatch.setenv("REGARD_TEST_TOKEN", "x")
        (tmp_path / "empty").write_text("\n")
        (tmp_path / "binary").write_bytes(b"hunter22\xff\xfe")
        (tmp_path / "large").write_text("x" * 70_000)
        with pytest.raises(SecretError) as caught:
            resolve(text, where="sources.crm", root=tmp_path)

        assert expected in str(caught.value)
        assert "hunter22" not in "".join(traceback.format_exception(caught.value))

    def test_pipe(self, tmp_path: Path) -> None:
        """A named pipe is refused, not waited for."""
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(SecretError, match="no regular file"):
            resolve("${file:pipe}", where="x", root=tmp_path)

    def test_place(self, tmp_path: Path) -> None:
        """The place names table, key and position in a list."""
        value = {"login": {"hosts": ["a", "${REGARD_TEST_NONE}"]}}
        with pytest.raises(SecretError, match=r"sources\.crm\.login\.hosts\[1\]: "):
            resolve(value, where="sources.crm", root=tmp_path)

    def test_relative_without_project(self) -> None:
        """A relative file never starts at the working directory."""
        with pytest.raises(SecretError, match="a relative one starts at the project"):
            resolve("${file:regard.toml}", where="x")


class TestResolving:
    """References that lead somewhere."""

    def test_everywhere(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Texts in tables and lists are resolved; everything else stays as it is."""
        monkeypatch.setenv("REGARD_TEST_USER", "ana")
        (tmp_path / "pw").write_text("s3cret line\r\n")
        value = {"a": ["${REGARD_TEST_USER}:${file:pw}@", 1, None], "b": True, "$c": "$d {e}"}

        assert {
            "a": ["ana:s3cret line@", 1, None],
            "b": True,
            "$c": "$d {e}",
        } == resolve(value, where="x", root=tmp_path)

    def test_escape(self) -> None:
        """A doubled dollar writes a plain one, and nothing is looked up."""
        assert "${HOME} costs $5" == resolve("$${HOME} costs $5", where="x")

    def test_not_twice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A secret that looks like a reference is a secret."""
        monkeypatch.setenv("REGARD_TEST_ODD", "${HOME}")

        assert "${HOME}" == resolve("${REGARD_TEST_ODD}", where="x")

    def test_resolver_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A plug-in's answer comes before the environment's; None leaves it to that."""
        monkeypatch.setenv("REGARD_TEST_A", "from environment")
        monkeypatch.setenv("REGARD_TEST_B", "from environment")
        known = {"vault:a/b": "from vault", "REGARD_TEST_A": "from plug-in"}

        assert ["from vault", "from plug-in", "from environment"] == resolve(
            ["${vault:a/b}", "${REGARD_TEST_A}", "${REGARD_TEST_B}"],
            where="x",
            resolver=known.get,
        )

    def test_references(self) -> None:
        """All references of a table can be listed without looking one up."""
        value = {"a": "${X} ${file:y}", "b": ["$${Z}", {"c": "${W}"}]}

        assert [("s.a", "X"), ("s.a", "file:y"), ("s.b[1].c", "W")] == list(references(value, "s"))


class TestAddresses:
    """Secrets in front of the host of an address."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("https://ana:${REGARD_TEST_PW}@host/x", "https://ana:p%40ss%2Fw0rd%3A%25@host/x"),
            ("https://${REGARD_TEST_PW}@host/x", "https://p%40ss%2Fw0rd:%25@host/x"),
            ("https://ana:x-${REGARD_TEST_PW}@host", "https://ana:x-p%40ss%2Fw0rd%3A%25@host"),
            ("https://a$b:${file:sub/pw}@host", "https://a$b:p%40ss%2Fw0rd%3A%25@host"),
            ("https://host/${REGARD_TEST_PW}", "https://host/p@ss/w0rd:%"),
            ("https://host/?mail=${REGARD_TEST_PW}@x", "https://host/?mail=p@ss/w0rd:%@x"),
            ("ana:${REGARD_TEST_PW}@host", "ana:p@ss/w0rd:%@host"),
        ],
    )
    def test_encoded(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: str
    ) -> None:
        """A secret is percent-encoded between `://` and `@`, and nowhere else."""
        monkeypatch.setenv("REGARD_TEST_PW", "p@ss/w0rd:%")
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub" / "pw").write_text("p@ss/w0rd:%\n")

        assert expected == resolve(text, where="x", root=tmp_path)

    @pytest.mark.parametrize("address", ["https://ana:p@ss/w0rd@host/x", "https://ana:hunter22@h"])
    def test_password_of_an_address(self, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
        """Where a whole address is a secret, its password is masked alone, too."""
        monkeypatch.setenv("REGARD_TEST_ADDRESS", address)
        resolve("${REGARD_TEST_ADDRESS}", where="x")

        assert "a *** b" == mask(f"a {address.split(':', 2)[2].rpartition('@')[0]} b")

    @pytest.mark.parametrize(
        "command", [["status"], ["check"], ["report", "customers"], ["run", "--all"]]
    )
    def test_store(self, project: MakeProject, run_regard: RunRegard, command: list[str]) -> None:
        """No command prints a part of the store's password, whatever characters it has."""
        folder = project(
            '[sources.box]\nplugin = "crm-export"\npath = "x.csv"\n',
            files={"x.csv": "a\n"},
            store="postgresql://ana:${REGARD_TEST_PW}@127.0.0.1:1/db",
        )
        told = run_regard(*command, cwd=folder, env={"REGARD_TEST_PW": "zq7@xj8/wv9"})

        assert told.returncode != 0
        assert "cannot be " in told.stdout + told.stderr
        assert not [part for part in ("zq7", "xj8", "wv9") if part in told.stdout + told.stderr]

    def test_opened(self, project: MakeProject, run_regard: RunRegard, postgres_url: str) -> None:
        """A store is opened with a password of any characters."""
        address = postgres_url.replace("regard@", "regard:${REGARD_TEST_PW}@")
        folder = project(store=address)
        told = run_regard("check", cwd=folder, env={"REGARD_TEST_PW": "p@ss/w0rd?#%:"})

        assert 0 == told.returncode
        assert "store: will be made by the first run" in told.stdout

    def test_not_encoded(self, project: MakeProject, run_regard: RunRegard) -> None:
        """An address whose password is not encoded is refused without being shown."""
        folder = project(store="postgresql://ana:p@ss/w0rd@127.0.0.1:1/db")
        told = run_regard("status", cwd=folder)

        assert 2 == told.returncode
        assert 'write @ as "%40"' in told.stderr
        assert "w0rd" not in told.stderr


class TestMasking:
    """Secrets that turn up where they should not."""

    def test_resolved_is_masked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever was resolved is masked from then on."""
        monkeypatch.setenv("REGARD_TEST_TOKEN", "tok/en 4711")
        resolve("${REGARD_TEST_TOKEN}", where="x")

        assert "a *** b *** c ***" == mask("a tok/en 4711 b tok%2Fen%204711 c tok%2Fen+4711")

    def test_short(self) -> None:
        """A secret of three characters masks nothing: it would mask half of all words."""
        redactor = Redactor()
        redactor.add("abc")

        assert "abc" == redactor.mask("abc")

    def test_longest_first(self) -> None:
        """Where one secret begins with another, nothing of the longer one remains."""
        redactor = Redactor()
        redactor.add("secret")
        redactor.add("secret-and-more")

        assert "***" == redactor.mask("secret-and-more")

    def test_lines(self) -> None:
        """A key of many lines is masked line by line, and as JSON and Python write it."""
        redactor = Redactor()
        redactor.add("-----BEGIN-----\nMIIEvQIBADAN\n-----END-----\n")

        assert "***" == redactor.mask("MIIEvQIBADAN")
        assert "{'k': '***\\n'}" == redactor.mask(
            repr({"k": "-----BEGIN-----\nMIIEvQIBADAN\n-----END-----\n"})
        )

    def test_log_records(self, caplog: pytest.LogCaptureFixture) -> None:
        """Messages, arguments, exceptions and extra texts of log records are masked."""
        redactor = Redactor()
        redactor.add("hunter22")
        handler = logging.StreamHandler()
        lines: list[str] = []
        handler.emit = lambda record: lines.append(handler.format(record))  # type: ignore[method-assign]
        handler.setFormatter(logging.Formatter("%(message)s %(address)s"))
        handler.addFilter(redactor)
        log = logging.getLogger("regard.test.masking")
        log.addHandler(handler)
        log.propagate = False
        try:
            message = "login with hunter22 failed"
            raise ValueError(message)
        except ValueError:
            log.exception("%s: %s", "why", {"p": "hunter22"}, extra={"address": "u:hunter22@h"})
        log.error("%d hunter22", "no number", extra={"address": ""})
        log.removeHandler(handler)

        assert "why: {'p': '***'} u:***@h\nTraceback" in lines[0]
        assert "ValueError: login with *** failed" in lines[0]
        assert "hunter22" not in "".join(lines)
        assert caplog.records == []


class TestStore:
    """The store's address."""

    def test_from_a_secret(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An address may come from the environment; its relative path starts at the project."""
        monkeypatch.setenv("REGARD_TEST_STORE", "sqlite:///other.db")

        assert f"sqlite:///{tmp_path}/other.db" == store_url(
            project(tmp_path, 'store = "${REGARD_TEST_STORE}"')
        )

    def test_wrong_secret(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A wrong address from the environment is refused without being shown."""
        monkeypatch.setenv("REGARD_TEST_STORE", "mysql://me:hunter22@there/db")
        with pytest.raises(ConfigError) as caught:
            store_url(project(tmp_path, 'store = "${REGARD_TEST_STORE}"'))
        told = "".join(traceback.format_exception(caught.value))

        assert "what '${REGARD_TEST_STORE}' stands for is not the address" in told
        assert "hunter22" not in told
        assert "there/db" not in told


PRINT_KEY = """
import sys
from pathlib import Path
from regard.secrets import privacy_key
from regard.settings import load_project

project = load_project(Path(sys.argv[1]))
sys.stdin.readline()
print(privacy_key(project).decode())
"""


class TestPrivacyKey:
    """The key behind pseudonyms."""

    def test_too_short(self, tmp_path: Path) -> None:
        """A short key in the configuration is refused without being shown."""
        with pytest.raises(SecretError) as caught:
            privacy_key(project(tmp_path, '[privacy]\nkey = "short-key"'))

        assert "privacy.key: the privacy key has 9 bytes; it needs 16" in str(caught.value)
        assert "short-key" not in str(caught.value)

    @pytest.mark.parametrize(("content", "expected"), [("", "is empty"), ("abc\n", "3 bytes")])
    def test_broken_file(self, tmp_path: Path, content: str, expected: str) -> None:
        """An empty or short key file is an error, and is not replaced."""
        (tmp_path / "regard.key").write_text(content)
        with pytest.raises(SecretError, match=expected):
            privacy_key(project(tmp_path))

        assert content == (tmp_path / "regard.key").read_text()

    def test_made_once(self, tmp_path: Path) -> None:
        """The key is made when first needed, for the owner only, and then stays."""
        first = privacy_key(project(tmp_path))
        path = tmp_path / "regard.key"

        assert 64 == len(first)
        assert 0o600 == stat.S_IMODE(path.stat().st_mode)
        assert first == privacy_key(project(tmp_path))
        assert ["regard.key", "regard.toml"] == sorted(item.name for item in tmp_path.iterdir())

    def test_same_in_both_places(self, tmp_path: Path) -> None:
        """The file's content gives the same key when it is named in the configuration."""
        key = privacy_key(project(tmp_path))
        (tmp_path / "regard.key").rename(tmp_path / "moved.key")

        assert key == privacy_key(project(tmp_path, '[privacy]\nkey = "${file:moved.key}"'))

    def test_race(self, tmp_path: Path) -> None:
        """Several processes that need the key at once get the same one."""
        path = project(tmp_path).path
        command = [sys.executable, "-c", PRINT_KEY, str(path)]
        processes = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(4)
        ]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        keys = {process.communicate(timeout=60)[0] for process in processes}

        assert 1 == len(keys)
        assert 65 == len(keys.pop())

    def test_open_to_all(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """A key file that everybody can read works, with a warning."""
        path = tmp_path / "regard.key"
        path.write_text("0123456789abcdef0123456789abcdef")
        path.chmod(0o644)
        privacy_key(project(tmp_path))

        assert [f"every user of this machine can read {path}; `chmod 600` it"] == [
            record.getMessage() for record in caplog.records
        ]

    def test_exposure_of_none(self, tmp_path: Path) -> None:
        """A file that is not there is open to nobody."""
        assert exposure(tmp_path / "none") is None

    def test_nowhere_to_write(self, tmp_path: Path) -> None:
        """Where the key cannot be made, the message says what to do."""
        made = project(tmp_path)
        tmp_path.rename(tmp_path.with_name("moved"))
        with pytest.raises(SecretError, match="make the folder writable or set `key`"):
            privacy_key(made)
