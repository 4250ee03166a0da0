"""The OCPP versions we speak, and how the WebSocket handshake picks one."""

from collections.abc import Iterable
from enum import StrEnum


class OcppVersion(StrEnum):
    """A version under the name of its WebSocket subprotocol."""

    V16 = "ocpp1.6"
    V201 = "ocpp2.0.1"
    V21 = "ocpp2.1"

    @property
    def is_2x(self) -> bool:
        return self is not OcppVersion.V16

    @property
    def schema_folder(self) -> str:
        """Folder of the `ocpp` package that holds this version's JSON schemas."""
        return {"ocpp1.6": "v16", "ocpp2.0.1": "v201", "ocpp2.1": "v21"}[self.value]


def pick_version(offered: Iterable[str]) -> OcppVersion | None:
    """The first offered subprotocol that we speak: stations list them by preference (OCPP-J)."""
    known = {version.value: version for version in OcppVersion}
    return next((known[name] for name in offered if name in known), None)
