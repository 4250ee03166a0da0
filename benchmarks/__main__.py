"""``make bench``: every figure on a line, as a ratio, and as JSON in ``var/bench.json``.

``python -m benchmarks planning lifecycle`` measures only these.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module

from benchmarks.figures import Figure, write
from benchmarks.scratch import scratch_database

PURE = ("planning",)
STORED = ("lifecycle", "unlock", "pages", "dial", "finding", "mail", "oicp", "roaming")


def measured(wanted: list[str]) -> Iterator[Figure]:
    """The figures of these modules, or of all; those that need a database share one of their own."""
    for name in PURE:
        if not wanted or name in wanted:
            yield from import_module(f"benchmarks.{name}").figures()
    stored = [name for name in STORED if not wanted or name in wanted]
    if stored:
        with scratch_database():
            for name in stored:
                yield from import_module(f"benchmarks.{name}").figures()


def main() -> int:
    figures = []
    for one in measured(sys.argv[1:]):
        figures.append(one)
        print(one.line(), flush=True)
    write(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
