"""
Secrets: resolved as late as possible, kept in no file of ours, and masked wherever they appear.

A text in the configuration may refer to a secret: ``${VAR}`` is an environment variable,
``${file:/run/secrets/x}`` a file's content; what else a reference means, plug-ins may know
(``regard_resolve_secret``, which is asked first). ``$${`` writes a plain ``${``.

Between ``://`` and ``@`` of an address a secret is percent-encoded, so that a password may hold
any character; in the environment or the file it stands as it is.

Every value that was resolved is remembered by `redactor`, which takes it out of log records
and of texts, whatever brought it there. The import is light, so that logging can be set up
with it before anything else.
"""

from __future__ import annotations

import json
import logging
import os
import re
import stat
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

from regard.errors import ConfigError, SecretError
from regard.names import did_you_mean

if TYPE_CHECKING:
    from regard.settings import Project

__all__ = [
    "KEY_FILE",
    "Redactor",
    "Resolver",
    "exposure",
    "file_of",
    "mask",
    "privacy_key",
    "redactor",
    "references",
    "resolve",
    "store_url",
]

Resolver = Callable[[str], str | None]
"""Returns the secret that a reference, the text between the braces, means; None: not mine."""

KEY_FILE: Final = "regard.key"
"""Lies beside regard.toml and holds the privacy key, unless the configuration names one."""

MASK: Final = "***"

_REFERENCE: Final = re.compile(r"(\$?)\$\{([^{}]*)(\}?)")
_USERINFO: Final = re.compile(
    r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*://((?:\$\{[^{}]*\}|\$(?!\{)|[^/?#\s$])*)@"
)
_PASSWORD: Final = re.compile(r"://[^:/@\s]*:(.+)@", re.DOTALL)
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MAX_BYTES: Final = 64 * 1024
_MIN_KEY_BYTES: Final = 16
_MIN_MASKED: Final = 4
_MIN_MASKED_LINE: Final = 8
_CONTAINER_SECRETS: Final = Path("/run/secrets")

_log = logging.getLogger(__name__)


