"""
What tells one invitation to a survey from all others, without saying whom it went to.

The token is a keyed hash of survey and recipient: whoever has the project's key finds the
recipient again, and nobody else learns anything from it, not even that two surveys went to the
same person.
"""

from __future__ import annotations

import base64
import hmac
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from regard.privacy import normalise

__all__ = ["Invitation", "slug_of"]

_TOKEN = r"[a-z2-7]{24}"  # noqa: S105  # a pattern, no secret
_TAG = re.compile(rf"([a-z0-9-]{{1,20}})\.({_TOKEN})")
_MESSAGE = re.compile(rf"regard\.([a-z0-9-]{{1,20}})\.({_TOKEN})@\S+")


def slug_of(survey: str) -> str:
    """Return a survey's name in letters that every mail server passes on."""
    plain = unicodedata.normalize("NFKD", survey).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(slug) <= 20 and slug:
        return slug
    # What is cut off, or cannot be written, still tells two surveys apart.
    digest = sha256(survey.encode("utf-8", "surrogatepass")).hexdigest()[:5]
    return f"{slug[:14]}-{digest}".lstrip("-")


@dataclass(frozen=True, slots=True)
class Invitation:
    """
    One invitation.

    Attributes:
        slug: The survey's name as addresses can hold it.
        token: Names the invitation.
    """

    slug: str
    token: str

    @classmethod
    def make(cls, survey: str, email: str, secret: bytes) -> Invitation:
        """
        Return the invitation to a survey that goes to an address.

        Args:
            survey: The survey's name.
            email: The recipient's address.
            secret: The project's privacy key.
        """
        said = "\x1f".join(("invitation", survey, normalise("email", email)))
        digest = hmac.digest(secret, said.encode("utf-8", "surrogatepass"), "sha256")
        return cls(slug_of(survey), base64.b32encode(digest[:15]).decode("ascii").lower())

    @classmethod
    def named(
        cls, *, tag: str | None = None, header: str | None = None, references: Sequence[str] = ()
    ) -> Invitation | None:
        """
        Return the invitation that a reply names, or None where it names none.

        Args:
            tag: What stands behind the plus sign of the address it went to.
            header: What ``X-Regard-Survey`` says.
            references: The messages that it answers, the nearest first.
        """
        for pattern, texts in ((_TAG, (tag, header)), (_MESSAGE, tuple(references))):
            for text in texts:
                found = pattern.fullmatch((text or "").lower())
                if found is not None:
                    return cls(found[1], found[2])
        return None

    @property
    def tag(self) -> str:
        """What stands behind the plus sign of the address that replies go to."""
        return f"{self.slug}.{self.token}"

    def message_id(self, domain: str) -> str:
        """Return the identifier of the message, in its brackets."""
        return f"<regard.{self.tag}@{domain}>"

    def is_of(self, survey: str) -> bool:
        """Say whether it is an invitation to a survey."""
        return self.slug == slug_of(survey)
