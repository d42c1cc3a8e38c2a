"""The ``regard`` command: ``python -m regard`` and the installed script are the same."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line and return its exit code."""
    from regard.cli import main as run  # a plain `import regard.__main__` stays free of it

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
