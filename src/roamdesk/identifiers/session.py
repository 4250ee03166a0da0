"""Session ids: the roaming hub's, and those of charging backends."""

import re
from dataclasses import dataclass, field

from roamdesk.identifiers.errors import IdentifierError
from roamdesk.identifiers.letters import refuse_strangers

# Letters beyond F occur, so this is GUID-shaped, not a UUID (OICP 2.3 section 8).
_HUB_SHAPE = re.compile(r"[A-Z0-9]{8}(-[A-Z0-9]{4}){3}-[A-Z0-9]{12}")
_LONGEST = 250
_MARKS = "-_.:/+*=|#~@ "


@dataclass(frozen=True)
class SessionId:
    """A session id; from_hub tells the shape of the hub's own. Equal without regard to case."""

    as_given: str = field(compare=False)
    key: str
    from_hub: bool

    @classmethod
    def parse(cls, text: str) -> "SessionId":
        """Read any session id of up to 250 printable ASCII characters; raises IdentifierError."""
        refuse_strangers(text, "a session id", _MARKS, _LONGEST)
        if text != text.strip():
            raise IdentifierError("Blank before or after the session id: take it away.")
        return cls(text, text.upper(), _HUB_SHAPE.fullmatch(text.upper()) is not None)

    def __str__(self) -> str:
        return self.as_given
