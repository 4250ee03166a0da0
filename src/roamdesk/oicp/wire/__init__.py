"""The messages of OICP 2.3: read tolerantly, with findings; written strictly, or not at all."""

from roamdesk.oicp.wire.findings import Finding, Grade
from roamdesk.oicp.wire.message import Message
from roamdesk.oicp.wire.reading import Reading, Unreadable, read
from roamdesk.oicp.wire.writing import RefusedToWrite, write

__all__ = ["Finding", "Grade", "Message", "Reading", "RefusedToWrite", "Unreadable", "read", "write"]
