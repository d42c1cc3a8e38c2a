"""
Profiles: the export formats of vendors, each described in one TOML file.

A profile is a map with what it takes to recognise its files: the headers that are always
there, those that only this vendor writes, and what all of them are called in other languages.
Headers are vendors' and change; a profile whose headers nobody has compared with a real file
of the vendor says ``confirmed = false``, and every run that uses it says so too.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from regard.errors import ConfigError
from regard.mapping.fitting import misfits
from regard.mapping.headers import fold
from regard.mapping.maps import FieldMap, Strict, Texts
from regard.mapping.times import check_style
from regard.names import did_you_mean, is_name

__all__ = ["Profile", "Variant", "load_profiles", "profile_named", "shipped_profiles"]

_PACKAGE = "regard_config"


def _groups(value: Any) -> Any:  # noqa: ANN401  # what TOML gives, before it is checked
    if not isinstance(value, list | tuple):
        return value
    return tuple((each,) if isinstance(each, str) else each for each in value)


class Variant(Strict):
    """
    Another form of the same export: another language, an older version, the API's names.

    Attributes:
        headers: For each column of the profile what it is called here.
        dates: How dates are written here.
        decimal: The decimal sign here.
        confirmed: Whether the headers were compared with a real file.
    """

    headers: dict[str, Texts]
    dates: Texts = ()
    decimal: Literal[".", ","] | None = None
    confirmed: bool = True

    @field_validator("headers")
    @classmethod
    def _each_name_once(cls, headers: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        meant: dict[str, str] = {}
        for column, names in headers.items():
            for name in names:
                other = meant.setdefault(fold(name), column)
                if other != column:
                    message = f"{name!r} stands for both {other!r} and {column!r}"
                    raise ValueError(message)
        return headers

    @field_validator("dates")
    @classmethod
    def _right_dates(cls, dates: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_style(each) for each in dates)


class Profile(FieldMap):
    """
    An export format of one vendor.

    Attributes:
        name: Such as ``hubspot-contacts``.
        vendor: Such as ``HubSpot``.
        title: What the vendor calls the export.
        plugins: The sources that recognise it; others read it where it is named to them.
        required: Headers that are always there; of a list one is enough.
        fingerprint: Headers that hardly anybody else writes.
        hints: Headers that speak for this format.
        without: Headers that speak against it: with one of them it is another export.
        files: Patterns of file names, such as ``hubspot-crm-exports-*``.
        variants: Other forms of the same export, by name: ``es``, ``fr``, ``api``, ``older``.
        confirmed: Whether the headers were compared with a real file of the vendor.
        note: What people who use it should know.
    """

    name: str
    vendor: str
    title: str
    plugins: Texts = ("crm-export",)
    required: Annotated[
        tuple[tuple[str, ...], ...],
        BeforeValidator(_groups, json_schema_input_type=list[str | list[str]]),
    ] = Field(min_length=1)
    fingerprint: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    variants: dict[str, Variant] = Field(default_factory=dict)
    confirmed: bool = True
    note: str = ""

    @field_validator("name")
    @classmethod
    def _right_name(cls, name: str) -> str:
        if not is_name(name):
            message = f"{name!r} is no name: letters, digits, - and _"
            raise ValueError(message)
        return name

    @model_validator(mode="after")
    def _known_columns(self) -> Profile:
        known = {fold(name) for name in self.columns}
        for form, variant in self.variants.items():
            for column in variant.headers:
                if fold(column) not in known:
                    near = did_you_mean(column, self.columns)
                    message = f"variants.{form}.headers: the profile has no {column!r}{near}"
                    raise ValueError(message)
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that the profile names, in its own words."""
        return tuple(dict.fromkeys(self._named()))

    def _named(self) -> Iterator[str]:
        for group in self.required:
            yield from group
        yield from (
            *self.fingerprint,
            *self.hints,
            *self.without,
            *self.as_of,
            *self.carry,
            *self.skip.empty,
        )
        for parts in self.key:
            yield from (part for part in parts if not part.startswith("#"))
        for sources in self.fields.values():
            for each in sources:
                yield from each.columns
        refund = (self.refund.amount, self.refund.total, self.refund.at) if self.refund else ()
        yield from (each for each in (self.deleted, self.settle, *refund) if each)

    @property
    def aliases(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """What the columns are called in each variant."""
        return {form: variant.headers for form, variant in self.variants.items()}


def _explained(error: ValidationError, model: type[FieldMap]) -> str:
    """Return the first problems of a profile, each with its place in the file."""
    lines = []
    for each in error.errors(include_url=False, include_input=False)[:5]:
        place = ".".join(str(step) for step in each["loc"])
        near = ""
        if each["type"] == "extra_forbidden" and len(each["loc"]) == 1:
            near = did_you_mean(str(each["loc"][0]), model.model_fields)
        lines.append(f"{place or 'the file'}: {each['msg'].removeprefix('Value error, ')}{near}")
    return "; ".join(lines)


def _parse(text: str, origin: str) -> Profile:
    try:
        profile = Profile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        message = f"profile {origin}: no TOML: {error}"
        raise ConfigError(message) from error
    except ValidationError as error:
        message = f"profile {origin}: {_explained(error, Profile)}"
        raise ConfigError(message) from error
    found = "; ".join(f"{each.place}: {each.text}" for each in misfits(profile))
    if found:
        message = f"profile {origin}: {found}"
        raise ConfigError(message)
    return profile


@lru_cache(maxsize=1)
def shipped_profiles() -> tuple[Profile, ...]:
    """Return the profiles that come with regard, sorted by name."""
    folder = resources.files(_PACKAGE) / "profiles"
    found = [
        _parse(each.read_text(encoding="utf-8"), each.name)
        for each in folder.iterdir()
        if each.name.endswith(".toml")
    ]
    return tuple(sorted(found, key=lambda profile: profile.name))


def load_profiles(extra: Sequence[Path] = ()) -> tuple[Profile, ...]:
    """
    Return the shipped profiles and those of plug-ins and projects.

    Args:
        extra: TOML files with one profile each.

    Raises:
        ConfigError: A file cannot be read, is no profile, or has a name that is taken.
    """
    profiles = {profile.name: (profile, "regard") for profile in shipped_profiles()}
    for path in extra:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            message = f"profile {path}: cannot be read: {error}"
            raise ConfigError(message) from error
        profile = _parse(text, str(path))
        if profile.name in profiles:
            message = f"profile {path}: {profiles[profile.name][1]} has a {profile.name!r} already"
            raise ConfigError(message)
        profiles[profile.name] = (profile, str(path))
    return tuple(profile for profile, _ in profiles.values())


def profile_named(name: str, profiles: Iterable[Profile]) -> Profile:
    """
    Return a profile by its name.

    Raises:
        ConfigError: There is no such profile.
    """
    by_name = {profile.name: profile for profile in profiles}
    if name not in by_name:
        message = f"there is no profile {name!r}{did_you_mean(name, by_name)}"
        raise ConfigError(message)
    return by_name[name]
