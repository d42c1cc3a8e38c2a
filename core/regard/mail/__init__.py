"""
Mailboxes and messages: read where they lie, and understood as far as measures need it.

`parse` turns bytes into a `Message` with the text that its sender wrote, `split_quotes` parts
that text from what it answers, and `MailSource` is what a source of mail subclasses.
"""

from __future__ import annotations

from regard.mail.addresses import Tagged, covers, tagged
from regard.mail.config import ImapConfig, MailConfig
from regard.mail.mailboxes import kind_of
from regard.mail.messages import Message, parse
from regard.mail.quotes import Split, split_quotes
from regard.mail.source import MailSource
from regard.mail.touchpoints import Correspondence

__all__ = [
    "Correspondence",
    "ImapConfig",
    "MailConfig",
    "MailSource",
    "Message",
    "Split",
    "Tagged",
    "covers",
    "kind_of",
    "parse",
    "split_quotes",
    "tagged",
]
