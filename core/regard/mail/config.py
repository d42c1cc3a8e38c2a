"""What the configuration says of every source that reads mail."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, model_validator

from regard.settings.paths import Paths
from regard.settings.servers import ImapConfig, Texts

__all__ = ["ImapConfig", "MailConfig"]


class MailConfig(BaseModel):
    """
    What ``[sources.NAME]`` says of every source that reads mail; plug-ins add their own.

    Attributes:
        path: Files in mbox form, Maildir folders, or single messages (``*.eml``).
        imap: A mailbox on a server, in place of files.
        own: Our addresses and domains, which tell what comes in from what goes out.
        skip: Addresses and domains whose mail is left out.
    """

    model_config = ConfigDict(extra="forbid")

    path: Paths | None = None
    imap: ImapConfig | None = None
    own: Texts = ()
    skip: Texts = ()

    @model_validator(mode="after")
    def _one_of_both(self) -> MailConfig:
        if (self.path is None) == (self.imap is None):
            message = "give either path (mbox, Maildir, *.eml) or imap (a mailbox on a server)"
            raise ValueError(message)
        return self
