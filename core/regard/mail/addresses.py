"""E-mail addresses: whose they are, and what stands behind the plus sign."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import getaddresses

__all__ = ["Tagged", "addresses_in", "covers", "tagged"]

_ADDRESS = re.compile(r"[^\s@<>\"(),:;]{1,64}@[^\s@<>\"(),:;]{1,253}")
_MAX_HEADER = 20_000
"""Characters; a longer list of addresses is a newsletter's, and the rest is not needed."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """
    An address with a tag, such as ``survey+k3w9@shop.example``.

    Attributes:
        address: The address without the tag.
        tag: What stands behind the first plus sign.
    """

    address: str
    tag: str


def addresses_in(headers: Iterable[str]) -> tuple[str, ...]:
    """
    Return the addresses in headers such as To, lower-case, each once, in their order.

    Args:
        headers: Decoded values; whatever is no address in them is passed over.
    """
    texts = [text[:_MAX_HEADER] for text in headers]
    found: dict[str, None] = {}
    for address in _parsed(texts):
        plain = address.strip().strip("<>").lower()
        if _ADDRESS.fullmatch(plain):
            found[plain] = None
    return tuple(found)


def _parsed(texts: Sequence[str]) -> Iterator[str]:
    try:
        pairs = getaddresses(list(texts))
    except (IndexError, RecursionError, TypeError, ValueError):  # headers that were made to hurt
        pairs = []
    usable = [address for _, address in pairs if "@" in address]
    if usable:
        yield from usable
        return
    for text in texts:
        yield from _ADDRESS.findall(text)


def domain_of(address: str) -> str:
    """Return what stands behind the ``@``."""
    return address.rpartition("@")[2]


def covers(names: Iterable[str], address: str) -> bool:
    """
    Say whether an address is one of those that addresses and domains name.

    Args:
        names: Such as ``ana@shop.example`` or ``shop.example``; a domain covers those below it.
        address: Lower-case, as messages have it.
    """
    domain = domain_of(address)
    for name in names:
        wanted = name.strip().lower().removeprefix("@")
        if "@" in wanted:
            if wanted == address or wanted == untagged(address):
                return True
        elif domain == wanted or domain.endswith(f".{wanted}"):
            return True
    return False


def untagged(address: str) -> str:
    """Return an address without its tag."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def tagged(addresses: Iterable[str], base: str | None = None) -> Tagged | None:
    """
    Return the first address that has a tag.

    Args:
        addresses: Those that a message was sent to.
        base: The address that tags were added to; None: any.
    """
    for address in addresses:
        local, _, domain = address.rpartition("@")
        name, plus, tag = local.partition("+")
        if not (plus and name and tag):
            continue
        plain = f"{name}@{domain}"
        if base is None or plain == base.lower():
            return Tagged(plain, tag)
    return None
