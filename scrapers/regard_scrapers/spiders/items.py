"""What a spider yields, of whatever make, as fields that can be said over the pipe."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from itemadapter import ItemAdapter

__all__ = ["fields_of"]

_DEEPEST: Final = 20


def fields_of(item: object) -> tuple[dict[str, Any], str | None]:
    """
    Return an item's fields, and why it cannot be a record; None: it may be one.

    Args:
        item: A mapping, a dataclass, a Scrapy item, an attrs or a Pydantic instance.
    """
    if not ItemAdapter.is_item(item):
        return {}, f"a spider yields items, not {type(item).__name__}"
    fields: dict[str, Any] = {}
    strange = None
    for name, value in ItemAdapter(item).asdict().items():
        try:
            fields[str(name)] = _plain(value, _DEEPEST)
        except TypeError as error:
            strange = strange or f"{name}: {error}"
    return fields, strange


def _plain(value: object, deeper: int) -> object:
    """
    Return a value that JSON can hold; amounts and times keep their type.

    Raises:
        TypeError: There is no such form of it.
    """
    if isinstance(value, Enum):
        return _plain(value.value, deeper)
    if value is None or isinstance(value, str | bool | int | float | Decimal | datetime):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if deeper and isinstance(value, Mapping):
        return {str(name): _plain(each, deeper - 1) for name, each in value.items()}
    if deeper and isinstance(value, list | tuple | set | frozenset):
        return [_plain(each, deeper - 1) for each in value]
    message = f"{type(value).__name__} is no text, number or time"
    raise TypeError(message)
