"""Whether an SFTP server is the one that is meant: its key must be known beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.errors import ConfigError, RegardError, SourceChanged
from regard.settings.paths import Remote

if TYPE_CHECKING:
    import asyncssh

__all__ = ["ALGORITHMS", "HostKeys"]

ALGORITHMS = (
    "+ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
    "rsa-sha2-512,rsa-sha2-256"
)
"""Kinds of keys that a server may show beside those that are known of it, so that one that has
another kind now is seen to have changed instead of only being cut off."""

_KNOWN_HOSTS = Path("~/.ssh/known_hosts")


class HostKeys:
    """
    The keys that a server may have, and the one that it showed.

    Args:
        remote: Where; its ``host_key`` goes before what the user's ``known_hosts`` says.

    Raises:
        ConfigError: ``host_key`` is no public key, or ``known_hosts`` cannot be understood.
    """

    def __init__(self, remote: Remote) -> None:
        import asyncssh

        self._remote = remote
        self._shown: asyncssh.SSHKey | None = None
        self.known: tuple[Any, ...]
        host, port = remote.address.hostname or "", remote.address.port or 22
        if remote.host_key is not None:
            self.known = (_public_keys(remote.host_key), [], [])
            return
        path = _KNOWN_HOSTS.expanduser()
        try:
            self.known = (
                asyncssh.match_known_hosts(str(path), host, "", None if port == 22 else port)
                if path.is_file()
                else ([], [], [])
            )
        except (OSError, ValueError) as error:
            message = f"{path} cannot be read as a list of known hosts; say `host_key`"
            raise ConfigError(message) from error

    @property
    def expected(self) -> bool:
        """Whether any key of the server is known."""
        return bool(self.known[0] or self.known[1])

    def client(self) -> asyncssh.SSHClient:
        """Return what is asked about a key that is not known: it only remembers it."""
        import asyncssh

        keys = self

        class Client(asyncssh.SSHClient):
            """Accepts no key."""

            def validate_host_public_key(
                self, host: str, addr: str, port: int, key: asyncssh.SSHKey
            ) -> bool:
                """Remember the key."""
                keys._shown = key
                return False

        return Client()

    def refusal(self) -> RegardError:
        """Return what to raise for the key that the server showed."""
        shown, remote = self._shown, self._remote.shown
        key = "one that cannot be shown"
        if shown is not None:
            line = " ".join(shown.export_public_key("openssh").decode("ascii").split()[:2])
            key = f"{line} ({shown.get_fingerprint()})"
        if self.expected:
            message = (
                f"{remote}: the server shows another key than the one that is known of it: {key}; "
                "it may be another server. Nothing was sent to it. Ask whoever runs it, then "
                "change `host_key` or known_hosts"
            )
            return SourceChanged(message)
        message = (
            f"{remote}: the server's key is not known. Compare it with what whoever runs it says, "
            f'then write host_key = "{key.partition(" (")[0]}". It shows {key}'
        )
        return ConfigError(message)


def _public_keys(text: str) -> list[asyncssh.SSHKey]:
    import asyncssh

    try:
        return [asyncssh.import_public_key(line) for line in text.splitlines() if line.strip()]
    except (asyncssh.KeyImportError, ValueError) as error:
        message = (
            'host_key: it is no public key; write it as "ssh-ed25519 AAAA...", as '
            "`ssh-keyscan HOST` prints it behind the host's name"
        )
        raise ConfigError(message) from error
