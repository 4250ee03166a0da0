"""What is wrong with a procedure file, where, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One fault of a procedure file. ``line`` counts from 1; 0 means the file as a whole."""

    file: str
    line: int
    message: str
    mend: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message} {self.mend}"


class ProcedureError(ValueError):
    """The file can't be used; ``faults`` says everything that was found, in the order of the file."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(dict.fromkeys(faults), key=lambda fault: fault.line))
        super().__init__("\n".join(str(fault) for fault in self.faults))
