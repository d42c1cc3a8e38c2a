"""
Whether what a plug-in yields is a record of its kind.

A validator is generated from the kind's class, so that the class stays the one definition.
Records are validated in bulk; only those that the bulk refuses are looked at one by one,
which is what keeps the reasons exact and the good ones fast.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import AwareDatetime, ConfigDict, TypeAdapter, ValidationError
from sqlmodel import SQLModel
from typing_extensions import TypedDict

from regard.errors import RecordError

__all__ = ["BESIDE", "Validator"]

BESIDE = ("key", "as_of", "extra")
"""What a yielded mapping may carry beside its kind's fields."""

_REASONS = {
    "timezone_aware": "naive-time",
    "timezone_offset": "naive-time",
    "literal_error": "unknown-value",
    "missing": "missing-field",
    "extra_forbidden": "unknown-field",
    "string_pattern_mismatch": "bad-text",
    "string_unicode": "broken-text",
    "greater_than": "bad-price",
    "greater_than_equal": "bad-price",
}
_LONGEST_WORD = 24
_LIMITS = (("greater than or equal to 0", "0 or more"), ("greater than 0", "more than 0"))
_REASON_PREFIXES = {
    "decimal": "bad-number",
    "finite": "bad-number",
    "int": "bad-number",
    "datetime": "bad-time",
    "date": "bad-day",
    "bool": "bad-flag",
    "string": "bad-text",
    "dict": "not-a-mapping",
    "is_instance": "not-a-mapping",
}


def _reason_of(kind: str) -> str:
    if kind in _REASONS:
        return _REASONS[kind]
    prefix = next((prefix for prefix in _REASON_PREFIXES if kind.startswith(prefix)), "")
    return _REASON_PREFIXES.get(prefix, "bad-value")


def _record_error(details: Mapping[str, Any], path: Sequence[object]) -> RecordError:
    field = ".".join(str(step) for step in path) or None
    reason = _reason_of(details["type"])
    said = details["msg"].replace("Input should be", "must be", 1)
    if reason == "bad-price":
        reason, said = _no_price(details["input"], said)
    if reason == "naive-time":
        said = "the time has no zone; yield aware times"
    if reason == "unknown-value" and isinstance(details["input"], str):
        said = f"{_told(details['input'], said)} {said.replace('must be', 'is none of', 1)}"
    message = f"{field}: {said}" if field else said
    return RecordError(reason, message, field)


def _no_price(value: object, said: str) -> tuple[str, str]:
    """Return why an amount is no price; it is a number and nobody's secret, so it is named."""
    shown = str(value).strip()[:_LONGEST_WORD]
    for written, plain in _LIMITS:
        said = said.replace(written, plain)
    said = f"{shown} is no price: it {said}"
    if shown.strip("+-0."):
        return "bad-price", said
    return "zero-price", f"{said}; leave it empty where there is none"


def _told(word: str, known: str) -> str:
    """Return a wrong word as a message may say it: itself only where it resembles a right one."""
    if get_close_matches(word[:_LONGEST_WORD].casefold(), re.findall(r"'([^']*)'", known), n=1):
        return repr(word[:_LONGEST_WORD])
    return f"a word of {len(word)} {'character' if len(word) == 1 else 'characters'}"


def _typed_dict(model: type[SQLModel]) -> Any:  # noqa: ANN401  # a type made at run time
    # Sorted, so that validated records come in the order in which they are hashed.
    fields: dict[str, Any] = {
        name: info.annotation for name, info in sorted(model.model_fields.items())
    }
    fields |= {"key": Any, "as_of": AwareDatetime | None, "extra": dict[str, Any] | None}
    make: Any = TypedDict  # type checkers only know the form with fields written out
    made = make(f"{model.__name__}Values", fields, total=False)
    # Numbers are welcome where a text is meant: keys and articles often come as numbers.
    made.__pydantic_config__ = ConfigDict(extra="allow", coerce_numbers_to_str=True)
    return made


class Validator:
    """
    Validates records of one kind.

    Args:
        model: The kind's class.
    """

    def __init__(self, model: type[SQLModel]) -> None:
        shapes: Any = list[_typed_dict(model)]  # type: ignore[misc]  # made at run time
        self.known = frozenset(model.model_fields) | frozenset(BESIDE)
        self._defaults = {
            name: info.default
            for name, info in model.model_fields.items()
            if info.default is not None and not info.is_required()
        }
        self._many: TypeAdapter[list[dict[str, Any]]] = TypeAdapter(shapes)

    def validate(
        self, records: Sequence[Mapping[str, Any]]
    ) -> tuple[list[dict[str, Any] | None], dict[int, RecordError]]:
        """
        Validate records in bulk.

        Returns:
            The typed records in the same order, None where one is refused; and the reason
            for each refused one by its index.
        """
        problems: dict[int, RecordError] = {}
        try:
            good: list[dict[str, Any]] = self._many.validate_python(records)
        except ValidationError as error:
            problems = _problems(error)
            kept = [record for at, record in enumerate(records) if at not in problems]
            good = self._many.validate_python(kept)
        for record in good if self._defaults else ():
            for name, value in self._defaults.items():
                if record.get(name) is None:
                    record[name] = value
        if not problems:
            return list(good), problems
        rest = iter(good)
        return [None if at in problems else next(rest) for at in range(len(records))], problems


def _problems(error: ValidationError) -> dict[int, RecordError]:
    """Return the first problem of each refused record."""
    problems: dict[int, RecordError] = {}
    for details in error.errors(include_url=False, include_context=False):
        index, *path = details["loc"]
        if isinstance(index, int) and index not in problems:
            problems[index] = _record_error(details, path)
    return problems
