"""Writes the generated pages of the reference."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import django

HOME = Path("docs/reference")


def main(words: Sequence[str]) -> int:
    folder: Path = _parser().parse_args(words).folder
    if not folder.parent.is_dir():
        print(f"There is no folder {folder.parent} to write into.", file=sys.stderr)
        return 1
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "roamdesk.server.settings")
    django.setup()
    from roamdesk.server.reference import pages

    folder.mkdir(exist_ok=True)
    for name, content in pages().items():
        (folder / name).write_text(content, "utf-8")
        print(f"written: {folder / name}")
    return 0


def _parser() -> argparse.ArgumentParser:
    about = "Write the pages of the reference that come from the code: settings, command line, procedure file."
    parser = argparse.ArgumentParser(prog="python -m roamdesk.server.reference", description=about)
    parser.add_argument("folder", nargs="?", type=Path, default=HOME, help="where to (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
