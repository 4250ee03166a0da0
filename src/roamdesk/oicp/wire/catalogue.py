"""Every message by its name in the documents."""

from itertools import chain

from roamdesk.oicp.wire import authentication, charging, evse, pricing, records
from roamdesk.oicp.wire.message import Answer, Message

_HOMES = (charging, records, evse, authentication, pricing)
_NOT_BY_NAME = (Message, Answer, records.Page, evse.EvseDataEnvelope)

MESSAGES: dict[str, type[Message]] = {
    name: kind
    for name, kind in chain.from_iterable(vars(home).items() for home in _HOMES)
    if isinstance(kind, type) and issubclass(kind, Message) and kind not in _NOT_BY_NAME
}
