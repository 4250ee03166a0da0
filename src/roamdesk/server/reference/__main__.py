"""Writes the generated pages of the reference, by default into ``docs/reference``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "roamdesk.server.settings")
    django.setup()
    from roamdesk.server.reference import pages

    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference")
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in pages().items():
        (folder / name).write_text(content, "utf-8")
        print(f"written: {folder / name}")


if __name__ == "__main__":
    main()
