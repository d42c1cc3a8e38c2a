"""
Files over HTTPS: asked for only if they have changed, and taken only when they are whole.

What a server said of a file (ETag, Last-Modified) is sent along the next time; an answer 304
leaves everything as it is. So does whatever is no file: an error, a page to sign in on, a body
that is shorter than announced or longer than allowed.
"""

from __future__ import annotations

import http.client
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote

from regard.errors import (
    AuthError,
    FileError,
    RateLimited,
    RegardError,
    SourceChanged,
    TransientError,
)
from regard.fetching.guarding import Guard, Patience
from regard.fetching.inbox import Inbox, Kept, Memory, Part, identity
from regard.fetching.naming import safe_name
from regard.fetching.requests import Asker
from regard.fetching.surroundings import Surroundings
from regard.settings.paths import Remote

__all__ = ["fetch", "look", "memory_of"]

_BLOCK = 256 * 1024
_SNIFFED = 2_048
_HTML = re.compile(
    rb"\s*+(?:<\?xml[^>]{0,200}>\s*+)?(?:<!--(?:(?!-->).){0,1000}-->\s*+)*+"
    rb"<(?:!doctype\s+html|html|head|body)[\s>]",
    re.IGNORECASE | re.DOTALL,
)
_MARKS = (b"\xef\xbb\xbf",)
_NO_FILE = "it answers with a page (HTML) instead of a file, perhaps to sign in on"
_SAYABLE = re.compile(r"[\x20-\x7e\xa0-\xff]{1,1000}")


def memory_of(remote: Remote, inbox: Inbox) -> Memory:
    """Return what is remembered of an address."""
    return inbox.memory(_identity(remote), remote.shown)


def _identity(remote: Remote) -> str:
    parts = remote.address
    host = parts.netloc.rpartition("@")[2].lower()
    return identity(parts.scheme, host, parts.path, parts.query, remote.name or "")


def fetch(remote: Remote, inbox: Inbox, around: Surroundings) -> None:
    """
    Fetch the file behind an address into the inbox, if it has changed.

    Raises:
        RegardError: Why it cannot be had; what was there before stays.
    """
    memory = memory_of(remote, inbox)
    patience = Patience(remote.seconds, around.cancelled)
    with Guard(patience) as guard:
        asker = Asker(remote, around.root, guard)
        try:
            answer = asker.ask(_conditions(memory, inbox))
            if answer.status == 304 and memory.current is not None:
                return
            _refuse(answer, remote, around)
            _take(answer, remote, memory, inbox, around, patience)
        except (OSError, http.client.HTTPException, zlib.error) as error:
            around.check()
            raise patience.error(remote.shown, error) from error
        except RegardError:
            # What looks like the server's fault may be that somebody asked us to stop.
            if patience.decided:
                around.check()
            raise
        finally:
            asker.close()


def look(remote: Remote, inbox: Inbox, around: Surroundings) -> str:
    """
    Say what would be fetched, from what the server says before it sends it.

    Raises:
        RegardError: Why it could not be had.
    """
    memory = memory_of(remote, inbox)
    patience = Patience(remote.seconds, around.cancelled)
    with Guard(patience) as guard:
        asker = Asker(remote, around.root, guard)
        try:
            answer = asker.ask(_conditions(memory, inbox))
            if answer.status == 304:
                return "nothing new"
            _refuse(answer, remote, around)
            name = _name(answer, remote)
        except (OSError, http.client.HTTPException) as error:
            around.check()
            raise patience.error(remote.shown, error) from error
        finally:
            asker.close()
    size = _announced(answer)
    return f"{name} would be fetched" + ("" if size is None else f", {size:,} bytes")


def _conditions(memory: Memory, inbox: Inbox) -> dict[str, str]:
    """Return what to send along, so that only what has changed is sent."""
    if memory.current is None or inbox.path(memory.current) is None:
        return {}
    said = {"If-None-Match": memory.etag, "If-Modified-Since": memory.last_modified}
    return {name: value for name, value in said.items() if value}


def _refuse(answer: http.client.HTTPResponse, remote: Remote, around: Surroundings) -> None:
    """
    Refuse every answer that brings no file.

    Raises:
        RegardError: The one that says what to do next.
    """
    status, shown = answer.status, remote.shown
    if status in (200, 203):
        return
    said = f"{shown}: the server answers {status}"
    if status in (401, 403, 407):
        message = f"{said}: it refuses who asks; see user, password and headers"
        raise AuthError(message)
    if status in (404, 410):
        message = f"{shown}: there is nothing ({status}); is the address right, and still in use?"
        raise FileError(message)
    if status in (429, 503):
        message = f"{said}: it asks us to slow down"
        raise RateLimited(message, _retry_after(answer, around.now()))
    if status in (202, 204, 408, 425) or status >= 500:
        message = f"{said}: it has nothing to give now"
        raise TransientError(message)
    message = f"{said}, which brings no file"
    raise FileError(message)


