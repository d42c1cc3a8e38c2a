"""The ``regard`` command: ``python -m regard`` and the installed script are the same."""

from __future__ import annotations

import gc
import sys


def main() -> int:
    """Run the command line and return its exit code."""
    # Imports make a hundred thousand objects that stay, and hardly any garbage: looking through
    # them again and again takes a sixth of the time in which a command starts.
    gc.set_threshold(100_000, 20, 100)
    from regard.cli import main as run  # a plain `import regard.__main__` stays free of it

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