class Redactor(logging.Filter):
    """
    Knows secrets and takes them out of texts and of log records.

    Put it on handlers, not on loggers: a logger's filter does not see what its children log.
    Threads may use it at once.

    Attributes:
        hear: Hears of each secret that is new; None: nobody does.
    """

    def __init__(self) -> None:
        super().__init__()
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self._lock = threading.Lock()
        self.hear: Callable[[str], None] | None = None

    def add(self, secret: str) -> None:
        """Remember a secret; one below four characters would mask half of all words."""
        with self._lock:
            fresh = _spellings(secret) - self._known
            if not fresh:
                return
            self._known |= fresh
            # The longest first: one secret may begin with another.
            ordered = sorted(self._known, key=lambda one: (-len(one), one))
            self._pattern = re.compile("|".join(map(re.escape, ordered)))
        if self.hear is not None:
            self.hear(secret)

    def mask(self, text: str) -> str:
        """Return a text with ``***`` in place of every known secret."""
        pattern = self._pattern
        return pattern.sub(MASK, text) if pattern else text

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask a log record in place: message, exception, stack and extra texts."""
        if self._pattern is None:
            return True
        try:
            record.msg = self.mask(record.getMessage())
        except (TypeError, ValueError, KeyError):  # arguments that do not fit the message
            record.msg = self.mask(f"{record.msg} {record.args!r}")
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        record.exc_info = None
        for name, value in list(vars(record).items()):
            if isinstance(value, str):
                setattr(record, name, self.mask(value))
        return True


def _spellings(secret: str) -> set[str]:
    """Return the forms in which a secret turns up: in addresses, JSON, code, line by line."""
    plain = secret.strip()
    if len(plain) < _MIN_MASKED:
        return set()
    forms = {plain, urllib.parse.quote(plain, safe=""), urllib.parse.quote_plus(plain)}
    forms |= {json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1]}
    forms.add(repr(plain)[1:-1])
    forms |= {line for line in map(str.strip, plain.splitlines()) if len(line) >= _MIN_MASKED_LINE}
    return forms


redactor: Final = Redactor()
"""Knows every secret that this process has resolved."""


def mask(text: str) -> str:
    """Return a text without any secret that this process has resolved."""
    return redactor.mask(text)


def resolve(
    value: Any,  # noqa: ANN401  # whatever TOML can hold
    *,
    where: str,
    root: Path | None = None,
    resolver: Resolver | None = None,
) -> Any:  # noqa: ANN401
    """
    Return a configured value with the secrets that its texts refer to.

    Args:
        value: A text, or tables and lists of texts; anything else stays as it is.
        where: Its place in the configuration, such as ``sources.crm``, for messages.
        root: The project's folder, where relative files start.
        resolver: Asked first; None as its answer leaves it to the environment and to files.

    Raises:
        SecretError: A secret is missing; the message names place and reference.
    """
    if isinstance(value, str):
        return _resolve_text(value, where, root, resolver)
    if isinstance(value, dict):
        return {
            key: resolve(one, where=f"{where}.{key}", root=root, resolver=resolver)
            for key, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [
            resolve(one, where=f"{where}[{index}]", root=root, resolver=resolver)
            for index, one in enumerate(value)
        ]
    return value


def references(value: object, where: str) -> Iterator[tuple[str, str]]:
    """Yield each reference in a value with its place, without resolving anything."""
    if isinstance(value, str):
        for match in _REFERENCE.finditer(value):
            if not match[1]:
                yield where, match[2]
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from references(one, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for index, one in enumerate(value):
            yield from references(one, f"{where}[{index}]")


def _resolve_text(text: str, where: str, root: Path | None, resolver: Resolver | None) -> str:
    userinfos = [match.span(1) for match in _USERINFO.finditer(text)]

    def replaced(match: re.Match[str]) -> str:
        escaped, reference, closed = match.groups()
        if escaped:
            return match[0][1:]
        if not closed:
            message = f"{where}: a reference '${{' is not closed; write '${{VAR}}', or '$${{'"
            raise SecretError(message)
        secret = _look_up(reference, where, root, resolver)
        redactor.add(secret)
        for start, end in userinfos:
            if start <= match.start() and match.end() <= end:
                return _quoted(secret, whole=match.span() == (start, end))
        # A whole address: its password must not turn up alone.
        if password := _PASSWORD.search(secret):
            redactor.add(password[1])
        return secret

    return _REFERENCE.sub(replaced, text)


def _quoted(secret: str, *, whole: bool) -> str:
    """
    Return a secret as it stands in front of the host of an address.

    Args:
        secret: As it was looked up.
        whole: It is all that stands there: ``user:password`` keeps its first colon.
    """
    user, colon, password = secret.partition(":")
    if not (whole and colon):
        return urllib.parse.quote(secret, safe="")
    redactor.add(password)
    return f"{urllib.parse.quote(user, safe='')}:{urllib.parse.quote(password, safe='')}"


def _look_up(reference: str, where: str, root: Path | None, resolver: Resolver | None) -> str:
    answer = resolver(reference) if resolver else None
    if answer is not None:
        return answer
    if reference.startswith("file:"):
        return _read_file(file_of(reference, root), where)
    if not _VARIABLE.fullmatch(reference):
        message = (
            f"{where}: nothing knows what '${{{reference}}}' means; "
            "write '${VAR}' or '${file:/run/secrets/x}'"
        )
        raise SecretError(message)
    value = os.environ.get(reference)
    if value:
        return value
    if value is None:
        near = did_you_mean(reference, os.environ)
        near = near if near.startswith("; did you mean") else ""
        message = f"{where}: the environment variable {reference} is not set{near}"
    else:
        message = f"{where}: the environment variable {reference} is empty"
    raise SecretError(message)


def file_of(reference: str, root: Path | None) -> Path | None:
    """Return the file that a reference means, or None where it means none."""
    scheme, _, path = reference.partition(":")
    if scheme != "file" or not path:
        return None
    if root is None and not Path(path).is_absolute():
        return None
    return (root or Path()) / path


def _read_file(path: Path | None, where: str) -> str:
    if path is None:
        message = f"{where}: '${{file:...}}' needs a path; a relative one starts at the project"
        raise SecretError(message)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            message = f"{where}: {path} is no regular file"
            raise SecretError(message)
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        text = content.decode("utf-8")
    except OSError as error:
        message = f"{where}: the file {path} cannot be read: {error.strerror}"
        raise SecretError(message) from error
    except UnicodeDecodeError:
        # The error itself would carry the content along.
        text = ""
    if len(content) > _MAX_BYTES:
        message = (
            f"{where}: the file {path} has more than {_MAX_BYTES} bytes: no secret is so long"
        )
        raise SecretError(message)
    if not text.strip():
        message = f"{where}: the file {path} is {'empty' if not content.strip() else 'not UTF-8'}"
        raise SecretError(message)
    return text.rstrip("\r\n")


def exposure(path: Path) -> str | None:
    """
    Say what is wrong with who may read a file of secrets; None: nothing.

    Files below ``/run/secrets`` are the container's business, which gives them its own mode.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    if not mode & stat.S_IROTH or path.is_relative_to(_CONTAINER_SECRETS):
        return None
    return f"every user of this machine can read {path}; `chmod 600` it"


