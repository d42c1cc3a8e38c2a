"""
Fetching files that live elsewhere: over HTTPS, over SFTP, out of mails.

What is fetched lands in ``inbox/NAME/`` of the project, NAME being the source, and is read from
there as any other file is. `Fetcher` is what a run asks; whatever goes wrong, the files that
were there stay as they were.
"""

from __future__ import annotations

from regard.fetching.fetcher import Fetcher, Landed, local_files
from regard.fetching.inbox import FOLDER, prunable, rename
from regard.fetching.surroundings import Surroundings

__all__ = [
    "FOLDER",
    "Fetcher",
    "Landed",
    "Surroundings",
    "local_files",
    "prunable",
    "rename",
]
