"""From a path to a form that visits can be scored with."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from regard.errors import ConfigError, FileError
from regard_plugins.mystery_shopping.checking import faults_of
from regard_plugins.mystery_shopping.form import Form
from regard_plugins.mystery_shopping.tomlform import read_toml
from regard_plugins.mystery_shopping.xlsform import read_xlsform

__all__ = ["Forms", "open_form"]


def open_form(path: Path) -> Form:
    """
    Read a form, whatever is wrong in it.

    Raises:
        FileError: It is neither an XLSForm nor TOML.
    """
    if not path.exists():
        message = f"{path.name} does not exist"
        raise FileError(message)
    if path.suffix.casefold() == ".toml":
        return read_toml(path)
    try:
        return read_xlsform(path)
    except FileError as error:
        message = (
            f"{path.name} is no XLSForm: {error}. A form is a workbook with the sheets survey and "
            "choices, or TOML; `regard form draft` makes one from an agency's workbook"
        )
        raise FileError(message) from error


@dataclass(frozen=True, slots=True)
class Forms:
    """
    The versions of a form, side by side.

    Attributes:
        forms: In the order of the configuration.
        digest: Changes whenever what one of them says changes.
    """

    forms: tuple[Form, ...]
    digest: str = ""

    @classmethod
    def open(cls, root: Path, paths: Sequence[str], weights: str | None) -> Forms:
        """
        Read the forms that the configuration names.

        Raises:
            ConfigError: One cannot be read, is broken, or has no such weights.
        """
        forms, digest = [], hashlib.sha256()
        for written in paths:
            path = root / written
            try:
                form = open_form(path)
                digest.update(path.read_bytes())
            except (FileError, OSError) as error:
                message = f"form = {written!r}: {error}"
                raise ConfigError(message) from error
            broken = [fault for fault in faults_of(form) if fault.severity == "error"]
            if broken:
                first = broken[0]
                more = f", and {len(broken) - 1} more" if len(broken) > 1 else ""
                message = (
                    f"form = {written!r}: {first.where}: {first.text}{more}; "
                    f"`regard form check {written}` says all"
                )
                raise ConfigError(message)
            forms.append(form.weighted(weights))
        return cls(tuple(forms), digest.hexdigest())

    def of_version(self, version: str | None) -> Form | None:
        """Return the form of a version; None where a visit names none, or none is called so."""
        if version is None:
            return None
        return next((form for form in self.forms if form.version == version), None)