def store_url(project: Project, resolver: Resolver | None = None) -> str:
    """
    Return the store's address, resolved; a relative SQLite path starts at the project.

    Raises:
        SecretError: It refers to a secret that is missing.
        ConfigError: What it refers to is not the address of a store.
    """
    from regard.settings.checks import absolute_store, check_store

    written = project.settings.store
    url = str(resolve(written, where="store", root=project.root, resolver=resolver))
    if url != written:
        try:
            check_store(url)
        except ValueError:
            fault = True
        else:
            fault = False
        if fault:
            message = (
                f"store: what {written!r} stands for is not the address of a store such as "
                '"sqlite:///regard.db" or "postgresql://user@host/database"'
            )
            raise ConfigError(message)
    return absolute_store(url, project.root)


# -- the privacy key ---------------------------------------------------------------------


def privacy_key(project: Project, resolver: Resolver | None = None) -> bytes:
    """
    Return the key that makes this project's pseudonyms and keyed hashes.

    It is ``[privacy] key``, else the content of ``regard.key`` beside the configuration,
    which is made when it is first needed. The same text gives the same key in both places.
    A lost key cannot be made again: pseudonyms change, and erased people are not recognised.

    Raises:
        SecretError: The key is missing, too short, or cannot be made.
    """
    configured = project.settings.privacy.key
    if configured is not None:
        text = _resolve_text(configured.get_secret_value(), "privacy.key", project.root, resolver)
        redactor.add(text)
        return _usable(text, "privacy.key")
    path = project.root / KEY_FILE
    if not path.exists():
        _make_key(path)
    text = _read_file(path, "the privacy key")
    redactor.add(text)
    exposed = exposure(path)
    if exposed:
        _log.warning("%s", exposed)
    return _usable(text, str(path))


def _usable(text: str, origin: str) -> bytes:
    key = text.strip().encode("utf-8", "surrogateescape")
    if len(key) < _MIN_KEY_BYTES:
        message = (
            f"{origin}: the privacy key has {len(key)} bytes; it needs {_MIN_KEY_BYTES} or more, "
            "such as what `openssl rand -hex 32` prints"
        )
        raise SecretError(message)
    return key


def _make_key(path: Path) -> None:
    """Make a key file that is either whole or not there, whoever else makes it meanwhile."""
    draft = path.with_name(f".{path.name}-{os.getpid()}-{token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(token_hex(32) + "\n")
                file.flush()
                os.fsync(file.fileno())
            # A link, unlike a renaming, never replaces the key that another process made.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        message = (
            f"{path}: the privacy key cannot be made: {error.strerror}; "
            "make the folder writable or set `key` in [privacy]"
        )
        raise SecretError(message) from error
