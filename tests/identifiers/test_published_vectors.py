"""The identifier vectors of ours, those kept beside the repository, and those of ``--vectors DIR`` hold."""

import json
from pathlib import Path
from typing import Any

import pytest

from roamdesk.identifiers import (
    ContractId,
    EvseId,
    IdentifierError,
    OperatorId,
    ProviderId,
    RfidUid,
    SessionId,
)

OURS = Path(__file__).parents[1] / "vectors/oicp"
BESIDE = Path(__file__).parents[3] / "shared/reference/oicp-2.3-examples"
READERS: dict[str, Any] = {
    "EvseID": EvseId,
    "EvcoID": ContractId,
    "OperatorID": OperatorId,
    "ProviderID": ProviderId,
    "UID": RfidUid,
}
# Contracts without the check character exist, and a person may read them out.
READ_THOUGH_NOT_PUBLISHED = {"DE-8EO-CAet5e4XY"}


def vectors_in(*folders: Path) -> list[dict[str, Any]]:
    files = [folder / "identifiers.json" for folder in folders]
    return [each for file in files if file.exists() for each in json.loads(file.read_text("utf-8"))["vectors"]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    named = metafunc.config.getoption("vectors")
    known = vectors_in(OURS, BESIDE)
    chosen = {
        "keyed": [vector for vector in [*known, *vectors_in(Path(named or OURS))] if "suggested_key" in vector],
        "unkeyed": [vector for vector in known if vector["type"] in READERS and "suggested_key" not in vector],
        "session": [vector for vector in [*known, *vectors_in(Path(named or OURS))] if vector["type"] == "SessionID"],
    }
    for fixture in chosen.keys() & metafunc.fixturenames:
        by_name = {f"{vector['type']} {vector['value']!a}": vector for vector in chosen[fixture]}
        metafunc.parametrize(fixture, by_name.values(), ids=by_name)


def test_a_vector_with_a_key_is_read_with_that_key(keyed: dict[str, Any]) -> None:
    identifier = READERS[keyed["type"]].parse(keyed["value"])
    assert {name: str(getattr(identifier, name)) for name in keyed["suggested_key"]} == keyed["suggested_key"]
    assert str(identifier) == keyed["value"]


def test_a_vector_without_a_key_is_refused(unkeyed: dict[str, Any]) -> None:
    try:
        READERS[unkeyed["type"]].parse(unkeyed["value"])
    except IdentifierError:
        return
    assert unkeyed["value"] in READ_THOUGH_NOT_PUBLISHED


def test_hub_session_ids_are_told_from_others(session: dict[str, Any]) -> None:
    try:
        from_hub = SessionId.parse(session["value"]).from_hub
    except IdentifierError:
        from_hub = False
    assert from_hub == session["matches_asciidoc"]
