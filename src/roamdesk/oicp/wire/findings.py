"""What is said about a message that was read."""

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How much a finding weighs. BREACH and UNSOUND keep a message of ours from leaving; all are kept on reading."""

    BREACH = "breach"  # a published rule is broken
    UNSOUND = "unsound"  # no published rule names it, but the hub or a partner would refuse or misread it
    NOTE = "note"  # read, though written otherwise than we would


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark; `at` is a JSON pointer with the names of the wire, empty for the whole message."""

    at: str
    says: str
    grade: Grade = Grade.BREACH

    def __str__(self) -> str:
        return f"{self.at}: {self.says}"


class Findings(list[Finding]):
    """The remarks of one reading, in the order of the message."""

    def breach(self, at: str, says: str) -> None:
        self.append(Finding(at, says))

    def unsound(self, at: str, says: str) -> None:
        self.append(Finding(at, says, Grade.UNSOUND))

    def note(self, at: str, says: str) -> None:
        self.append(Finding(at, says, Grade.NOTE))
