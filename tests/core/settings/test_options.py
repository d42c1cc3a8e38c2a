"""A plug-in's own table: what it is handed, and what it refuses."""

from __future__ import annotations

import traceback
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from regard.errors import ConfigError, PluginError
from regard.settings import SourceSettings, ignored_keys, plugin_options, validate_options
from regard.settings.schema import json_schema


class Login(BaseModel):
    """A table inside of the options."""

    user: str
    password: SecretStr


class Config(BaseModel):
    """Everything that a plug-in's Config may hold."""

    path: str
    port: int = 993
    mode: Literal["fast", "slow"] = "fast"
    login: Login | None = None
    limits: dict[str, int] = {}
    names: list[str] = []
    either: int | list[str] = 0
    rate: Decimal = Decimal(1)
    folder: str = Field("INBOX", alias="box")
    map: dict[str, Any] | None = None
    timezone: str = "UTC"
    wait: timedelta = timedelta()

    @field_validator("path")
    @classmethod
    def _readable(cls, value: str) -> str:
        if value.startswith("~"):
            message = f"{value} begins with ~"
            raise ValueError(message)
        return value


def refused(options: dict[str, Any], raw: dict[str, Any] | None = None) -> list[str]:
    """Return the lines with which options are refused."""
    with pytest.raises(ConfigError) as caught:
        validate_options(Config, options, "sources.crm", raw=raw)
    return str(caught.value).splitlines()


class TestRefusals:
    """Options that the plug-in's Config does not accept."""

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({}, "sources.crm: 'path' is missing"),
            ({"pathh": "x"}, "sources.crm: 'path' is missing; is 'pathh' meant for it?"),
            (
                {"path": "x", "prot": 1},
                "sources.crm.prot: there is no such setting; did you mean 'port'?",
            ),
            (
                {"path": "x", "schedul": "x"},
                "sources.crm.schedul: there is no such setting; did you mean 'schedule'?",
            ),
            ({"path": 3}, 'sources.crm.path: must be a text in quotes, such as "x", not 3'),
            ({"path": "x", "port": "x"}, "sources.crm.port: must be a whole number, not 'x'"),
            (
                {"path": "x", "mode": "fats"},
                "sources.crm.mode: 'fats' is not known here; did you mean 'fast'?",
            ),
            (
                {"path": "x", "login": {"user": 1, "password": "p"}},
                'sources.crm.login.user: must be a text in quotes, such as "x", not 1',
            ),
            (
                {"path": "x", "limits": {"a": "b"}},
                "sources.crm.limits.a: must be a whole number, not 'b'",
            ),
            (
                {"path": "x", "names": "a"},
                'sources.crm.names: must be a list, such as ["a", "b"], not \'a\'',
            ),
            ({"path": "x", "either": "a"}, "sources.crm.either: must be a whole number, not 'a'"),
            ({"path": "x", "rate": "a"}, "sources.crm.rate: must be a number, not 'a'"),
            ({"path": "~/x"}, "sources.crm.path: '~/x' is not accepted: ~/x begins with ~"),
        ],
    )
    def test_message(self, options: dict[str, Any], expected: str) -> None:
        """A wrong option is told with its path, its value and the nearest right key."""
        assert expected in refused(options)

    def test_all_at_once(self) -> None:
        """Unknown keys, missing keys and wrong values are told together."""
        assert 3 == len(refused({"prot": 1, "port": "x"}))

    def test_file_and_line(self, tmp_path: Path) -> None:
        """Where the file is known, its line is named."""
        text = '[sources.crm]\nplugin = "x"\nport = "x"\n'
        with pytest.raises(ConfigError) as caught:
            validate_options(
                Config,
                {"path": "a", "port": "x"},
                "sources.crm",
                file=tmp_path / "regard.toml",
                text=text,
            )

        assert f"{tmp_path}/regard.toml:3: sources.crm.port: " in str(caught.value)

    def test_not_a_model(self) -> None:
        """A Config that is no pydantic model is the plug-in's fault."""
        with pytest.raises(PluginError, match="must be a pydantic model"):
            validate_options(dict, {}, "sources.crm")