def _retry_after(answer: http.client.HTTPResponse, now: datetime) -> float | None:
    text = (answer.headers.get("Retry-After") or "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    moment = _moment(text)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def _moment(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime((text or "")[:100])
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (IndexError, OverflowError, TypeError, ValueError):
        return None


def _take(
    answer: http.client.HTTPResponse,
    remote: Remote,
    memory: Memory,
    inbox: Inbox,
    around: Surroundings,
    patience: Patience,
) -> None:
    """Write an answer's body to the inbox, and let it land if it is whole and a file."""
    total = _announced(answer)
    if total is not None and total > remote.limit:
        raise FileError(_too_large(remote, total))
    packed = _coding(answer, remote)
    head = b""
    with inbox.part() as part:
        for data in _unpacked(_blocks(answer, remote, patience, around), remote, packed=packed):
            if len(head) < _SNIFFED:
                head += data[: _SNIFFED - len(head)]
            if part.size + len(data) > remote.limit:
                raise FileError(_too_large(remote, None))
            part.write(data)
        name = _name(answer, remote)
        if is_page(head) and not name.lower().endswith((".html", ".htm", ".xhtml")):
            message = f"{remote.shown}: {_NO_FILE}; nothing was replaced"
            raise SourceChanged(message)
        if packed and name.lower().endswith(".gz") and not head.startswith(b"\x1f\x8b"):
            # The server took the packing off that the name tells of.
            name = name[:-3]
        _land(answer, name, remote, memory, inbox, part, around)


def _land(
    answer: http.client.HTTPResponse,
    name: str,
    remote: Remote,
    memory: Memory,
    inbox: Inbox,
    part: Part,
    around: Surroundings,
) -> None:
    etag, modified = _said(answer, "ETag"), _said(answer, "Last-Modified")
    origin = f"{_identity(remote)}/{name}"
    kept = Kept(origin, part.size, etag or modified or "", around.now().isoformat())
    memory.current = inbox.land(memory, part, name, kept, _moment(modified))
    memory.etag, memory.last_modified = etag, modified
    inbox.save()


def _said(answer: http.client.HTTPResponse, name: str) -> str | None:
    """Return what a server said of a file, if it can be said back to it."""
    text = answer.headers.get(name) or ""
    return text if _SAYABLE.fullmatch(text) else None


def _announced(answer: http.client.HTTPResponse) -> int | None:
    """Return how many bytes the server says that it sends."""
    return answer.length


def _coding(answer: http.client.HTTPResponse, remote: Remote) -> bool:
    """Return whether the body is packed for the way."""
    coding = (answer.headers.get("Content-Encoding") or "").strip().lower()
    if coding in ("", "identity"):
        return False
    if coding in ("gzip", "x-gzip"):
        return True
    message = (
        f"{remote.shown}: the body is packed in a way that was not asked for ({coding[:20]!r})"
    )
    raise FileError(message)


def _blocks(
    answer: http.client.HTTPResponse, remote: Remote, patience: Patience, around: Surroundings
) -> Iterator[bytes]:
    """
    Yield a body as it comes.

    Raises:
        TransientError: It ends before its announced end.
    """
    total, done = _announced(answer), 0
    while data := answer.read1(_BLOCK):
        patience.count(len(data))
        done += len(data)
        around.progress(done, total, "bytes")
        around.check()
        yield data
    around.check()
    if done == total:
        return
    if patience.decided:
        # It was us who ended it.
        raise patience.error(remote.shown)
    if total is None and not answer.chunked and not done:
        # Nobody said how much comes, and the headers may have broken off as well.
        message = f"{remote.shown}: the connection ended before anything came"
        raise TransientError(message)
    if total is not None:
        message = (
            f"{remote.shown}: the connection ended after {done:,} of {total:,} bytes; "
            "nothing was replaced"
        )
        raise TransientError(message)


def _unpacked(blocks: Iterator[bytes], remote: Remote, *, packed: bool) -> Iterator[bytes]:
    """
    Yield a body without the packing of the way, never much of it at once.

    Raises:
        TransientError: The packed body breaks off.
    """
    if not packed:
        yield from blocks
        return
    unpacker = zlib.decompressobj(wbits=31)
    for data in blocks:
        while data:
            if unpacker.eof:  # several packed pieces, one behind the other
                unpacker = zlib.decompressobj(wbits=31)
            yield unpacker.decompress(data, _BLOCK)
            data = unpacker.unconsumed_tail or unpacker.unused_data
    while not unpacker.eof and (rest := unpacker.decompress(b"", _BLOCK)):
        yield rest
    if not unpacker.eof:
        message = f"{remote.shown}: the packed body breaks off; nothing was replaced"
        raise TransientError(message)


def is_page(head: bytes) -> bool:
    """Say whether a file begins as a page of the web does."""
    for mark in _MARKS:
        head = head.removeprefix(mark)
    return _HTML.match(head) is not None


def _name(answer: http.client.HTTPResponse, remote: Remote) -> str:
    """Return what the file is called: by us, by the server, or by the address."""
    if remote.name is not None:
        return safe_name(remote.name)
    try:
        said = answer.headers.get_filename()
    except (LookupError, TypeError, ValueError):  # a header that was made to hurt
        said = None
    if said:
        return safe_name(said)
    return safe_name(unquote(remote.address.path.rstrip("/"), errors="replace"))


def _too_large(remote: Remote, size: int | None) -> str:
    much = f"{size:,} bytes are" if size is not None else "it is"
    return (
        f"{remote.shown}: {much} more than the {remote.limit:,} bytes that a file may have "
        "(`limit` beside `url`); nothing was replaced"
    )
