"""A part that ``serve`` started ends with it, even when ``serve`` was killed outright."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PARENT = "ROAMDESK_STARTED_BY"
_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Ask the kernel (Linux) for SIGTERM when the process named in ``ROAMDESK_STARTED_BY`` is gone."""
    parent = os.environ.get(PARENT)
    if parent is None or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):
        sys.exit("The command that started this part is gone.")


def marked_as_ours() -> dict[str, str]:
    """The environment for a part that this process starts."""
    return os.environ | {PARENT: str(os.getpid())}