class TestSecrets:
    """What must not be repeated."""

    @pytest.mark.parametrize(
        ("options", "raw"),
        [
            ({"path": "~hunter22"}, {"path": "~${X}"}),
            ({"path": "x", "port": "hunter22"}, {"path": "x", "port": "${PORT}"}),
            ({"path": "x", "names": ["a", {"b": "hunter22"}]}, {"names": ["a", {"b": "${X}"}]}),
            ({"path": "x", "login": {"user": "u", "password": ["hunter22"]}}, None),
            ({"path": "x", "login": "hunter22"}, {"login": "${LOGIN}"}),
            ({"path": "x", "mode": "hunter22"}, {"mode": "${MODE}"}),
        ],
    )
    def test_never_shown(self, options: dict[str, Any], raw: dict[str, Any] | None) -> None:
        """A value that came from a secret appears in no message and no traceback."""
        with pytest.raises(ConfigError) as caught:
            validate_options(Config, options, "sources.crm", raw=raw)
        told = "".join(traceback.format_exception(caught.value))

        assert "hunter22" not in told


class TestAccepted:
    """Options that are right."""

    def test_model(self) -> None:
        """The plug-in gets its Config, with texts converted where its types say so."""
        config = validate_options(Config, {"path": "x", "port": "993", "box": "A"}, "sources.crm")

        assert (993, "A") == (config.port, config.folder)

    def test_no_config(self) -> None:
        """A plug-in without Config gets its options as they are."""
        assert {"a": 1} == validate_options(None, {"a": 1}, "sources.crm")

    def test_open_config(self) -> None:
        """A Config that allows any key gets any key."""

        class Open(BaseModel):
            """Takes everything."""

            model_config = ConfigDict(extra="allow")

        assert 1 == validate_options(Open, {"a": 1}, "sources.crm").a


class TestHandedOn:
    """Which of the host's keys a plug-in sees."""

    def settings(self, **keys: object) -> SourceSettings:
        """Return a source's table."""
        return SourceSettings.model_validate({"plugin": "x", **keys})

    def test_declared(self) -> None:
        """A map and a time zone are handed on where the Config declares them."""
        settings = self.settings(path="a", map={"kind": "customer"}, timezone="Europe/Madrid")

        assert {
            "path": "a",
            "map": {"kind": "customer"},
            "timezone": "Europe/Madrid",
        } == plugin_options(settings, Config)

    def test_not_declared(self) -> None:
        """What is not declared, or not set, is not handed on."""
        settings = self.settings(path="a", basis="sale", schedule="@daily")

        assert {"path": "a"} == plugin_options(settings, Config)
        assert {"path": "a"} == plugin_options(settings, None)

    def test_ignored(self) -> None:
        """A map for a plug-in that takes none does not go unnoticed."""
        settings = self.settings(map={}, profile="x")

        assert ["profile"] == ignored_keys(settings, Config)
        assert ["map", "profile"] == ignored_keys(settings, None)


class TestSchema:
    """The JSON Schema for editors."""

    def test_references(self) -> None:
        """Every reference in it leads somewhere, also into a plug-in's part."""
        schema = json_schema({"crm-export": Config})

        def check(node: object) -> None:
            if isinstance(node, dict):
                if "$ref" in node:
                    target: Any = schema
                    for part in node["$ref"].removeprefix("#/").split("/"):
                        target = target[part]
                for value in node.values():
                    check(value)
            elif isinstance(node, list):
                for value in node:
                    check(value)

        check(schema)

        assert "https://json-schema.org/draft/2020-12/schema" == schema["$schema"]
        assert False is schema["additionalProperties"]

    def test_source(self) -> None:
        """A source's table knows the host's keys and, by its plug-in, the plug-in's."""
        schema = json_schema({"crm-export": Config})
        source = schema["$defs"]["SourceSettings"]
        (rule,) = source["allOf"]

        assert {"const": "crm-export"} == rule["if"]["properties"]["plugin"]
        assert "schedule" in source["properties"]
        assert "options" not in source["properties"]
        assert ["path"] == schema["$defs"]["plugin-crm-export"]["required"]
        assert "timezone" not in schema["$defs"]["plugin-crm-export"]["properties"]
