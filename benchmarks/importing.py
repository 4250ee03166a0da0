"""One import of a hub's directory, in a process of its own: its time and its memory, as JSON on the last line."""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import islice

import django

django.setup()

from roamdesk.charging.models import Pull  # noqa: E402
from roamdesk.charging.roaming.said_of_evses import Page  # noqa: E402
from roamdesk.charging.roaming.services import import_evses  # noqa: E402
from roamdesk.desks.models import Desk  # noqa: E402
from roamdesk.oicp.mapping_evses import page_of  # noqa: E402

AT = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)


def main(slug: str, path: str, day: int) -> None:
    """``path`` holds a page of the hub on each line."""
    desk, at, loaded = Desk.objects.get(slug=slug), AT + timedelta(days=day), [0.0]

    def progress(pull: Pull) -> None:
        loaded[0] = time.perf_counter()

    with open(path, "rb") as lines:

        def fetch(number: int) -> Page:
            return page_of(next(islice(lines, 1)), number)

        began = time.perf_counter()
        pull = import_evses(desk, fetch, whole=True, as_of="", clock=lambda: at, progress=progress)
    ended = time.perf_counter()
    if pull.state != Pull.State.SWAPPED:
        raise SystemExit(f"not swapped: {pull.question}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps({"seconds": ended - began, "pages": loaded[0] - began, "swap": ended - loaded[0], "memory": memory})
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
