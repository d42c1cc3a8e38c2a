"""What the configuration says of every source that reads files."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from regard.errors import FileError
from regard.mapping import Basis, FieldMap, refuse_misfits
from regard.mapping.times import check_style
from regard.settings.checks import check_currency
from regard.settings.paths import Attachments, Paths
from regard.tabular.encodings import check_encoding

__all__ = ["ExportConfig"]


def _texts(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _either(schema: dict[str, Any]) -> None:
    """Say in a schema that ``imap`` may stand in place of ``path``."""
    schema["required"] = [key for key in schema.get("required", ()) if key != "path"]
    schema["anyOf"] = [{"required": ["path"]}, {"required": ["imap"]}]


class ExportConfig(BaseModel):
    """
    What ``[sources.NAME]`` says of every source that reads files; plug-ins add their own.

    Attributes:
        path: A file, folder or glob, a remote to fetch from, or several of them.
        imap: Mails with the files attached, in place of ``path``.
        profile: The profile of all files; None: each is recognised.
        map: How files of another shape are read.
        timezone: Where local times are; goes before what a profile says.
        basis: What stands behind purchases; goes before what a profile says.
        currency: Of amounts of which neither a column nor the amount says it, as ISO 4217 has
            it; goes before what a profile says.
        dates: How dates are written, such as ``day-first``.
        decimal: The decimal sign.
        delimiter: What parts the cells of CSV files; None: it is found out.
        encoding: The encoding of text files; None: it is found out.
        sheet: The only sheet wanted of workbooks.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra=_either)

    path: Paths
    imap: Attachments | None = None
    profile: str | None = None
    map: FieldMap | None = None
    timezone: str | None = None
    basis: Basis | None = None
    currency: str | None = None
    dates: Annotated[tuple[str, ...], BeforeValidator(_texts)] = ()
    decimal: Literal[".", ","] | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    encoding: str | None = None
    sheet: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _by_mail(cls, data: object) -> object:
        """Take ``imap`` as what it is short for: a path that is a table."""
        if isinstance(data, dict) and "imap" in data and "path" not in data:
            return {key: value for key, value in data.items() if key != "imap"} | {
                "path": {"imap": data["imap"]}
            }
        return data

    @field_validator("dates")
    @classmethod
    def _right_dates(cls, dates: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_style(each) for each in dates)

    @field_validator("map")
    @classmethod
    def _fits_its_kind(cls, spec: FieldMap | None) -> FieldMap | None:
        if spec is not None:
            refuse_misfits(spec)
        return spec

    @field_validator("currency")
    @classmethod
    def _right_currency(cls, currency: str | None) -> str | None:
        return None if currency is None else check_currency(currency)

    @field_validator("encoding")
    @classmethod
    def _right_encoding(cls, encoding: str | None) -> str | None:
        if encoding is not None:
            try:
                check_encoding(encoding)
            except FileError as error:
                # Pydantic knows no other error as a fault.
                raise PydanticCustomError("regard", "{text}", {"text": str(error)}) from error
        return encoding

    @model_validator(mode="after")
    def _one_of_both(self) -> ExportConfig:
        if self.imap is not None:
            message = "path and imap both say where the files are; give one, or a list in path"
            raise ValueError(message)
        if self.map is not None and self.profile is not None:
            message = "map and profile both say how the files are read; give one of them"
            raise ValueError(message)
        if self.map is not None and self.currency and "currency" in self.map.constants:
            message = "currency stands beside map and in its constants; give it once"
            raise ValueError(message)
        return self
