"""What a path may be in the configuration, and how it is told that something else was written."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from regard.errors import ConfigError
from regard.exports import ExportConfig
from regard.settings import validate_options
from regard.settings.paths import Remote, paths_of

IMAP = {"host": "mail.example", "user": "bi", "password": "hush", "attachment": "*.csv"}


def test_paths_are_texts_tables_and_lists_of_both() -> None:
    """What has a scheme or is a table is a remote; all else is a file's path."""
    url = "https://shop.example/a.csv"
    found = paths_of(["in/*.csv", url, {"url": "sftp://ana@files.example/out/*.csv"}])

    assert "in/*.csv" == found[0]
    assert [url, "sftp"] == [found[1].url, found[2].scheme]  # type: ignore[union-attr]
    assert ["C:/x.csv"] == paths_of("C:/x.csv")
    (mail,) = paths_of({"imap": {**IMAP, "from": "till@shop.example", "since": date(2026, 1, 5)}})
    assert isinstance(mail, Remote)
    assert mail.imap is not None
    assert ("imap", ("till@shop.example",)) == (mail.scheme, mail.imap.sender)


def test_imap_may_stand_alone() -> None:
    """`imap = {...}` in a source's table is short for a path that is a table."""
    config = validate_options(ExportConfig, {"imap": IMAP}, "sources.till")

    assert "imap" == config.path.scheme


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"path": 3}, 'path: must be a text in quotes, such as "x", not 3'),
    ({"path": ["a", 3]}, 'path[1]: must be a text in quotes, such as "x", not 3'),
    ({"path": "ftp://h/x"}, "path: ftp is no address that files are fetched from; did you"),
    ({"path": "s3://bucket/x"}, "path: s3 is no address that files are fetched from"),
    ({"path": "http://shop.example/x"}, "path: http sends all in the clear"),
    ({"path": "https:///x"}, "path: the address names no host; write https://HOST/PATH"),
    ({"path": "https://u:p@ss/w@h/x"}, "path: it is no address"),
    ({"path": "https://h:port/x"}, "path: it is no address"),
    ({"path": "https://h/a b"}, "path: an address holds neither blanks nor signs of control"),
    ({"path": "sftp://h/*/x.csv"}, "path: of an sftp address only the last part may be a glob"),
    ({"path": {}}, "path: give either url (https or sftp) or imap (attachments of mails)"),
    ({"path": {"url": "https://h/x", "imap": IMAP}}, "path: give either url"),
    (
        {"path": {"url": "https://h/x", "hedaers": {}}},
        "path.hedaers: there is no such setting; did you mean",
    ),
    (
        {"path": ["a", {"url": "https://h/x", "hedaers": {}}]},
        "path[1].hedaers: there is no such setting",
    ),
    (
        {"path": {"url": "https://h/x", "host_key": "x"}},
        "path: host_key means nothing for an https address",
    ),
    (
        {"path": {"url": "sftp://h/x", "headers": {"A": "b"}}},
        "path: headers means nothing for an sftp address",
    ),
    (
        {"path": {"url": "https://h/x", "limit": 5}},
        'path.limit: must be a text such as "2GB", not 5',
    ),
    ({"path": {"imap": {"host": "h"}}}, "path.imap: 'user' is missing"),
    (
        {"path": {"imap": {**IMAP, "form": "x"}}},
        "path.imap.form: there is no such setting; did you mean 'from'",
    ),
    ({"path": "a", "imap": IMAP}, "path and imap both say where the files are"),
    ({"pathh": "a"}, "sources.till: 'path' is missing; is 'pathh' meant for it?"),
]


@pytest.mark.parametrize(("options", "said"), FAULTS)
def test_what_is_wrong_is_told(options: dict[str, Any], said: str) -> None:
    """Each fault names its place, what is wrong, and what would be right."""
    with pytest.raises(ConfigError) as told:
        validate_options(ExportConfig, options, "sources.till")

    assert said in str(told.value)
    if "path" in options and "pathh" not in options and "imap" not in options:
        with pytest.raises(ConfigError) as told:
            paths_of(options["path"], "sources.till")

        assert said in str(told.value)


def test_secrets_are_not_repeated() -> None:
    """Neither an address with a password nor a header is in what is told."""
    for path in (
        "ftp://ana:pa55word@h/x",
        "https://ana:pa55word@h/a b",
        {"url": "https://h/x", "headers": {"X": ["pa55word"]}},
        {"url": "https://h/x", "password": ["pa55word"]},
        [{"url": "https://h/x", "headers": {"X-Any": ["pa55word"]}}],
        {"imap": {**IMAP, "password": ["pa55word"]}},
    ):
        for raw in (path, None):
            with pytest.raises(ConfigError) as told:
                validate_options(
                    ExportConfig, {"path": path}, "sources.till", raw=raw and {"path": raw}
                )
            assert "pa55word" not in str(told.value)
        with pytest.raises(ConfigError) as told:
            paths_of(path, "sources.till")
        assert "pa55word" not in str(told.value)


def test_what_messages_call_a_place() -> None:
    """Without user, password and query, whose values may be secrets."""
    remote = Remote(url="https://ana:hush@shop.example:8443/a%20b.csv?token=t#x")

    assert "https://shop.example:8443/a%20b.csv?..." == remote.shown
    assert ("ana", "hush") == remote.login
    assert "imap://mail.example:993" == Remote.model_validate({"imap": IMAP}).shown
    assert "hush" not in repr(Remote(url="https://h/x", password="hush"))  # type: ignore[arg-type]
