"""The identifier vectors kept beside the repository hold."""

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

FILE = Path(__file__).parents[3] / "shared/reference/oicp-2.3-examples/identifiers.json"
READERS: dict[str, Any] = {
    "EvseID": EvseId,
    "EvcoID": ContractId,
    "OperatorID": OperatorId,
    "ProviderID": ProviderId,
    "UID": RfidUid,
}
# Contracts without the check character exist, and a person may read them out.
READ_THOUGH_NOT_PUBLISHED = {"DE-8EO-CAet5e4XY"}


def vectors() -> list[dict[str, Any]]:
    return json.loads(FILE.read_text(encoding="utf-8"))["vectors"] if FILE.exists() else []


def named(vector: dict[str, Any]) -> str:
    return f"{vector['type']} {vector['value']!r}"


of_our_types = [vector for vector in vectors() if vector["type"] in READERS]
keyed = [vector for vector in of_our_types if "suggested_key" in vector]
unkeyed = [
    vector
    for vector in of_our_types
    if "suggested_key" not in vector and vector["value"] not in READ_THOUGH_NOT_PUBLISHED
]
sessions = [vector for vector in vectors() if vector["type"] == "SessionID"]


@pytest.mark.skipif(not FILE.exists(), reason="the shared reference folder is not beside this repository")
def test_the_vector_file_holds_vectors_of_every_kind() -> None:
    assert {vector["type"] for vector in keyed} == set(READERS)
    assert unkeyed
    assert sessions


@pytest.mark.parametrize("vector", keyed, ids=named)
def test_a_vector_with_a_key_is_read_with_that_key(vector: dict[str, Any]) -> None:
    identifier = READERS[vector["type"]].parse(vector["value"])
    assert {name: str(getattr(identifier, name)) for name in vector["suggested_key"]} == vector["suggested_key"]
    assert str(identifier) == vector["value"]


@pytest.mark.parametrize("vector", unkeyed, ids=named)
def test_a_vector_without_a_key_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(IdentifierError):
        READERS[vector["type"]].parse(vector["value"])


@pytest.mark.parametrize("vector", sessions, ids=named)
def test_hub_session_ids_are_told_from_others(vector: dict[str, Any]) -> None:
    assert SessionId.parse(vector["value"]).from_hub == vector["matches_asciidoc"]
