"""Every body of a folder of vectors is read, and reported as its index says. Another folder: ``pytest --vectors DIR``.

``index.json`` lists ``file``, ``message`` and ``violations`` (JSON pointer, colon, sentence). Without the option those
in ``tests/vectors/oicp`` are read, and where it exists, the folder beside the repository.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from roamdesk.oicp.wire import Grade, Message, Reading, RefusedToWrite, read, write
from roamdesk.oicp.wire.catalogue import MESSAGES
from roamdesk.oicp.wire.writing import encode

BESIDE = Path(__file__).parents[3] / "shared/reference/oicp-2.3-examples"
OURS = Path(__file__).parents[1] / "vectors/oicp"


def vectors_in(folder: Path) -> list[dict[str, Any]]:
    entries = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return [entry | {"path": folder / entry["file"]} for entry in entries]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "vector" in metafunc.fixturenames:
        named = metafunc.config.getoption("vectors")
        folders = [Path(named)] if named else [folder for folder in (OURS, BESIDE) if (folder / "index.json").exists()]
        vectors = {vector["file"]: vector for folder in folders for vector in vectors_in(folder)}
        metafunc.parametrize("vector", vectors.values(), ids=vectors)


def read_vector(vector: dict[str, Any]) -> Reading[Message]:
    return read(MESSAGES[vector["message"]], vector["path"].read_bytes())


def test_a_vector_yields_a_usable_message(vector: dict[str, Any]) -> None:
    reading = read_vector(vector)
    assert isinstance(reading.message, MESSAGES[vector["message"]])
    document = json.loads(vector["path"].read_text(encoding="utf-8"))
    kept = set(json.loads(encode(reading.message))) | {pointer[1:] for pointer in reading.unknown}
    renamed = {finding.says.removeprefix("read from ") for finding in reading.findings if finding.grade is Grade.NOTE}
    reported = {finding.at[1:] for finding in reading.breaches}
    assert {name for name, value in document.items() if value is not None} <= kept | renamed | reported


def test_every_violation_of_the_index_is_reported_and_none_where_it_names_none(vector: dict[str, Any]) -> None:
    reported = {finding.at for finding in read_vector(vector).breaches}
    listed = {violation.split(":", 1)[0] for violation in vector["violations"]}
    assert listed <= reported
    assert bool(listed) == bool(reported)


def test_what_breaks_no_rule_is_written_and_nothing_leaves_that_breaks_one(vector: dict[str, Any]) -> None:
    reading = read_vector(vector)
    message, sent = reading.message, body_sent(reading.message)
    unsound = any(finding.grade is Grade.UNSOUND for finding in reading.findings)
    assert sent or vector["violations"] or unsound
    assert not sent or not read(type(message), sent).breaches


def test_what_was_read_is_written_and_read_again_unchanged(vector: dict[str, Any]) -> None:
    message = read_vector(vector).message
    assert read(type(message), encode(message)).message == message


@pytest.mark.parametrize("ours", vectors_in(OURS), ids=lambda ours: ours["file"])
def test_our_own_vectors_are_reported_in_the_words_of_the_index(ours: dict[str, Any]) -> None:
    said = {str(finding) for finding in read_vector(ours).breaches if "/meterValues/" not in finding.at}
    assert said == set(ours["violations"])


def body_sent(message: Message) -> bytes:
    """Empty when it was refused."""
    try:
        return write(message)
    except RefusedToWrite:
        return b""
